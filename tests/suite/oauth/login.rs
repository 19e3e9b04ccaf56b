//! `auth login`, and its effect on `auth status`, `clear` and `set`.

use super::*;
use serde_json::json;

#[tokio::test]
async fn a_login_in_the_browser_works_and_is_refreshed() {
    let account = account(1200).await;
    let state = tempfile::tempdir().unwrap();
    let login = log_in(&account, state.path(), &[]).await;
    assert!(login.stderr.contains("Logged in: An OAuth login of location"), "{login:?}");

    // Token, API and location all come from the login.
    let me = highlevel(&account, state.path(), &["call", "get_current_user"]).await;
    assert_eq!(me.code, Some(0), "{me:?}");
    assert_eq!(me.json()["id"], account.objects("users").await[0]["id"]);
    let tools = highlevel(&account, state.path(), &["tools"]).await;
    assert!(tools.stdout.contains("get_current_user") && !tools.stdout.contains("publish_page"), "{tools:?}");
    let status = highlevel(&account, state.path(), &["auth", "status"]).await;
    assert!(status.stdout.contains("An OAuth login of location") && status.stdout.contains("It expires at"));
    let doctor = highlevel(&account, state.path(), &["doctor"]).await;
    assert!(doctor.code == Some(0) && doctor.stdout.contains("An OAuth login of location"), "{doctor:?}");

    // A token that is refused early is refreshed, and the next process uses the new one.
    account.expire_tokens().await;
    let again = highlevel(&account, state.path(), &["call", "list_contacts", "--limit", "1"]).await;
    assert_eq!((again.code, refreshes(&account).await, live(&account).await), (Some(0), 2, 1), "{again:?}");
    let more = highlevel(&account, state.path(), &["call", "list_contacts", "--limit", "1"]).await;
    assert_eq!((more.code, refreshes(&account).await), (Some(0), 2), "{more:?}");

    let held = highlevel(&account, state.path(), &["--location-id", "elsewhere", "call", "list_contacts"]).await;
    assert!(held.code != Some(0) && held.stderr.contains("The OAuth login is for location"), "{held:?}");
    let secrets = secrets(&account).await;
    assert!(secrets.len() >= 5, "{}", secrets.len());
    nothing_shows(&secrets, state.path(), &[&login, &me, &tools, &status, &doctor, &again, &more, &held]);

    let cleared = highlevel(&account, state.path(), &["auth", "clear"]).await;
    assert_eq!(cleared.code, Some(0), "{cleared:?}");
    let gone = highlevel(&account, state.path(), &["auth", "status"]).await;
    assert_eq!(gone.code, Some(4), "{gone:?}");
    let rows = rows(state.path());
    assert_eq!(rows, [0, 0, 0], "nothing of the login stays");
    let bytes = String::from_utf8_lossy(&fs::read(state.path().join("state.db")).unwrap()).into_owned();
    assert!(!bytes.contains(SECRET), "nor in what the file has free");
}

/// The number of rows in the store's token tables.
fn rows(state: &Path) -> [u64; 3] {
    let db = rusqlite::Connection::open(state.join("state.db")).unwrap();
    ["renewed", "lineage", "renewing"]
        .map(|table| db.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap())
}

