//! The burst limit, the daily limit, and fault filters by either API's names.

use super::Official;
use highlevel_sandbox::SandboxConfig;
use serde_json::json;
use std::time::Duration;

#[tokio::test]
async fn the_burst_is_told_in_the_official_headers() {
    let window = Duration::from_secs(600);
    let peer = Official::start(SandboxConfig { rate_limit: 2, rate_window: window, ..SandboxConfig::official() }).await;
    let first = peer.get("/locations/search").await;
    for (name, value) in [
        ("x-ratelimit-max", 2),
        ("x-ratelimit-remaining", 1),
        ("x-ratelimit-interval-milliseconds", 600_000),
        ("x-ratelimit-limit-daily", 200_000),
        ("x-ratelimit-daily-remaining", 199_999),
    ] {
        assert_eq!(first.number(name), value, "{name}");
    }
    assert!((86_000_000..=86_400_000).contains(&first.number("x-ratelimit-daily-reset")));
    assert_eq!(first.headers.get("x-ratelimit-limit"), None);
    peer.get("/locations/search").await;
    let refused = peer.get("/locations/search").await;
    assert_eq!((refused.status.as_u16(), refused.headers.get("retry-after")), (429, None));
    assert_eq!((refused.number("x-ratelimit-remaining"), refused.body["traceId"].is_string()), (0, true));
}

#[tokio::test]
async fn a_spent_day_refuses_until_the_next() {
    let day = Duration::from_millis(400);
    let config = SandboxConfig { daily_limit: 2, day, rate_limit: 1_000, ..SandboxConfig::official() };
    let peer = Official::start(config).await;
    let mut statuses = Vec::new();
    while statuses.iter().filter(|status| **status == 200).count() < 3 && statuses.len() < 200 {
        let reply = peer.get("/locations/search").await;
        if reply.status == 429 {
            assert_eq!(reply.number("x-ratelimit-daily-remaining"), 0);
            tokio::time::sleep(Duration::from_millis(reply.number("x-ratelimit-daily-reset").clamp(1, 50))).await;
        }
        statuses.push(reply.status.as_u16());
    }
    assert_eq!(statuses.last(), Some(&200));
    assert!(statuses.contains(&429), "{statuses:?}");
    assert!(peer.peer.stats().await["day"]["refused"].as_u64() > Some(0));
}

#[tokio::test]
async fn a_plan_of_faults_fits_both_apis() {
    for name in ["POST /contact", "POST /contacts/"] {
        let faults = format!("500-after@{name}*1").parse().unwrap();
        let peer = Official::start(SandboxConfig { faults, ..SandboxConfig::official() }).await;
        let body = json!({ "locationId": peer.home, "email": "a@b.example" });
        assert_eq!(peer.send("POST", "/contacts/", body.clone()).await.status, 500, "{name}");
        assert_eq!(peer.send("POST", "/contacts/", body).await.status, 201, "{name}");
        let stats = peer.peer.stats().await;
        assert_eq!((&stats["effects"]["creates"], &stats["faults"]), (&json!(2), &json!({ "500-after": 1 })));
        assert_eq!(stats["byOperation"], json!({ "POST /contacts/": 2 }));
    }
}

#[tokio::test]
async fn reads_by_post_are_reads_to_faults() {
    let faults = "503@read*1".parse().unwrap();
    let peer = Official::start(SandboxConfig { faults, ..SandboxConfig::official() }).await;
    assert_eq!(peer.search(json!({ "pageLimit": 1 })).await.status, 503);
    assert_eq!(peer.search(json!({ "pageLimit": 1 })).await.status, 200);
}
