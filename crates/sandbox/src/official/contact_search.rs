//! `POST /contacts/search`. The OpenAPI file does not describe its body and its answer: both follow HighLevel's guide to the
//! search, and its users' reports.

use super::contacts::{full_name, shown};
use super::custom_fields::{FieldDefinitions, Model};
use super::errors::unprocessable;
use super::filters;
use super::organization::{check_location, text};
use super::paging::{Listing, Start, added, cursor, millis};
use crate::account::{Account, Fields, ObjectKind, digits};
use crate::manners::{Manners, SearchNames};
use crate::response::ApiResponse;
use crate::validate::{self, Field, Shape, optional, required};
use serde_json::{Value, json};
use std::cmp::Ordering;

/// The number of contacts that page numbers reach. A cursor reaches the others.
pub(crate) const MAX_PAGED: usize = 10_000;

const SORT: &[Field] = &[
    required("field", Shape::OneOf(&["dateAdded", "dateUpdated", "firstNameLowerCase", "lastNameLowerCase", "email"])),
    required("direction", Shape::OneOf(&["asc", "desc"])),
];

const BODY: &[Field] = &[
    required("locationId", Shape::Filled),
    required("pageLimit", Shape::Number(1.0, 500.0)),
    optional("page", Shape::Number(1.0, f64::INFINITY)),
    optional("searchAfter", Shape::Array),
    optional("query", Shape::Text),
    optional("filters", Shape::Array),
    optional("sort", Shape::Items(SORT)),
];

pub(crate) fn contacts(
    account: &Account,
    body: &Fields,
    trace: &str,
    manners: &Manners,
) -> Result<ApiResponse, ApiResponse> {
    validate::creation(BODY, body).map_err(unprocessable)?;
    let location_id = text(body, "locationId");
    check_location(account, location_id)?;
    let limit = manners.list_limit(whole(body, "pageLimit")?.unwrap_or_default());
    let filter = match body.get("filters") {
        Some(filters) => Some(filters::parse(filters).map_err(ApiResponse::bad_request)?),
        None => None,
    };
    let query = text(body, "query").trim().to_lowercase();
    let fits = |contact: &Fields| {
        filter.as_ref().is_none_or(|filter| filter.fits(contact)) && (query.is_empty() || mentions(contact, &query))
    };
    let (field, descending) = sort(body)?;
    let order = |one: &Fields, other: &Fields| compare(field, one, other);
    let listing = Listing {
        kind: ObjectKind::Contacts,
        filter_fields: filter.as_ref().map(filters::Filter::filter_fields).unwrap_or_default(),
        fits: (filter.is_some() || !query.is_empty()).then_some(&fits),
        // Contacts are stored in the order of creation.
        order: if field == "dateAdded" { None } else { Some(&order) },
        newest_first: descending,
        start: start(body, limit)?,
        limit,
    };
    let (contacts, total) = listing.page(account);
    let definitions = FieldDefinitions::of(account, Model::Contact, manners);
    let contacts: Vec<_> = contacts.iter().map(|contact| found(contact, location_id, &definitions)).collect();
    let mut answer = Fields::new();
    answer.insert("contacts".into(), contacts.into());
    answer.extend(manners.list_total(total).map(|total| ("total".to_owned(), total)));
    answer.insert("traceId".into(), trace.into());
    Ok(ApiResponse::ok(Value::Object(answer)))
}

/// A contact as the search shows it: the street is `address` here, and `address1` elsewhere.
fn found(contact: &Fields, location_id: &str, definitions: &FieldDefinitions<'_>) -> Value {
    let mut shown = shown(contact, location_id, definitions);
    if let Some(street) = shown.shift_remove("address1") {
        shown.insert("address".into(), street);
    }
    shown.shift_remove("name");
    shown.insert("contactName".into(), full_name(contact).into());
    shown.insert("searchAfter".into(), json!([added(contact), text(contact, "id")]));
    let manners = definitions.manners();
    if manners.search_names != SearchNames::AsStored {
        for (name, raw) in [("firstName", "firstNameRaw"), ("lastName", "lastNameRaw"), ("contactName", "")] {
            let Some(value) = shown.get(name).and_then(Value::as_str).map(str::to_owned) else { continue };
            shown.insert(name.into(), value.to_lowercase().into());
            if manners.search_names == SearchNames::LowerWithRaw && !raw.is_empty() {
                shown.insert(raw.into(), value.into());
            }
        }
    }
    manners.on_read(ObjectKind::Contacts, &mut shown);
    Value::Object(shown)
}

/// A whole number of the body.
fn whole(body: &Fields, name: &str) -> Result<Option<usize>, ApiResponse> {
    let Some(value) = body.get(name) else { return Ok(None) };
    let number = value.as_u64().and_then(|number| usize::try_from(number).ok());
    number.map(Some).ok_or_else(|| unprocessable(format!("{name} must be an integer")))
}

fn start(body: &Fields, limit: usize) -> Result<Start, ApiResponse> {
    match (whole(body, "page")?, body.get("searchAfter").and_then(Value::as_array)) {
        (Some(_), Some(_)) => Err(unprocessable("page and searchAfter exclude each other")),
        (_, Some(after)) => match after.as_slice() {
            [millis, id] => cursor(millis, id),
            _ => None,
        }
        .ok_or_else(|| unprocessable("searchAfter must be that of a contact found before")),
        (Some(page), None) if page.saturating_mul(limit) > MAX_PAGED => {
            Err(unprocessable(format!("page reaches to the first {MAX_PAGED} contacts only: use searchAfter")))
        }
        (page, None) => Ok(Start::Skip((page.unwrap_or(1) - 1) * limit)),
    }
}

/// The field to sort by, and whether the order is descending. By default newest first.
fn sort(body: &Fields) -> Result<(&str, bool), ApiResponse> {
    match body.get("sort").and_then(Value::as_array).map(Vec::as_slice) {
        None | Some([]) => Ok(("dateAdded", true)),
        Some([one]) => match (one.get("field").and_then(Value::as_str), one.get("direction").and_then(Value::as_str)) {
            (Some(field), Some(direction)) => Ok((field, direction == "desc")),
            _ => Err(unprocessable("sort needs field and direction")),
        },
        Some(_) => Err(unprocessable("this sandbox sorts by one field")),
    }
}

fn compare(field: &str, one: &Fields, other: &Fields) -> Ordering {
    let name = match field {
        "dateUpdated" => return millis(one, "updatedAt").cmp(&millis(other, "updatedAt")),
        "firstNameLowerCase" => "firstName",
        "lastNameLowerCase" => "lastName",
        name => name,
    };
    text(one, name).to_lowercase().cmp(&text(other, name).to_lowercase())
}

/// Whether the name, e-mail, phone or company of a contact contains a text, which is in lower case.
pub(crate) fn mentions(contact: &Fields, query: &str) -> bool {
    let number = digits(query);
    full_name(contact).to_lowercase().contains(query)
        || ["email", "companyName"].iter().any(|name| text(contact, name).to_lowercase().contains(query))
        || (number.len() > 3 && digits(text(contact, "phone")).contains(&number))
}
