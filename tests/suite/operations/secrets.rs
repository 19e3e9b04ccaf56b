//! Secrets inside of arguments and answers: nobody sees them, and no file has them.

use super::run;
use crate::official::fake::upstream::{self, Upstream};
use crate::support::{BINARY, Era, Host, Person};
use serde_json::{Value, json};
use std::{fs, process::Command};

const LOCATION: &str = "ve9EPM428h8vShlRW1KT";
const SECRET: &str = "sk-live-Vq83hZkT0wq";

/// An API that answers with this object, and a server of its location.
async fn start(answer: Value, person: Person) -> (Upstream, Host) {
    let api = Upstream::with(move |seen| {
        let is_location = seen.target.starts_with("/locations/");
        let body = if is_location { json!({"location": {"id": LOCATION}}) } else { answer.clone() };
        Some(upstream::json(if body.get("refused").is_some() { 422 } else { 200 }, &body.to_string()))
    })
    .await;
    let state = tempfile::tempdir().unwrap();
    let mut server = Command::new(BINARY);
    server.env_clear().env("HOME", state.path()).env("GHL_STATE_DIR", state.path());
    server.env("GHL_BASE_URL", api.url().as_str()).env("GHL_TOKEN_ID", "pit-of-nobody");
    server.env("GHL_LOCATION_ID", LOCATION);
    (api, Host::start(server, state, Era::Modern, person).await)
}

/// The details of a voice agent's own action, which calls another service.
fn details() -> Value {
    json!({"triggerPrompt": "p", "triggerMessage": "m", "apiDetails": {
        "url": "https://shop.example/orders", "method": "POST", "authenticationRequired": true,
        "authenticationValue": SECRET,
        "headers": [{"key": "X-Api-Key", "value": SECRET}, {"key": "Accept", "value": "text/html"}]}})
}

fn action() -> Value {
    json!({"agentId": "a1", "actionType": "CUSTOM_ACTION", "name": "Orders", "actionParameters": details()})
}

#[tokio::test]
async fn an_answer_leaves_them_out() {
    let (_api, host) =
        start(json!({"id": "x1", "locationId": LOCATION, "actionParameters": details()}), Person::Absent).await;
    let answer = host.answer("run_operation", run("voice-ai.get-action", json!({"actionId": "x1"}))).await;
    let shown = &answer["actionParameters"]["apiDetails"];
    assert_eq!(shown["url"], "https://shop.example/orders");
    assert_eq!(shown["headers"], json!([{"key": "X-Api-Key"}, {"key": "Accept", "value": "text/html"}]));
    assert!(!answer.to_string().contains(SECRET), "{answer}");
}

#[tokio::test]
async fn a_person_and_the_state_directory_do_not_see_them_and_the_api_does() {
    for person in [Person::agrees(), Person::Absent] {
        let (api, host) = start(json!({"id": "x1", "actionParameters": details()}), person).await;
        let mut call = run("voice-ai.create-action", action());
        let first = host.call("run_operation", call.clone()).await;
        let mut shown = format!("{first:?}{:?}", host.asked());
        if first.is_error == Some(true) {
            call["confirmationToken"] = crate::support::error_of(&first)["confirmationToken"].clone();
            shown.push_str(&host.answer("run_operation", call).await.to_string());
        }
        assert!(shown.contains("shop.example") && !shown.contains(SECRET), "{shown}");
        let sent = api.seen().into_iter().find(|seen| seen.method == "POST").unwrap();
        assert_eq!(sent.body.matches(SECRET).count(), 2, "{}", sent.body);
        let stored = fs::read_dir(host.state.path()).unwrap().map(|file| file.unwrap().path());
        let files: Vec<_> = stored.filter(|file| file.is_file()).collect();
        assert!(files.len() > 1, "{files:?}");
        for file in files {
            let content = fs::read(&file).unwrap();
            let has = content.windows(SECRET.len()).any(|part| part == SECRET.as_bytes());
            assert!(!has, "{}", file.display());
        }
    }
}

#[tokio::test]
async fn an_error_that_repeats_them_hides_them() {
    let refused = json!({"refused": true, "statusCode": 422, "message": format!("{SECRET} is no key")});
    let (_api, host) = start(refused, Person::agrees()).await;
    let error = host.error("run_operation", run("voice-ai.create-action", action())).await;
    let text = error.to_string();
    assert!(text.contains("is no key") && !text.contains(SECRET), "{text}");
}
