//! Several clients on one state directory, each with a store of its own, as processes have.

use crate::{upstream::*, *};
use futures::future::join_all;
use highlevel_core::error::Code;
use highlevel_store::{NewToken, RefreshLock, token_hash};

const UPDATE: &str = "POST /token/update";
const OLD: &str = "canary-7f3a9c-old";
const NEW: &str = "canary-7f3a9c-new";

fn limited(upstream: &Upstream, limit: u32, seconds: u64) -> ClientConfig {
    let mut config = config(upstream);
    (config.api.rate_limit, config.api.rate_window) = (Some(limit), Some(Duration::from_secs(seconds)));
    config
}

#[tokio::test]
async fn what_one_used_another_has_not_and_what_it_leaves_is_free() {
    let dir = tempfile::tempdir().unwrap();
    let upstream = Upstream::with(|_| Some(ok())).await;
    let (one, other) = (client_in(dir.path(), limited(&upstream, 3, 3_600), TOKEN), limited(&upstream, 3, 3_600));
    let other = client_in(dir.path(), other, TOKEN);
    one.send(&get("/contact"), &call()).await.unwrap();
    one.send(&get("/contact"), &call()).await.unwrap();
    one.leave().await;
    other.send(&get("/contact"), &call()).await.unwrap();
    assert_eq!(other.quota().remaining, 0);
    let failed = other.send(&get("/contact"), &call()).await.unwrap_err();
    assert_eq!(failed.error.code, Code::RateLimited);
    assert!(failed.error.retry_at.is_some());
}

#[tokio::test]
async fn another_account_has_a_quota_of_its_own() {
    let dir = tempfile::tempdir().unwrap();
    let upstream = Upstream::with(|_| Some(ok())).await;
    let pinned = |location: Option<&str>, token| {
        let mut config = limited(&upstream, 1, 3_600);
        config.location = location.map(str::to_owned);
        client_in(dir.path(), config, token)
    };
    for client in [pinned(None, OLD), pinned(None, NEW), pinned(Some("l1"), OLD), pinned(Some("l2"), OLD)] {
        client.send(&get("/contact"), &call()).await.unwrap();
    }
    // The same location with another login is the same account.
    let failed = pinned(Some("l1"), NEW).send(&get("/contact"), &call()).await.unwrap_err();
    assert_eq!(failed.error.code, Code::RateLimited);
}

#[tokio::test]
async fn a_429_seen_by_one_holds_the_others() {
    let dir = tempfile::tempdir().unwrap();
    let upstream = Upstream::scripted([ok(), json(429, "{}").with("retry-after", "60")]).await;
    let clients = [(); 2].map(|()| client_in(dir.path(), config(&upstream), TOKEN));
    clients[1].send(&get("/contact"), &call()).await.unwrap();
    let failed = clients[0].send(&get("/contact"), &call()).await.unwrap_err();
    assert_eq!(failed.error.code, Code::RateLimited);
    clients[0].leave().await;
    // A lease of before may live for a hundredth of a window.
    tokio::time::sleep(Duration::from_millis(700)).await;
    let failed = clients[1].send(&get("/contact"), &call()).await.unwrap_err();
    assert_eq!((failed.error.code, failed.sent_at), (Code::RateLimited, None));
}

#[tokio::test]
async fn bulk_does_not_starve_interactive_calls() {
    let dir = tempfile::tempdir().unwrap();
    let upstream = Upstream::with(|_| Some(ok())).await;
    let clients = [(); 2].map(|()| client_in(dir.path(), limited(&upstream, 10, 1), TOKEN));
    let bulk = clients[0].clone();
    let context = CallContext::new(Duration::from_secs(600)).in_bulk();
    let mirror = tokio::spawn(async move {
        let ask = get("/bulk");
        join_all((0..200).map(|_| bulk.send(&ask, &context))).await
    });
    while upstream.seen().len() < 10 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let ask = get("/interactive");
    let context = CallContext::new(Duration::from_secs(60));
    for _ in 0..3 {
        clients[1].send(&ask, &context).await.unwrap();
    }
    // 200 bulk calls were there first, and take twenty windows.
    let before = upstream.counts()["GET /bulk"];
    assert!(before < 100, "{before} bulk calls went first");
    mirror.abort();
}

#[tokio::test]
async fn eight_clients_whose_token_is_refused_renew_it_once() {
    let dir = tempfile::tempdir().unwrap();
    let upstream = Upstream::with(|seen| {
        Some(match (seen.line().as_str(), seen.header("token-id")) {
            (UPDATE, Some(OLD)) => renewed(NEW),
            (UPDATE, _) => json(403, "{}"),
            (_, Some(NEW)) => ok(),
            _ => json(401, "{}"),
        })
    })
    .await;
    let clients: Vec<_> = (0..8).map(|_| client_in(dir.path(), config(&upstream), OLD)).collect();
    let (ask, context) = (post("/contact"), call());
    let answers = join_all(clients.iter().map(|client| client.send(&ask, &context))).await;
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    assert_eq!(upstream.counts()[UPDATE], 1);
}

#[tokio::test]
async fn who_finds_a_renewal_under_way_waits_and_adopts_its_token() {
    let dir = tempfile::tempdir().unwrap();
    let other = Store::open(dir.path().to_owned());
    let hash = token_hash(&OLD.into());
    let long = Duration::from_secs(6);
    assert_eq!(other.begin_refresh(&hash, "other", long).await.unwrap(), RefreshLock::Acquired { cut_off: None });
    assert!(other.record_refresh("other", long).await.unwrap());
    let upstream = Upstream::scripted([json(401, "{}"), ok()]).await;
    let client = client_in(dir.path(), config(&upstream), OLD);
    let (ask, context) = (post("/contact"), call());
    let storing = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        other
            .end_refresh(&hash, "other", Some(NewToken { token: NEW.into(), expires_at: None, login: None }))
            .await
            .unwrap();
    };
    let (answer, ()) = tokio::join!(client.send(&ask, &context), storing);
    answer.unwrap();
    assert_eq!(upstream.seen()[1].header("token-id"), Some(NEW));
}

