//! The account's own rules, checked before anything is asked or sent.

use super::AccountRules;
use highlevel_catalog::{
    Invocation, Operation,
    pages::{DeletePage, PublishPage, UpdatePage},
    text::WebhookUrl,
    webhooks::CreateWebhook,
};
use highlevel_core::error::{Code, Error, Result};
use serde_json::Value;

/// What can be judged from the arguments alone.
pub(super) fn check_arguments(rules: &AccountRules, invocation: &Invocation) -> Result<()> {
    if invocation.entry.name == CreateWebhook::NAME
        && !rules.allow_private_webhooks
        && let Some(url) = invocation.text("url").and_then(|url| url.parse::<WebhookUrl>().ok())
        && url.is_private()
    {
        return Err(Error::invalid(
            "url",
            "`url` points to a private or loopback host. Give a public one, or start the server with --allow-private-webhooks.",
        ));
    }
    Ok(())
}

/// What only the object's state tells ("Page Management", the notes).
pub(super) fn check_state(invocation: &Invocation, object: &Value) -> Result<()> {
    let status = object.get("status").and_then(Value::as_str).unwrap_or("unknown");
    let refusal = match (invocation.entry.name, status) {
        (UpdatePage::NAME, "draft") | (PublishPage::NAME, "draft") => return Ok(()),
        (UpdatePage::NAME, _) => "only a draft can be updated",
        (PublishPage::NAME, "published") => "it is public already",
        (PublishPage::NAME, _) => "only a draft can be published",
        (DeletePage::NAME, "published") => "a published page cannot be deleted, and nothing here unpublishes one",
        _ => return Ok(()),
    };
    let name = object.get("name").and_then(Value::as_str).unwrap_or("The page");
    Err(Error::new(Code::Conflict, format!("\"{name}\" is {status}: {refusal}.")).with("status", status))
}

/// `GET /campaign` takes its id as a query parameter: an API that ignored it would answer with another campaign.
pub(super) fn same_id(invocation: &Invocation, object: Value) -> Result<Value> {
    let wanted = invocation.id.as_ref().map(|id| id.as_str());
    if object.get("id").and_then(Value::as_str) == wanted {
        Ok(object)
    } else {
        Err(Error::new(
            Code::UpstreamError,
            format!(
                "The API answered with another {} than the one asked for.",
                invocation.entry.name.trim_start_matches("get_")
            ),
        ))
    }
}
