//! Contacts. The API has flat addresses, custom fields by id, and other names for dates. Pure functions.

use super::{
    cursor_paging::Search,
    endpoint::{Account, List, Names, OfficialOperation, RequestBuilder},
    fields::{self, Model},
    name_cache::NameList,
    request,
};
use highlevel_api_client::Request;
use highlevel_catalog::{
    ArgumentRules, Invocation, Route,
    contacts::{CreateContact, DeleteContact, GetContact, ListContacts, UpdateContact, UpsertContact},
};
use highlevel_core::phone;
use http::Method;
use serde_json::{Map, Value, json};

/// The largest page of a search.
const MAX_PAGE: u64 = 500;

/// The search for contacts.
const SEARCH: Search = Search {
    member: "contacts",
    most: MAX_PAGE,
    page: search,
    after: search_after,
    cursor: |contact| request::pair(contact, "searchAfter"),
};

/// The lists of names by which contacts are shown.
const NAMES: &[NameList] = &[NameList::CustomFields, NameList::Users];

const OWNER: (&str, &str) = ("assignedTo", "User's name, email or id");
const FIELDS: (&str, &str) = ("customFields", "By name, key or id");

/// The operations on contacts.
pub(super) fn operations() -> Vec<OfficialOperation> {
    vec![
        OfficialOperation::new::<ListContacts>(
            Route::post("/contacts/search"),
            "POST /contacts/search",
            RequestBuilder::List(List::Searched(&SEARCH)),
        )
        .converted_by(contact, NAMES),
        OfficialOperation::new::<GetContact>(
            Route::get("/contacts/{contactId}"),
            "GET /contacts/{contactId}",
            RequestBuilder::Object(|get, _| request::get(request::under("/contacts/", get.id.as_ref()), &[])),
        )
        .converted_by(contact, NAMES),
        OfficialOperation::new::<CreateContact>(
            Route::post("/contacts/"),
            "POST /contacts/",
            RequestBuilder::WithFields(|create, account, dictionary| write(create, account.location, dictionary)),
        )
        .converted_by(contact, NAMES)
        .arguments(ArgumentRules {
            description: Some("Create a contact, by email or phone. An account may refuse duplicates."),
            described: &[OWNER, FIELDS],
            any_of: &["email", "phone"],
            ..ArgumentRules::NONE
        }),
        OfficialOperation::new::<UpdateContact>(
            Route::put("/contacts/{contactId}"),
            "PUT /contacts/{contactId}; POST and DELETE /contacts/{contactId}/tags",
            RequestBuilder::WithFields(update),
        )
        .converted_by(contact, NAMES)
        .arguments(ArgumentRules { described: &[OWNER, FIELDS], ..ArgumentRules::NONE }),
        OfficialOperation::new::<UpsertContact>(
            Route::post("/contacts/upsert"),
            "GET /contacts/search/duplicate; PUT /contacts/{contactId}, POST /contacts/upsert where there is none",
            RequestBuilder::WithFields(upsert),
        )
        .converted_by(contact, NAMES)
        .arguments(ArgumentRules {
            described: &[OWNER, FIELDS],
            any_of: &["email", "phone"],
            ..ArgumentRules::NONE
        }),
        OfficialOperation::new::<DeleteContact>(
            Route::delete("/contacts/{contactId}"),
            "DELETE /contacts/{contactId}",
            RequestBuilder::Object(|delete, _| request::delete(request::under("/contacts/", delete.id.as_ref()))),
        ),
    ]
}

/// The request of one part of an update: its fields, or a change to tags.
fn update(part: &Invocation, account: &Account<'_>, dictionary: &[Value]) -> Request {
    if changes_tags(part) { tags(part) } else { write(part, account.location, dictionary) }
}

/// `POST /contacts/upsert`.
fn upsert(upsert: &Invocation, account: &Account<'_>, dictionary: &[Value]) -> Request {
    Request { path: "/contacts/upsert".to_owned(), ..write(upsert, account.location, dictionary) }
}

