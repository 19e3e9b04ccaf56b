//! Answers whose meaning differs from their status, over both APIs: block pages, login pages, missing routes, headers and
//! scopes, missing objects, and duplicates.

use super::upstream::{Upstream, answer};
use crate::support::{Account, Api, Era, Host, Person, command, on_both_apis};
use serde_json::{Value, json};

on_both_apis!(
    a_block_page_is_not_a_missing_permission,
    a_web_page_in_place_of_an_answer_is_reported_as_one,
    a_missing_route_says_nothing_of_the_object,
    a_missing_header_is_not_a_fault_of_the_token,
    a_missing_scope_is_named_and_does_not_refresh_the_token,
    a_null_object_is_not_found,
    a_success_status_with_a_failure_in_the_body_is_a_failure,
    a_duplicate_is_named_with_the_shared_field,
);

/// A session's token, which would be refreshed, or a private integration token.
async fn host(api: Api, upstream: &Upstream) -> Host {
    let account = Account::of(api).await;
    let state = tempfile::tempdir().unwrap();
    let mut command = command(&account, state.path());
    command.env("GHL_BASE_URL", &upstream.url).env("GHL_JOURNAL_BEFORE", "off");
    let host = Host::start(command, state, Era::Modern, Person::Absent).await;
    if let Some(location) = account.location() {
        // The pinned location is checked once before the first call.
        upstream.always_says("GET /locations/", said(200, &json!({"location": {"id": location}})));
        host.answer("get_default_location", json!({})).await;
        upstream.stays_silent();
    }
    host
}

async fn error(host: &Host, upstream: &Upstream, reply: String) -> Value {
    upstream.says(reply);
    let error = host.error("get_contact", json!({"id": "c1"})).await;
    upstream.is_done();
    error
}

fn html(status: u16, body: &str) -> String {
    answer(status, "text/html; charset=utf-8", body)
}

fn said(status: u16, body: &Value) -> String {
    answer(status, "application/json", &body.to_string())
}

fn message(error: &Value) -> String {
    error["message"].as_str().unwrap().to_owned()
}

async fn a_block_page_is_not_a_missing_permission(api: Api) {
    let upstream = Upstream::new().await;
    let host = host(api, &upstream).await;
    let cloudflare = json!({"title": "Error 1020: Access denied", "status": 403, "cloudflare_error": true});
    for reply in [
        html(
            403,
            "<!DOCTYPE html><html><head><title>Attention Required! | Cloudflare</title></head><body>no</body></html>",
        ),
        html(403, "\u{feff} <html><body><h1>403 Forbidden</h1></body></html>"),
        answer(403, "text/plain", "error code: 1020"),
        said(403, &cloudflare),
    ] {
        let error = error(&host, &upstream, reply.clone()).await;
        assert_eq!(
            (&error["code"], &error["blocked"]),
            (&json!("upstream_unreachable"), &json!(true)),
            "{reply}: {error}"
        );
        assert!(message(&error).contains("blocked") && message(&error).contains("network"), "{error}");
        // A request succeeds in between, so that the breaker stays closed.
        upstream.says(said(200, &json!({"contact": {"id": "c1"}})));
        host.answer("get_contact", json!({"id": "c1"})).await;
    }
    let error = error(&host, &upstream, said(403, &json!({"message": "No rights"}))).await;
    assert_eq!((&error["code"], &error["blocked"]), (&json!("forbidden"), &Value::Null), "{error}");
}

