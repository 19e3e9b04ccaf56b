//! Fields that the API ignores although it reports success are listed in the answer and in the journal.

use super::{
    fake::{Arrived, Fake, Reply},
    journal, truth,
};
use crate::support::{Account, Api, Era, Host, Person, on_both_apis};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// An API with one contact. `store` applies an update, and `answer` makes the response from the stored contact.
async fn fake(
    api: Api,
    mut store: impl FnMut(&mut Map<String, Value>, &Map<String, Value>) + Send + 'static,
    mut answer: impl FnMut(&Value) -> Value + Send + 'static,
) -> Fake {
    let mut contact = json!({
        "id": "c1", "firstName": "Ada", "lastName": "L", "email": "ada@example.com", "phone": "+15550100",
        "companyName": "Acme", "tags": ["vip"], "createdAt": "2026-01-01T00:00:00Z"
    });
    Fake::new(api, move |request: &Arrived| match (request.method.as_str(), request.path.as_str()) {
        ("GET", "/contact/c1") => Reply(200, contact.clone()),
        ("GET", "/contacts/c1") => Reply(200, json!({"contact": contact})),
        ("PUT", _) | ("POST", "/contact" | "/contacts/") => {
            store(contact.as_object_mut().unwrap(), request.body.as_object().unwrap());
            Reply(200, answer(&contact))
        }
        _ => Reply(404, json!({"message": "no such thing"})),
    })
    .await
}

fn keep(contact: &mut Map<String, Value>, body: &Map<String, Value>, ignored: &[&str]) {
    for (name, value) in body.iter().filter(|(name, _)| !ignored.contains(&name.as_str())) {
        contact.insert(name.clone(), value.clone());
    }
}

/// The number of requests by method.
fn counted(fake: &Fake) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    fake.arrived().into_iter().for_each(|request| *counts.entry(request.method).or_insert(0) += 1);
    counts
}

on_both_apis!(
    a_field_that_is_ignored_is_named,
    a_normalised_value_is_applied,
    an_answer_without_fields_costs_one_read,
    a_part_of_the_object_is_completed_for_the_journal,
    a_cleared_field_that_stays_is_named,
    a_created_object_is_compared_with_what_was_sent,
);

async fn a_field_that_is_ignored_is_named(api: Api) {
    let fake = fake(api, |contact, body| keep(contact, body, &["source", "companyName"]), Value::clone).await;
    let host = fake.host(&[]).await;
    let arguments = json!({"id": "c1", "phone": "+15550199", "source": "web", "companyName": "Other"});
    let answer = host.answer("update_contact", arguments).await;
    assert_eq!(
        answer["notApplied"],
        json!(["companyName", "source"]).as_array().map(|names| in_order(&answer, names)).unwrap(),
        "{answer}"
    );
    assert_eq!((&answer["phone"], &answer["companyName"]), (&json!("+15550199"), &json!("Acme")));
    assert!(answer["note"].as_str().unwrap().contains("companyName"), "{answer}");
    // `source` is not in the answer, so the contact is read once.
    assert_eq!(counted(&fake), BTreeMap::from([("GET".to_owned(), 2), ("PUT".to_owned(), 1)]));
    let written = journal(fake.account(), host.state.path()).await;
    assert_eq!(written[0]["outcome"], "done");
    assert_eq!(written[0]["notApplied"], answer["notApplied"], "{written:?}");
    // If the answer has all fields and none is ignored, nothing is read and there is no note.
    let answer = host.answer("update_contact", json!({"id": "c1", "phone": "+15550198", "firstName": "Eve"})).await;
    assert!(answer.get("notApplied").is_none() && answer.get("note").is_none(), "{answer}");
    assert_eq!(counted(&fake), BTreeMap::from([("GET".to_owned(), 3), ("PUT".to_owned(), 2)]));
}

/// These names in the answer's order.
fn in_order(answer: &Value, names: &[Value]) -> Value {
    let reported = answer["notApplied"].as_array().cloned().unwrap_or_default();
    if reported.len() == names.len() && names.iter().all(|name| reported.contains(name)) {
        reported.into()
    } else {
        names.into()
    }
}

