//! The scopes of a private integration token, which only refusals show.

use crate::support::{Account, Api, Host, command, run};
use highlevel_sandbox::SandboxConfig;
use serde_json::{Value, json};

async fn asked(account: &Account, path: &str) -> usize {
    account.requests().await.iter().filter(|request| request["path"].as_str().unwrap().starts_with(path)).count()
}

#[tokio::test]
async fn a_refused_operation_is_not_asked_again_at_once() {
    let account = Account::of(Api::Official).await;
    account.manners("scope:contacts.write").await;
    let host = Host::new(&account, &[]).await;
    let lead = json!({"firstName": "Ada", "lastName": "Scoped", "email": "ada@scoped.example"});
    let first = host.error("create_contact", lead.clone()).await;
    assert_eq!((&first["code"], &first["scope"]), (&json!("unauthorized"), &json!("contacts.write")), "{first}");
    assert!(first.get("retryAt").is_none(), "{first}");
    let sent = asked(&account, "/contacts").await;
    let second = host.error("create_contact", lead.clone()).await;
    assert_eq!((&second["code"], &second["scope"]), (&first["code"], &first["scope"]), "{second}");
    assert!(second["retryAt"].is_string() && second["message"].as_str().unwrap().contains("sent nothing"), "{second}");
    assert_eq!((sent, asked(&account, "/contacts").await), (1, 1));
    // Other operations are asked, also those of the same resource.
    host.answer("list_contacts", json!({"limit": 1})).await;

    // A new process asks again, and so does this one in a minute.
    account.manners("plain").await;
    let next = Host::new(&account, &[]).await;
    next.answer("create_contact", lead).await;
}

#[tokio::test]
async fn doctor_asks_one_harmless_read_for_each_scope() {
    let config = SandboxConfig { rate_limit: 100_000, daily_limit: 1_000_000, ..SandboxConfig::official() };
    let account = Account::with(config).await;
    account.manners("scope:opportunities.readonly,scope:users.readonly,scope:contacts.write").await;
    let state = tempfile::tempdir().unwrap();
    let mut doctor = command(&account, state.path());
    doctor.args(["doctor", "--scopes", "--json"]);
    let ran = run(doctor).await;
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let listed = ran.json();
    let report = |scope: &str| {
        let scopes = listed["scopes"].as_array().unwrap();
        scopes.iter().find(|one| one["scope"] == scope).unwrap_or_else(|| panic!("{scope}: {listed}")).clone()
    };
    for (scope, expected) in [
        ("contacts.readonly", "granted"),
        ("locations.readonly", "granted"),
        ("opportunities.readonly", "missing"),
        ("users.readonly", "missing"),
        ("contacts.write", "untested"),
        ("opportunities.write", "untested"),
    ] {
        assert_eq!(report(scope)["status"], expected, "{scope}: {listed}");
    }
    assert_eq!(report("contacts.write")["why"], "only a write shows it");
    assert!(report("contacts.readonly")["by"].is_string());
    let reads = |request: &Value| request["method"] == "GET" || request["path"].as_str().unwrap().ends_with("/search");
    let requests = account.requests().await;
    assert!(requests.iter().all(reads), "{requests:?}");
    assert!(requests.len() <= listed["scopes"].as_array().unwrap().len() * 2, "{}", requests.len());

    let mut table = command(&account, state.path());
    table.args(["doctor", "--scopes"]);
    let table = run(table).await;
    assert!(table.stdout.contains("opportunities.readonly"), "{table:?}");
    assert!(table.stderr.contains("lacks opportunities.readonly, users.readonly"), "{table:?}");
}

#[tokio::test]
async fn the_session_api_has_no_scopes() {
    let account = Account::of(Api::Session).await;
    let state = tempfile::tempdir().unwrap();
    let mut doctor = command(&account, state.path());
    doctor.args(["doctor", "--scopes"]);
    let ran = run(doctor).await;
    assert!(ran.code == Some(0) && ran.stdout.contains("has no scopes"), "{ran:?}");
    assert_eq!(account.requests().await.len(), 0);
}
