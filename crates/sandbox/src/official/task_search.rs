//! `POST /locations/{locationId}/tasks/search`. The OpenAPI file leaves the items of its answer open: they follow the
//! reports of its users, who get more members than a contact's list has, `_id` in place of `id`, and a cursor.

use super::contact_search::MAX_PAGED;
use super::errors::unprocessable;
use super::organization::{all, check_location, renamed, text};
use super::paging::millis;
use crate::account::{Account, Fields, ObjectKind};
use crate::manners::Manners;
use crate::response::ApiResponse;
use crate::validate::{self, Field, Shape, optional};
use serde_json::{Value, json};

const BODY: &[Field] = &[
    optional("contactId", Shape::Texts),
    optional("completed", Shape::Flag),
    optional("assignedTo", Shape::Texts),
    optional("query", Shape::Text),
    optional("limit", Shape::Number(1.0, 500.0)),
    optional("skip", Shape::Number(0.0, f64::INFINITY)),
    optional("businessId", Shape::Text),
    // Not in the file. Live accounts accept it.
    optional("searchAfter", Shape::Array),
];

const DEFAULT_LIMIT: usize = 25;

/// Stored names and names in the answer.
const NAMES: &[(&str, &str)] = &[
    ("id", "_id"),
    ("title", "title"),
    ("body", "body"),
    ("assignedTo", "assignedTo"),
    ("dueDate", "dueDate"),
    ("completed", "completed"),
    ("contactId", "contactId"),
    ("createdAt", "dateAdded"),
    ("updatedAt", "dateUpdated"),
];

/// One page of the location's tasks, the last due first.
pub(crate) fn tasks(
    account: &Account,
    location: &str,
    body: &Fields,
    manners: &Manners,
) -> Result<ApiResponse, ApiResponse> {
    validate::creation(BODY, body).map_err(unprocessable)?;
    check_location(account, location)?;
    let number = |name: &str| body.get(name).and_then(Value::as_u64).and_then(|number| usize::try_from(number).ok());
    let limit = manners.list_limit(number("limit").unwrap_or(DEFAULT_LIMIT));
    let skip = number("skip").unwrap_or_default();
    if manners.page_bound && skip.saturating_add(limit) > MAX_PAGED {
        return Err(unprocessable(format!("skip + limit must not exceed {MAX_PAGED}: use searchAfter")));
    }
    let mut tasks: Vec<(i64, Fields)> =
        all(account, ObjectKind::Tasks).into_iter().map(|task| (millis(&task, "dueDate"), task)).collect();
    tasks.retain(|(_, task)| fits(task, body));
    let key = |(due, task): &(i64, Fields)| (*due, text(task, "id").to_owned());
    tasks.sort_by_key(|task| std::cmp::Reverse(key(task)));
    if let Some(after) = body.get("searchAfter") {
        let after = cursor(after).ok_or_else(|| unprocessable("searchAfter must be that of a task found before"))?;
        tasks.retain(|task| key(task) < after);
    }
    let found: Vec<_> =
        tasks.iter().skip(skip).take(limit).map(|(due, task)| found(account, *due, task, manners)).collect();
    let body = json!({ "tasks": found });
    // Users report a 201.
    Ok(if manners.edge_values { ApiResponse::created(body) } else { ApiResponse::ok(body) })
}

fn cursor(after: &Value) -> Option<(i64, String)> {
    match after.as_array()?.as_slice() {
        [due, id] => Some((due.as_i64()?, id.as_str()?.to_owned())),
        _ => None,
    }
}

fn fits(task: &Fields, body: &Fields) -> bool {
    let one_of = |name: &str| {
        let wanted = body.get(name).and_then(Value::as_array);
        wanted.is_none_or(|wanted| wanted.is_empty() || task.get(name).is_some_and(|has| wanted.contains(has)))
    };
    let query = text(body, "query").trim().to_lowercase();
    one_of("contactId")
        && one_of("assignedTo")
        && body.get("completed").is_none_or(|wanted| task.get("completed") == Some(wanted))
        && ["title", "body"].iter().any(|name| text(task, name).to_lowercase().contains(&query))
        // No sample contact belongs to a business.
        && text(body, "businessId").is_empty()
}

/// A task as the search shows it.
fn found(account: &Account, due: i64, task: &Fields, manners: &Manners) -> Value {
    let mut shown = renamed(task, NAMES);
    shown.insert("locationId".into(), super::organization::own_location_id(account).into());
    shown.insert("deleted".into(), false.into());
    for (name, kind, id) in [
        ("contactDetails", ObjectKind::Contacts, "contactId"),
        ("assignedToUserDetails", ObjectKind::Users, "assignedTo"),
    ] {
        if let Some(person) = account.get(kind, text(task, id)) {
            shown.insert(name.into(), renamed(&person, &["id", "firstName", "lastName"].map(|it| (it, it))).into());
        }
    }
    manners.on_read(ObjectKind::Tasks, &mut shown);
    shown.insert("searchAfter".into(), json!([due, text(task, "id")]));
    Value::Object(shown)
}
