//! Opportunities and pipelines. The API has other names for value and dates, and stages by id. Pure functions.

use super::{
    cursor_paging::Search,
    endpoint::{List, Names, OfficialOperation, RequestBuilder},
    fields::{self, Model},
    name_cache::NameList,
    names, request,
};
use chrono::DateTime;
use highlevel_api_client::Request;
use highlevel_catalog::{
    ArgumentRules, Invocation, Route,
    opportunities::{
        CreateOpportunity, DeleteOpportunity, GetOpportunity, ListOpportunities, ListPipelines, UpdateOpportunity,
    },
};
use serde_json::{Map, Value, json};

/// The largest page of a search.
const MAX_PAGE: u64 = 100;

/// The search for deals.
const SEARCH: Search = Search { member: "opportunities", most: MAX_PAGE, page: search, after: search_after, cursor };

/// The lists of names by which deals are shown.
const NAMES: &[NameList] = &[NameList::Pipelines, NameList::CustomFields, NameList::Users];

const OWNER: (&str, &str) = ("assignedTo", "User's name, email or id");
const FIELDS: (&str, &str) = ("customFields", "By name, key or id");
const STAGE: (&str, &str) = ("stage", "Name, or pipeline / name");

const STATUS: &[&str] = &["open", "won", "lost", "abandoned"];
const NEGOTIATION: &str = " A negotiation is a stage of an open deal there.";

// Arguments that the API does not support.
const CURRENCY: (&str, &str) = ("currency", "stores no currency; the session API does (`--api session`)");
const PROBABILITY: (&str, &str) = ("probability", "stores no probability; the session API does (`--api session`)");
const CLOSE_DATE: (&str, &str) =
    ("expectedCloseDate", "stores no expected close date; the session API does (`--api session`)");
const TAGS: (&str, &str) = ("tags", "stores no tags of deals; those of the deal's contact can be changed");
const ADD_TAGS: (&str, &str) = ("addTags", TAGS.1);
const REMOVE_TAGS: (&str, &str) = ("removeTags", TAGS.1);

/// The operations on deals and pipelines.
pub(super) fn operations() -> Vec<OfficialOperation> {
    vec![
        OfficialOperation::new::<ListOpportunities>(
            Route::get("/opportunities/search"),
            "GET /opportunities/search",
            RequestBuilder::List(List::Searched(&SEARCH)),
        )
        .converted_by(opportunity, NAMES)
        .arguments(ArgumentRules {
            words: &[("status", &["open", "won", "lost", "abandoned", "all"], NEGOTIATION)],
            ..ArgumentRules::NONE
        }),
        OfficialOperation::new::<GetOpportunity>(
            Route::get("/opportunities/{id}"),
            "GET /opportunities/{id}",
            RequestBuilder::Object(|get, _| self::get(get)),
        )
        .converted_by(opportunity, NAMES),
        OfficialOperation::new::<CreateOpportunity>(
            Route::post("/opportunities/"),
            "POST /opportunities/",
            RequestBuilder::WithFields(|create, account, dictionary| write(create, account.location, dictionary)),
        )
        .converted_by(opportunity, NAMES)
        .arguments(ArgumentRules {
            described: &[STAGE, OWNER, FIELDS],
            without: &[CURRENCY, PROBABILITY, CLOSE_DATE, TAGS],
            words: &[("status", STATUS, NEGOTIATION)],
            ..ArgumentRules::NONE
        }),
        OfficialOperation::new::<UpdateOpportunity>(
            Route::put("/opportunities/{id}"),
            "PUT /opportunities/{id}",
            RequestBuilder::WithFields(|update, account, dictionary| write(update, account.location, dictionary)),
        )
        .converted_by(opportunity, NAMES)
        .arguments(ArgumentRules {
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
        OfficialOperation::new::<ListPipelines>(
            Route::get("/opportunities/pipelines"),
            "GET /opportunities/pipelines",
            RequestBuilder::List(List::Whole { member: "pipelines", request: |account| pipelines(account.location) }),
        )
        .converted_by(|object, _| pipeline(object), &[]),
        OfficialOperation::new::<DeleteOpportunity>(
            Route::delete("/opportunities/{id}"),
            "DELETE /opportunities/{id}",
            RequestBuilder::Object(|delete, _| request::delete(request::under("/opportunities/", delete.id.as_ref()))),
        ),
    ]
}

/// The cursor of a deal: its sort values, or its creation time in milliseconds and its id.
fn cursor(deal: &Value) -> Option<Value> {
    request::pair(deal, "sort").or_else(|| {
        let deal = deal.as_object()?;
        let added = ["createdAt", "dateAdded"].iter().find_map(|name| request::text(deal, name))?;
        let added = DateTime::parse_from_rfc3339(added).ok()?.timestamp_millis();
        Some(json!([added, request::text(deal, "id")?]))
    })
}

/// `GET /opportunities/search` by page number, newest first.
fn search(list: &Invocation, location: &str, page: u64, size: u64) -> Request {
    search_request(list, location, size, [("page", page.to_string())])
}

/// `GET /opportunities/search` after a cursor, newest first.
fn search_after(list: &Invocation, location: &str, cursor: &Value, size: u64) -> Request {
    let part = |at: usize| {
        let part = cursor.get(at);
        part.and_then(Value::as_str).map_or_else(|| part.map(Value::to_string).unwrap_or_default(), str::to_owned)
    };
    search_request(list, location, size, [("startAfter", part(0)), ("startAfterId", part(1))])
}

fn search_request<const N: usize>(
    list: &Invocation,
    location: &str,
    size: u64,
    position: [(&'static str, String); N],
) -> Request {
    let mut query = vec![("location_id", location.to_owned()), ("limit", size.to_string())];
    query.extend(position);
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

/// `POST /opportunities/` or `PUT /opportunities/{id}`. Name resolution has already added the ids of the stage.
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

/// Converts an opportunity to the tools' form, with its stage and pipeline by name.
pub(super) fn opportunity(mut deal: Map<String, Value>, known: &Names) -> Value {
    request::rename(&mut deal, "monetaryValue", "value");
    // `createdAt` takes precedence in answers that have both.
    request::rename(&mut deal, "dateAdded", "createdAt");
    request::rename(&mut deal, "dateUpdated", "updatedAt");
    let stage = request::text(&deal, "pipelineStageId").map(str::to_owned);
    if let Some(stage) = stage {
        let found = names::stages(&known.pipelines).find(|named| named.id == stage);
        let name = found.as_ref().map_or(stage.as_str(), |known| known.name);
        deal.insert("stage".to_owned(), name.into());
        deal.extend(found.map(|known| ("pipeline".to_owned(), known.pipeline.into())));
    }
    // The cursor is of no use to callers.
    deal.shift_remove("sort");
    fields::to_map(&known.fields, &mut deal);
    deal.into()
}

/// Converts a pipeline to the tools' form, with its stages in order.
pub(super) fn pipeline(mut pipeline: Map<String, Value>) -> Value {
    if let Some(Value::Array(stages)) = pipeline.get_mut("stages") {
        stages.retain(Value::is_object);
        stages.sort_by_key(|stage| stage.get("position").and_then(Value::as_u64));
    }
    pipeline.into()
}
