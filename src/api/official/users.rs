//! Users. Pure.

use super::{
    endpoint::{Ask, Described},
    request,
};
use highlevel_api_client::Request;
use highlevel_catalog::{
    Route,
    users::{GetCurrentUser, GetUser},
};
use serde_json::{Map, Value};

/// The operations on users.
pub(super) fn operations() -> Vec<Described> {
    vec![
        Described::new::<GetCurrentUser>(
            Route::get("/users/{userId}"),
            "GET /users/{userId} of an OAuth login; none with a private token",
            Ask::Object(|_, account| user(account.user)),
        )
        .reading(|object, _| as_user(object), &[])
        .of_the_user(),
        Described::new::<GetUser>(
            Route::get("/users/{userId}"),
            "GET /users/{userId}",
            Ask::Object(|get, _| user(get.id.as_ref().map_or("", |id| id.as_str()))),
        )
        .reading(|object, _| as_user(object), &[]),
    ]
}

/// `GET /users/{userId}`.
pub(super) fn user(id: &str) -> Request {
    request::get(format!("/users/{id}"), &[])
}

/// `GET /users/`: all of the location.
pub(super) fn users(location: &str) -> Request {
    request::get("/users/".to_owned(), &[("locationId", location.to_owned())])
}

/// A user as the tools give it.
pub(super) fn as_user(mut user: Map<String, Value>) -> Value {
    let role = user.get("roles").and_then(|roles| roles.get("role")).filter(|role| role.is_string()).cloned();
    if let Some(role) = role {
        user.entry("role").or_insert(role);
    }
    user.into()
}
