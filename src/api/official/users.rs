//! Users. Pure functions.

use super::{
    endpoint::{OfficialOperation, RequestBuilder},
    request,
};
use highlevel_api_client::Request;
use highlevel_catalog::{
    Route,
    users::{GetCurrentUser, GetUser},
};
use serde_json::{Map, Value};

/// The operations on users.
pub(super) fn operations() -> Vec<OfficialOperation> {
    vec![
        OfficialOperation::new::<GetCurrentUser>(
            Route::get("/users/{userId}"),
            "GET /users/{userId} of an OAuth login; none with a private token",
            RequestBuilder::Object(|_, account| user(account.user)),
        )
        .converted_by(|object, _| as_user(object), &[])
        .for_logged_in_user(),
        OfficialOperation::new::<GetUser>(
            Route::get("/users/{userId}"),
            "GET /users/{userId}",
            RequestBuilder::Object(|get, _| user(get.id.as_ref().map_or("", |id| id.as_str()))),
        )
        .converted_by(|object, _| as_user(object), &[])
        .unlisted(),
    ]
}

/// `GET /users/{userId}`.
pub(super) fn user(id: &str) -> Request {
    request::get(format!("/users/{id}"), &[])
}

/// `GET /users/`: all users of the location.
pub(super) fn users(location: &str) -> Request {
    request::get("/users/".to_owned(), &[("locationId", location.to_owned())])
}

/// Converts a user to the tools' form.
pub(super) fn as_user(mut user: Map<String, Value>) -> Value {
    let role = user.get("roles").and_then(|roles| roles.get("role")).filter(|role| role.is_string()).cloned();
    if let Some(role) = role {
        user.entry("role").or_insert(role);
    }
    user.into()
}