/// `GET /contacts/search/duplicate`: the contact that an upsert would change.
pub(super) fn matching(location: &str, field: &str, value: &str) -> Request {
    let name = if field == "phone" { "number" } else { "email" };
    let query = [("locationId", location.to_owned()), (name, value.to_owned())];
    request::get("/contacts/search/duplicate".to_owned(), &query)
}

/// The parts of an address: `(part, member of the API's contact, nullable)`. A part that is not nullable is emptied
/// with an empty string.
const ADDRESS: [(&str, &str, bool); 5] = [
    ("street", "address1", true),
    ("city", "city", true),
    ("state", "state", true),
    ("postalCode", "postalCode", false),
    ("country", "country", false),
];

/// The arguments that change single tags, each by its own request.
const TAG_CHANGES: [(&str, Method); 2] = [("addTags", Method::POST), ("removeTags", Method::DELETE)];

/// Splits an update into one invocation per request: the fields, the tags to add, the tags to remove.
pub(in crate::api) fn parts(update: &Invocation) -> Vec<Invocation> {
    if update.spec.passthrough.is_some() {
        return vec![update.clone()];
    }
    let mut fields = update.clone();
    let mut changes = Vec::new();
    for (name, _) in &TAG_CHANGES {
        if let Some(tags) = fields.arguments.take(name) {
            let mut change = update.clone();
            change.arguments.retain(|argument, _| argument == "id");
            change.arguments.set(name, tags);
            changes.push(change);
        }
    }
    let has_fields = changes.is_empty() || fields.fields().next().is_some();
    has_fields.then_some(fields).into_iter().chain(changes).collect()
}

/// Whether this part of an update changes single tags.
fn changes_tags(update: &Invocation) -> bool {
    TAG_CHANGES.iter().any(|(name, _)| update.arguments.has(name))
}

/// `POST` or `DELETE /contacts/{contactId}/tags`.
fn tags(change: &Invocation) -> Request {
    let found = TAG_CHANGES.iter().find_map(|(name, method)| Some((method, change.arguments.get(name)?)));
    let (method, tags) = found.map_or((Method::POST, json!([])), |(method, tags)| (method.clone(), tags.clone()));
    // The API stores tags in lower case, so this form also finds a tag to remove.
    let tags: Value = match tags {
        Value::Array(tags) => tags.iter().filter_map(Value::as_str).map(|tag| tag.trim().to_lowercase()).collect(),
        other => other,
    };
    let path = request::under("/contacts/", change.id.as_ref()) + "/tags";
    request::change(method, path, [("tags".to_owned(), tags)].into_iter().collect())
}

/// `POST /contacts/search` by page number, newest first.
fn search(list: &Invocation, location: &str, page: u64, size: u64) -> Request {
    search_request(list, location, size, ("page", page.into()))
}

/// `POST /contacts/search` after a cursor, newest first.
fn search_after(list: &Invocation, location: &str, cursor: &Value, size: u64) -> Request {
    search_request(list, location, size, ("searchAfter", cursor.clone()))
}

fn search_request(list: &Invocation, location: &str, size: u64, (position, value): (&str, Value)) -> Request {
    let is = |field: &str, value: &Value| json!({"field": field, "operator": "eq", "value": value});
    let mut filters: Vec<Value> = list.arguments.get("email").map(|email| is("email", email)).into_iter().collect();
    filters.extend(list.arguments.text("phone").map(|phone| phone_filter(phone, is)));
    // One filter per tag, because a contact must have all of them. `eq` would compare the whole set.
    let tags = list.arguments.get("tags").and_then(Value::as_array).into_iter().flatten();
    filters.extend(tags.map(|tag| json!({"field": "tags", "operator": "contains", "value": [tag]})));
    let mut body = json!({
        "locationId": location, position: value, "pageLimit": size,
        "sort": [{"field": "dateAdded", "direction": "desc"}],
    });
    if let (false, Some(body)) = (filters.is_empty(), body.as_object_mut()) {
        body.insert("filters".to_owned(), filters.into());
    }
    request::search("/contacts/search", body)
}

