//! Funnels and their pages. Pure functions.

use super::{
    endpoint::{List, OfficialOperation, RequestBuilder},
    request,
};
use highlevel_api_client::Request;
use highlevel_catalog::{ArgumentRules, Route, funnels::ListFunnels, pages::ListPages};
use serde_json::{Map, Value, json};

/// The page size of requests.
pub(super) const MAX_PAGE: u64 = 100;

/// The operations on funnels and their pages.
pub(super) fn operations() -> Vec<OfficialOperation> {
    vec![
        OfficialOperation::new::<ListPages>(
            Route::get("/funnels/page"),
            "GET /funnels/page of every funnel: names only",
            RequestBuilder::List(List::FunnelPages),
        )
        .converted_by(|object, _| page(object), &[])
        .arguments(ArgumentRules { without: &[("status", "tells no page's status")], ..ArgumentRules::NONE })
        .unlisted(),
        OfficialOperation::new::<ListFunnels>(
            Route::get("/funnels/funnel/list"),
            "GET /funnels/funnel/list",
            RequestBuilder::List(List::Counted {
                member: "funnels",
                most: MAX_PAGE,
                page: |_, account, offset, limit| funnels(account.location, offset, limit),
            }),
        )
        .converted_by(|object, _| funnel(object), &[])
        .unlisted(),
    ]
}

/// `GET /funnels/funnel/list`. The API requires a `Version` header, although HighLevel's OpenAPI file declares none.
pub(super) fn funnels(location: &str, offset: u64, limit: u64) -> Request {
    request::get(
        "/funnels/funnel/list".to_owned(),
        &[("locationId", location.to_owned()), ("limit", limit.to_string()), ("offset", offset.to_string())],
    )
}

/// `GET /funnels/page`. The API requires a `Version` header here too.
pub(super) fn pages(location: &str, funnel: &str, offset: u64, limit: u64) -> Request {
    request::get(
        "/funnels/page".to_owned(),
        &[
            ("locationId", location.to_owned()),
            ("funnelId", funnel.to_owned()),
            ("limit", limit.to_string()),
            ("offset", offset.to_string()),
        ],
    )
}

/// Converts a funnel to the tools' form. Its pages are those of its steps, in order, with the steps' names.
pub(super) fn funnel(mut funnel: Map<String, Value>) -> Value {
    request::rename(&mut funnel, "_id", "id");
    request::rename(&mut funnel, "dateAdded", "createdAt");
    let mut steps: Vec<&Map<String, Value>> =
        funnel.get("steps").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object).collect();
    steps.sort_by_key(|step| step.get("sequence").and_then(Value::as_u64));
    let all = steps.iter().flat_map(|step| {
        let ids = step.get("pages").and_then(Value::as_array).into_iter().flatten();
        ids.filter_map(Value::as_str).map(|id| (id, request::text(step, "name")))
    });
    let pages: Vec<Value> =
        all.enumerate().map(|(at, (id, name))| json!({"id": id, "name": name, "order": at + 1})).collect();
    if funnel.contains_key("steps") {
        funnel.insert("pages".to_owned(), pages.into());
    }
    funnel.into()
}

/// Converts a page to the tools' form.
pub(super) fn page(mut page: Map<String, Value>) -> Value {
    request::rename(&mut page, "_id", "id");
    request::rename(&mut page, "dateAdded", "createdAt");
    request::rename(&mut page, "dateUpdated", "updatedAt");
    page.into()
}
