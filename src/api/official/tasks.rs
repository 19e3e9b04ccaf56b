//! Tasks of contacts. A location's tasks are searched, which also shows when a task was created. Pure functions.

use super::{
    cursor_paging::Search,
    endpoint::{List, Names, OfficialOperation, RequestBuilder},
    notes::{fields, of_contact, one_of_contact, plain_body},
    request,
};
use chrono::{DateTime, SecondsFormat};
use highlevel_api_client::Request;
use highlevel_catalog::{
    ArgumentRules, FilterGap, GapValues, Invocation, Route,
    tasks::{CreateTask, ListTasks, UpdateTask},
};
use serde_json::{Map, Value, json};
use std::borrow::Cow;

/// The largest page of a search.
const MAX_PAGE: u64 = 100;

/// The search for tasks. HighLevel's file has no cursor. Live accounts answer and accept one, and page numbers end.
const SEARCH: Search = Search {
    member: "tasks",
    most: MAX_PAGE,
    page: |list, location, page, size| search(list, location, size, ("skip", ((page - 1) * size).into())),
    after: |list, location, cursor, size| search(list, location, size, ("searchAfter", cursor.clone())),
    cursor: |task| request::pair(task, "searchAfter"),
};

const OWNER: (&str, &str) = ("assignedTo", "User's name, email or id");

/// The filters that the API does not have.
const GAPS: &[FilterGap] = &[
    FilterGap { argument: Cow::Borrowed("dueFrom"), values: GapValues::From(Cow::Borrowed("dueDate")) },
    FilterGap { argument: Cow::Borrowed("dueUntil"), values: GapValues::Until(Cow::Borrowed("dueDate")) },
];

/// The operations on tasks.
pub(super) fn operations() -> Vec<OfficialOperation> {
    let rules = ArgumentRules { described: &[OWNER], ..ArgumentRules::NONE };
    vec![
        OfficialOperation::new::<ListTasks>(
            Route::post("/locations/{locationId}/tasks/search"),
            "POST /locations/{locationId}/tasks/search",
            RequestBuilder::List(List::Searched(&SEARCH)),
        )
        .converted_by(task, &[])
        .arguments(rules)
        .filter_gaps(GAPS),
        OfficialOperation::new::<CreateTask>(
            Route::post("/contacts/{contactId}/tasks"),
            "POST /contacts/{contactId}/tasks",
            RequestBuilder::Object(|create, _| self::create(create)),
        )
        .converted_by(task, &[])
        .arguments(rules)
        .read_by(|create, id| request::get(one_of_contact(create, "tasks", id), &[])),
        OfficialOperation::new::<UpdateTask>(
            Route::put("/contacts/{contactId}/tasks/{id}"),
            "PUT /contacts/{contactId}/tasks/{taskId}",
            RequestBuilder::Object(|update, _| {
                let path = update.id.as_ref().map(|id| one_of_contact(update, "tasks", id)).unwrap_or_default();
                request::update(path, fields(update))
            }),
        )
        .converted_by(task, &[])
        .arguments(rules)
        .read_by(|update, id| request::get(one_of_contact(update, "tasks", id), &[])),
    ]
}

/// `POST /contacts/{contactId}/tasks`. The API requires `completed`.
fn create(create: &Invocation) -> Request {
    let mut body = fields(create);
    body.insert("completed".to_owned(), false.into());
    request::create(of_contact(create, "tasks"), body)
}

/// `POST /locations/{locationId}/tasks/search`.
fn search(list: &Invocation, location: &str, size: u64, (position, value): (&str, Value)) -> Request {
    let mut body = Map::from_iter([("limit".to_owned(), size.into()), (position.to_owned(), value)]);
    for name in ["contactId", "assignedTo"] {
        body.extend(list.arguments.text(name).map(|id| (name.to_owned(), json!([id]))));
    }
    body.extend(list.arguments.get("completed").map(|completed| ("completed".to_owned(), completed.clone())));
    request::search(&format!("/locations/{location}/tasks/search"), body.into())
}

/// Converts a task to the tools' form. A search has more members, and other names for some.
fn task(mut task: Map<String, Value>, _: &Names) -> Value {
    request::rename(&mut task, "_id", "id");
    request::rename(&mut task, "dateAdded", "createdAt");
    request::rename(&mut task, "dateUpdated", "updatedAt");
    plain_body(&mut task);
    let contact = task.shift_remove("contactDetails");
    let name = ["firstName", "lastName"].map(|part| contact.as_ref().and_then(|it| it.get(part)?.as_str()));
    let name = name.into_iter().flatten().collect::<Vec<_>>().join(" ");
    if !name.trim().is_empty() {
        task.insert("contactName".to_owned(), name.trim().into());
    }
    if let Some(due) = task.get("dueDate").and_then(Value::as_i64).and_then(DateTime::from_timestamp_millis) {
        task.insert("dueDate".to_owned(), due.to_rfc3339_opts(SecondsFormat::Millis, true).into());
    }
    // The cursor is of no use to callers, and the user's name is beside the id.
    for name in ["searchAfter", "assignedToUserDetails"] {
        task.shift_remove(name);
    }
    if task.get("deleted") == Some(&Value::Bool(false)) {
        task.shift_remove("deleted");
    }
    task.into()
}
