//! Funnels, and the pages of each. Pure.

use super::{
    endpoint::{Ask, Described, List},
    request,
};
use highlevel_api_client::Request;
use highlevel_catalog::{ArgumentRules, Route, funnels::ListFunnels, pages::ListPages};
use serde_json::{Map, Value, json};

/// So many are asked for at once.
pub(super) const MOST: u64 = 100;

/// The operations on funnels and their pages.
pub(super) fn operations() -> Vec<Described> {
    vec![
        Described::new::<ListPages>(
            Route::get("/funnels/page"),
            "GET /funnels/page of every funnel: names only",
            Ask::List(List::FunnelPages),
        )
        .reading(|object, _| page(object), &[])
        .taking(ArgumentRules { without: &[("status", "tells no page's status")], ..ArgumentRules::NONE }),
        Described::new::<ListFunnels>(
            Route::get("/funnels/funnel/list"),
            "GET /funnels/funnel/list",
            Ask::List(List::Counted {
                member: "funnels",
                most: MOST,
                page: |_, account, offset, limit| funnels(account.location, offset, limit),
            }),
        )
        .reading(|object, _| funnel(object), &[]),
    ]
}

/// `GET /funnels/funnel/list`. Its file declares no version; the API refuses the request without one.
pub(super) fn funnels(location: &str, offset: u64, limit: u64) -> Request {
    request::get(
        "/funnels/funnel/list".to_owned(),
        &[("locationId", location.to_owned()), ("limit", limit.to_string()), ("offset", offset.to_string())],
    )
}

/// `GET /funnels/page`, of which the same holds.
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

/// A funnel as the tools give it: its pages are those of its steps, in order, each under its step's name.
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

/// A page as the tools give it: its name and where it belongs.
pub(super) fn page(mut page: Map<String, Value>) -> Value {
    request::rename(&mut page, "_id", "id");
    request::rename(&mut page, "dateAdded", "createdAt");
    request::rename(&mut page, "dateUpdated", "updatedAt");
    page.into()
}
