//! Opportunities: worth, stage and pipeline have other names, and a stage is an id. Pure.

use super::{
    cursor_paging::Search,
    endpoint::{Ask, Described, List, Names},
    fields::{self, Model},
    name_cache::NameList,
    names, request,
};
use chrono::DateTime;
use highlevel_api_client::Request;
use highlevel_catalog::{
    ArgumentRules, Invocation, Route,
    opportunities::{CreateOpportunity, GetOpportunity, ListOpportunities, ListPipelines, UpdateOpportunity},
};
use serde_json::{Map, Value, json};

/// The largest page that a search gives.
const MOST: u64 = 100;

/// How deals are searched.
const SEARCH: Search = Search { member: "opportunities", most: MOST, page: search, after: search_after, cursor };

/// The lists of names that a deal needs.
const NAMES: &[NameList] = &[NameList::Pipelines, NameList::CustomFields, NameList::Users];

const OWNER: (&str, &str) = ("assignedTo", "User's name, email or id");
const FIELDS: (&str, &str) = ("customFields", "By name, key or id");
const STAGE: (&str, &str) = ("stage", "Name, or pipeline / name");

const STATUS: &[&str] = &["open", "won", "lost", "abandoned"];
const NEGOTIATION: &str = " A negotiation is a stage of an open deal there.";

// What a deal has no place for.
const CURRENCY: (&str, &str) = ("currency", "stores no currency; the session API does (`--api session`)");
const PROBABILITY: (&str, &str) = ("probability", "stores no probability; the session API does (`--api session`)");
const CLOSE_DATE: (&str, &str) =
    ("expectedCloseDate", "stores no expected close date; the session API does (`--api session`)");
const TAGS: (&str, &str) = ("tags", "stores no tags of deals; those of the deal's contact can be changed");
const ADD_TAGS: (&str, &str) = ("addTags", TAGS.1);
const REMOVE_TAGS: (&str, &str) = ("removeTags", TAGS.1);

/// The operations on deals and pipelines.
pub(super) fn operations() -> Vec<Described> {
    vec![
        Described::new::<ListOpportunities>(
            Route::get("/opportunities/search"),
            "GET /opportunities/search",
            Ask::List(List::Searched(&SEARCH)),
        )
        .reading(opportunity, NAMES)
        .taking(ArgumentRules {
            words: &[("status", &["open", "won", "lost", "abandoned", "all"], NEGOTIATION)],
            ..ArgumentRules::NONE
        }),
        Described::new::<GetOpportunity>(
            Route::get("/opportunities/{id}"),
            "GET /opportunities/{id}",
            Ask::Object(|get, _| self::get(get)),
        )
        .reading(opportunity, NAMES),
        Described::new::<CreateOpportunity>(
            Route::post("/opportunities/"),
            "POST /opportunities/",
            Ask::WithFields(|create, account, dictionary| write(create, account.location, dictionary)),
        )
        .reading(opportunity, NAMES)
        .taking(ArgumentRules {
            described: &[STAGE, OWNER, FIELDS],
            without: &[CURRENCY, PROBABILITY, CLOSE_DATE, TAGS],
            words: &[("status", STATUS, NEGOTIATION)],
            ..ArgumentRules::NONE
        }),
        Described::new::<UpdateOpportunity>(
            Route::put("/opportunities/{id}"),
            "PUT /opportunities/{id}",
            Ask::WithFields(|update, account, dictionary| write(update, account.location, dictionary)),
        )
        .reading(opportunity, NAMES)
        .taking(ArgumentRules {
            description: Some("Update an opportunity. Only the fields given change; customFields are merged."),
            described: &[STAGE, OWNER, FIELDS],
            without: &[
                ("contactId", "leaves a deal with its contact"),
                CURRENCY,
                PROBABILITY,
                CLOSE_DATE,
                TAGS,
                ADD_TAGS,
                REMOVE_TAGS,
            ],
            keeps: &[
                ("stage", "keeps every deal in a stage: give another"),
                ("assignedTo", "cannot take a deal from its owner: give another"),
            ],
            words: &[("status", STATUS, NEGOTIATION)],
            ..ArgumentRules::NONE
        }),
        Described::new::<ListPipelines>(
            Route::get("/opportunities/pipelines"),
            "GET /opportunities/pipelines",
            Ask::List(List::Whole { member: "pipelines", request: |account| pipelines(account.location) }),
        )
        .reading(|object, _| pipeline(object), &[]),
    ]
}

