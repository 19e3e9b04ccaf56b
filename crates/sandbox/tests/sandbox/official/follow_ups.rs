//! Notes, tasks and custom values: each call by HighLevel's files, and the manners of live accounts.

use super::schemas::faults;
use super::{Official, message};
use crate::support::Reply;
use serde_json::{Value, json};
use std::collections::BTreeSet;

async fn first_contact(peer: &Official) -> String {
    peer.peer.objects("contacts").await[0]["id"].as_str().unwrap().to_owned()
}

fn fits(operation: &str, reply: &Reply) {
    assert!(reply.status.is_success(), "{operation}: {}", reply.text);
    assert_eq!(faults(operation, reply), [""; 0], "{operation}: {}", reply.text);
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

#[tokio::test]
async fn a_note_is_created_listed_changed_and_deleted() {
    let peer = Official::usual().await;
    let contact = first_contact(&peer).await;
    let path = format!("/contacts/{contact}/notes");
    let before = peer.get(&path).await;
    fits("contacts GET /contacts/{contactId}/notes", &before);
    let made = peer.send("POST", &path, json!({ "body": "Called.", "title": "Call", "pinned": true })).await;
    fits("contacts POST /contacts/{contactId}/notes", &made);
    let note = &made.body["note"];
    assert_eq!(
        (&note["body"], &note["contactId"], &note["pinned"]),
        (&json!("Called."), &json!(contact), &json!(true))
    );
    let listed = peer.get(&path).await.body["notes"].as_array().unwrap().clone();
    assert_eq!(listed.len(), before.body["notes"].as_array().unwrap().len() + 1);
    assert_eq!(&listed[0], note, "the newest note comes first");
    let one = format!("{path}/{}", text(note, "id"));
    fits("contacts GET /contacts/{contactId}/notes/{id}", &peer.get(&one).await);
    let changed = peer.send("PUT", &one, json!({ "body": "Called twice." })).await;
    fits("contacts PUT /contacts/{contactId}/notes/{id}", &changed);
    assert_eq!(
        (&changed.body["note"]["body"], &changed.body["note"]["title"]),
        (&json!("Called twice."), &json!("Call"))
    );
    let gone = peer.delete(&one).await;
    fits("contacts DELETE /contacts/{contactId}/notes/{id}", &gone);
    assert_eq!(gone.body, json!({ "succeded": true }));
    let missing = peer.get(&one).await;
    assert_eq!((missing.status.as_u16(), missing.message()), (400, "Note not found"));
    assert_eq!(peer.send("POST", &path, json!({ "title": "No body" })).await.status, 422);
    let stranger = peer.send("POST", "/contacts/nobody/notes", json!({ "body": "x" })).await;
    assert_eq!((stranger.status.as_u16(), stranger.message()), (400, "Contact not found"));
}

#[tokio::test]
async fn a_task_is_created_listed_changed_completed_and_deleted() {
    let peer = Official::usual().await;
    let contact = first_contact(&peer).await;
    let path = format!("/contacts/{contact}/tasks");
    fits("contacts GET /contacts/{contactId}/tasks", &peer.get(&path).await);
    let new = json!({ "title": "Call", "dueDate": "2030-01-02T10:00:00Z", "completed": false });
    let made = peer.send("POST", &path, new.clone()).await;
    fits("contacts POST /contacts/{contactId}/tasks", &made);
    let task = &made.body["task"];
    for name in ["title", "dueDate", "completed"] {
        assert_eq!(task[name], new[name], "{name}");
    }
    let one = format!("{path}/{}", text(task, "id"));
    fits("contacts GET /contacts/{contactId}/tasks/{taskId}", &peer.get(&one).await);
    let changed = peer.send("PUT", &one, json!({ "body": "At noon", "title": "Call back" })).await;
    fits("contacts PUT /contacts/{contactId}/tasks/{taskId}", &changed);
    assert_eq!(
        (text(&changed.body["task"], "title"), text(&changed.body["task"], "dueDate")),
        ("Call back", text(&new, "dueDate"))
    );
    let done = peer.send("PUT", &format!("{one}/completed"), json!({ "completed": true })).await;
    fits("contacts PUT /contacts/{contactId}/tasks/{taskId}/completed", &done);
    assert_eq!(done.body["task"]["completed"], true);
    fits("contacts DELETE /contacts/{contactId}/tasks/{taskId}", &peer.delete(&one).await);
    assert_eq!(peer.get(&one).await.message(), "Task not found");
    for required in ["title", "dueDate", "completed"] {
        let mut body = new.clone();
        body.as_object_mut().unwrap().remove(required);
        let refused = peer.send("POST", &path, body).await;
        assert_eq!(refused.status, 422);
        assert!(message(&refused).contains(required), "{}", refused.text);
    }
}

#[tokio::test]
async fn a_task_of_another_contact_is_not_found() {
    let peer = Official::usual().await;
    let contacts = peer.peer.objects("contacts").await;
    let task = peer.peer.objects("tasks").await[0].clone();
    let other = contacts.iter().find(|contact| contact["id"] != task["contactId"]).unwrap();
    let path = format!("/contacts/{}/tasks/{}", text(other, "id"), text(&task, "id"));
    assert_eq!(peer.send("PUT", &path, json!({ "completed": true })).await.status, 400);
    assert_eq!(peer.delete(&path).await.status, 400);
}

/// The tasks that a search finds.
async fn search(peer: &Official, body: Value) -> Vec<Value> {
    let reply = peer.send("POST", &format!("/locations/{}/tasks/search", peer.home), body).await;
    assert!(reply.status.is_success(), "{}", reply.text);
    reply.body["tasks"].as_array().unwrap().clone()
}

#[tokio::test]
async fn tasks_are_searched_in_the_whole_location() {
    let peer = Official::usual().await;
    let stored = peer.peer.objects("tasks").await;
    assert!(stored.len() > 25, "{}", stored.len());
    assert_eq!(search(&peer, json!({})).await.len(), 25);
    let all = search(&peer, json!({ "limit": 500 })).await;
    let ids = |tasks: &[Value], name: &str| tasks.iter().map(|it| text(it, name).to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(ids(&all, "_id"), ids(&stored, "id"));
    assert!(all.iter().all(|task| task["id"].is_null() && task["contactDetails"]["firstName"].is_string()));
    let mut paged = search(&peer, json!({ "limit": 20 })).await;
    paged.extend(search(&peer, json!({ "limit": 20, "skip": 20 })).await);
    let after = paged.last().unwrap()["searchAfter"].clone();
    paged.extend(search(&peer, json!({ "limit": 500, "searchAfter": after })).await);
    assert_eq!(paged, all);
    for (filter, fits) in [
        (json!({ "completed": true }), (|task, _| task["completed"] == true) as fn(&Value, &Value) -> bool),
        (json!({ "assignedTo": [stored[0]["assignedTo"]] }), |task, first| task["assignedTo"] == first["assignedTo"]),
        (json!({ "contactId": [stored[0]["contactId"]] }), |task, first| task["contactId"] == first["contactId"]),
        (json!({ "query": "PROPOSAL" }), |task, _| text(task, "title").contains("proposal")),
    ] {
        let mut body = filter.clone();
        body["limit"] = json!(500);
        let found = search(&peer, body).await;
        let expected = stored.iter().filter(|task| fits(task, &stored[0])).count();
        assert!(expected > 0 && found.len() == expected, "{filter}: {} of {expected}", found.len());
        assert!(found.iter().all(|task| fits(task, &stored[0])), "{filter}");
    }
}

#[tokio::test]
async fn the_sample_tasks_are_overdue_done_and_coming_in_each_location() {
    let config = highlevel_sandbox::SandboxConfig { locations: 3, ..highlevel_sandbox::SandboxConfig::official() };
    let peer = Official::start(config).await;
    let now = chrono::Utc::now().to_rfc3339();
    let locations = peer.peer.manage("GET", "locations", "").await.body.as_array().unwrap().clone();
    assert_eq!(locations.len(), 3);
    let mut seen = BTreeSet::new();
    for location in locations {
        let id = text(&location, "id");
        let objects = async |kind: &str| {
            peer.peer.manage("GET", &format!("objects/{kind}?location={id}"), "").await.body.as_array().unwrap().clone()
        };
        let tasks = objects("tasks").await;
        let some = |fits: &dyn Fn(&Value) -> bool| assert!(tasks.iter().any(fits), "{id}");
        some(&|task| task["completed"] == false && text(task, "dueDate") < now.as_str());
        some(&|task| task["completed"] == false && text(task, "dueDate") > now.as_str());
        some(&|task| task["completed"] == true);
        for kind in ["notes", "customValues"] {
            assert!(!objects(kind).await.is_empty(), "{id} {kind}");
        }
        assert!(tasks.iter().all(|task| seen.insert(text(task, "id").to_owned())), "an id is in two locations");
    }
}

#[tokio::test]
async fn live_accounts_store_dates_in_utc_and_notes_as_html() {
    let peer = Official::in_manners("live,lag:0,odd:off").await;
    let contact = first_contact(&peer).await;
    let body = json!({ "title": " Call ", "dueDate": "2030-01-02T10:00:00-06:00", "completed": false });
    let task = peer.send("POST", &format!("/contacts/{contact}/tasks"), body).await.body["task"].clone();
    assert_eq!((text(&task, "title"), text(&task, "dueDate")), ("Call", "2030-01-02T16:00:00.000Z"));
    let path = format!("/contacts/{contact}/notes");
    let note = peer.send("POST", &path, json!({ "body": "Called.\n5 > 4" })).await.body["note"].clone();
    assert_eq!(text(&note, "body"), "<p>Called.</p><p>5 &gt; 4</p>");
    let odd = Official::in_manners("odd").await;
    let search = odd.send("POST", &format!("/locations/{}/tasks/search", odd.home), json!({ "limit": 1 })).await;
    assert_eq!(search.status, 201, "{}", search.text);
    let bound = Official::in_manners("page-bound").await;
    let beyond = json!({ "skip": 9_990, "limit": 20 });
    let refused = bound.send("POST", &format!("/locations/{}/tasks/search", bound.home), beyond).await;
    assert!(message(&refused).contains("searchAfter"), "{}", refused.text);
}

#[tokio::test]
async fn lists_show_new_notes_and_tasks_late() {
    let peer = Official::in_manners("lag:60000").await;
    let contact = first_contact(&peer).await;
    for (list, body) in [
        ("notes", json!({ "body": "Called." })),
        ("tasks", json!({ "title": "Call", "dueDate": "2030-01-02", "completed": false })),
    ] {
        let path = format!("/contacts/{contact}/{list}");
        let before = peer.get(&path).await.body;
        let made = peer.send("POST", &path, body).await.body;
        let id = text(&made[&list[..list.len() - 1]], "id").to_owned();
        assert_eq!(peer.get(&path).await.body, before, "the list");
        assert_eq!(peer.get(&format!("{path}/{id}")).await.status, 200, "the object itself");
    }
}

#[tokio::test]
async fn custom_values_have_keys() {
    let peer = Official::usual().await;
    let path = format!("/locations/{}/customValues", peer.home);
    const ONE: &str = "/locations/{locationId}/customValues/{id}";
    let all = peer.get(&path).await;
    fits("locations GET /locations/{locationId}/customValues", &all);
    assert_eq!(all.body["customValues"][0]["fieldKey"], "{{ custom_values.booking_link }}");
    let made = peer.send("POST", &path, json!({ "name": "Phone tree", "value": "1 sales" })).await;
    fits("locations POST /locations/{locationId}/customValues", &made);
    let one = format!("{path}/{}", text(&made.body["customValue"], "id"));
    let changed = peer.send("PUT", &one, json!({ "name": "Phone menu", "value": "2 help" })).await;
    fits(&format!("locations PUT {ONE}"), &changed);
    let read = peer.get(&one).await;
    fits(&format!("locations GET {ONE}"), &read);
    let value = &read.body["customValue"];
    assert_eq!((text(value, "fieldKey"), text(value, "value")), ("{{ custom_values.phone_tree }}", "2 help"));
    fits(&format!("locations DELETE {ONE}"), &peer.delete(&one).await);
    assert_eq!(peer.get(&one).await.status, 400);
}
