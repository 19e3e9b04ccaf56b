//! Several accounts in one process: what they share, and what they do not.

use crate::{upstream::*, *};
use highlevel_api_client::{ApiConfig, AppKeys, Consent, Fate, Holder, Login, Runtime, Scheme};
use highlevel_core::error::Code;
use highlevel_store::CredentialName;
use std::{
    collections::HashMap,
    sync::{Mutex, atomic::AtomicU32, atomic::Ordering},
};

const PRIVATE: &str = "pit-canary-7f3a9c";
const TOKEN: &str = "POST /oauth/token";
const EXCHANGE: &str = "POST /oauth/locationToken";

/// An agency's OAuth server: it accepts the tokens of the current epoch, and rotates its refresh token.
#[derive(Default)]
struct Agency {
    epoch: AtomicU32,
    is_revoked: std::sync::atomic::AtomicBool,
    /// Locations whose requests fail.
    sick: Mutex<Vec<&'static str>>,
}

impl Agency {
    fn reply(&self, seen: &Seen) -> Option<Reply> {
        let epoch = self.epoch.load(Ordering::SeqCst);
        let form: HashMap<_, _> = url::form_urlencoded::parse(seen.body.as_bytes()).into_owned().collect();
        let token = seen.header("authorization").unwrap_or_default().trim_start_matches("Bearer ");
        let access = |name: &str, epoch: u32| format!(r#""access_token":"canary-{name}-{epoch}","expires_in":86400"#);
        Some(match seen.line().as_str() {
            TOKEN => {
                let is_good = match form.get("refresh_token") {
                    None => form["code"] == "code",
                    Some(refresh) => {
                        !self.is_revoked.load(Ordering::SeqCst) && *refresh == format!("refresh-{}", epoch - 1)
                    }
                };
                if !is_good {
                    return Some(json(400, r#"{"error":"invalid_grant","message":"Invalid grant"}"#));
                }
                let pair = access("agency", epoch);
                json(
                    200,
                    &format!(r#"{{{pair},"refresh_token":"refresh-{epoch}","userType":"Company","companyId":"c1"}}"#),
                )
            }
            EXCHANGE if token == format!("canary-agency-{epoch}") => {
                json(200, &format!("{{{}}}", access(&form["locationId"], epoch)))
            }
            EXCHANGE => json(401, "{}"),
            line => {
                let location = line.rsplit('/').next().unwrap_or_default();
                let is_sick = self.sick.lock().unwrap().contains(&location);
                match token {
                    _ if is_sick => json(500, "{}"),
                    PRIVATE if location == "other" => ok(),
                    token if token == format!("canary-{location}-{epoch}") => ok(),
                    _ => json(401, "{}"),
                }
            }
        })
    }
}

fn official(upstream: &Upstream) -> ApiConfig {
    ApiConfig { scheme: Scheme::Bearer, rate_limit: Some(100), ..config(upstream).api }
}

/// A person logs in to the agency. Gives the login's name.
async fn log_in(dir: &Path, upstream: &Upstream) -> TokenSource {
    let runtime = Runtime::new(Arc::new(Store::open(dir.to_owned())), Duration::from_secs(5));
    let client = Login::new(&runtime, official(upstream), TokenSource::None).unwrap().account(None);
    let app = AppKeys { id: "app".to_owned(), secret: "canary-app-secret".into() };
    let code = "code".into();
    let (holder, redirect) = (Holder::Company, "http://127.0.0.1/");
    let store_as = &CredentialName::default();
    client
        .log_in(&Consent { app: &app, code: &code, redirect, holder, store_as, verifier: None }, &call())
        .await
        .unwrap();
    TokenSource::Value(
        runtime.store().credential(&CredentialName::default()).await.unwrap().unwrap().token,
        "the agency's login",
    )
}

/// One process: two accounts of the agency's login, and one of a private integration.
struct Process {
    north: Client,
    south: Client,
    other: Client,
}

impl Process {
    fn start(dir: &Path, upstream: &Upstream, agency: TokenSource, api: &ApiConfig) -> Self {
        let runtime = Runtime::new(Arc::new(Store::open(dir.to_owned())), config(upstream).attempt_timeout);
        let agency = Login::new(&runtime, api.clone(), agency).unwrap();
        let private = Login::new(&runtime, api.clone(), TokenSource::Value(PRIVATE.into(), "GHL_TOKEN_ID")).unwrap();
        let at = |login: &Login, location: &str| login.account(Some(location.to_owned()));
        Self { north: at(&agency, "north"), south: at(&agency, "south"), other: at(&private, "other") }
    }

    async fn all_send(&self) {
        let (north, south, other, context) = (get("/north"), get("/south"), get("/other"), call());
        let sent = tokio::join!(
            self.north.send(&north, &context),
            self.south.send(&south, &context),
            self.other.send(&other, &context)
        );
        assert!(sent.0.is_ok() && sent.1.is_ok() && sent.2.is_ok(), "{sent:?}");
    }
}

async fn agency() -> (Arc<Agency>, Upstream) {
    let agency = Arc::new(Agency::default());
    agency.epoch.store(1, Ordering::SeqCst);
    let server = Arc::clone(&agency);
    (agency, Upstream::with(move |seen| server.reply(seen)).await)
}

#[tokio::test]
async fn each_account_sends_with_its_token_and_one_refresh_serves_all_of_a_login() {
    let (dir, (agency, upstream)) = (tempfile::tempdir().unwrap(), agency().await);
    let login = log_in(dir.path(), &upstream).await;
    let process = Process::start(dir.path(), &upstream, login.clone(), &official(&upstream));
    process.all_send().await;
    process.all_send().await;
    let counts = upstream.counts();
    assert_eq!((counts[TOKEN], counts[EXCHANGE]), (1, 2), "the code, and each location's token once");
    for (target, token) in [("/north", "canary-north-1"), ("/south", "canary-south-1"), ("/other", PRIVATE)] {
        let seen: Vec<_> = upstream.seen().into_iter().filter(|seen| seen.target == target).collect();
        let bearer = format!("Bearer {token}");
        assert!(seen.len() == 2 && seen.iter().all(|seen| seen.header("authorization") == Some(&*bearer)), "{seen:?}");
    }

    // Every token of the agency ends.
    agency.epoch.store(2, Ordering::SeqCst);
    process.all_send().await;
    let refreshed = upstream.counts()[TOKEN] - 1;
    assert_eq!(refreshed, 1, "one refresh for both accounts");

    // Another process finds each location's token in the store.
    let before = upstream.counts();
    Process::start(dir.path(), &upstream, login, &official(&upstream)).all_send().await;
    let after = upstream.counts();
    assert_eq!((after[TOKEN], after[EXCHANGE]), (before[TOKEN], before[EXCHANGE]));
    assert_eq!(after["GET /north"], before["GET /north"] + 1);
}

#[tokio::test]
async fn a_dead_login_is_reported_by_its_accounts_and_by_no_other() {
    let (dir, (agency, upstream)) = (tempfile::tempdir().unwrap(), agency().await);
    let login = log_in(dir.path(), &upstream).await;
    let process = Process::start(dir.path(), &upstream, login, &official(&upstream));
    process.all_send().await;
    agency.epoch.store(2, Ordering::SeqCst);
    agency.is_revoked.store(true, Ordering::SeqCst);
    let refused = process.north.send(&get("/north"), &call()).await.unwrap_err();
    assert_eq!((refused.error.code, refused.fate), (Code::Unauthorized, Fate::NotExecuted));
    assert!(refused.error.message.contains("highlevel-mcp auth login"), "{}", refused.error);
    let before = upstream.seen().len();
    for (client, path) in [(&process.south, "/south"), (&process.north, "/north"), (&process.south, "/south")] {
        let also = client.send(&get(path), &call()).await.unwrap_err();
        assert_eq!((also.error, also.sent_at), (refused.error.clone(), None));
        assert!(client.token_status().await.problem.is_some());
    }
    assert_eq!(upstream.seen().len(), before, "nobody asks again");
    process.other.send(&get("/other"), &call()).await.unwrap();
    assert_eq!(process.other.token_status().await.problem, None);
}

#[tokio::test]
async fn an_exhausted_quota_is_one_accounts() {
    let (dir, (_agency, upstream)) = (tempfile::tempdir().unwrap(), agency().await);
    let login = log_in(dir.path(), &upstream).await;
    let api = ApiConfig { rate_limit: Some(3), rate_window: Some(Duration::from_secs(3_600)), ..official(&upstream) };
    let process = Process::start(dir.path(), &upstream, login.clone(), &api);
    process.all_send().await;
    for _ in 0..2 {
        process.north.send(&get("/north"), &call()).await.unwrap();
    }
    let failed = process.north.send(&get("/north"), &call()).await.unwrap_err();
    assert_eq!((failed.error.code, failed.sent_at), (Code::RateLimited, None));
    process.south.send(&get("/south"), &call()).await.unwrap();
    process.other.send(&get("/other"), &call()).await.unwrap();
    assert_eq!((process.north.quota().remaining, process.south.quota().remaining), (0, 1));
    for client in [&process.north, &process.south, &process.other] {
        client.leave().await;
    }

    // Another process finds each account's own use.
    let next = Process::start(dir.path(), &upstream, login, &api);
    let failed = next.north.send(&get("/north"), &call()).await.unwrap_err();
    assert_eq!((failed.error.code, failed.sent_at), (Code::RateLimited, None));
    next.south.send(&get("/south"), &call()).await.unwrap();
    next.other.send(&get("/other"), &call()).await.unwrap();
}

#[tokio::test]
async fn an_open_breaker_is_one_accounts() {
    let (dir, (agency, upstream)) = (tempfile::tempdir().unwrap(), agency().await);
    let login = log_in(dir.path(), &upstream).await;
    let process = Process::start(dir.path(), &upstream, login, &official(&upstream));
    process.all_send().await;
    agency.sick.lock().unwrap().push("north");
    while process.north.send(&post("/north"), &call()).await.unwrap_err().error.code != Code::UpstreamUnreachable {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let before = upstream.counts()["POST /north"];
    for _ in 0..5 {
        process.south.send(&get("/south"), &call()).await.unwrap();
        process.other.send(&get("/other"), &call()).await.unwrap();
    }
    assert_eq!(upstream.counts()["POST /north"], before);
}

/// Also where no state directory connects them.
#[tokio::test]
async fn two_accounts_of_a_session_refresh_its_token_once() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    std::fs::write(&file, "").unwrap();
    for state in [dir.path().join("state"), file.join("state")] {
        let upstream = Upstream::with(|seen| {
            Some(match (seen.line().as_str(), seen.header("token-id")) {
                ("POST /token/update", Some("canary-7f3a9c-first")) => renewed("canary-7f3a9c-second"),
                ("POST /token/update", _) => return None,
                (_, Some("canary-7f3a9c-second")) => ok(),
                _ => json(401, "{}"),
            })
        })
        .await;
        let runtime = Runtime::new(Arc::new(Store::open(state)), Duration::from_secs(5));
        let source = TokenSource::Value("canary-7f3a9c-first".into(), "GHL_TOKEN_ID");
        let login = Login::new(&runtime, config(&upstream).api, source).unwrap();
        let accounts = ["north", "south"].map(|location| login.account(Some(location.to_owned())));
        let (ask, context) = (get("/contact"), call());
        let sent = futures::future::join_all(accounts.iter().map(|client| client.send(&ask, &context))).await;
        assert!(sent.iter().all(Result::is_ok), "{sent:?}");
        assert_eq!(upstream.counts()["POST /token/update"], 1);
    }
}
