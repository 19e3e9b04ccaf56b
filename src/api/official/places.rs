//! Locations and users. Pure.

use super::ask;
use highlevel_api_client::Request;
use serde_json::{Map, Value};

/// So many locations are asked for at once.
pub(super) const MOST: u64 = 100;

/// `GET /locations/{locationId}`.
pub(super) fn location(id: &str) -> Request {
    ask::get(format!("/locations/{id}"), &[])
}

/// `GET /locations/search`, which tells no total.
pub(super) fn locations(skip: u64) -> Request {
    ask::get("/locations/search".to_owned(), &[("skip", skip.to_string()), ("limit", MOST.to_string())])
}

/// `GET /users/{userId}`.
pub(super) fn user(id: &str) -> Request {
    ask::get(format!("/users/{id}"), &[])
}

/// `GET /users/`: all of the location.
pub(super) fn users(location: &str) -> Request {
    ask::get("/users/".to_owned(), &[("locationId", location.to_owned())])
}

/// `GET /locations/{locationId}/customFields`.
pub(super) fn custom_fields(location: &str) -> Request {
    ask::get(format!("/locations/{location}/customFields"), &[("model", "all".to_owned())])
}

/// A user as the tools give it.
pub(super) fn as_user(mut user: Map<String, Value>) -> Value {
    let role = user.get("roles").and_then(|roles| roles.get("role")).filter(|role| role.is_string()).cloned();
    if let Some(role) = role {
        user.entry("role").or_insert(role);
    }
    user.into()
}
