//! A server of one location touches no other one, whatever the operation.

use super::run;
use crate::support::{Account, Api, Era, Host, Person};
use highlevel_sandbox::SandboxConfig;
use serde_json::json;

async fn host() -> (Account, Host) {
    let account = Account::of(Api::Official).await;
    let host = Host::with(&account, &[], Era::Modern, Person::Absent).await;
    (account, host)
}

#[tokio::test]
async fn another_location_is_refused_before_anything_is_sent() {
    let (account, host) = host().await;
    account.forget_requests().await;
    for (operation, arguments) in [
        ("invoices.list-invoices", json!({"altId": "other"})),
        ("payments.list-transactions", json!({"altType": "company"})),
        ("calendars.get-calendars", json!({"locationId": "other"})),
        ("locations.get-custom-values", json!({"locationId": "other"})),
        ("saas-api.get-agency-plans", json!({"companyId": "c1"})),
    ] {
        let error = host.error("run_operation", run(operation, arguments)).await;
        assert_eq!(error["code"], "policy_denied", "{operation}: {error}");
    }
    let sent = account.requests().await;
    let others = sent.iter().filter(|request| !request["path"].as_str().unwrap().starts_with("/locations/"));
    assert_eq!(others.count(), 0, "{sent:?}");
}

/// An operation that names no location reads what it is about first.
#[tokio::test]
async fn an_object_of_another_location_is_refused() {
    let (account, host) = host().await;
    let contact = account.objects("contacts").await[0]["id"].as_str().unwrap().to_owned();
    host.answer("run_operation", run("contacts.create-note", json!({"contactId": contact, "body": "own"}))).await;
    let other = account.objects("contacts").await[1]["id"].as_str().unwrap().to_owned();
    account.change("contacts", &other, json!({"locationId": "anotherLocation1"})).await;
    account.forget_requests().await;
    let error =
        host.error("run_operation", run("contacts.create-note", json!({"contactId": other, "body": "x"}))).await;
    assert_eq!(error["code"], "policy_denied", "{error}");
    let sent = account.requests().await;
    assert!(sent.iter().all(|request| request["method"] == "GET"), "{sent:?}");
}

/// An operation whose location nothing shows is refused.
#[tokio::test]
async fn what_names_no_location_is_refused() {
    let (account, host) = host().await;
    account.forget_requests().await;
    let error = host
        .error(
            "run_operation",
            run(
                "snapshots.create-snapshot-share-link",
                json!({
        "companyId": "c1", "snapshot_id": "s1", "share_type": "permanent_link"}),
            ),
        )
        .await;
    assert_eq!(error["code"], "policy_denied", "{error}");
}

#[tokio::test]
async fn the_checked_object_is_remembered() {
    let account = Account::with(SandboxConfig::official()).await;
    let host = Host::with(&account, &[], Era::Modern, Person::Absent).await;
    let contact = account.objects("contacts").await[0]["id"].as_str().unwrap().to_owned();
    let note = |text: &str| run("contacts.create-note", json!({"contactId": contact, "body": text}));
    host.answer("run_operation", note("one")).await;
    account.forget_requests().await;
    host.answer("run_operation", note("two")).await;
    let sent = account.requests().await;
    assert_eq!(sent.len(), 1, "the second note needs its own request alone: {sent:?}");
}

/// Arguments may name a location in their members, too.
#[tokio::test]
async fn another_location_inside_of_an_argument_is_refused() {
    let (account, host) = host().await;
    account.forget_requests().await;
    let described = async |operation: &str| {
        host.answer("describe_operation", json!({"operation": operation})).await["example"].clone()
    };
    let send = |location: &str| json!({"altId": location, "altType": "location", "action": "email", "liveMode": true, "userId": "u1"});
    let mut estimate = described("invoices.create-new-estimate").await;
    // The contact is read before the estimate is sent.
    estimate["contactDetails"]["id"] = account.find("contacts", |one| one["dnd"] != true).await["id"].clone();
    estimate["sendEstimateDetails"] = send("other");
    let mut post = described("social-media-posting.createQueueItem").await;
    post["modifiedPostPayload"] = json!({"locationId": "other"});
    for (operation, arguments, field) in [
        ("invoices.create-new-estimate", estimate.clone(), "sendEstimateDetails.altId"),
        ("social-media-posting.createQueueItem", post, "modifiedPostPayload.locationId"),
    ] {
        let error = host.error("run_operation", run(operation, arguments)).await;
        assert_eq!((&error["code"], &error["field"]), (&json!("policy_denied"), &json!(field)), "{error}");
    }
    let sent = account.requests().await;
    assert!(sent.iter().all(|request| request["method"] == "GET"), "{sent:?}");
    estimate["sendEstimateDetails"] = send(&account.location().unwrap());
    estimate["contactDetails"]["id"] = account.objects("contacts").await[0]["id"].clone();
    let error = host.error("run_operation", run("invoices.create-new-estimate", estimate)).await;
    assert_eq!(error["code"], "confirmation_required", "its own location is allowed: {error}");
}
