//! Notes and tasks, which only the official API has. The requests are written by hand from HighLevel's files.

use super::{Contract, id};
use crate::support::{Api, Manners, in_both_manners};
use serde_json::{Value, json};

in_both_manners!(notes_are_listed_and_created, tasks_are_listed_created_and_updated);

/// The requests that changed something: method, path and body.
async fn writes(contract: &Contract) -> Vec<(String, String, Value)> {
    let requests = contract.account.requests().await;
    let writes = requests.iter().filter(|request| {
        request["method"] != "GET" && !request["path"].as_str().unwrap_or_default().ends_with("/search")
    });
    let text = |request: &Value, name: &str| request[name].as_str().unwrap_or_default().to_owned();
    writes
        .map(|request| {
            assert_eq!(request["headers"]["version"], "2021-07-28", "{request}");
            let body = serde_json::from_str(&text(request, "body")).unwrap();
            (text(request, "method"), text(request, "path"), body)
        })
        .collect()
}

async fn notes_are_listed_and_created(manners: Manners) {
    let contract = Contract::of(Api::Official, manners).await;
    let note = contract.account.objects("notes").await.remove(0);
    let contact = note["contactId"].as_str().unwrap();
    let path = format!("/contacts/{contact}/notes");
    let listed = contract.call("list_notes", json!({"contactId": contact}), &[("GET", &path, "", None)]).await;
    let shown = listed["data"].as_array().unwrap().iter().find(|shown| shown["id"] == note["id"]).unwrap();
    assert!(!shown["body"].as_str().unwrap().contains('<'), "{shown}");
    assert!(shown["createdAt"].is_string() && shown["contactId"] == contact, "{shown}");

    let body = "Called.\nBudget: 5 > 4 & \"more\"";
    let sent = json!({"body": body, "title": "Call"});
    let arguments = json!({"contactId": contact, "body": body, "title": "Call"});
    let made = contract.call("create_note", arguments, &[("POST", &path, "", Some(sent.clone()))]).await;
    assert_eq!(writes(&contract).await, [("POST".to_owned(), path, sent)]);
    assert_eq!((made["body"].as_str(), made["title"].as_str()), (Some(body), Some("Call")), "{made}");
    assert!(made.get("notApplied").is_none(), "{made}");
    for missing in [json!({"contactId": contact}), json!({"body": "x"})] {
        assert_eq!(contract.refused("create_note", missing, &[]).await["code"], "invalid_arguments");
    }
}

async fn tasks_are_listed_created_and_updated(manners: Manners) {
    let contract = Contract::of(Api::Official, manners).await;
    let contact = contract.account.find("contacts", |_| true).await;
    let contact = id(&contact);
    let search = format!("/locations/{}/tasks/search", contract.account.location_id());
    contract.call("list_tasks", json!({"contactId": contact, "completed": false, "limit": 5}), &[]).await;
    let requests = contract.account.requests().await;
    let asked = requests.iter().find(|request| request["path"] == search.as_str()).unwrap();
    let body: Value = serde_json::from_str(asked["body"].as_str().unwrap()).unwrap();
    assert_eq!(body, json!({"limit": 5, "skip": 0, "contactId": [contact], "completed": false}));

    let path = format!("/contacts/{contact}/tasks");
    let due = "2030-01-02T15:00:00.000Z";
    let sent = json!({"title": "Call", "dueDate": due, "body": "At noon", "completed": false});
    let arguments =
        json!({"contactId": contact, "title": "Call", "dueDate": "2030-01-02T09:00:00-06:00", "body": "At noon"});
    let made = contract.call("create_task", arguments, &[("POST", &path, "", Some(sent.clone()))]).await;
    assert_eq!(writes(&contract).await, [("POST".to_owned(), path.clone(), sent)]);
    assert_eq!((made["completed"].as_bool(), made["title"].as_str()), (Some(false), Some("Call")), "{made}");

    let one = format!("{path}/{}", id(&made));
    let sent = json!({"completed": true, "body": ""});
    let arguments = json!({"id": made["id"], "contactId": contact, "completed": true, "clear": ["body"]});
    let done = contract.call("update_task", arguments, &[("PUT", &one, "", Some(sent.clone()))]).await;
    assert_eq!(writes(&contract).await, [("PUT".to_owned(), one, sent)]);
    assert_eq!(done["completed"], true, "{done}");
    assert!(done["body"].as_str().is_none_or(str::is_empty) && done.get("notApplied").is_none(), "{done}");
}
