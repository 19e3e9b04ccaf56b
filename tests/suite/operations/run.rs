//! run_operation: requests as HighLevel's files describe them, answers, and what a caller can leave to the server.

use super::{host, run};
use crate::support::{Person, Ran, command, run as run_command};
use serde_json::json;

#[tokio::test]
async fn arguments_go_where_the_file_says() {
    let (account, host) = host(Person::Absent, &[]).await;
    let contact = account.objects("contacts").await[0]["id"].as_str().unwrap().to_owned();
    account.forget_requests().await;
    let noted = json!({"contactId": contact, "body": "Call back"});
    let answer = host.answer("run_operation", run("contacts_createNote", noted)).await;
    assert_eq!(answer["note"]["body"], "Call back", "{answer}");
    let requests = account.requests().await;
    let sent: Vec<_> = requests.iter().filter(|request| request["method"] == "POST").collect();
    assert_eq!(sent.len(), 1, "{requests:?}");
    assert_eq!(sent[0]["path"], format!("/contacts/{contact}/notes"));
    assert_eq!(sent[0]["body"], json!({"body": "Call back"}).to_string());
    let header =
        |name: &str| sent[0]["headers"].as_object().unwrap().iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
    assert_eq!(header("version").map(|(_, value)| value.clone()), Some(json!("2021-07-28")));
}

#[tokio::test]
async fn the_location_is_filled_in() {
    let (account, host) = host(Person::Absent, &[]).await;
    host.answer("run_operation", json!({"operation": "invoices.list-invoices", "limit": 1})).await;
    host.answer("run_operation", json!({"operation": "calendars.get-calendars"})).await;
    let location = account.location_id();
    let requests = account.requests().await;
    let query = |path: &str| {
        let found = requests.iter().rev().find(|request| request["path"] == path);
        found.unwrap_or_else(|| panic!("{path} was asked for"))["query"].to_string()
    };
    let invoices = query("/invoices/");
    assert!(invoices.contains(&location) && invoices.contains("altType"), "{invoices}");
    assert!(query("/calendars/").contains(&location));
}

#[tokio::test]
async fn wrong_arguments_cost_no_request() {
    let (account, host) = host(Person::Absent, &[]).await;
    account.forget_requests().await;
    for (operation, arguments, field) in [
        ("contacts.create-note", json!({"contactId": "c1"}), "arguments.body"),
        ("contacts.create-note", json!({"contactId": "..", "body": "x"}), "arguments.contactId"),
        ("contacts.create-note", json!({"contactId": "c1", "body": "x", "colour": "red"}), "arguments.colour"),
        ("opportunities.update-opportunity-status", json!({"id": "o1", "status": "sold"}), "arguments.status"),
        ("contacts.add-tags", json!({"contactId": "c1", "tags": [1, {}]}), "arguments.tags[1]"),
        // One of several forms of a field: the one that the caller meant.
        (
            "contacts.update-contact",
            json!({"contactId": "c1", "customFields": [{"key": "industry", "field_value": "Law"}]}),
            "arguments.customFields[0].id",
        ),
    ] {
        let error = host.error("run_operation", run(operation, arguments)).await;
        assert_eq!(error["code"], "invalid_arguments", "{error}");
        assert_eq!(error["field"], field, "{error}");
    }
    let sent = account.requests().await;
    assert!(sent.iter().all(|request| request["method"] == "GET"), "{sent:?}");
}

#[tokio::test]
async fn fields_pick_what_comes_back() {
    let (account, host) = host(Person::Absent, &[]).await;
    let contact = account.objects("contacts").await[0].clone();
    let asked =
        json!({"operation": "contacts.get-contact", "arguments": {"contactId": contact["id"]}, "fields": ["email"]});
    let answer = host.answer("run_operation", asked).await;
    assert_eq!(answer["contact"]["email"], contact["email"], "{answer}");
    assert_eq!(answer["contact"].as_object().unwrap().len(), 2, "the id and the field: {answer}");
    assert!(answer.get("traceId").is_none());
}

/// A create that nobody can look up is sent once and stays unknown after a doubt.
#[tokio::test]
async fn a_create_in_doubt_is_not_repeated() {
    let (account, host) = host(Person::Absent, &[]).await;
    let contact = account.objects("contacts").await[0]["id"].clone();
    account.faults("500-after@POST /contacts/{contactId}/notes").await;
    account.forget_requests().await;
    let error =
        host.error("run_operation", run("contacts.create-note", json!({"contactId": contact, "body": "Once"}))).await;
    assert_eq!(error["code"], "outcome_unknown", "{error}");
    let sent = account.requests().await;
    assert_eq!(sent.iter().filter(|request| request["method"] == "POST").count(), 1, "{sent:?}");
}

#[tokio::test]
async fn an_update_in_doubt_is_judged_by_the_object() {
    let (account, host) = host(Person::Absent, &[]).await;
    let contact = account.objects("contacts").await[0]["id"].clone();
    account.faults("500-after@PUT /contacts/{contactId}").await;
    let changed = json!({"contactId": contact, "firstName": "Judith"});
    let answer = host.call("run_operation", run("contacts.update-contact", changed)).await;
    assert_ne!(answer.is_error, Some(true), "{answer:?}");
    assert_eq!(account.find("contacts", |known| known["id"] == contact).await["firstName"], "Judith");
}

#[tokio::test]
async fn a_field_is_emptied_by_clear() {
    let (account, host) = host(Person::Absent, &[]).await;
    let contact =
        account.find("contacts", |contact| contact["website"].is_string() || contact["source"].is_string()).await;
    let cleared = json!({"contactId": contact["id"], "clear": ["source"]});
    host.answer("run_operation", run("contacts.update-contact", cleared)).await;
    let now = account.find("contacts", |known| known["id"] == contact["id"]).await;
    assert!(now["source"].is_null() || now["source"] == "", "{now}");
    // Hosts write lists as texts, too.
    for text in ["city", "[\"city\"]", "state, city"] {
        account
            .change("contacts", contact["id"].as_str().unwrap(), json!({"address": {"city": "Oslo", "state": "OS"}}))
            .await;
        let cleared = json!({"contactId": contact["id"], "clear": text});
        host.answer("run_operation", run("contacts.update-contact", cleared)).await;
        let now = account.find("contacts", |known| known["id"] == contact["id"]).await;
        assert!(now["address"]["city"].is_null() || now["address"]["city"] == "", "{text}: {now}");
    }
    let error =
        host.error("run_operation", run("contacts.update-contact", json!({"contactId": "c1", "clear": ["id"]}))).await;
    assert_eq!(error["code"], "invalid_arguments", "{error}");
}

#[tokio::test]
async fn the_journal_has_the_operation_with_its_object_before() {
    let (account, host) = host(Person::Absent, &[]).await;
    let contact = account.objects("contacts").await[0].clone();
    let changed = json!({"contactId": contact["id"], "firstName": "Judith"});
    host.answer("run_operation", run("contacts.update-contact", changed)).await;
    let mut journal = command(&account, host.state.path());
    journal.args(["journal", "--json"]);
    let Ran { stdout, .. } = run_command(journal).await;
    let entry = stdout.lines().find(|line| line.contains("contacts.update-contact")).expect("an entry");
    assert!(entry.contains(contact["firstName"].as_str().unwrap()) && entry.contains("Judith"), "{entry}");
}
