//! The guard around run_operation: confirmations, read-only, groups, excluded operations.

use super::{host, run};
use crate::support::{Account, Api, Era, Host, Person};
use serde_json::{Value, json};

#[tokio::test]
async fn a_deletion_asks_and_shows_the_object() {
    let (account, host) = host(Person::Absent, &[]).await;
    let contact = account.objects("contacts").await[0].clone();
    let call = run("contacts.delete-contact", json!({"contactId": contact["id"]}));
    let asked = host.error("run_operation", call.clone()).await;
    assert_eq!(asked["code"], "confirmation_required", "{asked}");
    assert_eq!(asked["preview"]["tool"], "contacts.delete-contact");
    assert_eq!(asked["preview"]["object"]["email"], contact["email"], "{asked}");
    assert!(account.objects("contacts").await.iter().any(|known| known["id"] == contact["id"]));
    let mut other = call.clone();
    other["arguments"]["contactId"] = account.objects("contacts").await[1]["id"].clone();
    other["confirmationToken"] = asked["confirmationToken"].clone();
    assert_eq!(host.error("run_operation", other).await["code"], "confirmation_invalid");
    let asked = host.error("run_operation", call.clone()).await;
    let mut agreed = call;
    agreed["confirmationToken"] = asked["confirmationToken"].clone();
    host.answer("run_operation", agreed).await;
    assert!(account.objects("contacts").await.iter().all(|known| known["id"] != contact["id"]));
}

#[tokio::test]
async fn a_person_at_the_host_is_asked_in_a_form() {
    for (person, is_done) in [(Person::agrees(), true), (Person::declines(), false)] {
        let (account, host) = host(person, &[]).await;
        let contact = account.objects("contacts").await[0]["id"].clone();
        let result = host.call("run_operation", run("contacts.delete-contact", json!({"contactId": contact}))).await;
        assert_eq!(result.is_error != Some(true), is_done, "{result:?}");
        assert_eq!(account.objects("contacts").await.iter().all(|known| known["id"] != contact), is_done);
    }
}

#[tokio::test]
async fn what_touches_many_objects_asks_and_says_how_many() {
    let (_account, host) = host(Person::Absent, &[]).await;
    let call = json!({"type": "add", "contacts": ["c1", "c2", "c3"], "tags": ["vip"]});
    let asked = host.error("run_operation", run("contacts.create-association", call)).await;
    assert_eq!(asked["code"], "confirmation_required", "{asked}");
    assert!(asked["message"].as_str().unwrap().contains("changes 3 objects"), "{asked}");
}

#[tokio::test]
async fn a_read_only_server_runs_reads_alone() {
    let (account, host) = host(Person::Absent, &["--read-only"]).await;
    let tools = host.session.list_all_tools().await.unwrap();
    assert!(tools.iter().any(|tool| tool.name == "run_operation"));
    let contact = account.objects("contacts").await[0]["id"].clone();
    host.answer("run_operation", run("contacts.get-contact", json!({"contactId": contact}))).await;
    for (operation, arguments) in [
        ("contacts.create-note", json!({"contactId": contact, "body": "x"})),
        ("contacts.delete-contact", json!({"contactId": contact})),
        ("social-media-posting.start-google-oauth", json!({"userId": "u1"})),
    ] {
        let error = host.error("run_operation", run(operation, arguments)).await;
        assert_eq!(error["code"], "policy_denied", "{operation}: {error}");
        assert!(error["message"].as_str().unwrap().contains("read-only"), "{error}");
    }
}

#[tokio::test]
async fn groups_hold_for_operations_too() {
    let (account, host) = host(Person::Absent, &["--toolsets", "contacts,operations"]).await;
    let contact = account.objects("contacts").await[0]["id"].clone();
    host.answer("run_operation", run("contacts.get-contact", json!({"contactId": contact}))).await;
    let error = host.error("run_operation", json!({"operation": "invoices.list-invoices"})).await;
    assert_eq!(error["code"], "policy_denied", "{error}");
    assert!(error["message"].as_str().unwrap().contains("--toolsets"), "{error}");
}

