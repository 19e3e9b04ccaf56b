//! Campaigns.

use super::{
    argument_rules::ArgumentRules,
    id::Id,
    list::{List, Paging},
    meaning::{Lookup, LookupField, ReadBack},
    operation::{AnswerShape, Condition, Effect, EffectRule, Operation, Output, Toolset},
    route::Route,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use serde_with::skip_serializing_none;
use std::borrow::Cow;

/// A campaign.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the fields are the API's own")]
pub struct Campaign {
    pub id: String,
    pub name: Option<String>,
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// draft, active, paused or archived; others are kept as they come.
    pub status: Option<String>,
    pub template: Option<String>,
    pub created_at: Option<String>,
    pub updated_at: Option<String>,
    /// Other fields of the API's answer.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl Output for Campaign {
    const SHAPE: AnswerShape = AnswerShape::One(Cow::Borrowed("campaign"));
}

/// The statuses by which campaigns can be filtered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(transform = super::schema::without_description)]
#[expect(missing_docs, reason = "the values are the API's own")]
pub enum CampaignFilter {
    Draft,
    Active,
    Scheduled,
    Processing,
    Sent,
    Paused,
    Cancelled,
    Failed,
    Archived,
}

/// The statuses of a new campaign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(transform = super::schema::without_description)]
#[expect(missing_docs, reason = "the values are the API's own")]
pub enum CampaignStatus {
    Draft,
    Active,
    Paused,
    Archived,
}

/// List campaigns.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "doc comments become schema text, which costs tokens")]
pub struct ListCampaigns {
    #[serde(flatten)]
    pub paging: Paging,
    pub status: Option<CampaignFilter>,
}

impl Operation for ListCampaigns {
    type Output = List<Campaign>;
    const NAME: &'static str = "list_campaigns";
    const TITLE: &'static str = "List campaigns";
    const EFFECT: Effect = Effect::Read;
    const TOOLSET: Toolset = Toolset::Campaigns;
    const SESSION: Route = Route::get("/campaigns");
    const SESSION_ARGUMENTS: ArgumentRules =
        ArgumentRules { words: &[("status", &["active", "paused", "archived"], "")], ..ArgumentRules::NONE };
}

/// Get a campaign.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "doc comments become schema text, which costs tokens")]
pub struct GetCampaign {
    pub id: Id,
}

impl Operation for GetCampaign {
    type Output = Campaign;
    const NAME: &'static str = "get_campaign";
    const TITLE: &'static str = "Get campaign";
    const EFFECT: Effect = Effect::Read;
    const TOOLSET: Toolset = Toolset::Campaigns;
    // The session API takes the id of a campaign in the query, not in the path.
    const SESSION: Route = Route::get("/campaign");
    const ID: Option<fn(&Self) -> &Id> = Some(|campaign| &campaign.id);
    const READ_BACK: Option<ReadBack> = Some(ReadBack::get(Self::NAME));
}

/// Create a campaign. An active one sends: a person confirms it.
#[skip_serializing_none]
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "doc comments become schema text, which costs tokens")]
pub struct CreateCampaign {
    pub name: String,
    /// Such as email
    #[serde(rename = "type")]
    pub kind: Option<String>,
    pub status: Option<CampaignStatus>,
    /// Template id
    pub template: Option<String>,
}

impl Operation for CreateCampaign {
    type Output = Campaign;
    const NAME: &'static str = "create_campaign";
    const TITLE: &'static str = "Create campaign";
    const EFFECT: Effect = Effect::Create;
    const TOOLSET: Toolset = Toolset::Campaigns;
    const SESSION: Route = Route::post("/campaigns");
    // Only active campaigns send. A person has to resume a paused one in HighLevel.
    const EFFECT_RULES: &'static [EffectRule] = &[EffectRule {
        effect: Effect::Send,
        when: Condition::Argument { name: Cow::Borrowed("status"), values: Cow::Borrowed(&[Cow::Borrowed("active")]) },
    }];
    const SESSION_ARGUMENTS: ArgumentRules = ArgumentRules { required: &["type"], ..ArgumentRules::NONE };
    const LOOKUP: Option<Lookup> = Some(Lookup {
        list: Cow::Borrowed(ListCampaigns::NAME),
        fields: Cow::Borrowed(&[LookupField::compared("name")]),
        any: false,
    });
    const READ_BACK: Option<ReadBack> = Some(ReadBack::get(GetCampaign::NAME));
}
