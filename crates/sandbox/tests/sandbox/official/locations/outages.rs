//! What fails for one location and for no other: its tokens, its quota, and the faults of a rule that names it.

use super::{Agency, Home, config, text};
use highlevel_sandbox::{Counting, Sandbox, SandboxConfig};
use serde_json::json;
use std::time::Duration;

/// The statuses of a read in each location, with its own private token.
async fn statuses(agency: &Agency) -> Vec<u16> {
    let mut statuses = Vec::new();
    for home in &agency.homes {
        statuses.push(agency.reads(&home.token, home).await);
    }
    statuses
}

async fn manage(agency: &Agency, path: &str, location: &str) {
    let reply = agency.peer.manage("POST", &format!("{path}?location={location}"), "").await;
    assert_eq!(reply.status, 200, "{}", reply.text);
}

#[tokio::test]
async fn the_logins_of_one_location_end() {
    let agency = Agency::of(3).await;
    let (home, other) = (&agency.homes[1], &agency.homes[2]);
    let (company, own, others) =
        (agency.log_in(None).await, agency.log_in(Some(home)).await, agency.log_in(Some(other)).await);
    let exchanged = agency.exchange(&company, &home.id).await.body;
    manage(&agency, "revoke-tokens", &home.id).await;
    assert_eq!(statuses(&agency).await, [200, 401, 200]);
    for token in [&own, &exchanged] {
        assert_eq!(agency.reads(text(token, "access_token"), home).await, 401);
    }
    assert_eq!(agency.reads(text(&others, "access_token"), other).await, 200);
    let renew = async |login| agency.grant("refresh_token", "refresh_token", text(login, "refresh_token")).await;
    let refused = renew(&own).await;
    assert_eq!((refused.status.as_u16(), text(&refused.body, "error")), (400, "invalid_grant"));
    assert_eq!((renew(&others).await.status.as_u16(), renew(&company).await.status.as_u16()), (200, 200));
    // Requests with ended tokens are still in the location's books.
    let stats = agency.stats(&home.id).await;
    assert_eq!((&stats["byStatus"]["401"], &stats["byStatus"]["400"]), (&json!(3), &json!(1)), "{stats}");
    // New tokens can be issued.
    let token = agency.peer.sandbox.token_of(&home.id).unwrap();
    assert_eq!(agency.reads(&token, home).await, 200);
}

#[tokio::test]
async fn expired_tokens_of_one_location_are_refreshed() {
    let agency = Agency::of(3).await;
    let home = &agency.homes[1];
    let login = agency.log_in(Some(home)).await;
    manage(&agency, "expire-tokens", &home.id).await;
    assert_eq!(agency.reads(text(&login, "access_token"), home).await, 401);
    assert_eq!(statuses(&agency).await, [200, 401, 200]);
    let next = agency.grant("refresh_token", "refresh_token", text(&login, "refresh_token")).await.body;
    assert_eq!(agency.reads(text(&next, "access_token"), home).await, 200);
}

#[tokio::test]
async fn the_end_of_the_agencys_login_is_that_of_all_its_exchanged_tokens() {
    let agency = Agency::of(3).await;
    let login = agency.log_in(None).await;
    let mut exchanged = Vec::new();
    for home in &agency.homes {
        exchanged.push(agency.exchange(&login, &home.id).await.body);
    }
    manage(&agency, "revoke-tokens", "agency").await;
    for (home, token) in agency.homes.iter().zip(&exchanged) {
        assert_eq!(agency.reads(text(token, "access_token"), home).await, 401);
    }
    assert_eq!(agency.exchange(&login, &agency.homes[0].id).await.status, 401);
    assert_eq!(agency.grant("refresh_token", "refresh_token", text(&login, "refresh_token")).await.status, 400);
    assert_eq!(statuses(&agency).await, [200; 3], "private tokens are no part of the login");
    agency.peer.manage("POST", "revoke-tokens", "").await;
    assert_eq!(statuses(&agency).await, [401; 3]);
}

#[tokio::test]
async fn a_location_without_the_app_gets_no_token_until_it_is_installed_again() {
    let agency = Agency::of(3).await;
    let home = &agency.homes[1];
    let login = agency.log_in(None).await;
    let installed = async |home: &Home| {
        let query = format!("companyId=bRiGhTwAtErDiGiTaL01&appId=sandbox&locationId={}", home.id);
        let reply = agency.get(text(&login, "access_token"), &format!("/oauth/installedLocations?{query}")).await;
        reply.body["locations"][0]["isInstalled"].as_bool().unwrap()
    };
    assert!(installed(home).await);
    manage(&agency, "uninstall", &home.id).await;
    assert!(!installed(home).await && installed(&agency.homes[2]).await);
    assert_eq!(agency.exchange(&login, &home.id).await.status, 403);
    assert_eq!(agency.exchange(&login, &agency.homes[2].id).await.status, 200);
    assert_eq!(statuses(&agency).await, [200, 401, 200]);
    agency.log_in(Some(home)).await;
    assert!(installed(home).await);
    assert_eq!(agency.exchange(&login, &home.id).await.status, 200);
    assert_eq!(agency.peer.manage("POST", "uninstall?location=agency", "").await.status, 400);
}

