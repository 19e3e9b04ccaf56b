//! The tables of the daily jobs, which only the official API has: read when a question needs them, and not before.

use super::*;
use crate::support::{Era, Person};

/// The beginnings of the paths of the lists that fill them.
const LISTS: [&str; 7] =
    ["/conversations/", "/calendars/", "/invoices/", "/payments/", "/forms/", "/surveys/", "/workflows/"];

async fn official(contacts: usize) -> Account {
    account(Api::Official, contacts).await
}

async fn lists_read(account: &Account) -> Vec<String> {
    let requests = account.requests().await;
    let paths = requests.iter().map(|request| request["path"].as_str().unwrap().to_owned());
    let is_list = |path: &String| {
        LISTS.iter().any(|list| path.starts_with(list))
            || path.ends_with("/tasks/search")
            || path.ends_with("/customValues")
    };
    paths.filter(is_list).collect()
}

#[tokio::test]
async fn a_table_that_no_question_names_is_not_read() {
    let account = official(40).await;
    let host = Host::new(&account, &[]).await;
    host.answer("describe_crm", json!({})).await;
    host.answer("search_crm", json!({"text": "ann"})).await;
    host.answer("changes_since", json!({"since": "2025-01-01"})).await;
    rows(&host, "select count(*) from contacts").await;
    assert_eq!(lists_read(&account).await, [""; 0]);
    rows(&host, "select count(*) from invoices").await;
    let read = lists_read(&account).await;
    assert!(!read.is_empty() && read.iter().all(|path| path.starts_with("/invoices/")), "{read:?}");
    // What a question has read, searches and lists of changes include.
    let contact = rows(&host, "select contactName, id from invoices where contactName <> '' limit 1").await;
    let found = host.answer("search_crm", json!({"text": contact[0][0], "limit": 100})).await;
    let is_it = |one: &Value| one["table"] == "invoices" && one["id"] == contact[0][1];
    assert!(found["data"].as_array().unwrap().iter().any(is_it), "{found}");
}

#[tokio::test]
async fn an_unreadable_list_fails_no_other_table() {
    let account = official(40).await;
    let host = Host::new(&account, &[]).await;
    account.faults("403@GET /invoices/").await;
    let error = host.error("query_crm", json!({"sql": "select count(*) from invoices"})).await;
    assert_eq!((&error["code"], &error["missing"][0]["table"]), (&json!("forbidden"), &json!("invoices")), "{error}");
    let answer = answer(&host, json!({"sql": "select count(*) from transactions"})).await;
    assert_eq!(answer["complete"], true, "{answer}");
    let described = host.answer("describe_crm", json!({})).await;
    assert!(described["tables"]["invoices"].as_str().unwrap().contains("not readable"), "{described}");
    account.faults("").await;
    assert_eq!(cell(&host, "select count(*) from invoices").await, account.objects("invoices").await.len());
}

#[tokio::test]
async fn the_settings_hide_these_tables_too() {
    let account = official(10).await;
    for (flags, hidden, shown) in [
        (["--exclude-tools", "list_invoices"], "invoices", "transactions"),
        (["--toolsets", "contacts,invoices,insights"], "tasks", "invoices"),
    ] {
        let host = Host::new(&account, &flags).await;
        let error = host.error("query_crm", json!({"sql": format!("select * from {hidden}")})).await;
        assert_eq!(error["code"], "policy_denied", "{error}");
        let described = host.answer("describe_crm", json!({})).await.to_string();
        assert!(!described.contains(&format!("\"{hidden}")), "{described}");
        rows(&host, &format!("select count(*) from {shown}")).await;
    }
}

/// Where people look for what no table has.
#[tokio::test]
async fn notes_are_said_to_be_in_no_table() {
    let account = official(10).await;
    let host = Host::new(&account, &[]).await;
    let described = host.answer("describe_crm", json!({})).await;
    assert!(described["note"].as_str().unwrap().contains("list_notes"), "{described}");
    let error = host.error("query_crm", json!({"sql": "select * from notes"})).await;
    assert!(error["message"].as_str().unwrap().contains("list_notes"), "{error}");
}

/// Messages are found by their words, where they are asked for.
#[tokio::test]
async fn messages_are_searched_by_their_words() {
    let account = official(60).await;
    let host = Host::new(&account, &[]).await;
    let asked = json!({"text": "proposal brightwater", "table": "messages"});
    let found = host.answer("search_crm", asked).await;
    let message = &found["data"][0];
    assert_eq!((&message["table"], &message["direction"]), (&json!("messages"), &json!("outbound")), "{found}");
    assert!(message["body"].as_str().unwrap().contains("proposal"), "{found}");
    assert!(message["contact"].as_str().unwrap().contains(' '), "by name: {found}");
    let found = host.answer("search_crm", json!({"text": "proposal brightwater"})).await;
    let is_message = |one: &Value| one["table"] == "messages";
    assert!(!found["data"].as_array().unwrap().iter().any(is_message), "{found}");
}

