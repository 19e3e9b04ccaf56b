//! Locations. Pure functions.

use super::{
    endpoint::{List, OfficialOperation, RequestBuilder},
    request,
};
use highlevel_api_client::Request;
use highlevel_catalog::{
    Route,
    locations::{GetDefaultLocation, GetLocation, ListCustomFields, ListCustomValues, ListLocations},
};

/// The page size of requests.
pub(super) const MAX_PAGE: u64 = 100;

/// The operations on locations.
pub(super) fn operations() -> Vec<OfficialOperation> {
    vec![
        OfficialOperation::new::<GetDefaultLocation>(
            Route::get("/locations/{locationId}"),
            "GET /locations/{--location-id}",
            RequestBuilder::Object(|_, account| location(account.location)),
        )
        .unlisted(),
        OfficialOperation::new::<GetLocation>(
            Route::get("/locations/{locationId}"),
            "GET /locations/{locationId}",
            RequestBuilder::Object(|get, _| location(get.id.as_ref().map_or("", |id| id.as_str()))),
        ),
        OfficialOperation::new::<ListLocations>(
            Route::get("/locations/search"),
            "GET /locations/search; the one it is held to where the token may not",
            RequestBuilder::List(List::Locations),
        )
        .unlisted(),
        OfficialOperation::new::<ListCustomFields>(
            Route::get("/locations/{locationId}/customFields"),
            "GET /locations/{locationId}/customFields",
            RequestBuilder::List(List::Whole {
                member: "customFields",
                request: |account| custom_fields(account.location),
            }),
        ),
        OfficialOperation::new::<ListCustomValues>(
            Route::get("/locations/{locationId}/customValues"),
            "GET /locations/{locationId}/customValues",
            RequestBuilder::List(List::Whole {
                member: "customValues",
                request: |account| request::get(format!("/locations/{}/customValues", account.location), &[]),
            }),
        ),
    ]
}

/// `GET /locations/{locationId}`.
pub(super) fn location(id: &str) -> Request {
    request::get(format!("/locations/{id}"), &[])
}

/// `GET /locations/search`. Its answer has no total.
pub(super) fn locations(skip: u64) -> Request {
    request::get("/locations/search".to_owned(), &[("skip", skip.to_string()), ("limit", MAX_PAGE.to_string())])
}

/// `GET /locations/{locationId}/customFields`.
pub(super) fn custom_fields(location: &str) -> Request {
    request::get(format!("/locations/{location}/customFields"), &[("model", "all".to_owned())])
}
