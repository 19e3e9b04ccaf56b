//! Creates with an unclear outcome against unusual upstreams: other shapes of lists and objects, no `Date`, no `createdAt`,
//! ignored filters, success without an object.

use super::upstream::{Upstream, answer};
use crate::support::{Account, Api, Era, Host, Person, command, on_both_apis};
use serde_json::{Value, json};

on_both_apis!(
    unusual_answers_of_an_upstream_are_read,
    an_object_without_a_date_is_only_a_candidate,
    no_object_is_looked_for_after_a_refusal_with_a_reason,
);

async fn host(api: Api, upstream: &Upstream) -> Host {
    let account = Account::of(api).await;
    let state = tempfile::tempdir().unwrap();
    let mut command = command(&account, state.path());
    command.env("GHL_BASE_URL", &upstream.url).args(["--timeout", "3"]);
    let host = Host::start(command, state, Era::Modern, Person::Absent).await;
    if let Some(location) = account.location() {
        let location = json!({"location": {"id": location}});
        upstream.always_says("GET /locations/", said(200, &location));
    }
    host
}

fn said(status: u16, body: &Value) -> String {
    answer(status, "application/json", &body.to_string())
}

fn sent() -> Value {
    json!({"firstName": "Ada", "lastName": "Example", "email": "Ada@Example.com", "phone": "(555) 010-0100", "tags": ["VIP"]})
}

/// The contact as a normalizing account stores it, with members of its own.
fn stored(created: Option<String>) -> Value {
    let mut contact = json!({
        "id": "c1", "firstName": "Ada", "lastName": "Example", "email": "ada@example.com", "phone": "+15550100100",
        "tags": ["vip"], "source": null, "dnd": false, "companyName": "", "customFields": [],
    });
    if let Some(created) = created {
        contact["dateAdded"] = created.into();
    }
    contact
}

fn now() -> Option<String> {
    // In whole seconds, and not older than the next request.
    let created = chrono::Utc::now() + chrono::TimeDelta::seconds(2);
    Some(created.to_rfc3339_opts(chrono::SecondsFormat::Secs, true))
}

/// Answers lists and reads with the stored contact and other contacts.
fn shows(api: Api, upstream: &Upstream, contact: &Value) {
    let other = json!({
        "id": "c0", "firstName": "Bob", "lastName": "B", "email": "bob@example.com", "phone": "+15550100999",
        "dateAdded": "2020-01-01T00:00:00.000Z",
    });
    let list = json!({"contacts": [contact, other], "total": 2, "traceId": "t"});
    match api {
        Api::Session => {
            upstream.always_says("GET /contact?", said(200, &list));
            upstream.always_says("GET /contact/", said(200, &json!({"contact": contact})));
        }
        Api::Official => {
            upstream.always_says("POST /contacts/search", said(200, &list));
            upstream.always_says("GET /contacts/", said(200, &json!({"contact": contact})));
        }
    }
}

fn creates_say(api: Api, upstream: &Upstream, reply: String) {
    let begin = if api == Api::Session { "POST /contact " } else { "POST /contacts/ " };
    upstream.always_says(begin, reply);
}

fn creates(asked: &[String]) -> usize {
    asked.iter().filter(|line| line.starts_with("POST /contact ") || line.starts_with("POST /contacts/ ")).count()
}

async fn unusual_answers_of_an_upstream_are_read(api: Api) {
    let upstream = Upstream::new().await;
    let host = host(api, &upstream).await;
    for reply in [
        answer(502, "text/html", "<html><title>Bad Gateway</title></html>"),
        said(200, &json!({"contact": null})),
        answer(201, "application/json", ""),
        said(500, &json!({"message": "boom"})),
        said(422, &json!({"statusCode": 422, "message": "Request failed with status code 422"})),
        said(409, &json!({"message": "Conflict"})),
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{\"contact\":".to_owned(),
    ] {
        let mut contact = stored(now());
        // Each object answers one call only.
        contact["id"] = format!("c{}", reply.len()).into();
        shows(api, &upstream, &contact);
        creates_say(api, &upstream, reply.clone());
        upstream.asked();
        let made = host.answer("create_contact", sent()).await;
        assert_eq!((&made["id"], &made["phone"]), (&contact["id"], &json!("+15550100100")), "{reply}");
        assert_eq!(creates(&upstream.asked()), 1, "{reply}");
    }
}

async fn an_object_without_a_date_is_only_a_candidate(api: Api) {
    let upstream = Upstream::new().await;
    let host = host(api, &upstream).await;
    for created in [None, Some("soon".to_owned())] {
        shows(api, &upstream, &stored(created));
        creates_say(api, &upstream, said(500, &json!({"message": "boom"})));
        upstream.asked();
        let error = host.error("create_contact", sent()).await;
        assert_eq!((&error["code"], &error["candidates"]), (&json!("outcome_unknown"), &json!(["c1"])), "{error}");
        assert_eq!(error["lookedFor"], json!({"email": "Ada@Example.com", "phone": "(555) 010-0100"}), "{error}");
        assert_eq!(creates(&upstream.asked()), 1);
    }
}

async fn no_object_is_looked_for_after_a_refusal_with_a_reason(api: Api) {
    let upstream = Upstream::new().await;
    let host = host(api, &upstream).await;
    shows(api, &upstream, &stored(now()));
    let twin = json!({"message": "Conflict", "meta": {"contactId": "c9", "matchingField": "email"}});
    for (status, body, code) in [
        (422, json!({"message": ["email must be an email"]}), "invalid_arguments"),
        (409, json!({"message": "This email is taken"}), "conflict"),
        (409, twin.clone(), "conflict"),
        (400, twin, "conflict"),
    ] {
        creates_say(api, &upstream, said(status, &body));
        upstream.asked();
        let error = host.error("create_contact", sent()).await;
        assert_eq!(error["code"], code, "{error}");
        let asked = upstream.asked();
        assert_eq!(asked.iter().filter(|line| !line.contains("/locations/")).count(), 1, "{asked:?}");
    }
}