/// Another process renews once more, with a server that rotates, just as a call goes out with the token of before.
#[tokio::test]
async fn a_token_that_was_overtaken_does_not_fail_the_call() {
    let dir = tempfile::tempdir().unwrap();
    let newest = "canary-7f3a9c-newest";
    let state = dir.path().join("state.db");
    let upstream = Upstream::with(move |seen| {
        Some(match (seen.line().as_str(), seen.header("token-id")) {
            (UPDATE, Some(OLD)) => renewed(NEW),
            (UPDATE, _) => return None,
            (_, Some(NEW)) => {
                let db = rusqlite::Connection::open(&state).unwrap();
                assert_eq!(db.execute("UPDATE renewed SET token = ?1", [newest]).unwrap(), 1);
                json(401, "{}")
            }
            (_, Some(token)) if token == newest => ok(),
            _ => json(401, "{}"),
        })
    })
    .await;
    let client = client_in(dir.path(), config(&upstream), OLD);
    client.send(&post("/contact"), &call()).await.unwrap();
    assert_eq!(upstream.counts()[UPDATE], 1);
}

/// A process that died after its request: the old token is tried, and if that does not work, it is said what was lost.
#[tokio::test]
async fn after_a_crash_within_a_renewal_the_old_token_is_tried() {
    for lives in [true, false] {
        let dir = tempfile::tempdir().unwrap();
        let dead = Store::open(dir.path().to_owned());
        let hash = token_hash(&OLD.into());
        dead.begin_refresh(&hash, "dead", Duration::from_millis(200)).await.unwrap();
        dead.record_refresh("dead", Duration::from_millis(200)).await.unwrap();
        let answers = if lives { vec![renewed(NEW), ok()] } else { vec![json(403, "{}")] };
        let upstream = Upstream::scripted([json(401, "{}")].into_iter().chain(answers)).await;
        let client = client_in(dir.path(), config(&upstream), OLD);
        let sent = client.send(&post("/contact"), &call()).await;
        match sent {
            Ok(_) => assert!(lives),
            Err(failed) => {
                assert!(!lives);
                assert_eq!(failed.error.code, Code::Unauthorized);
                let said = failed.error.message;
                assert!(said.contains("ended before it could store") && said.contains("Log in"), "{said}");
            }
        }
        // The trace is gone: a renewal was answered.
        let turn = dead.begin_refresh(&hash, "third", Duration::from_secs(1)).await.unwrap();
        assert_eq!(turn, RefreshLock::Acquired { cut_off: None });
    }
}

/// The database of a state directory, for a look at the lock on a renewal.
fn database(state: &Path) -> rusqlite::Connection {
    let db = rusqlite::Connection::open(state.join("state.db")).unwrap();
    db.busy_timeout(Duration::from_secs(5)).unwrap();
    db
}

/// A process that dies while its renewal waits for the quota has sent nothing, so nothing is reported as lost.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_renewal_that_waits_for_the_quota_has_not_been_sent() {
    let dir = tempfile::tempdir().unwrap();
    let upstream = Upstream::scripted([json(401, "{}"), json(401, "{}"), json(403, "{}")]).await;
    let process = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let client = client_in(dir.path(), limited(&upstream, 1, 20), OLD);
    process.spawn(async move { client.send(&get("/contact"), &call()).await.map(drop) });
    let db = database(dir.path());
    while db.query_row("SELECT count(*) FROM renewing", [], |row| row.get(0)) != Ok(1) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    process.shutdown_background();
    // Its lock has ended.
    db.execute("UPDATE renewing SET until = 0", []).unwrap();

    let mut other = config(&upstream);
    other.location = Some("same-token-other-quota".to_owned());
    let failed = client_in(dir.path(), other, OLD).send(&get("/contact"), &call()).await.unwrap_err();
    assert_eq!(failed.error.code, Code::Unauthorized);
    assert!(!failed.error.message.contains("ended before it could store"), "{}", failed.error);
}

/// Another process takes the renewal over while this one waits for the quota: this one sends none.
#[tokio::test]
async fn a_renewal_whose_lock_was_lost_is_not_sent() {
    let dir = tempfile::tempdir().unwrap();
    let upstream = Upstream::with(|seen| {
        Some(match (seen.line().as_str(), seen.header("token-id")) {
            (UPDATE, _) => return None,
            (_, Some(NEW)) => ok(),
            _ => json(401, "{}"),
        })
    })
    .await;
    let client = client_in(dir.path(), limited(&upstream, 1, 2), OLD);
    let (ask, context) = (post("/contact"), call());
    let taking_over = async {
        let db = database(dir.path());
        while db.execute("UPDATE renewing SET owner = 'other'", []) != Ok(1) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        // It stores the new token only after this one's wait for the quota has ended.
        tokio::time::sleep(Duration::from_millis(3_000)).await;
        let new = NewToken { token: NEW.into(), expires_at: None, login: None };
        let other = Store::open(dir.path().to_owned());
        other.end_refresh(&token_hash(&OLD.into()), "other", Some(new)).await.unwrap();
    };
    let (answer, ()) = tokio::join!(client.send(&ask, &context), taking_over);
    answer.unwrap();
    assert_eq!(upstream.seen().last().unwrap().header("token-id"), Some(NEW));
}
