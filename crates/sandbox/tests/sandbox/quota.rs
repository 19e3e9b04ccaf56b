//! The quota and the tokens.

use crate::support::Peer;
use highlevel_sandbox::{Counting, SandboxConfig};
use std::time::Duration;

fn quota(limit: u32, window: Duration) -> SandboxConfig {
    SandboxConfig { rate_limit: limit, rate_window: window, ..SandboxConfig::default() }
}

#[tokio::test]
async fn every_known_request_counts_and_one_too_many_is_a_429() {
    let peer = Peer::start(quota(4, Duration::from_secs(600))).await;
    let first = peer.get("/users/me").await;
    assert_eq!((first.number("x-ratelimit-limit"), first.number("x-ratelimit-remaining")), (4, 3));
    assert_eq!(peer.get("/contact?limit=0").await.number("x-ratelimit-remaining"), 2, "a refusal counts");
    assert_eq!(peer.get("/nothing").await.number("x-ratelimit-remaining"), 2, "an unknown path does not");
    assert_eq!(peer.poke("/token/update").await.number("x-ratelimit-remaining"), 1, "a refresh counts");
    peer.get("/users/me").await;
    let refused = peer.get("/users/me").await;
    assert_eq!((refused.status.as_u16(), refused.body["statusCode"].as_u64()), (429, Some(429)));
    assert_eq!(refused.number("x-ratelimit-remaining"), 0);
    assert!((1..=600).contains(&refused.number("retry-after")));
    let stats = peer.stats().await;
    assert_eq!(stats["throttled"], 1);
    assert_eq!((&stats["maxInWindow"], &stats["maxInAnySlidingWindow"]), (&5.into(), &5.into()));
    assert_eq!((&stats["requests"], &stats["refreshes"]), (&6.into(), &1.into()));
    assert_eq!(stats["windows"][0]["count"], 5);
}

#[tokio::test]
async fn room_comes_back_with_the_next_window() {
    for counting in [Counting::Fixed, Counting::Sliding] {
        let peer = Peer::start(SandboxConfig { counting, ..quota(1, Duration::from_millis(150)) }).await;
        peer.get("/users/me").await;
        let mut statuses = Vec::new();
        while statuses.last() != Some(&200) && statuses.len() < 20 {
            // In sliding windows a refused request counts too.
            tokio::time::sleep(Duration::from_millis(160)).await;
            statuses.push(peer.get("/users/me").await.status.as_u16());
        }
        assert_eq!(statuses.last(), Some(&200), "{counting:?}");
    }
}

#[tokio::test]
async fn tokens_expire_and_are_renewed() {
    let mut peer = Peer::start(SandboxConfig { extra_token: Some("canary".into()), ..SandboxConfig::default() }).await;
    peer.manage("POST", "expire-tokens", "").await;
    assert_eq!(peer.get("/users/me").await.status, 401);
    let renewed = peer.poke("/token/update").await;
    assert_eq!((renewed.status.as_u16(), renewed.body["expiresIn"].as_u64()), (200, Some(1200)));
    let old = std::mem::replace(&mut peer.token, renewed.body["tokenId"].as_str().unwrap().to_owned());
    assert_eq!(peer.token.split('.').count(), 3);
    assert_eq!(peer.get("/users/me").await.status, 200);
    peer.token = peer.manage("POST", "token", "").await.body["tokenId"].as_str().unwrap().to_owned();
    assert_eq!(peer.get("/users/me").await.status, 200);
    peer.token = "nonsense".into();
    assert_eq!(peer.poke("/token/update").await.status, 401);
    peer.token = "canary".into();
    assert_eq!(peer.get("/users/me").await.status, 401, "it was expired with the others");
    assert_eq!(peer.poke("/token/update").await.status, 200);
    peer.token = old;
    assert_eq!(peer.poke("/token/update").await.status, 200, "without rotation the old one can be renewed again");
}

#[tokio::test]
async fn a_token_past_its_grace_is_no_token() {
    let ttl = Duration::from_millis(100);
    let peer = Peer::start(SandboxConfig { token_ttl: ttl, ..SandboxConfig::default() }).await;
    tokio::time::sleep(2 * ttl + Duration::from_millis(20)).await;
    assert_eq!(peer.get("/users/me").await.status, 401);
    assert_eq!(peer.poke("/token/update").await.status, 401);
}

#[tokio::test]
async fn rotation_ends_the_old_token_and_a_planted_one_is_accepted() {
    let config = SandboxConfig { rotate: true, extra_token: Some("canary".into()), ..SandboxConfig::default() };
    let mut peer = Peer::start(config).await;
    assert_eq!(peer.poke("/token/update").await.status, 200);
    assert_eq!(peer.get("/users/me").await.status, 401);
    assert_eq!(peer.poke("/token/update").await.status, 401);
    peer.token = "canary".into();
    assert_eq!(peer.get("/users/me").await.status, 200);
}
