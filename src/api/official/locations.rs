//! Locations. Pure.

use super::{
    endpoint::{Ask, Described, List},
    request,
};
use highlevel_api_client::Request;
use highlevel_catalog::{
    Route,
    locations::{GetDefaultLocation, GetLocation, ListLocations},
};

/// So many locations are asked for at once.
pub(super) const MOST: u64 = 100;

/// The operations on locations.
pub(super) fn operations() -> Vec<Described> {
    vec![
        Described::new::<GetDefaultLocation>(
            Route::get("/locations/{locationId}"),
            "GET /locations/{--location-id}",
            Ask::Object(|_, account| location(account.location)),
        ),
        Described::new::<GetLocation>(
            Route::get("/locations/{locationId}"),
            "GET /locations/{locationId}",
            Ask::Object(|get, _| location(get.id.as_ref().map_or("", |id| id.as_str()))),
        ),
        Described::new::<ListLocations>(
            Route::get("/locations/search"),
            "GET /locations/search; the one it is held to where the token may not",
            Ask::List(List::Locations),
        ),
    ]
}

/// `GET /locations/{locationId}`.
pub(super) fn location(id: &str) -> Request {
    request::get(format!("/locations/{id}"), &[])
}

/// `GET /locations/search`, which tells no total.
pub(super) fn locations(skip: u64) -> Request {
    request::get("/locations/search".to_owned(), &[("skip", skip.to_string()), ("limit", MOST.to_string())])
}

/// `GET /locations/{locationId}/customFields`.
pub(super) fn custom_fields(location: &str) -> Request {
    request::get(format!("/locations/{location}/customFields"), &[("model", "all".to_owned())])
}