/// The place of a deal in the API's own list: its sort values, or the time of its creation with its id.
fn cursor(deal: &Value) -> Option<Value> {
    request::pair(deal, "sort").or_else(|| {
        let deal = deal.as_object()?;
        let added = ["createdAt", "dateAdded"].iter().find_map(|name| request::text(deal, name))?;
        let added = DateTime::parse_from_rfc3339(added).ok()?.timestamp_millis();
        Some(json!([added, request::text(deal, "id")?]))
    })
}

/// `GET /opportunities/search`, the newest first.
fn search(list: &Invocation, location: &str, page: u64, size: u64) -> Request {
    found(list, location, size, [("page", page.to_string())])
}

/// The same, behind the deal that has this cursor: the time of its creation in milliseconds, and its id.
fn search_after(list: &Invocation, location: &str, cursor: &Value, size: u64) -> Request {
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
    query.extend(filters.into_iter().filter_map(|(name, given)| Some((name, list.arguments.text(given)?.to_owned()))));
    request::get("/opportunities/search".to_owned(), &query)
}

/// `GET /opportunities/{id}`.
pub(super) fn get(invocation: &Invocation) -> Request {
    request::get(request::under("/opportunities/", invocation.id.as_ref()), &[])
}

/// `GET /opportunities/pipelines`.
pub(super) fn pipelines(location: &str) -> Request {
    request::get("/opportunities/pipelines".to_owned(), &[("locationId", location.to_owned())])
}

/// `POST /opportunities/` or `PUT /opportunities/{id}`. The stage is there by its ids already.
pub(super) fn write(invocation: &Invocation, location: &str, dictionary: &[Value]) -> Request {
    let mut body = Map::new();
    for (name, value) in invocation.arguments.iter() {
        match (name, value) {
            ("id" | "stage", _) => {}
            ("value", _) => drop(body.insert("monetaryValue".to_owned(), value.clone())),
            ("customFields", Value::Object(values)) => {
                body.insert(name.to_owned(), fields::to_array(dictionary, Model::Opportunity, values));
            }
            _ => drop(body.insert(name.to_owned(), value.clone())),
        }
    }
    match &invocation.id {
        Some(id) => request::update(request::under("/opportunities/", Some(id)), body),
        None => {
            body.insert("locationId".to_owned(), location.into());
            request::create("/opportunities/".to_owned(), body)
        }
    }
}

/// An opportunity as the tools give it: with its stage and pipeline by name.
pub(super) fn opportunity(mut deal: Map<String, Value>, known: &Names) -> Value {
    request::rename(&mut deal, "monetaryValue", "value");
    // Some answers have both dates. This one is when the deal was added.
    request::rename(&mut deal, "dateAdded", "createdAt");
    request::rename(&mut deal, "dateUpdated", "updatedAt");
    let stage = request::text(&deal, "pipelineStageId").map(str::to_owned);
    if let Some(stage) = stage {
        let found = names::stages(&known.pipelines).find(|named| named.id == stage);
        let name = found.as_ref().map_or(stage.as_str(), |known| known.name);
        deal.insert("stage".to_owned(), name.into());
        deal.extend(found.map(|known| ("pipeline".to_owned(), known.pipeline.into())));
    }
    // A place in the API's own list, of no use to anyone else.
    deal.shift_remove("sort");
    fields::to_map(&known.fields, &mut deal);
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
