//! Opportunities (deals) and pipelines.

use super::{
    argument_rules::ArgumentRules,
    id::Id,
    list::{Deleted, List, Paging},
    meaning::{FilterGap, GapValues, Inverse, Lookup, LookupField, LookupFilter, ReadBack},
    operation::{AnswerShape, Effect, Operation, Output, Toolset},
    route::Route,
    tags::TagChanges,
    text::{Currency, Date, UserRef},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use serde_with::skip_serializing_none;
use std::borrow::Cow;

/// An opportunity.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the fields are the API's own")]
pub struct Opportunity {
    pub id: String,
    pub name: Option<String>,
    pub contact_id: Option<String>,
    /// The deal's worth in `currency`; never to be added across currencies.
    pub value: Option<f64>,
    pub currency: Option<String>,
    /// open, negotiation, won, lost or abandoned; others are kept as they come.
    pub status: Option<String>,
    pub stage: Option<String>,
    /// 0 to 100.
    pub probability: Option<f64>,
    pub expected_close_date: Option<String>,
    /// The id of the user who owns the deal.
    pub assigned_to: Option<String>,
    pub tags: Option<Vec<String>>,
    pub custom_fields: Option<Map<String, Value>>,
    pub created_at: Option<String>,
    pub updated_at: Option<String>,
    /// Other fields of the API's answer.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl Output for Opportunity {
    const SHAPE: AnswerShape = AnswerShape::One(Cow::Borrowed("opportunity"));
}

/// A deal's status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(transform = super::schema::without_description)]
#[expect(missing_docs, reason = "the values are the API's own")]
pub enum OpportunityStatus {
    Open,
    Negotiation,
    Won,
    Lost,
    Abandoned,
}

/// The statuses by which deals can be filtered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(transform = super::schema::without_description)]
#[expect(missing_docs, reason = "the values are the API's own")]
pub enum OpportunityFilter {
    Open,
    Negotiation,
    Won,
    Lost,
    Abandoned,
    All,
}

/// The statuses that the session API accepts.
const SESSION_STATUS: (&str, &[&str], &str) = (
    "status",
    &["open", "negotiation", "won", "lost"],
    " Only HighLevel's official API (`--api official`) knows abandoned deals.",
);

const SESSION_CUSTOM_FIELDS: (&str, &str) =
    ("customFields", "stores no custom fields of deals; the official API does (`--api official`)");

/// The optional fields of an opportunity.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "doc comments become schema text, which costs tokens")]
pub struct OpportunityDetails {
    /// Such as USD
    pub currency: Option<Currency>,
    pub stage: Option<String>,
    /// Percent
    #[schemars(range(min = 0, max = 100))]
    pub probability: Option<f64>,
    pub expected_close_date: Option<Date>,
    /// User id
    pub assigned_to: Option<UserRef>,
    pub tags: Option<Vec<String>>,
    pub custom_fields: Option<Map<String, Value>>,
}

/// List opportunities (deals).
#[skip_serializing_none]
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "doc comments become schema text, which costs tokens")]
pub struct ListOpportunities {
    #[serde(flatten)]
    pub paging: Paging,
    pub status: Option<OpportunityFilter>,
}

impl Operation for ListOpportunities {
    type Output = List<Opportunity>;
    const NAME: &'static str = "list_opportunities";
    const TITLE: &'static str = "List opportunities";
    const EFFECT: Effect = Effect::Read;
    const TOOLSET: Toolset = Toolset::Opportunities;
    const SESSION: Route = Route::get("/opportunity");
    const SESSION_ARGUMENTS: ArgumentRules = ArgumentRules { words: &[SESSION_STATUS], ..ArgumentRules::NONE };
    const SESSION_FILTER_GAPS: &'static [FilterGap] = &[
        FilterGap {
            argument: Cow::Borrowed("status"),
            values: GapValues::Words(Cow::Borrowed(&[Cow::Borrowed("negotiation")])),
        },
        FilterGap { argument: Cow::Borrowed("contactId"), values: GapValues::All },
    ];
}

/// Get an opportunity.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "doc comments become schema text, which costs tokens")]
pub struct GetOpportunity {
    pub id: Id,
}

impl Operation for GetOpportunity {
    type Output = Opportunity;
    const NAME: &'static str = "get_opportunity";
    const TITLE: &'static str = "Get opportunity";
    const EFFECT: Effect = Effect::Read;
    const TOOLSET: Toolset = Toolset::Opportunities;
    const SESSION: Route = Route::get("/opportunity/{id}");
    const ID: Option<fn(&Self) -> &Id> = Some(|opportunity| &opportunity.id);
    const READ_BACK: Option<ReadBack> = Some(ReadBack::get(Self::NAME));
}