/// After a first reading, only the messages of the last days are read again.
#[tokio::test]
async fn new_messages_are_read_without_the_old_ones() {
    let account = official(60).await;
    let host = Host::new(&account, &[]).await;
    let count = cell(&host, "select count(*) from messages").await.as_u64().unwrap();
    assert_eq!(count, account.objects("messages").await.len() as u64);
    let mut message = account.find("messages", |message| message["messageType"] == "TYPE_SMS").await;
    message.as_object_mut().unwrap().shift_remove("id");
    message["body"] = "Just now".into();
    let now = chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
    (message["dateAdded"], message["dateUpdated"]) = (json!(now), json!(now));
    account.add("messages", message).await;
    account.forget_requests().await;
    let sql = "select count(*), sum(body = 'Just now') from messages";
    let seen = until(&host, json!({"sql": sql, "max_age": 0}), |answer| answer["rows"][0][0] == count + 1).await;
    assert_eq!((&seen["rows"], &seen["complete"]), (&json!([[count + 1, 1]]), &json!(true)), "{seen}");
    let requests = account.requests().await;
    let exports = requests.iter().filter(|request| request["path"] == "/conversations/messages/export");
    let queries: Vec<_> = exports.map(|request| request["query"].to_string()).collect();
    assert!(!queries.is_empty() && queries.iter().all(|query| query.contains("startDate")), "{queries:?}");
}

#[tokio::test]
async fn a_written_task_is_in_its_table_at_once() {
    let account = official(60).await;
    let host = Host::with(&account, &[], Era::Modern, Person::agrees()).await;
    rows(&host, "select count(*) from tasks").await;
    account.forget_requests().await;
    let contact = account.find("contacts", |contact| contact["email"].is_string()).await;
    let task = json!({"contactId": contact["id"], "title": "Send the plan", "dueDate": "2030-01-02T10:00:00Z"});
    let task = host.answer("create_task", task).await;
    let one = format!("select title, completed, dueDate from tasks where id = '{}'", task["id"].as_str().unwrap());
    assert_eq!(rows(&host, &one).await, [json!(["Send the plan", 0, "2030-01-02 10:00:00"])]);
    host.answer("update_task", json!({"id": task["id"], "contactId": contact["id"], "completed": true})).await;
    assert_eq!(rows(&host, &one).await, [json!(["Send the plan", 1, "2030-01-02 10:00:00"])]);
    let changes = host.answer("changes_since", json!({"since": "2025-01-01", "table": "tasks"})).await;
    let tools: Vec<_> = changes["data"].as_array().unwrap().iter().map(|change| change["tool"].clone()).collect();
    assert_eq!(tools, ["update_task", "create_task"], "{changes}");
    // A task is read back from its contact.
    let lists = lists_read(&account).await;
    assert!(!lists.iter().any(|path| path.ends_with("/tasks/search")), "the list was not read again: {lists:?}");
}

#[tokio::test]
async fn a_drafted_invoice_is_in_its_table_at_once() {
    let account = official(60).await;
    let host = Host::with(&account, &[], Era::Modern, Person::agrees()).await;
    rows(&host, "select count(*) from invoices").await;
    let contact = account.find("contacts", |contact| contact["email"].is_string()).await;
    let items = json!([{"name": "Audit", "amount": 120.5, "quantity": 2}]);
    let invoice = json!({"contactId": contact["id"], "name": "Audit", "currency": "USD", "items": items});
    let invoice = host.answer("create_invoice", invoice).await;
    let one = "select status, total, amountDue, currency, contactId from invoices where id = ";
    let one = format!("{one}'{}'", invoice["id"].as_str().unwrap());
    assert_eq!(rows(&host, &one).await, [json!(["draft", 241, 241, "USD", contact["id"]])]);
}

#[tokio::test]
async fn a_moved_appointment_is_in_its_table_at_once() {
    let account = official(120).await;
    let host = Host::with(&account, &[], Era::Modern, Person::agrees()).await;
    rows(&host, "select count(*) from appointments").await;
    let booked = account.find("appointments", |one| one["appointmentStatus"] == "confirmed").await;
    host.answer("update_appointment", json!({"id": booked["id"], "status": "cancelled"})).await;
    let one = "select status, contactId, calendarId from appointments where id = ";
    let one = format!("{one}'{}'", booked["id"].as_str().unwrap());
    assert_eq!(rows(&host, &one).await, [json!(["cancelled", booked["contactId"], booked["calendarId"]])]);
}

#[tokio::test]
async fn a_sent_message_ends_the_wait_at_once() {
    let account = official(60).await;
    let host = Host::with(&account, &[], Era::Modern, Person::agrees()).await;
    for table in ["messages", "conversations"] {
        rows(&host, &format!("select count(*) from {table}")).await;
    }
    let is_open = |one: &Value| one["lastMessageDirection"] == "inbound" && one["lastMessageType"] == "TYPE_SMS";
    let mut waiting = account.objects("conversations").await;
    waiting.retain(|one| is_open(one));
    let contacts = account.objects("contacts").await;
    let may_be_written_to = |one: &&Value| {
        let of = contacts.iter().find(|contact| contact["id"] == one["contactId"]).unwrap();
        of["dnd"] != true && of["dndSettings"].is_null() && of["phone"].as_str().is_some_and(|phone| phone.len() > 8)
    };
    let conversation = waiting.iter().find(may_be_written_to).unwrap();
    let id = conversation["contactId"].as_str().unwrap();
    host.answer("send_message", json!({"contactId": id, "channel": "SMS", "body": "On our way"})).await;
    let last = format!(
        "select v.lastMessageDirection, m.body, m.direction from conversations v join messages m on m.conversationId = v.id
         where v.contactId = '{id}' order by m.createdAt desc limit 1"
    );
    assert_eq!(rows(&host, &last).await, [json!(["outbound", "On our way", "outbound"])]);
}
