//! Tasks: due dates in the location's time zone, names of users, filters, and updates that are read back.

use super::{bodies, data, plain, stored, text, with};
use crate::support::{Manners, closed_journal, command, in_both_manners};
use serde_json::{Value, json};
use std::collections::BTreeSet;

in_both_manners!(
    tasks_are_filtered_by_owner_state_and_due_date,
    an_update_is_read_back_and_recorded_with_what_was_before
);

fn ids<'a>(tasks: impl IntoIterator<Item = &'a Value>) -> BTreeSet<&'a str> {
    tasks.into_iter().map(|task| text(task, "id")).collect()
}

async fn tasks_are_filtered_by_owner_state_and_due_date(manners: Manners) {
    let (account, host) = with(manners, &[]).await;
    let all = account.objects("tasks").await;
    let listed = host.answer("list_tasks", json!({"limit": 100})).await;
    assert_eq!(ids(data(&listed)), ids(&all));
    for task in data(&listed) {
        assert!(task["createdAt"].is_string() && task["updatedAt"].is_string(), "{task}");
        assert!(task.get("searchAfter").is_none() && task.get("contactDetails").is_none(), "{task}");
        assert!(!text(task, "contactName").is_empty() && !text(task, "assignedToName").is_empty(), "{task}");
        assert!(text(task, "dueDate").starts_with("20"), "{task}");
    }
    let user = account.find("users", |user| all.iter().any(|task| task["assignedTo"] == user["id"])).await;
    let name = format!("{} {}", text(&user, "firstName").to_uppercase(), text(&user, "lastName"));
    let now = chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    for (arguments, fits) in [
        (json!({"assignedTo": name}), &(|task: &Value| task["assignedTo"] == user["id"]) as &dyn Fn(&Value) -> bool),
        (json!({"completed": true}), &|task| task["completed"] == true),
        (json!({"completed": false, "dueUntil": now}), &|task| {
            task["completed"] == false && text(task, "dueDate") < now.as_str()
        }),
        (json!({"dueFrom": now}), &|task| text(task, "dueDate") >= now.as_str()),
        (json!({"contactId": all[0]["contactId"]}), &|task| task["contactId"] == all[0]["contactId"]),
    ] {
        let mut call = arguments.clone();
        call["limit"] = 100.into();
        let found = host.answer("list_tasks", call).await;
        let expected = ids(all.iter().filter(|task| fits(task)));
        assert!(!expected.is_empty() && expected.len() < all.len(), "{arguments} tells nothing");
        assert_eq!(ids(data(&found)), expected, "{arguments}: {found}");
    }
    let unknown = host.error("list_tasks", json!({"assignedTo": "Dana Whitlok"})).await;
    assert!(text(&unknown, "message").contains("Dana Whitlock"), "{unknown}");
}

async fn an_update_is_read_back_and_recorded_with_what_was_before(manners: Manners) {
    let (account, host) = with(manners, &[]).await;
    let task = account.objects("tasks").await.into_iter().find(|task| task["completed"] == false).unwrap();
    let (id, contact) = (text(&task, "id"), text(&task, "contactId"));
    let changed = host
        .answer("update_task", json!({"id": id, "contactId": contact, "completed": true, "dueDate": "2030-01-02T09:00:00-06:00", "clear": ["body"]}))
        .await;
    assert_eq!((&changed["completed"], text(&changed, "id")), (&json!(true), id), "{changed}");
    assert!(changed.get("notApplied").is_none(), "{changed}");
    let now = stored(&account, "tasks", id).await.unwrap();
    assert_eq!((&now["completed"], &now["body"], &now["title"]), (&json!(true), &Value::Null, &task["title"]));
    assert_eq!(
        text(&now, "dueDate").parse::<chrono::DateTime<chrono::Utc>>().unwrap().to_rfc3339(),
        "2030-01-02T15:00:00+00:00"
    );
    let entries = closed_journal(|| command(&account, host.state.path())).await;
    let before = entries.iter().find_map(|entry| entry.get("before")).unwrap();
    assert_eq!((&before["completed"], &before["title"]), (&json!(false), &task["title"]), "{before}");
    let other = account.find("contacts", |other| other["id"] != contact).await;
    let error = host.error("update_task", json!({"id": id, "contactId": other["id"], "completed": false})).await;
    assert_eq!(error["code"], "not_found", "{error}");
    assert_eq!(stored(&account, "tasks", id).await.unwrap()["completed"], true);
}