#[tokio::test]
async fn only_the_redirect_of_this_login_is_accepted() {
    let account = account(1200).await;
    let state = tempfile::tempdir().unwrap();
    let login = Login::start(login_command(&account, state.path(), &[])).await;
    let back = url::Url::parse(&login.agree().await).unwrap();
    // Browsers open connections in advance, and use one of them or none. Other programs may hold some as well.
    let address = (back.host_str().unwrap().to_owned(), back.port().unwrap());
    let mut idle = Vec::new();
    for _ in 0..200 {
        idle.push(tokio::net::TcpStream::connect((address.0.as_str(), address.1)).await.unwrap());
    }
    let mut other = back.clone();
    other.set_path("/favicon.ico");
    assert_eq!(visit(other.as_str()).await.0, 404);
    let mut forged = back.clone();
    forged.query_pairs_mut().clear().append_pair("code", "somebody-elses").append_pair("state", "guessed");
    let (status, page) = visit(forged.as_str()).await;
    assert!(status == 400 && page.contains("belongs to another login"), "{page}");
    let (status, page) = visit(back.as_str()).await;
    assert!(status == 200 && page.contains("Logged in"), "{page}");
    assert_eq!(login.end().await.code, Some(0));
    // Readable only by the owner: the file has the app's secret.
    #[cfg(unix)]
    for file in ["state.db", "token"] {
        let mode =
            std::os::unix::fs::PermissionsExt::mode(&fs::metadata(state.path().join(file)).unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
}

#[tokio::test]
async fn a_failed_login_is_reported_and_stores_nothing() {
    let account = account(1200).await;
    let state = tempfile::tempdir().unwrap();
    // The person refuses.
    let login = Login::start(login_command(&account, state.path(), &[])).await;
    let mut back = url::Url::parse(&login.agree().await).unwrap();
    let nonce = back.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
    back.query_pairs_mut().clear().append_pair("error", "access_denied").append_pair("state", &nonce);
    assert!(visit(back.as_str()).await.1.contains("access_denied"));
    let ran = login.end().await;
    assert!(ran.code == Some(4) && ran.stderr.contains("access_denied"), "{ran:?}");
    // A wrong secret, and PKCE, which this server does not support.
    for (variable, value, said) in [("GHL_CLIENT_SECRET", "wrong-secret", "400"), ("GHL_X", "", "422")] {
        let pkce: &[&str] = if said == "422" { &["--pkce"] } else { &[] };
        let mut command = login_command(&account, state.path(), pkce);
        command.env(variable, value);
        let login = Login::start(command).await;
        assert_eq!(login.page.contains("code_challenge="), said == "422");
        let back = login.agree().await;
        assert_eq!(visit(&back).await.0, 400);
        let ran = login.end().await;
        assert!(ran.code == Some(4) && ran.stderr.contains(said) && !ran.stderr.contains("wrong-secret"), "{ran:?}");
    }
    // No browser comes.
    let ran = run(login_command(&account, state.path(), &["--wait", "1"])).await;
    assert!(ran.code != Some(0) && ran.stderr.contains("no consent within 1 s"), "{ran:?}");
    assert!(!state.path().join("token").exists());
    assert_eq!(live(&account).await, 0);
}

#[tokio::test]
async fn a_login_replaces_a_token_and_a_token_a_login() {
    let account = account(1200).await;
    let state = tempfile::tempdir().unwrap();
    log_in(&account, state.path(), &[]).await;
    log_in(&account, state.path(), &[]).await;
    assert_eq!(rows(state.path())[0], 1, "the first login is forgotten");
    let set = command(&account, state.path(), &["auth", "set"]);
    let set = crate::support::run_with_input(set, account.token()).await;
    assert_eq!((set.code, rows(state.path())[0]), (Some(0), 0), "{set:?}");
    let location = account.location().unwrap();
    let listed =
        highlevel(&account, state.path(), &["--location-id", &location, "call", "list_contacts", "--limit", "1"]).await;
    assert_eq!(listed.json()["meta"]["total"], json!(250), "{listed:?}");
}

#[tokio::test]
async fn a_running_server_follows_the_login() {
    use crate::support::{Era, Host, Person};
    let account = account(1200).await;
    let state = tempfile::tempdir().unwrap();
    log_in(&account, state.path(), &[]).await;
    let server = command(&account, state.path(), &[]);
    let host = Host::start(server, tempfile::tempdir().unwrap(), Era::Modern, Person::Absent).await;
    host.answer("list_contacts", json!({"limit": 1})).await;
    assert_eq!(highlevel(&account, state.path(), &["auth", "clear"]).await.code, Some(0));
    let error = host.error("list_contacts", json!({"limit": 1})).await;
    assert_eq!(error["code"], "unauthorized", "{error}");
    assert!(error["message"].as_str().unwrap().contains("auth login"), "{error}");
    log_in(&account, state.path(), &[]).await;
    host.answer("list_contacts", json!({"limit": 1})).await;
    assert_eq!(rows(state.path())[0], 1);
}