async fn a_web_page_in_place_of_an_answer_is_reported_as_one(api: Api) {
    let upstream = Upstream::new().await;
    let host = host(api, &upstream).await;
    for status in [200, 401, 404] {
        let page = html(status, "<html><head><title>Hotel WiFi login</title></head></html>");
        upstream.always_says("", page);
        let error = host.error("get_contact", json!({"id": "c1"})).await;
        assert_eq!(error["code"], "upstream_error", "{status}: {error}");
        assert!(message(&error).contains("captive portal") && message(&error).contains("Hotel WiFi login"), "{error}");
        let asked = upstream.asked();
        assert!(asked.iter().all(|line| line.starts_with("GET ")), "nothing was renewed: {asked:?}");
    }
    // For a write, the page does not tell whether it took effect.
    upstream.stays_silent();
    upstream.always_says("GET", said(200, &json!({"contact": {"id": "c1"}})));
    upstream.always_says("PUT", html(200, "<html>Welcome to the lounge</html>"));
    let error = host.error("update_contact", json!({"id": "c1", "phone": "1"})).await;
    assert_eq!(error["code"], "outcome_unknown", "{error}");
}

/// Any successful answer completes a delete, except a web page.
#[tokio::test]
async fn a_web_page_does_not_complete_a_delete() {
    let upstream = Upstream::new().await;
    let account = Account::new().await;
    let state = tempfile::tempdir().unwrap();
    let mut command = command(&account, state.path());
    command.env("GHL_BASE_URL", &upstream.url);
    let host = Host::start(command, state, Era::Modern, Person::agrees()).await;
    let webhook = json!({"id": "w1", "url": "https://example.com/h", "events": ["contact.created"]});
    upstream.always_says("GET", said(200, &json!({"data": [webhook]})));
    for reply in [html(200, "<html>Log in</html>"), said(200, &json!({"success": false, "message": "locked"}))] {
        upstream.always_says("DELETE", reply);
        let error = host.error("delete_webhook", json!({"id": "w1"})).await;
        assert_eq!(error["code"], "outcome_unknown", "{error}");
    }
}

async fn a_missing_route_says_nothing_of_the_object(api: Api) {
    let upstream = Upstream::new().await;
    let host = host(api, &upstream).await;
    for reply in [
        said(404, &json!({"statusCode": 404, "message": "Cannot GET /contact/c1", "error": "Not Found"})),
        said(400, &json!({"message": "Cannot GET /contacts/c1"})),
        html(404, "<!DOCTYPE html><html><body><pre>Cannot GET /contact/c1</pre></body></html>"),
        answer(404, "text/plain", "404 page not found\n"),
        said(404, &json!({"message": "no Route matched with those values"})),
    ] {
        let error = error(&host, &upstream, reply.clone()).await;
        assert_eq!(error["code"], "upstream_error", "{reply}: {error}");
        let message = message(&error);
        assert!(message.contains("no such route") && message.contains("base URL"), "{error}");
        assert!(!message.contains("</pre>"), "{error}");
    }
    for (reply, code) in [
        (said(404, &json!({"message": "Contact not found"})), "not_found"),
        (said(400, &json!({"message": "You cannot GET /rich with this"})), "invalid_arguments"),
    ] {
        assert_eq!(error(&host, &upstream, reply).await["code"], code);
    }
}

async fn a_missing_header_is_not_a_fault_of_the_token(api: Api) {
    let upstream = Upstream::new().await;
    let host = host(api, &upstream).await;
    let reply = said(401, &json!({"statusCode": 401, "message": "version header was not found."}));
    let error = error(&host, &upstream, reply).await;
    assert_eq!(error["code"], "upstream_error", "{error}");
    let message = message(&error);
    assert!(message.contains("`version` header") && message.contains("token is not at fault"), "{error}");
    assert!(!message.contains("og in"), "{error}");
    assert_eq!(upstream.asked().len(), 1, "nothing is renewed or sent again");
}

