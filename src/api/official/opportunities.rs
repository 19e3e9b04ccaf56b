//! Opportunities: worth, stage and pipeline have other names, and a stage is an id. Pure.

use super::{
    ask,
    fields::{self, Model},
    names,
};
use highlevel_api_client::Request;
use highlevel_catalog::Invocation;
use serde_json::{Map, Value};

/// The largest page that a search gives.
pub(super) const MOST: u64 = 100;

/// `GET /opportunities/search`, the newest first.
pub(super) fn search(list: &Invocation, location: &str, page: u64, size: u64) -> Request {
    found(list, location, size, [("page", page.to_string())])
}

/// The same, behind the deal that has this cursor: the time of its creation in milliseconds, and its id.
pub(super) fn search_after(list: &Invocation, location: &str, cursor: &Value, size: u64) -> Request {
    let part = |at: usize| {
        let part = cursor.get(at);
        part.and_then(Value::as_str).map_or_else(|| part.map(Value::to_string).unwrap_or_default(), str::to_owned)
    };
    found(list, location, size, [("startAfter", part(0)), ("startAfterId", part(1))])
}

fn found<const N: usize>(list: &Invocation, location: &str, size: u64, place: [(&'static str, String); N]) -> Request {
    let mut query = vec![("location_id", location.to_owned()), ("limit", size.to_string())];
    query.extend(place);
    query.push(("order", "added_desc".to_owned()));
    let filters = [("status", "status"), ("contact_id", "contactId")];
    query.extend(filters.into_iter().filter_map(|(name, given)| Some((name, list.text(given)?.to_owned()))));
    ask::get("/opportunities/search".to_owned(), &query)
}

/// `GET /opportunities/{id}`.
pub(super) fn get(invocation: &Invocation) -> Request {
    ask::get(ask::under("/opportunities/", invocation.id.as_ref()), &[])
}

/// `GET /opportunities/pipelines`.
pub(super) fn pipelines(location: &str) -> Request {
    ask::get("/opportunities/pipelines".to_owned(), &[("locationId", location.to_owned())])
}

/// `POST /opportunities/` or `PUT /opportunities/{id}`. The stage is there by its ids already.
pub(super) fn write(invocation: &Invocation, location: &str, dictionary: &[Value]) -> Request {
    let mut body = Map::new();
    for (name, value) in &invocation.arguments {
        match (name.as_str(), value) {
            ("id" | "stage", _) => {}
            ("value", _) => drop(body.insert("monetaryValue".to_owned(), value.clone())),
            ("customFields", Value::Object(values)) => {
                body.insert(name.clone(), fields::to_array(dictionary, Model::Opportunity, values));
            }
            _ => drop(body.insert(name.clone(), value.clone())),
        }
    }
    match &invocation.id {
        Some(id) => ask::update(ask::under("/opportunities/", Some(id)), body),
        None => {
            body.insert("locationId".to_owned(), location.into());
            ask::create("/opportunities/".to_owned(), body)
        }
    }
}

/// An opportunity as the tools give it: with its stage and pipeline by name.
pub(super) fn opportunity(mut deal: Map<String, Value>, pipelines: &[Value], dictionary: &[Value]) -> Value {
    ask::rename(&mut deal, "monetaryValue", "value");
    // Of the two dates that some answers have, this one is the document's.
    ask::rename(&mut deal, "dateAdded", "createdAt");
    ask::rename(&mut deal, "dateUpdated", "updatedAt");
    let stage = ask::text(&deal, "pipelineStageId").map(str::to_owned);
    if let Some(stage) = stage {
        let found = names::stages(pipelines).find(|known| known.id == stage);
        let name = found.as_ref().map_or(stage.as_str(), |known| known.name);
        deal.insert("stage".to_owned(), name.into());
        deal.extend(found.map(|known| ("pipeline".to_owned(), known.pipeline.into())));
    }
    // A place in the API's own list, of no use to anyone else.
    deal.shift_remove("sort");
    fields::to_map(dictionary, &mut deal);
    deal.into()
}

/// A pipeline with its stages in order.
pub(super) fn pipeline(mut pipeline: Map<String, Value>) -> Value {
    if let Some(Value::Array(stages)) = pipeline.get_mut("stages") {
        stages.retain(Value::is_object);
        stages.sort_by_key(|stage| stage.get("position").and_then(Value::as_u64));
    }
    pipeline.into()
}