#[tokio::test]
async fn a_value_that_the_api_ignores_is_named() {
    let (account, host) = with("ignore:dueDate".parse().unwrap(), &[]).await;
    let task = account.objects("tasks").await.remove(0);
    let arguments =
        json!({"id": task["id"], "contactId": task["contactId"], "title": "Other", "dueDate": "2031-01-01"});
    let changed = host.answer("update_task", arguments).await;
    assert_eq!((&changed["notApplied"], &changed["title"]), (&json!(["dueDate"]), &json!("Other")), "{changed}");
}

/// The location is in Chicago: UTC-6 in winter, UTC-5 in summer.
#[tokio::test]
async fn a_day_ends_in_the_locations_time_zone() {
    let (account, host) = plain().await;
    let contact = account.find("contacts", |_| true).await;
    let path = format!("/contacts/{}/tasks", text(&contact, "id"));
    for (due, sent) in [
        ("2030-01-15", "2030-01-16T05:59:00.000Z"),
        ("2030-07-15", "2030-07-16T04:59:00.000Z"),
        ("2030-07-15T09:00", "2030-07-15T14:00:00.000Z"),
        ("2030-07-15T09:00:00+02:00", "2030-07-15T07:00:00.000Z"),
    ] {
        account.forget_requests().await;
        let task = json!({"contactId": contact["id"], "title": "Call", "dueDate": due, "assignedTo": "keisha bryant"});
        let made = host.answer("create_task", task).await;
        assert_eq!((text(&made, "dueDate"), text(&made, "assignedToName")), (sent, "Keisha Bryant"), "{due}");
        // By hand from HighLevel's file: it requires title, dueDate and completed.
        let body = json!({"title": "Call", "dueDate": sent, "completed": false, "assignedTo": made["assignedTo"]});
        assert_eq!(bodies(&account, "POST", &path).await, [body], "{due}");
    }
    for (until, count) in [("2030-01-14", 0), ("2030-01-15", 1), ("2030-07-15T09:00", 3), ("2030-07-15", 4)] {
        let arguments = json!({"contactId": contact["id"], "dueFrom": "2030-01-01", "dueUntil": until});
        let found = host.answer("list_tasks", arguments).await;
        assert_eq!(data(&found).len(), count, "{until}: {found}");
    }
    // The clocks skip this time.
    let error = host
        .error("create_task", json!({"contactId": contact["id"], "title": "Call", "dueDate": "2030-03-10T02:30"}))
        .await;
    assert_eq!((&error["code"], &error["field"]), (&json!("invalid_arguments"), &json!("dueDate")), "{error}");
    assert!(error["choices"].as_array().is_some_and(|both| both.len() == 2), "{error}");
}

/// The search tells no total, and its page numbers end.
#[tokio::test]
async fn every_task_of_a_large_account_is_listed_once() {
    let (account, host) = with("lag:0,cap:40,page-bound".parse().unwrap(), &[]).await;
    let all = account.objects("tasks").await;
    assert!(all.len() > 50, "{}", all.len());
    let mut seen = Vec::new();
    let mut offset = Some(0);
    while let Some(at) = offset {
        let page = host.answer("list_tasks", json!({"offset": at, "limit": 50})).await;
        seen.extend(data(&page).iter().map(|task| text(task, "id").to_owned()));
        offset = page["meta"]["nextOffset"].as_u64();
    }
    assert_eq!(seen.len(), all.len());
    assert_eq!(seen.iter().map(String::as_str).collect::<BTreeSet<_>>(), ids(&all));
}

#[tokio::test]
async fn a_missing_scope_is_named() {
    let (_account, host) = with("scope:locations/tasks.readonly".parse().unwrap(), &[]).await;
    let error = host.error("list_tasks", json!({})).await;
    assert!(error.to_string().contains("locations/tasks.readonly"), "{error}");
}