/// What excludes an operation excludes the tool for the same job, and the other way round.
#[tokio::test]
async fn excluded_operations_cannot_be_reached_in_another_way() {
    let denied = |error: Value| assert_eq!(error["code"], "policy_denied", "{error}");
    let (_account, first) = host(Person::Absent, &["--exclude-operations", "invoices.*, CONTACTS.get-contact"]).await;
    denied(first.error("run_operation", json!({"operation": "invoices.list-invoices"})).await);
    denied(first.error("run_operation", run("contacts.get-contact", json!({"contactId": "c1"}))).await);
    denied(first.error("get_contact", json!({"id": "c1"})).await);
    let (_account, second) = host(Person::Absent, &["--exclude-tools", "update_contact"]).await;
    denied(
        second
            .error("run_operation", run("contacts.update-contact", json!({"contactId": "c1", "firstName": "A"})))
            .await,
    );
}

#[tokio::test]
async fn a_pattern_that_matches_nothing_is_refused_at_the_start() {
    let account = Account::of(Api::Official).await;
    let state = tempfile::TempDir::new().unwrap();
    let mut command = crate::support::command(&account, state.path());
    command.args(["tools", "--exclude-operations", "payment.*"]);
    let ran = crate::support::run(command).await;
    assert_ne!(ran.code, Some(0));
    assert!(ran.stderr.contains("payment.*") && ran.stderr.contains("--exclude-operations"), "{}", ran.stderr);
}

#[tokio::test]
async fn more_operations_can_be_confirmed() {
    let account = Account::of(Api::Official).await;
    let flags = ["--confirm-tools", "update_contact"];
    let host = Host::with(&account, &flags, Era::Modern, Person::Absent).await;
    let contact = account.objects("contacts").await[0]["id"].clone();
    let call = run("contacts.update-contact", json!({"contactId": contact, "firstName": "A"}));
    assert_eq!(host.error("run_operation", call).await["code"], "confirmation_required");
}

/// `run_operation` in a setting stands for every operation that it runs.
#[tokio::test]
async fn a_setting_that_names_run_operation_means_its_operations() {
    let account = Account::of(Api::Official).await;
    let contact = account.objects("contacts").await[0]["id"].clone();
    let call = run("contacts.update-contact", json!({"contactId": contact, "firstName": "Changed"}));
    let host = Host::with(&account, &["--confirm-tools", "run_operation"], Era::Modern, Person::Absent).await;
    assert_eq!(host.error("run_operation", call.clone()).await["code"], "confirmation_required");
    let denies = ["--confirm-tools", "run_operation", "--confirm", "deny"];
    let host = Host::with(&account, &denies, Era::Modern, Person::Absent).await;
    assert_eq!(host.error("run_operation", call.clone()).await["code"], "policy_denied");
    assert_ne!(account.objects("contacts").await[0]["firstName"], "Changed");
    let host = Host::with(&account, &["--tools", "run_operation"], Era::Modern, Person::Absent).await;
    host.answer("run_operation", call).await;
    assert_eq!(account.objects("contacts").await[0]["firstName"], "Changed");
}

/// A contact who asked not to be disturbed is left alone, whatever the way.
#[tokio::test]
async fn a_message_respects_do_not_disturb() {
    let (account, host) = host(Person::agrees(), &[]).await;
    let contact = account.find("contacts", |contact| contact["phone"].is_string()).await["id"].clone();
    account.change("contacts", contact.as_str().unwrap(), json!({"dnd": true})).await;
    account.forget_requests().await;
    let send = json!({"contactId": contact, "type": "SMS", "message": "Hello"});
    let error = host.error("run_operation", run("conversations.send-a-new-message", send)).await;
    assert_eq!(error["code"], "policy_denied", "{error}");
    assert!(error["doNotDisturb"].is_string(), "{error}");
    assert!(account.requests().await.iter().all(|request| request["method"] == "GET"));
}
