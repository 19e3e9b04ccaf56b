//! Webhooks ("Webhook Management").

use super::{
    id::Id,
    list::{Deleted, List, Paging},
    operation::{Condition, Effect, EffectRule, Operation, Output, Route, Shape, Toolset},
    text::WebhookUrl,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use serde_with::skip_serializing_none;

/// A webhook. Its signing secret is never shown.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the fields are the API's own")]
pub struct Webhook {
    pub id: String,
    pub url: Option<String>,
    pub events: Option<Vec<String>>,
    pub status: Option<String>,
    pub created_at: Option<String>,
    /// Fields that the document does not name.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl Output for Webhook {
    const SHAPE: Shape = Shape::One("webhook");
}

/// List webhooks.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "a doc comment here is text that every conversation pays for")]
pub struct ListWebhooks {
    #[serde(flatten)]
    pub paging: Paging,
}

impl Operation for ListWebhooks {
    type Output = List<Webhook>;
    const NAME: &'static str = "list_webhooks";
    const TITLE: &'static str = "List webhooks";
    const EFFECT: Effect = Effect::Read;
    const TOOLSET: Toolset = Toolset::Webhooks;
    const ROUTE: Route<Self> = Route::get("/webhook").without_query();
}

/// Create a webhook, once a person confirms: the address then receives the account's events.
#[skip_serializing_none]
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "a doc comment here is text that every conversation pays for")]
pub struct CreateWebhook {
    pub url: WebhookUrl,
    /// Such as contact.created, contact.updated, opportunity.created
    #[schemars(length(min = 1))]
    pub events: Vec<String>,
    /// Signing secret, never shown again
    pub secret: Option<String>,
}

impl Operation for CreateWebhook {
    type Output = Webhook;
    const NAME: &'static str = "create_webhook";
    const TITLE: &'static str = "Create webhook";
    const EFFECT: Effect = Effect::Create;
    const TOOLSET: Toolset = Toolset::Webhooks;
    const ROUTE: Route<Self> = Route::post("/webhook");
    const EFFECT_RULES: &'static [EffectRule] = &[EffectRule { effect: Effect::Access, when: Condition::Always }];
}

/// Delete a webhook for good, once a person confirms.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "a doc comment here is text that every conversation pays for")]
pub struct DeleteWebhook {
    pub id: Id,
}

impl Operation for DeleteWebhook {
    type Output = Deleted;
    const NAME: &'static str = "delete_webhook";
    const TITLE: &'static str = "Delete webhook";
    const EFFECT: Effect = Effect::Delete;
    const TOOLSET: Toolset = Toolset::Webhooks;
    const ROUTE: Route<Self> = Route::delete("/webhook/{id}").of(|webhook| &webhook.id);
}
