//! Locations, the sub-accounts of an agency.

use super::{
    id::Id,
    list::{List, Paging},
    meaning::ScopeField,
    operation::{AnswerShape, Effect, Operation, Output, Toolset},
    route::Route,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use serde_with::skip_serializing_none;
use std::borrow::Cow;

/// A location.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "the fields are the API's own")]
pub struct Location {
    pub id: String,
    pub name: Option<String>,
    pub address: Option<String>,
    pub phone: Option<String>,
    pub email: Option<String>,
    pub timezone: Option<String>,
    pub settings: Option<Map<String, Value>>,
    /// Other fields of the API's answer.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl Output for Location {
    const SHAPE: AnswerShape = AnswerShape::One(Cow::Borrowed("location"));
}

/// Get the primary location: name, address, timezone, currency.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
pub struct GetDefaultLocation {}

impl Operation for GetDefaultLocation {
    type Output = Location;
    const NAME: &'static str = "get_default_location";
    const TITLE: &'static str = "Get default location";
    const EFFECT: Effect = Effect::Read;
    const TOOLSET: Toolset = Toolset::Locations;
    const SESSION: Route = Route::get("/location");
}

/// Get a location.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "doc comments become schema text, which costs tokens")]
pub struct GetLocation {
    pub id: Id,
}

impl Operation for GetLocation {
    type Output = Location;
    const NAME: &'static str = "get_location";
    const TITLE: &'static str = "Get location";
    const EFFECT: Effect = Effect::Read;
    const TOOLSET: Toolset = Toolset::Locations;
    const SESSION: Route = Route::get("/location/{id}");
    const ID: Option<fn(&Self) -> &Id> = Some(|location| &location.id);
    const SCOPE_FIELDS: &'static [ScopeField] = &[ScopeField::location("id")];
}

/// List the locations (sub-accounts) of this user.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "doc comments become schema text, which costs tokens")]
pub struct ListLocations {
    #[serde(flatten)]
    pub paging: Paging,
}

impl Operation for ListLocations {
    type Output = List<Location>;
    const NAME: &'static str = "list_locations";
    const TITLE: &'static str = "List locations";
    const EFFECT: Effect = Effect::Read;
    const TOOLSET: Toolset = Toolset::Locations;
    const SESSION: Route = Route::get("/locations");
}

/// The definition of a custom field.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the fields are the API's own")]
pub struct CustomField {
    pub id: String,
    pub name: Option<String>,
    /// The key by which `customFields` takes it, behind its model's name.
    pub field_key: Option<String>,
    pub data_type: Option<String>,
    /// contact or opportunity
    pub model: Option<String>,
    /// The values of a field that takes only these.
    pub picklist_options: Option<Vec<String>>,
    /// Other fields of the API's answer.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl Output for CustomField {
    const SHAPE: AnswerShape = AnswerShape::One(Cow::Borrowed("customField"));
}

/// List the custom fields of contacts and opportunities.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "doc comments become schema text, which costs tokens")]
pub struct ListCustomFields {
    #[serde(flatten)]
    pub paging: Paging,
}

impl Operation for ListCustomFields {
    type Output = List<CustomField>;
    const NAME: &'static str = "list_custom_fields";
    const TITLE: &'static str = "List custom fields";
    const EFFECT: Effect = Effect::Read;
    const TOOLSET: Toolset = Toolset::Locations;
    const LISTED: bool = false;
    const SESSION: Route = Route::Absent;
}

/// A custom value: a text that templates insert by its key.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the fields are the API's own")]
pub struct CustomValue {
    pub id: String,
    pub name: Option<String>,
    pub field_key: Option<String>,
    pub value: Option<String>,
    /// Other fields of the API's answer.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl Output for CustomValue {
    const SHAPE: AnswerShape = AnswerShape::One(Cow::Borrowed("customValue"));
}

/// List the location's custom values, which templates insert.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "doc comments become schema text, which costs tokens")]
pub struct ListCustomValues {
    #[serde(flatten)]
    pub paging: Paging,
}

impl Operation for ListCustomValues {
    type Output = List<CustomValue>;
    const NAME: &'static str = "list_custom_values";
    const TITLE: &'static str = "List custom values";
    const EFFECT: Effect = Effect::Read;
    const TOOLSET: Toolset = Toolset::Locations;
    const LISTED: bool = false;
    const SESSION: Route = Route::Absent;
}