/// Create an opportunity (deal) for a contact.
#[skip_serializing_none]
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "doc comments become schema text, which costs tokens")]
pub struct CreateOpportunity {
    pub name: String,
    pub contact_id: Id,
    #[schemars(range(min = 0))]
    pub value: Option<f64>,
    pub status: OpportunityStatus,
    #[serde(flatten)]
    pub details: OpportunityDetails,
}

impl Operation for CreateOpportunity {
    type Output = Opportunity;
    const NAME: &'static str = "create_opportunity";
    const TITLE: &'static str = "Create opportunity";
    const EFFECT: Effect = Effect::Create;
    const TOOLSET: Toolset = Toolset::Opportunities;
    const SESSION: Route = Route::post("/opportunity");
    const SESSION_ARGUMENTS: ArgumentRules = ArgumentRules {
        without: &[SESSION_CUSTOM_FIELDS],
        required: &["value"],
        words: &[SESSION_STATUS],
        ..ArgumentRules::NONE
    };
    const LOOKUP: Option<Lookup> = Some(Lookup {
        list: Cow::Borrowed(ListOpportunities::NAME),
        fields: Cow::Borrowed(&[
            LookupField::compared("name"),
            LookupField::filtered("contactId", LookupFilter::AsSent),
        ]),
        any: false,
    });
    const READ_BACK: Option<ReadBack> = Some(ReadBack::get(GetOpportunity::NAME));
    const INVERSE: Option<Inverse> = Some(Inverse::by_id(DeleteOpportunity::NAME));
}

/// Update an opportunity. Only the fields given change; tags replace the whole set.
#[skip_serializing_none]
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "doc comments become schema text, which costs tokens")]
pub struct UpdateOpportunity {
    pub id: Id,
    pub name: Option<String>,
    pub contact_id: Option<Id>,
    #[schemars(range(min = 0))]
    pub value: Option<f64>,
    pub status: Option<OpportunityStatus>,
    #[serde(flatten)]
    pub details: OpportunityDetails,
    #[serde(flatten)]
    pub tag_changes: TagChanges,
    /// Fields to empty
    pub clear: Option<Vec<String>>,
}

impl Operation for UpdateOpportunity {
    type Output = Opportunity;
    const NAME: &'static str = "update_opportunity";
    const TITLE: &'static str = "Update opportunity";
    const EFFECT: Effect = Effect::Update;
    const TOOLSET: Toolset = Toolset::Opportunities;
    const SESSION: Route = Route::put("/opportunity/{id}");
    const ID: Option<fn(&Self) -> &Id> = Some(|opportunity| &opportunity.id);
    const CLEARABLE: &'static [&'static str] =
        &["currency", "stage", "probability", "expectedCloseDate", "assignedTo", "tags"];
    const SESSION_ARGUMENTS: ArgumentRules =
        ArgumentRules { without: &[SESSION_CUSTOM_FIELDS], words: &[SESSION_STATUS], ..ArgumentRules::NONE };
    const READ_BACK: Option<ReadBack> = Some(ReadBack::get(GetOpportunity::NAME));
    const INVERSE: Option<Inverse> = Some(Inverse::to_before(Self::NAME));
}

/// A pipeline: the stages that deals go through.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "the fields are the API's own")]
pub struct Pipeline {
    pub id: String,
    pub name: Option<String>,
    /// In order: `id` and `name` of each.
    pub stages: Option<Vec<Map<String, Value>>>,
    /// Other fields of the API's answer.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl Output for Pipeline {
    const SHAPE: AnswerShape = AnswerShape::One(Cow::Borrowed("pipeline"));
}

/// List pipelines with their stages in order.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "doc comments become schema text, which costs tokens")]
pub struct ListPipelines {
    #[serde(flatten)]
    pub paging: Paging,
}

impl Operation for ListPipelines {
    type Output = List<Pipeline>;
    const NAME: &'static str = "list_pipelines";
    const TITLE: &'static str = "List pipelines";
    const EFFECT: Effect = Effect::Read;
    const TOOLSET: Toolset = Toolset::Opportunities;
    const SESSION: Route = Route::Absent;
}

/// Delete an opportunity (deal).
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "doc comments become schema text, which costs tokens")]
pub struct DeleteOpportunity {
    pub id: Id,
}

impl Operation for DeleteOpportunity {
    type Output = Deleted;
    const NAME: &'static str = "delete_opportunity";
    const TITLE: &'static str = "Delete opportunity";
    const EFFECT: Effect = Effect::Delete;
    const TOOLSET: Toolset = Toolset::Opportunities;
    const LISTED: bool = false;
    const SESSION: Route = Route::Absent;
    const ID: Option<fn(&Self) -> &Id> = Some(|opportunity| &opportunity.id);
    const READ_BACK: Option<ReadBack> = Some(ReadBack::get(GetOpportunity::NAME));
}
