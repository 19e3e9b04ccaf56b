//! 429 and the quota over the wire; the arithmetic has its own tests beside the limiter.

use crate::{upstream::*, *};
use highlevel_api_client::Fate;
use highlevel_core::error::Code;
use std::time::Instant;

fn limited() -> Reply {
    json(429, r#"{"message":"Too many requests"}"#)
}

#[tokio::test]
async fn a_429_is_repeated_after_the_time_it_names_also_for_a_create() {
    let by_date =
        limited().with("date", "Tue, 24 Oct 2023 14:30:00 GMT").with("retry-after", "Tue, 24 Oct 2023 14:30:01 GMT");
    for reply in [limited().with("retry-after", "1"), by_date, limited().with("x-ratelimit-reset", "1")] {
        let upstream = Upstream::scripted([reply, ok()]).await;
        let Fixture { client, dir: _dir } = fixture(config(&upstream));
        let start = Instant::now();
        let response = client.send(&post("/contact"), &call()).await.unwrap();
        assert!(start.elapsed() >= Duration::from_secs(1), "not before the time named");
        assert!(!response.repeated_after_doubt);
    }
}

#[tokio::test]
async fn a_429_holds_every_call_and_fails_those_that_cannot_wait() {
    let upstream = Upstream::scripted([limited().with("retry-after", "60")]).await;
    let Fixture { client, dir: _dir } = fixture(config(&upstream));
    let start = Instant::now();
    for sent in [true, false] {
        let failed = client.send(&post("/contact"), &call()).await.unwrap_err();
        assert_eq!((failed.error.code, failed.fate), (Code::RateLimited, Fate::NotExecuted));
        assert_eq!(failed.sent_at.is_some(), sent);
        let wait = (failed.error.retry_at.unwrap() - chrono::Utc::now()).num_seconds();
        assert!((55..=60).contains(&wait), "{wait}");
    }
    assert!(start.elapsed() < Duration::from_secs(20), "at once, not at the deadline");
    assert!(client.quota().held_until.is_some());
}

#[tokio::test]
async fn every_attempt_counts_retries_and_renewals_too() {
    let upstream = Upstream::scripted([json(500, "{}"), json(401, "{}"), renewed("second-token-1"), ok()]).await;
    let mut config = config(&upstream);
    config.api.rate_limit = Some(5);
    let Fixture { client, dir: _dir } = fixture(config);
    client.send(&get("/contact"), &call()).await.unwrap();
    let quota = client.quota();
    assert_eq!((quota.limit, quota.remaining, quota.window), (5, 1, Duration::from_secs(60)));
}

#[tokio::test]
async fn a_quota_that_is_used_up_fails_at_once_without_a_request() {
    let upstream = Upstream::scripted([ok()]).await;
    let mut config = config(&upstream);
    config.api.rate_limit = Some(1);
    config.api.rate_window = Some(Duration::from_secs(3600));
    let Fixture { client, dir: _dir } = fixture(config);
    client.send(&get("/contact"), &call()).await.unwrap();
    let failed = client.send(&get("/contact"), &call()).await.unwrap_err();
    assert_eq!((failed.error.code, failed.fate, failed.sent_at), (Code::RateLimited, Fate::NotExecuted, None));
    assert!(failed.error.retry_at.is_some());
}

#[tokio::test]
async fn the_limit_is_learned_from_the_answers() {
    let headers = |reply: Reply| reply.with("x-ratelimit-limit", "100").with("x-ratelimit-remaining", "90");
    let upstream = Upstream::scripted([headers(ok())]).await;
    let Fixture { client, dir: _dir } = fixture(config(&upstream));
    client.send(&get("/contact"), &call()).await.unwrap();
    let quota = client.quota();
    assert_eq!((quota.limit, quota.remaining), (100, 90), "others used nine");
}

#[tokio::test]
async fn no_429_holds_longer_than_an_hour_unless_the_day_is_spent() {
    let now = chrono::Utc::now().timestamp();
    for (name, value) in [
        ("retry-after", "1000000000".to_owned()),
        ("retry-after", (now * 1000 - 5_000_000_000).to_string()),
        ("x-ratelimit-reset", "999999999".to_owned()),
        ("x-ratelimit-reset", ((now + 400_000) * 1000).to_string()),
        ("retry-after", "Tue, 24 Oct 2090 14:30:00 GMT".to_owned()),
    ] {
        let upstream = Upstream::scripted([limited().with(name, &value)]).await;
        let Fixture { client, dir: _dir } = fixture(config(&upstream));
        let failed = client.send(&post("/contact"), &call()).await.unwrap_err();
        let wait = (failed.error.retry_at.unwrap() - chrono::Utc::now()).num_seconds();
        assert!((3_500..=3_600).contains(&wait), "{name}: {value}: {wait}");
        assert!(!failed.error.message.contains("day"), "{}", failed.error);
    }
    let spent = limited().with("x-ratelimit-daily-remaining", "0").with("x-ratelimit-daily-reset", "36000000");
    let upstream = Upstream::scripted([spent.with("retry-after", "1")]).await;
    let Fixture { client, dir: _dir } = fixture(config(&upstream));
    let failed = client.send(&post("/contact"), &call()).await.unwrap_err();
    let wait = (failed.error.retry_at.unwrap() - chrono::Utc::now()).num_seconds();
    assert!((35_900..=36_000).contains(&wait), "{wait}");
    assert!(failed.error.message.contains("day"), "{}", failed.error);
}

/// A 429 that says to come back at once is no invitation to send the whole quota.
#[tokio::test]
async fn a_429_without_a_wait_is_waited_for_all_the_same() {
    let upstream = Upstream::scripted([limited().with("retry-after", "0"), ok()]).await;
    let Fixture { client, dir: _dir } = fixture(config(&upstream));
    let start = Instant::now();
    client.send(&post("/contact"), &call()).await.unwrap();
    assert!(start.elapsed() >= Duration::from_secs(1));
}

/// With a state directory, among processes, and without one.
#[tokio::test]
async fn until_limit_and_window_are_known_the_first_request_goes_alone() {
    for shared in [true, false] {
        let (dir, file) = (tempfile::tempdir().unwrap(), tempfile::NamedTempFile::new().unwrap());
        let state = if shared { dir.path() } else { file.path() };
        let upstream = Upstream::scripted([Reply::Hang]).await;
        let config = || {
            let mut config = config(&upstream);
            config.attempt_timeout = Duration::from_millis(1_500);
            config
        };
        let clients = [client_in(state, config(), TOKEN), client_in(state, config(), TOKEN)];
        let clients = if shared { &clients[..] } else { &clients[..1] };
        let (ask, context) = (post("/contact"), CallContext::new(Duration::from_millis(1_400)));
        let calls = clients.iter().flat_map(|client| (0..20).map(|_| client.send(&ask, &context)));
        let failed = futures::future::join_all(calls).await;
        assert!(failed.iter().all(Result::is_err));
        assert_eq!(upstream.seen().len(), 1, "the others wait for its answer");
        let sent = failed.iter().filter(|one| one.as_ref().is_err_and(|failed| failed.sent_at.is_some())).count();
        assert_eq!(sent, 1);
    }
}
