//! Who guesses keys and links, and who has one.

use super::{Browser, KEY, add_approver, browser, host};
use crate::{
    confirmations::{id, page},
    http::{Web, add, web_command},
    support::{Account, Era, Person},
};
use chrono::{TimeDelta, Utc};
use futures::StreamExt;
use highlevel_store::{ApproverSession, Store, sha256_hex};
use reqwest::StatusCode;
use serde_json::json;
use std::{net::IpAddr, path::Path};

const LINK: &str = "0123456789abcdef0123456789abcdef";

/// Stores a one-time link as `approvals link` does.
async fn add_link(state: &Path) {
    let session = ApproverSession {
        person: "carla (terminal)".to_owned(),
        approver: None,
        accounts: Vec::new(),
        request: None,
        expires_at: Utc::now() + TimeDelta::minutes(10),
    };
    Store::open(state.to_owned()).put_approver_link(&sha256_hex(LINK.as_bytes()), session).await.unwrap();
}

/// Sends so many wrong keys or links, and returns how many were answered with each status.
async fn guess(stranger: &Browser, path: &str, count: u32) -> (usize, usize) {
    let guesses = (0..count).map(|number| async move {
        let key = format!("hlapprove_{number:032x}");
        let page = stranger.post(path, &[("key", &key)]).await;
        assert!(page.headers.get("set-cookie").is_none());
        page.status
    });
    let said: Vec<StatusCode> = futures::stream::iter(guesses).buffer_unordered(16).collect().await;
    let count = |status: StatusCode| said.iter().filter(|said| **said == status).count();
    assert_eq!(count(StatusCode::FORBIDDEN) + count(StatusCode::TOO_MANY_REQUESTS), said.len(), "{said:?}");
    (count(StatusCode::FORBIDDEN), count(StatusCode::TOO_MANY_REQUESTS))
}

#[tokio::test]
async fn a_thousand_guesses_keep_no_approver_out_whatever_address_they_share() {
    let account = Account::new().await;
    let state = tempfile::tempdir().unwrap();
    add(web_command(&account, state.path()), "claude", &[]).await;
    add_approver(state.path(), "Ana", KEY, &[]).await;
    add_link(state.path()).await;
    let web = Web::start(web_command(&account, state.path()), &[]).await;
    let elsewhere = || Browser::from(&web.url, Some(IpAddr::from([127, 0, 0, 2])));
    let stranger = elsewhere();
    assert_eq!(guess(&stranger, "/approvals/login", 1000).await, (20, 980), "it is told to stop");
    assert_eq!(guess(&stranger, "/approvals/open", 5).await, (0, 5), "links count with keys");
    assert_eq!(guess(&Browser::at(&web.url), "/approvals/login", 1).await, (1, 0), "another address is told nothing");
    assert_eq!(web.log().matches("127.0.0.2 sent more than 20 wrong keys").count(), 1, "{}", web.log());

    // With the right key a person gets in, from another address and from the stranger's, as behind a proxy.
    for person in [Browser::at(&web.url), elsewhere()] {
        person.log_in(KEY).await;
        assert!(person.get("/approvals").await.has("Nothing waits for you"));
    }
    let carla = elsewhere();
    assert_eq!(carla.post("/approvals/open", &[("key", LINK)]).await.status, StatusCode::SEE_OTHER);
    assert!(carla.get("/approvals").await.has("carla (terminal)"));
    let again = elsewhere().post("/approvals/open", &[("key", LINK)]).await;
    assert_eq!(again.status, StatusCode::TOO_MANY_REQUESTS, "it works once");
    assert!(carla.get("/approvals").await.has("carla (terminal)"), "who is in stays in");
}

#[tokio::test]
async fn beside_standard_input_it_is_the_same() {
    let account = Account::new().await;
    let draft = page(&account, "draft").await;
    let host = host(&account, &[], Era::Modern, Person::Absent).await;
    let asked = host.error("delete_page", json!({"id": id(&draft)})).await;
    let stranger = Browser::at(asked["approvalPage"].as_str().unwrap());
    assert_eq!(guess(&stranger, "/approvals/login", 30).await, (20, 10));
    assert!(browser(&asked).await.get("/approvals").await.has("Delete page"));
}