async fn a_normalised_value_is_applied(api: Api) {
    let normalise = |contact: &mut Map<String, Value>, body: &Map<String, Value>| {
        keep(contact, body, &[]);
        for (name, value) in contact.iter_mut().filter(|(name, _)| body.contains_key(*name)) {
            match name.as_str() {
                "phone" => *value = "+15550100100".into(),
                "email" => *value = value.as_str().unwrap().to_lowercase().into(),
                "tags" => {
                    let tags = value.as_array().unwrap().iter().rev();
                    *value = tags.map(|tag| Value::from(tag.as_str().unwrap().to_lowercase())).collect();
                }
                "firstName" => *value = value.as_str().unwrap().trim().into(),
                _ => {}
            }
        }
    };
    let fake = fake(api, normalise, Value::clone).await;
    let host = fake.host(&[]).await;
    let arguments = json!({
        "id": "c1", "phone": "(555) 010-0100", "email": "Ada@Example.com", "tags": ["VIP", "Sales"], "firstName": "Ada "
    });
    let answer = host.answer("update_contact", arguments).await;
    assert!(answer.get("notApplied").is_none(), "{answer}");
    assert_eq!(counted(&fake), BTreeMap::from([("GET".to_owned(), 1), ("PUT".to_owned(), 1)]));
}

async fn an_answer_without_fields_costs_one_read(api: Api) {
    let fake = fake(api, |contact, body| keep(contact, body, &["source"]), |_| json!({"succeeded": true})).await;
    let host = fake.host(&["--journal-before", "off"]).await;
    let answer = host.answer("update_contact", json!({"id": "c1", "phone": "+15550199", "source": "web"})).await;
    assert_eq!(answer["notApplied"], json!(["source"]), "{answer}");
    assert_eq!((&answer["phone"], &answer["firstName"]), (&json!("+15550199"), &json!("Ada")), "the object itself");
    // A server that is pinned to a location reads the object before, to know its location.
    let before = usize::from(api == Api::Official);
    assert_eq!(counted(&fake), BTreeMap::from([("GET".to_owned(), 1 + before), ("PUT".to_owned(), 1)]));
    // Only a field to clear: that such an answer lacks the field proves nothing.
    let answer = host.answer("update_contact", json!({"id": "c1", "clear": ["companyName"]})).await;
    assert!(answer.get("notApplied").is_none() && answer["companyName"].is_null(), "{answer}");
    assert_eq!(counted(&fake), BTreeMap::from([("GET".to_owned(), 2 + 2 * before), ("PUT".to_owned(), 2)]));
}

/// What the journal keeps has to be whole, so that the change can be taken back.
async fn a_part_of_the_object_is_completed_for_the_journal(api: Api) {
    let part = |contact: &Value| json!({"id": "c1", "phone": contact["phone"]});
    let update = || json!({"id": "c1", "phone": "+15550199", "clear": ["source"]});
    let fake = fake(api, |contact, body| keep(contact, body, &[]), part).await;
    let host = fake.host(&[]).await;
    host.answer("update_contact", update()).await;
    let entry = journal(fake.account(), host.state.path()).await.remove(0);
    assert_eq!((&entry["before"]["companyName"], &entry["after"]["companyName"]), (&json!("Acme"), &json!("Acme")));
    assert_eq!((&entry["after"]["phone"], &entry["fields"]), (&json!("+15550199"), &json!(["phone", "source"])));
    assert!(entry.get("partial").is_none(), "{entry}");
    assert_eq!(counted(&fake), BTreeMap::from([("GET".to_owned(), 2), ("PUT".to_owned(), 1)]));
    let host = fake.host(&["--journal-before", "off"]).await;
    host.answer("update_contact", update()).await;
    // A server that is pinned to a location reads the object before, to know its location.
    let before = usize::from(api == Api::Official);
    assert_eq!(counted(&fake), BTreeMap::from([("GET".to_owned(), 2 + before), ("PUT".to_owned(), 2)]));
}

#[tokio::test]
async fn a_part_that_cannot_be_completed_is_marked_in_the_journal() {
    let mut is_written = false;
    let fake = Fake::new(Api::Session, move |request: &Arrived| match request.method.as_str() {
        "PUT" => {
            is_written = true;
            Reply(200, json!({"id": "c1", "phone": "+15550199"}))
        }
        _ if is_written => Reply(403, json!({"message": "not any more"})),
        _ => Reply(200, json!({"id": "c1", "phone": "+15550100", "companyName": "Acme"})),
    })
    .await;
    let host = fake.host(&[]).await;
    host.answer("update_contact", json!({"id": "c1", "phone": "+15550199"})).await;
    let entry = journal(fake.account(), host.state.path()).await.remove(0);
    assert_eq!((&entry["outcome"], &entry["partial"]), (&json!("done"), &json!(true)), "{entry}");
    assert_eq!((&entry["after"]["phone"], &entry["after"]["companyName"]), (&json!("+15550199"), &Value::Null));
}

