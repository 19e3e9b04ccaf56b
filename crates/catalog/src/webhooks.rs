//! Webhooks.

use super::{
    id::Id,
    list::{Deleted, List, Paging},
    meaning::{Inverse, Lookup, LookupField, ReadBack},
    operation::{AnswerShape, Condition, Effect, EffectRule, Operation, Output, Toolset},
    route::Route,
    text::WebhookUrl,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use serde_with::skip_serializing_none;
use std::borrow::Cow;

/// The key that signs deliveries. Answers must not show it.
const SENSITIVE: &[&str] = &["secret"];

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
    /// Other fields of the API's answer.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl Output for Webhook {
    const SHAPE: AnswerShape = AnswerShape::One(Cow::Borrowed("webhook"));
}

/// List webhooks.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "doc comments become schema text, which costs tokens")]
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
    const SESSION: Route = Route::get_without_query("/webhook");
    const SENSITIVE: &'static [&'static str] = SENSITIVE;
}

/// Create a webhook, once a person confirms: the address then receives the account's events.
#[skip_serializing_none]
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "doc comments become schema text, which costs tokens")]
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
    const SESSION: Route = Route::post("/webhook");
    const EFFECT_RULES: &'static [EffectRule] = &[EffectRule { effect: Effect::Access, when: Condition::Always }];
    const SENSITIVE: &'static [&'static str] = SENSITIVE;
    const LOOKUP: Option<Lookup> = Some(Lookup {
        list: Cow::Borrowed(ListWebhooks::NAME),
        fields: Cow::Borrowed(&[LookupField::compared("url")]),
        any: false,
    });
    const READ_BACK: Option<ReadBack> = Some(ReadBack::list(ListWebhooks::NAME));
    const INVERSE: Option<Inverse> = Some(Inverse::by_id(DeleteWebhook::NAME));
    const PUBLIC_URLS: &'static [&'static str] = &["url"];
}

/// Delete a webhook for good, once a person confirms.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "doc comments become schema text, which costs tokens")]
pub struct DeleteWebhook {
    pub id: Id,
}

impl Operation for DeleteWebhook {
    type Output = Deleted;
    const NAME: &'static str = "delete_webhook";
    const TITLE: &'static str = "Delete webhook";
    const EFFECT: Effect = Effect::Delete;
    const TOOLSET: Toolset = Toolset::Webhooks;
    const SESSION: Route = Route::delete("/webhook/{id}");
    const ID: Option<fn(&Self) -> &Id> = Some(|webhook| &webhook.id);
    const SENSITIVE: &'static [&'static str] = SENSITIVE;
    const READ_BACK: Option<ReadBack> = Some(ReadBack::list(ListWebhooks::NAME));
}
