//! Users.

use super::{
    id::Id,
    operation::{AnswerShape, Effect, Operation, Output, Toolset},
    route::Route,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use serde_with::skip_serializing_none;
use std::borrow::Cow;

/// A user of the account.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the fields are the API's own")]
pub struct User {
    pub id: String,
    pub email: Option<String>,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub role: Option<String>,
    pub created_at: Option<String>,
    /// Other fields of the API's answer.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl Output for User {
    const SHAPE: AnswerShape = AnswerShape::One(Cow::Borrowed("user"));
}

/// Get the user whose credential this is.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
pub struct GetCurrentUser {}

impl Operation for GetCurrentUser {
    type Output = User;
    const NAME: &'static str = "get_current_user";
    const TITLE: &'static str = "Get current user";
    const EFFECT: Effect = Effect::Read;
    const TOOLSET: Toolset = Toolset::Users;
    const SESSION: Route = Route::get("/users/me");
}

/// Get a user, such as the owner in `assignedTo`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "doc comments become schema text, which costs tokens")]
pub struct GetUser {
    pub user_id: Id,
}

impl Operation for GetUser {
    type Output = User;
    const NAME: &'static str = "get_user";
    const TITLE: &'static str = "Get user";
    const EFFECT: Effect = Effect::Read;
    const TOOLSET: Toolset = Toolset::Users;
    const SESSION: Route = Route::get("/users/{userId}");
    const ID: Option<fn(&Self) -> &Id> = Some(|user| &user.user_id);
}