#[tokio::test]
async fn a_reported_success_for_a_missing_object_is_an_error() {
    let fake = Fake::new(Api::Session, |request: &Arrived| match request.method.as_str() {
        "PUT" => Reply(200, json!({"succeeded": true})),
        _ => Reply(404, json!({"message": "no such contact"})),
    })
    .await;
    let host = fake.host(&["--journal-before", "off"]).await;
    let error = host.error("update_contact", json!({"id": "c1", "phone": "1"})).await;
    assert_eq!((&error["code"], &error["check"]), (&json!("outcome_unknown"), &json!("get_contact")), "{error}");
}

async fn a_cleared_field_that_stays_is_named(api: Api) {
    let fake = fake(api, |contact, body| keep(contact, body, &["companyName"]), Value::clone).await;
    let host = fake.host(&[]).await;
    let answer = host.answer("update_contact", json!({"id": "c1", "clear": ["companyName", "phone"]})).await;
    assert_eq!(answer["notApplied"], json!(["companyName"]), "{answer}");
}

async fn a_created_object_is_compared_with_what_was_sent(api: Api) {
    let fake = fake(api, |contact, body| keep(contact, body, &["source"]), Value::clone).await;
    let host = fake.host(&[]).await;
    let new = json!({"firstName": "Bo", "lastName": "M", "email": "bo@example.com", "source": "web"});
    let answer = host.answer("create_contact", new).await;
    assert_eq!(answer["notApplied"], json!(["source"]), "{answer}");
    assert_eq!(counted(&fake), BTreeMap::from([("GET".to_owned(), 1), ("POST".to_owned(), 1)]));
}

#[tokio::test]
async fn members_of_nested_fields_are_named_one_by_one() {
    let store = |contact: &mut Map<String, Value>, body: &Map<String, Value>| {
        keep(contact, body, &[]);
        if let Some(Value::Object(fields)) = contact.get_mut("customFields") {
            fields.insert("score".to_owned(), json!(1));
        }
    };
    let fake = fake(Api::Session, store, Value::clone).await;
    let host = fake.host(&[]).await;
    let arguments = json!({"id": "c1", "customFields": {"score": 7, "colour": "red"}, "address": {"city": "Ulm"}});
    let answer = host.answer("update_contact", arguments).await;
    assert_eq!(answer["notApplied"], json!(["customFields.score"]), "{answer}");
}

#[tokio::test]
async fn a_secret_that_the_api_never_shows_is_not_named() {
    let account = Account::new().await;
    let host = Host::with(&account, &[], Era::Modern, Person::agrees()).await;
    let hook = json!({"url": "https://example.com/hook", "events": ["contact.created"], "secret": "canary"});
    let answer = host.answer("create_webhook", hook).await;
    assert!(answer.get("notApplied").is_none() && answer.get("note").is_none(), "{answer}");
    assert_eq!(truth(&account, "webhooks", &answer["id"]).await["secret"], "canary");
}

#[tokio::test]
async fn no_answer_of_the_sandbox_needs_another_read() {
    for api in [Api::Session, Api::Official] {
        let account = Account::of(api).await;
        let host = Host::new(&account, &["--journal-before", "off"]).await;
        let contact = account.find("contacts", |_| true).await;
        let deal = account.find("opportunities", |_| true).await;
        let calls = [
            ("update_contact", json!({"id": contact["id"], "companyName": "New", "clear": ["source"]})),
            ("update_opportunity", json!({"id": deal["id"], "name": "New", "value": 12.5, "status": "won"})),
            (
                "create_contact",
                json!({"firstName": "A", "lastName": "B", "email": "a@b.example", "phone": "+15550100"}),
            ),
            ("create_opportunity", json!({"name": "N", "contactId": contact["id"], "value": 1, "status": "open"})),
            ("create_campaign", json!({"name": "N", "type": "email", "status": "draft", "template": "t1"})),
        ];
        for (tool, arguments) in calls {
            account.forget_requests().await;
            let answer = host.answer(tool, arguments).await;
            assert!(answer.get("notApplied").is_none(), "{api:?} {tool}: {answer}");
            let objects = ["/contact/", "/contacts/", "/opportunity/", "/opportunities/", "/campaigns/emails/"];
            let reads = account.requests().await;
            let reads: Vec<&Value> = reads
                .iter()
                .filter(|request| request["method"] == "GET")
                .filter(|request| objects.iter().any(|path| request["path"].as_str().unwrap().contains(path)))
                .filter(|request| !request["path"].as_str().unwrap().ends_with("pipelines"))
                .collect();
            // With a pinned location an updated object is read before, and no other object is.
            let before = usize::from(api == Api::Official && tool.starts_with("update"));
            assert_eq!(reads.len(), before, "{api:?} {tool}: {reads:?}");
        }
    }
}
