//! The token: where it is found, how it is renewed, what another process sees of it.

use crate::{upstream::*, *};
use ::secrecy::SecretString;
use futures::future::join_all;
use highlevel_api_client::Fate;
use highlevel_core::error::Code;
use highlevel_store::CredentialName;

const UPDATE: &str = "POST /token/update";

fn source(client: ClientConfig, dir: &Path, source: TokenSource) -> Client {
    Client::new(client, source, Arc::new(Store::open(dir.to_owned()))).unwrap()
}

/// Accepts one token; the others are refused, and renewed into it.
fn accepting(token: &'static str) -> impl FnMut(&Seen) -> Option<Reply> + Send {
    move |seen| {
        Some(match (seen.line().as_str(), seen.header("token-id")) {
            (UPDATE, Some(_)) if seen.body.is_empty() => renewed(token),
            (_, Some(known)) if known == token => ok(),
            _ => json(401, r#"{"message":"expired"}"#),
        })
    }
}

#[tokio::test]
async fn without_a_token_nothing_is_sent_and_it_is_said_how_to_set_one() {
    let upstream = Upstream::scripted([]).await;
    let dir = tempfile::tempdir().unwrap();
    let empty = dir.path().join("empty");
    std::fs::write(&empty, " \n").unwrap();
    let sources = [
        TokenSource::None,
        TokenSource::Stored(CredentialName::default()),
        TokenSource::Value(SecretString::from("  "), "GHL_TOKEN_ID"),
        TokenSource::File(empty),
    ];
    for from in sources {
        let client = source(config(&upstream), dir.path(), from);
        let failed = client.send(&get("/users/me"), &call()).await.unwrap_err();
        assert_eq!((failed.error.code, failed.fate), (Code::Unauthorized, Fate::NotExecuted));
        assert!(
            failed.error.message.contains("GHL_TOKEN_ID") && failed.error.message.contains("highlevel-mcp auth set")
        );
        assert!(!client.token_status().await.present);
        assert_eq!(client.token_generation(), 0);
    }
    let client = source(config(&upstream), dir.path(), TokenSource::File(dir.path().join("missing")));
    let failed = client.send(&get("/users/me"), &call()).await.unwrap_err();
    assert!(failed.error.code == Code::Unauthorized && failed.error.message.contains("missing"), "{}", failed.error);
}

/// Mounted secrets are links, and often root's or readable by all; what counts is who could have written it.
#[cfg(unix)]
#[tokio::test]
async fn a_token_file_may_be_a_link_and_a_pipe_and_not_writable_by_others() {
    use std::os::unix::fs::PermissionsExt;
    let upstream = Upstream::with(|_| Some(ok())).await;
    let dir = tempfile::tempdir().unwrap();
    let (data, file) = (dir.path().join("..data"), dir.path().join("token-file"));
    std::fs::write(&data, format!("{TOKEN}\n")).unwrap();
    std::os::unix::fs::symlink("..data", &file).unwrap();
    for (mode, fine) in [(0o444, true), (0o440, true), (0o644, true), (0o666, false), (0o660, false)] {
        std::fs::set_permissions(&data, std::fs::Permissions::from_mode(mode)).unwrap();
        let client = source(config(&upstream), &dir.path().join("state"), TokenSource::File(file.clone()));
        match client.send(&get("/users/me"), &call()).await {
            Ok(_) => assert!(fine, "{mode:o}"),
            Err(failed) => {
                assert!(!fine && failed.error.message.contains("chmod go-w"), "{mode:o}: {}", failed.error);
                assert_eq!(failed.error.code, Code::Unauthorized);
            }
        }
    }
    // As a shell's <(…) is: it gives its text once, and this process asks more than once.
    let pipe = dir.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let writer = pipe.clone();
    let writing = std::thread::spawn(move || std::fs::write(writer, TOKEN).unwrap());
    for _ in 0..2 {
        let client = source(config(&upstream), &dir.path().join("state"), TokenSource::File(pipe.clone()));
        client.send(&get("/users/me"), &call()).await.unwrap();
    }
    writing.join().unwrap();
    // And one that nobody writes is not waited for without end.
    let silent = dir.path().join("silent");
    assert!(std::process::Command::new("mkfifo").arg(&silent).status().unwrap().success());
    for device in [silent, "/dev/zero".into(), dir.path().to_owned()] {
        let client = source(config(&upstream), &dir.path().join("state"), TokenSource::File(device.clone()));
        let failed = client.send(&get("/users/me"), &call()).await.unwrap_err();
        assert_eq!(failed.error.code, Code::Unauthorized, "{}: {}", device.display(), failed.error);
    }
}

#[tokio::test]
async fn a_token_that_is_due_at_the_start_is_renewed_before_the_first_call() {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    let now = chrono::Utc::now().timestamp();
    for (begun, ends) in [(now - 7_200, now - 3_600), (now - 900, now + 300)] {
        let payload = URL_SAFE_NO_PAD.encode(format!(r#"{{"iat":{begun},"exp":{ends}}}"#));
        let token = format!("canary-7f3a9c.{payload}.x");
        let upstream = Upstream::scripted([renewed("canary-7f3a9c-second-token"), ok()]).await;
        let dir = tempfile::tempdir().unwrap();
        let client = client_in(dir.path(), config(&upstream), &token);
        client.send(&post("/contact"), &call()).await.unwrap();
        let lines: Vec<_> = upstream.seen().iter().map(Seen::line).collect();
        assert_eq!(lines, [UPDATE, "POST /contact"], "no call goes out with a token that is over");
    }
}

#[tokio::test]
async fn a_token_that_no_header_can_carry_is_not_sent() {
    let upstream = Upstream::scripted([]).await;
    let dir = tempfile::tempdir().unwrap();
    let client = client_in(dir.path(), config(&upstream), "canary-7f3a9c\nx");
    let failed = client.send(&get("/users/me"), &call()).await.unwrap_err();
    assert_eq!(failed.error.code, Code::Unauthorized);
    assert!(!failed.error.message.contains("canary"));
}

#[tokio::test]
async fn two_hundred_calls_whose_token_expired_renew_it_once() {
    let upstream = Upstream::with(accepting("canary-7f3a9c-second-token")).await;
    let mut config = config(&upstream);
    config.api.rate_limit = Some(1000);
    let Fixture { client, dir: _dir } = fixture(config);
    let (ask, context) = (get("/contact"), call());
    let answers = join_all((0..200).map(|_| client.send(&ask, &context))).await;
    assert!(answers.iter().all(|answer| answer.as_ref().is_ok_and(|answer| !answer.repeated_after_doubt)));
    assert_eq!(upstream.counts()[UPDATE], 1);
    assert!(upstream.counts()["GET /contact"] <= 400);
    assert_eq!(client.token_generation(), 2);
}

#[tokio::test]
async fn calls_that_wait_for_the_quota_go_with_the_new_token() {
    let upstream = Upstream::with(accepting("canary-7f3a9c-second-token")).await;
    let mut config = config(&upstream);
    config.api.rate_limit = Some(3);
    config.api.rate_window = Some(Duration::from_millis(300));
    let Fixture { client, dir: _dir } = fixture(config);
    let (ask, context) = (post("/contact"), call());
    let answers = join_all((0..12).map(|_| client.send(&ask, &context))).await;
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    let old = upstream.seen().iter().filter(|seen| seen.header("token-id") == Some(TOKEN)).count();
    assert_eq!(old, 3 + 1, "only the first three, and the renewal, went with the old one");
}

#[tokio::test]
async fn a_second_401_is_the_end_of_the_call() {
    let upstream =
        Upstream::scripted([json(401, "{}"), renewed("canary-7f3a9c-second"), json(401, r#"{"message":"nope"}"#)])
            .await;
    let Fixture { client, dir: _dir } = fixture(config(&upstream));
    let failed = client.send(&get("/contact"), &call()).await.unwrap_err();
    assert_eq!((failed.error.code, failed.fate), (Code::Unauthorized, Fate::NotExecuted));
    assert!(failed.error.message.contains("nope"));
}

#[tokio::test]
async fn a_403_never_renews() {
    let upstream = Upstream::scripted([json(403, r#"{"message":"No permission"}"#)]).await;
    let Fixture { client, dir: _dir } = fixture(config(&upstream));
    assert_eq!(client.send(&get("/contact"), &call()).await.unwrap().status, 403);
}

#[tokio::test]
async fn a_refused_renewal_is_terminal_until_a_new_token_is_there() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("my-token");
    std::fs::write(&file, format!("{TOKEN}\n")).unwrap();
    let upstream = Upstream::scripted([json(401, "{}"), json(403, r#"{"message":"revoked"}"#), ok()]).await;
    let client = source(config(&upstream), dir.path(), TokenSource::File(file.clone()));
    for _ in 0..3 {
        let failed = client.send(&post("/contact"), &call()).await.unwrap_err();
        assert_eq!((failed.error.code, failed.fate), (Code::Unauthorized, Fate::NotExecuted));
        assert!(
            failed.error.message.contains("Log in") && failed.error.message.contains("revoked"),
            "{}",
            failed.error
        );
    }
    assert!(client.token_status().await.problem.is_some());
    std::fs::write(&file, "canary-7f3a9c-fresh-login").unwrap();
    client.send(&post("/contact"), &call()).await.unwrap();
    assert_eq!(upstream.seen()[2].header("token-id"), Some("canary-7f3a9c-fresh-login"));
    assert_eq!(client.token_status().await.problem, None);
}

#[tokio::test]
async fn a_renewal_that_fails_for_a_while_is_tried_again() {
    let upstream =
        Upstream::scripted([json(401, "{}"), json(502, ""), Reply::Drop, renewed("canary-7f3a9c-second"), ok()]).await;
    let Fixture { client, dir: _dir } = fixture(config(&upstream));
    client.send(&post("/contact"), &call()).await.unwrap();
}

#[tokio::test]
async fn a_renewal_that_keeps_failing_is_an_upstream_error_and_no_stampede() {
    let upstream = Upstream::with(|seen| Some(json(if seen.line() == UPDATE { 500 } else { 401 }, "{}"))).await;
    let Fixture { client, dir: _dir } = fixture(config(&upstream));
    let (ask, context) = (get("/contact"), CallContext::new(Duration::from_millis(1_650)));
    let answers = join_all((0..50).map(|_| client.send(&ask, &context))).await;
    assert!(answers.into_iter().all(|answer| answer.unwrap_err().error.code == Code::UpstreamError));
    assert_eq!(upstream.counts()[UPDATE], 3, "one renewal, repeated twice, and no time for another after its pause");
}

#[tokio::test]
async fn a_longer_outage_of_the_renewal_is_waited_out() {
    let mut failures = 4;
    let upstream = Upstream::with(move |seen| {
        Some(match (seen.line().as_str(), seen.header("token-id")) {
            (UPDATE, _) if failures > 0 => {
                failures -= 1;
                json(502, "")
            }
            (UPDATE, _) => renewed("canary-7f3a9c-second"),
            (_, Some(TOKEN)) => json(401, "{}"),
            _ => ok(),
        })
    })
    .await;
    let Fixture { client, dir: _dir } = fixture(config(&upstream));
    let (ask, context) = (post("/contact"), call());
    let answers = join_all((0..20).map(|_| client.send(&ask, &context))).await;
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    assert_eq!(upstream.counts()[UPDATE], 5);
}

#[tokio::test]
async fn a_first_token_that_outlived_those_that_came_of_it_is_used_again() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path().to_owned());
    let over = chrono::Utc::now() - chrono::TimeDelta::hours(1);
    let hash = highlevel_store::token_hash(&TOKEN.into());
    store.store_token(&hash, &"canary-7f3a9c-over".into(), Some(over)).await.unwrap();
    // The first is refused and cannot be renewed; the later one, although it is over, can.
    let upstream = Upstream::scripted([json(401, "{}"), json(401, "{}"), renewed("canary-7f3a9c-new"), ok()]).await;
    let client = client_in(dir.path(), config(&upstream), TOKEN);
    client.send(&post("/contact"), &call()).await.unwrap();
    let sent: Vec<_> = upstream.seen().iter().map(|seen| seen.header("token-id").unwrap().to_owned()).collect();
    assert_eq!(sent, [TOKEN, TOKEN, "canary-7f3a9c-over", "canary-7f3a9c-new"]);
}

#[tokio::test]
async fn the_token_is_renewed_ahead_of_its_end() {
    let lenient = json(200, r#"{"data":{"tokenId":"canary-7f3a9c-third","expiresIn":"1200"}}"#);
    let short = json(200, r#"{"tokenId":"canary-7f3a9c-second","expiresIn":1}"#);
    let upstream = Upstream::scripted([json(401, "{}"), short, ok(), lenient, ok()]).await;
    let Fixture { client, dir: _dir } = fixture(config(&upstream));
    client.send(&get("/contact"), &call()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(700)).await;
    client.send(&get("/contact"), &call()).await.unwrap();
    let lines: Vec<_> = upstream.seen().iter().map(Seen::line).collect();
    assert_eq!(lines, ["GET /contact", UPDATE, "GET /contact", UPDATE, "GET /contact"]);
    assert_eq!(upstream.seen()[4].header("token-id"), Some("canary-7f3a9c-third"));
}

#[tokio::test]
async fn a_failed_renewal_ahead_of_time_goes_on_with_the_old_token() {
    let short = json(200, r#"{"tokenId":"canary-7f3a9c-second","expiresIn":1}"#);
    let failed = || json(500, "{}");
    let upstream = Upstream::scripted([json(401, "{}"), short, ok(), failed(), failed(), failed(), ok(), ok()]).await;
    let Fixture { client, dir: _dir } = fixture(config(&upstream));
    client.send(&get("/contact"), &call()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(700)).await;
    for _ in 0..2 {
        client.send(&get("/contact"), &call()).await.unwrap();
    }
    assert_eq!(upstream.seen()[7].header("token-id"), Some("canary-7f3a9c-second"));
}

#[tokio::test]
async fn an_idle_client_renews_and_ends_with_its_last_clone() {
    let short = json(200, r#"{"tokenId":"canary-7f3a9c-second","expiresIn":1}"#);
    let upstream = Upstream::scripted([json(401, "{}"), short, ok(), renewed("canary-7f3a9c-third")]).await;
    let Fixture { client, dir: _dir } = fixture(config(&upstream));
    client.send(&get("/contact"), &call()).await.unwrap();
    let idle = tokio::spawn(client.idle_refresh());
    while client.token_generation() < 3 {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    drop(client);
    idle.await.unwrap();
}

#[tokio::test]
async fn another_process_with_the_first_token_or_a_later_one_adopts_the_newest() {
    let upstream = Upstream::with(accepting("canary-7f3a9c-second-token")).await;
    let Fixture { client, dir } = fixture(config(&upstream));
    client.send(&get("/contact"), &call()).await.unwrap();
    assert_eq!(upstream.counts()[UPDATE], 1);
    for token in [TOKEN, "canary-7f3a9c-second-token"] {
        let other = client_in(dir.path(), config(&upstream), token);
        other.send(&get("/contact"), &call()).await.unwrap();
        let status = other.token_status().await;
        assert!(status.present && status.expires_at.is_some(), "{status:?}");
        assert_eq!(status.source.as_deref(), Some("GHL_TOKEN_ID"));
    }
    assert_eq!((upstream.counts()[UPDATE], upstream.counts()["GET /contact"]), (1, 4));
}

#[tokio::test]
async fn a_process_whose_renewal_is_refused_finds_what_another_renewed() {
    let dir = tempfile::tempdir().unwrap();
    let upstream = Upstream::scripted([ok(), json(401, "{}"), ok()]).await;
    let client = client_in(dir.path(), config(&upstream), TOKEN);
    client.send(&get("/contact"), &call()).await.unwrap();
    let other = Store::open(dir.path().to_owned());
    let hash = highlevel_store::token_hash(&TOKEN.into());
    other.store_token(&hash, &"canary-7f3a9c-by-another".into(), None).await.unwrap();
    client.send(&get("/contact"), &call()).await.unwrap();
    assert_eq!(upstream.seen()[2].header("token-id"), Some("canary-7f3a9c-by-another"));
}

#[tokio::test]
async fn without_a_state_directory_the_client_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let blocked = dir.path().join("file");
    std::fs::write(&blocked, "").unwrap();
    let upstream = Upstream::with(accepting("canary-7f3a9c-second-token")).await;
    let client = client_in(&blocked.join("state"), config(&upstream), TOKEN);
    for _ in 0..2 {
        client.send(&get("/contact"), &call()).await.unwrap();
    }
    assert_eq!(upstream.counts()[UPDATE], 1);
}

#[tokio::test]
async fn the_stored_credential_is_used() {
    let dir = tempfile::tempdir().unwrap();
    Store::open(dir.path().to_owned())
        .set_credential(&CredentialName::default(), &TOKEN.into(), highlevel_store::CredentialPlace::File)
        .await
        .unwrap();
    let upstream = Upstream::scripted([ok()]).await;
    let client = source(config(&upstream), dir.path(), TokenSource::Stored(CredentialName::default()));
    client.send(&get("/contact"), &call()).await.unwrap();
    assert_eq!(upstream.seen()[0].header("token-id"), Some(TOKEN));
}
