//! A build without features: it serves both APIs in all manners, and nothing of what only tests need.

#![cfg(not(any(feature = "faults", feature = "management", feature = "oauth")))]
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use highlevel_sandbox::{Api, FaultPlan, Manners, Sandbox, SandboxConfig};
use reqwest::{Client, Response};
use serde_json::Value;
use std::net::Ipv4Addr;

async fn start(api: Api, manners: Manners) -> (Sandbox, Client) {
    // Harmless if another test has installed it.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let config = SandboxConfig { api, manners, ..SandboxConfig::default() };
    (Sandbox::start((Ipv4Addr::LOCALHOST, 0).into(), config).await.unwrap(), Client::new())
}

async fn json(response: Response) -> Value {
    serde_json::from_slice(&response.bytes().await.unwrap()).unwrap()
}

#[tokio::test]
async fn both_apis_are_served_in_all_manners() {
    for manners in [Manners::plain(), Manners::live()] {
        let (sandbox, http) = start(Api::Session, manners.clone()).await;
        let url = format!("{}/contact?limit=2", sandbox.base_url());
        let request = http.get(url).header("token-id", sandbox.token()).header("version", "1.0");
        let contacts = json(request.send().await.unwrap()).await;
        assert_eq!(contacts["data"].as_array().unwrap().len(), 2, "{contacts}");

        let (sandbox, http) = start(Api::Official, manners).await;
        let url = format!("{}/opportunities/search?location_id={}", sandbox.base_url(), sandbox.location_id());
        let request = http.get(url).bearer_auth(sandbox.token()).header("version", "2021-07-28");
        let deals = json(request.send().await.unwrap()).await;
        assert!(!deals["opportunities"].as_array().unwrap().is_empty(), "{deals}");
    }
}

#[tokio::test]
async fn several_locations_are_served() {
    // Harmless if another test has installed it.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let config = SandboxConfig { locations: 3, contacts: 5, ..SandboxConfig::official() };
    let sandbox = Sandbox::start((Ipv4Addr::LOCALHOST, 0).into(), config).await.unwrap();
    let locations = sandbox.locations();
    assert_eq!(locations.len(), 3);
    for (id, _) in &locations {
        for (other, _) in &locations {
            let url = format!("{}/users/?locationId={other}", sandbox.base_url());
            let request = Client::new().get(url).bearer_auth(sandbox.token_of(id).unwrap());
            let answer = request.header("version", "2021-07-28").send().await.unwrap();
            assert_eq!(answer.status(), if id == other { 200 } else { 403 });
        }
    }
}

#[tokio::test]
async fn there_is_no_management_and_no_oauth() {
    let (sandbox, http) = start(Api::Official, Manners::plain()).await;
    for path in ["stats", "requests", "objects/contacts", "oauth"] {
        let response = http.get(format!("{}/sandbox/{path}", sandbox.base_url())).send().await.unwrap();
        assert_eq!(response.status(), 404, "{path}");
    }
    for path in ["sandbox/faults", "sandbox/manners", "sandbox/token", "sandbox/expire-tokens", "sandbox/oauth"] {
        let response = http.post(format!("{}/{path}", sandbox.base_url())).send().await.unwrap();
        assert_eq!(response.status(), 404, "{path}");
    }
    let exchange = http
        .post(format!("{}/oauth/token", sandbox.base_url()))
        .header("content-type", "application/x-www-form-urlencoded")
        .body("grant_type=authorization_code");
    assert_eq!(exchange.send().await.unwrap().status(), 404);
}

#[test]
fn a_fault_plan_is_refused_with_what_to_do() {
    assert_eq!("".parse(), Ok(FaultPlan::default()));
    let error = "drop".parse::<FaultPlan>().unwrap_err().to_string();
    assert!(error.contains("drop") && error.contains("--features sandbox-testing"), "{error}");
}

#[test]
fn the_build_says_what_it_has() {
    assert_eq!(
        [highlevel_sandbox::HAS_FAULTS, highlevel_sandbox::HAS_MANAGEMENT, highlevel_sandbox::HAS_OAUTH],
        [false; 3]
    );
}
