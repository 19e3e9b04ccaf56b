//! The account's own rules, checked before anybody is asked and before anything is sent.

use super::AccountRules;
use highlevel_catalog::{Answer, AnswerShape, Invocation, text::WebhookUrl};
use highlevel_core::error::{Code, Error, Result};
use serde_json::Value;

/// Checks the arguments: URLs have to point to public hosts unless the settings allow private ones.
pub(super) fn check_arguments(rules: &AccountRules, invocation: &Invocation) -> Result<()> {
    if rules.allow_private_webhooks {
        return Ok(());
    }
    for name in invocation.spec.public_urls.iter() {
        let url = invocation.arguments.text(name).and_then(|url| url.parse::<WebhookUrl>().ok());
        if url.is_some_and(|url| url.is_private()) {
            let message = format!(
                "`{name}` points to a private or loopback host. Give a public one, or start the server with --allow-private-webhooks."
            );
            return Err(Error::invalid(name.as_ref(), message));
        }
    }
    Ok(())
}

/// Checks the object's state: some states of a page do not allow a change.
pub(super) fn check_state(invocation: &Invocation, object: &Value) -> Result<()> {
    let Some(rule) = &invocation.spec.state_rule else { return Ok(()) };
    let state = object.get(rule.field).and_then(Value::as_str).unwrap_or("unknown");
    let Some(refusal) = rule.refuses(state) else { return Ok(()) };
    let name = object.get("name").and_then(Value::as_str).unwrap_or("The page");
    Err(Error::new(Code::Conflict, format!("\"{name}\" is {state}: {refusal}.")).with(rule.field, state))
}

/// Checks the id of an object that was requested by a query parameter. An API that ignores the parameter answers with
/// another object.
pub(super) fn same_id(invocation: &Invocation, answer: Answer) -> Result<Answer> {
    let AnswerShape::One(noun) = &invocation.spec.answer else { return Ok(answer) };
    let in_query = invocation.spec.route.as_http().is_some_and(|route| route.parameters().next().is_none());
    match (&invocation.id, answer.as_object().and_then(|object| object.get("id")?.as_str())) {
        (Some(wanted), found) if in_query && found != Some(wanted.as_str()) => Err(Error::new(
            Code::UpstreamError,
            format!("The API answered with another {noun} than the requested one."),
        )),
        _ => Ok(answer),
    }
}