#[tokio::test]
async fn every_location_has_a_quota_of_its_own() {
    let window = Duration::from_secs(600);
    let agency =
        Agency::start(SandboxConfig { rate_limit: 2, rate_window: window, daily_limit: 50, ..config(3) }).await;
    let home = &agency.homes[1];
    for status in [200, 200, 429] {
        assert_eq!(agency.reads(&home.token, home).await, status);
    }
    for other in [&agency.homes[0], &agency.homes[2]] {
        let reply = agency.get(&other.token, "/locations/search").await;
        let left = ["x-ratelimit-remaining", "x-ratelimit-daily-remaining"].map(|name| reply.number(name));
        assert_eq!((reply.status.as_u16(), left), (200, [1, 49]));
    }
    // A request without a known token counts as the agency's.
    assert_eq!(agency.reads("nonsense", home).await, 401);
    agency.log_in(None).await;
    let own = agency.stats("agency").await;
    assert_eq!((&own["requests"], &own["maxInWindow"], &own["day"]["used"]), (&json!(2), &json!(2), &json!(2)));
    let all = agency.peer.stats().await;
    assert_eq!((&all["throttled"], &all["maxInWindow"], &all["day"]["used"]), (&json!(1), &json!(3), &json!(7)));
    assert_eq!(all["windows"].as_array().unwrap().len(), 4);
    let of_home = agency.stats(&home.id).await;
    assert_eq!((&of_home["throttled"], &of_home["maxInAnySlidingWindow"]), (&json!(1), &json!(3)));
}

#[tokio::test]
async fn the_quota_of_one_location_is_spent() {
    for counting in [Counting::Fixed, Counting::Sliding] {
        let window = Duration::from_secs(600);
        let agency = Agency::start(SandboxConfig { counting, rate_window: window, ..config(3) }).await;
        manage(&agency, "spend-quota", &agency.homes[1].id).await;
        assert_eq!(statuses(&agency).await, [200, 429, 200], "{counting:?}");
        let stats = agency.stats(&agency.homes[1].id).await;
        assert_eq!((&stats["requests"], &stats["maxInWindow"]), (&json!(1), &json!(1)), "only requests count");
    }
    let agency = Agency::of(3).await;
    let home = &agency.homes[2];
    let day = agency.peer.manage("POST", &format!("spend-quota?of=day&location={}", home.id), "").await;
    assert_eq!(day.status, 200);
    assert_eq!(statuses(&agency).await, [200, 200, 429]);
    let refused = agency.get(&home.token, "/locations/search").await;
    assert_eq!(["remaining", "daily-remaining"].map(|name| refused.number(&format!("x-ratelimit-{name}"))), [9_998, 0]);
    assert_eq!(agency.peer.manage("POST", "spend-quota?of=year", "").await.status, 400);
}

#[tokio::test]
async fn a_rule_may_name_a_location() {
    let agency = Agency::of(3).await;
    let home = &agency.homes[1];
    let plan = format!("503@location:{}@read*2;429:1@refresh@location:agency", home.id);
    assert_eq!(agency.peer.manage("POST", "faults", &plan).await.body, json!({ "rules": 2 }));
    assert_eq!(statuses(&agency).await, [200, 503, 200]);
    assert_eq!(statuses(&agency).await, [200, 503, 200]);
    assert_eq!(statuses(&agency).await, [200; 3]);
    assert_eq!(agency.stats(&home.id).await["faults"], json!({ "503": 2 }));
    assert_eq!(agency.stats(&agency.homes[2].id).await["faults"], json!({}));
    agency.log_in(Some(home)).await;
    let code = agency.peer.manage("POST", "oauth", r#"{"userType":"Company"}"#).await.body;
    assert_eq!(agency.grant("authorization_code", "code", text(&code, "code")).await.status, 429);
    let unknown = agency.peer.manage("POST", "faults", "drop@location:nobody").await;
    assert!(unknown.status == 400 && unknown.message().contains("/sandbox/locations"), "{}", unknown.text);
    let config = SandboxConfig { faults: "drop@location:nobody".parse().unwrap(), ..config(2) };
    let refused = Sandbox::start("127.0.0.1:0".parse().unwrap(), config).await.unwrap_err();
    assert!(refused.to_string().contains("nobody"), "{refused}");
}
