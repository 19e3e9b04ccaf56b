//! Custom values: texts of a location that templates insert by key.

use super::deleted;
use super::errors::{not_found, unprocessable};
use super::organization::{all, check_location, text};
use crate::account::{Account, Fields, ObjectKind};
use crate::manners::Manners;
use crate::operation::{Completed, HandlerResult, WriteKind};
use crate::response::ApiResponse;
use crate::validate::{self, Field, Shape, required};
use serde_json::{Value, json};

const BODY: &[Field] = &[required("name", Shape::Filled), required("value", Shape::Text)];

fn shown(mut value: Fields, location: &str) -> Value {
    value.insert("locationId".into(), location.into());
    Value::Object(value)
}

/// The key that templates use: `{{ custom_values.booking_link }}` for `Booking link`.
pub(crate) fn key(name: &str) -> String {
    let words: Vec<_> = name.split_whitespace().map(str::to_lowercase).collect();
    format!("{{{{ custom_values.{} }}}}", words.join("_"))
}

pub(crate) fn list(account: &Account, location: &str, manners: &Manners) -> HandlerResult {
    check_location(account, location)?;
    let values = all(account, ObjectKind::CustomValues).into_iter().take(manners.list_limit(usize::MAX));
    let shown: Vec<_> = values.map(|value| shown(value, location)).collect();
    Ok(Completed { response: ApiResponse::ok(json!({ "customValues": shown })), write: None })
}

fn find(account: &Account, location: &str, id: &str) -> Result<Fields, ApiResponse> {
    check_location(account, location)?;
    account.get(ObjectKind::CustomValues, id).ok_or_else(|| not_found("Custom value"))
}

pub(crate) fn get(account: &Account, location: &str, id: &str) -> HandlerResult {
    let value = find(account, location, id)?;
    Ok(Completed { response: ApiResponse::ok(json!({ "customValue": shown(value, location) })), write: None })
}

pub(crate) fn create(account: &mut Account, location: &str, body: &Fields) -> HandlerResult {
    validate::creation(BODY, body).map_err(unprocessable)?;
    check_location(account, location)?;
    let id = account.new_id();
    let mut value = Fields::new();
    value.insert("id".into(), id.clone().into());
    value.insert("fieldKey".into(), key(text(body, "name")).into());
    value.extend(body.clone());
    account.put(ObjectKind::CustomValues, &id, &value);
    let answer = ApiResponse::created(json!({ "customValue": shown(value, location) }));
    Ok(Completed { response: answer, write: Some((WriteKind::Create, id)) })
}

/// Changes a name and a value. The key stays as it is.
pub(crate) fn update(account: &mut Account, location: &str, id: &str, body: &Fields) -> HandlerResult {
    validate::creation(BODY, body).map_err(unprocessable)?;
    let mut value = find(account, location, id)?;
    value.extend(body.clone());
    account.put(ObjectKind::CustomValues, id, &value);
    let answer = ApiResponse::ok(json!({ "customValue": shown(value, location) }));
    Ok(Completed { response: answer, write: Some((WriteKind::Update, id.to_owned())) })
}

pub(crate) fn delete(account: &mut Account, location: &str, id: &str) -> HandlerResult {
    find(account, location, id)?;
    account.remove(ObjectKind::CustomValues, id);
    deleted(id)
}