/// The filter for a phone number in each of its forms. `contains` also finds numbers that are stored with a country
/// code, which the caller may leave out.
fn phone_filter(wanted: &str, is: impl Fn(&str, &Value) -> Value) -> Value {
    let mut filters: Vec<Value> = phone::forms(wanted).into_iter().map(|form| is("phone", &form.into())).collect();
    let national = phone::national(wanted);
    if national.len() >= phone::WITH_AREA {
        filters.push(json!({"field": "phone", "operator": "contains", "value": national}));
    }
    match filters.as_slice() {
        [only] => only.clone(),
        _ => json!({"group": "OR", "filters": filters}),
    }
}

/// `POST /contacts/` or `PUT /contacts/{contactId}`. `dictionary` lists the account's custom fields.
///
/// An update sends `companyName`, although HighLevel's OpenAPI file does not list it (highlevel-api-docs#314).
pub(super) fn write(invocation: &Invocation, location: &str, dictionary: &[Value]) -> Request {
    let mut body = Map::new();
    for (name, value) in invocation.arguments.iter() {
        match (name, value) {
            ("id", _) => {}
            ("address", Value::Object(parts)) => {
                for (part, flat, nullable) in ADDRESS {
                    body.extend(parts.get(part).map(|value| (flat.to_owned(), empty(value, nullable))));
                }
            }
            ("address", _) => {
                body.extend(ADDRESS.map(|(_, flat, nullable)| (flat.to_owned(), empty(&Value::Null, nullable))));
            }
            ("customFields", Value::Object(values)) => {
                body.insert(name.to_owned(), fields::to_array(dictionary, Model::Contact, values));
            }
            ("tags", Value::Null) => drop(body.insert(name.to_owned(), json!([]))),
            _ => drop(body.insert(name.to_owned(), value.clone())),
        }
    }
    match &invocation.id {
        Some(id) => request::update(request::under("/contacts/", Some(id)), body),
        None => {
            body.insert("locationId".to_owned(), location.into());
            request::create("/contacts/".to_owned(), body)
        }
    }
}

fn empty(value: &Value, nullable: bool) -> Value {
    if value.is_null() && !nullable { "".into() } else { value.clone() }
}

/// Converts a contact to the tools' form.
pub(super) fn contact(mut contact: Map<String, Value>, names: &Names) -> Value {
    request::rename(&mut contact, "dateAdded", "createdAt");
    request::rename(&mut contact, "dateUpdated", "updatedAt");
    // A search returns names in lower case. The original spelling is in `…Raw`, if present.
    for name in ["firstName", "lastName", "contactName", "companyName", "businessName"] {
        if let Some(raw) = contact.shift_remove(&format!("{name}Raw")).filter(|raw| !raw.is_null()) {
            contact.insert(name.to_owned(), raw);
        }
    }
    request::rename(&mut contact, "firstNameLowerCase", "firstName");
    request::rename(&mut contact, "lastNameLowerCase", "lastName");
    // A search calls the street `address`.
    if contact.get("address").is_some_and(Value::is_string) {
        request::rename(&mut contact, "address", "address1");
    }
    let parts = ADDRESS.into_iter().filter_map(|(part, flat, _)| {
        let value = contact.shift_remove(flat)?;
        (!value.is_null() && value.as_str() != Some("")).then(|| (part.to_owned(), value))
    });
    let address: Map<String, Value> = parts.collect();
    if !address.is_empty() {
        contact.insert("address".to_owned(), address.into());
    }
    // The cursor is of no use to callers.
    contact.shift_remove("searchAfter");
    fields::to_map(&names.fields, &mut contact);
    contact.into()
}