async fn a_missing_scope_is_named_and_does_not_refresh_the_token(api: Api) {
    let upstream = Upstream::new().await;
    let host = host(api, &upstream).await;
    let reply = said(401, &json!({"statusCode": 401, "message": "The token is not authorized for this scope."}));
    let known = match api {
        Api::Official => json!("contacts.readonly"),
        // The token's scopes are unknown.
        Api::Session => Value::Null,
    };
    let failed = error(&host, &upstream, reply.clone()).await;
    assert_eq!((&failed["code"], &failed["scope"]), (&json!("unauthorized"), &known), "{failed}");
    assert!(message(&failed).contains("scope"), "{failed}");
    assert_eq!(upstream.asked().len(), 1, "nothing is renewed or sent again");
    // A write needs another scope, and the one that the API names takes precedence over the known one.
    upstream.always_says("", reply);
    let failed =
        host.error("create_contact", json!({"firstName": "A", "lastName": "B", "email": "a@example.com"})).await;
    let known = if api == Api::Official { json!("contacts.write") } else { Value::Null };
    assert_eq!((&failed["code"], &failed["scope"]), (&json!("unauthorized"), &known), "{failed}");
    let named = said(401, &json!({"message": "Scope tags/extra.readonly is missing"}));
    upstream.says(named);
    // The other two are not asked again for a minute.
    let failed = host.error("get_opportunity", json!({"id": "d1"})).await;
    upstream.is_done();
    assert_eq!(failed["scope"], "tags/extra.readonly", "{failed}");
}

async fn a_null_object_is_not_found(api: Api) {
    let upstream = Upstream::new().await;
    let host = host(api, &upstream).await;
    for body in [
        Value::Null,
        json!({}),
        json!({"contact": null}),
        json!({"contact": {}, "traceId": "t"}),
        json!({"data": null}),
        json!({"data": {"contact": null}}),
    ] {
        upstream.stays_silent();
        let failed = error(&host, &upstream, said(200, &body)).await;
        assert_eq!(failed["code"], "not_found", "{body}: {failed}");
        upstream.always_says("GET", said(200, &json!({"contact": {"id": "c1"}})));
        upstream.always_says("PUT", said(200, &body));
        let failed = host.error("update_contact", json!({"id": "c1", "phone": "1"})).await;
        assert_ne!(failed["code"], "not_found", "a write may have happened: {body}: {failed}");
    }
}

async fn a_success_status_with_a_failure_in_the_body_is_a_failure(api: Api) {
    let upstream = Upstream::new().await;
    let host = host(api, &upstream).await;
    for (body, code) in [
        (json!({"statusCode": 404, "message": "No such contact"}), "not_found"),
        (json!({"statusCode": 403, "message": "No rights"}), "forbidden"),
        (json!({"success": false, "message": "Try later"}), "upstream_error"),
        (json!({"status": 500, "error": "Oops"}), "upstream_error"),
    ] {
        let failed = error(&host, &upstream, said(200, &body)).await;
        assert_eq!(failed["code"], code, "{body}: {failed}");
    }
}

async fn a_duplicate_is_named_with_the_shared_field(api: Api) {
    let upstream = Upstream::new().await;
    let host = host(api, &upstream).await;
    let twin = json!({
        "statusCode": 400, "message": "This location does not allow duplicated contacts.",
        "meta": {"contactId": "c9", "contactName": "Ada", "matchingField": "email"}
    });
    upstream.always_says("GET", said(200, &json!({"contact": {"id": "c1"}})));
    for status in [400, 409, 422] {
        upstream.always_says("POST", said(status, &twin));
        upstream.always_says("PUT", said(status, &twin));
        let made = json!({"firstName": "A", "lastName": "B", "email": "a@example.com"});
        for (tool, arguments) in
            [("create_contact", made), ("update_contact", json!({"id": "c1", "email": "a@example.com"}))]
        {
            if tool == "create_contact" && status == 422 {
                continue; // It may have created: see the tests of doubt.
            }
            let failed = host.error(tool, arguments).await;
            assert_eq!(failed["code"], "conflict", "{tool}, {status}: {failed}");
            assert_eq!((&failed["existingId"], &failed["matchingField"]), (&json!("c9"), &json!("email")), "{failed}");
            assert!(message(&failed).contains("get_contact"), "{failed}");
        }
    }
}
