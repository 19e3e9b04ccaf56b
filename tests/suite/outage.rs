//! An API that fails every request, judged by the sandbox's counts.

use crate::support::{Account, Host, run};
use futures::future::join_all;
use serde_json::{Value, json};

async fn arrived(account: &Account) -> usize {
    account.requests().await.len()
}

async fn wait_until(error: &Value) {
    let at: chrono::DateTime<chrono::Utc> = error["retryAt"].as_str().unwrap().parse().unwrap();
    while chrono::Utc::now() < at {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

/// Reads until the breaker is open, and returns that error.
async fn until_open(host: &Host) -> Value {
    loop {
        let error = host.error("list_contacts", json!({})).await;
        if error["code"] == "upstream_unreachable" {
            return error;
        }
    }
}

#[tokio::test]
async fn an_outage_costs_one_request_per_pause_and_calls_say_when_to_retry() {
    for fault in ["500", "drop", "html"] {
        let account = Account::new().await;
        let host = Host::new(&account, &[]).await;
        account.faults(fault).await;
        let opened = until_open(&host).await;
        assert!(opened["retryAt"].is_string(), "{fault}: {opened}");
        let before = arrived(&account).await;

        // Reads, writes and guarded tools all fail, and no request is sent.
        let contact = json!({"firstName": "A", "lastName": "B", "email": "a@example.com"});
        let calls = (0..10).map(|_| host.error("create_contact", contact.clone()));
        let mut errors = join_all(calls).await;
        errors.extend(join_all((0..10).map(|_| host.error("get_page", json!({"id": "p"})))).await);
        errors.push(host.error("delete_page", json!({"id": "p"})).await);
        for error in errors {
            assert_eq!(error["code"], "upstream_unreachable", "{fault}: {error}");
            assert!(error["retryAt"].is_string(), "{error}");
        }
        assert_eq!(arrived(&account).await, before, "{fault}");

        // A call at `retryAt` is not too early: one of them probes the API.
        wait_until(&opened).await;
        join_all((0..10).map(|_| host.error("list_contacts", json!({})))).await;
        let tested = arrived(&account).await;
        assert!(tested == before + 1, "{fault}: {} requests tested the water", tested - before);

        account.faults("").await;
        wait_until(&host.error("list_contacts", json!({})).await).await;
        assert!(host.answer("create_contact", contact.clone()).await["id"].is_string());
        let found = account.objects("contacts").await;
        assert_eq!(found.iter().filter(|one| one["email"] == "a@example.com").count(), 1, "{fault}");
    }
}

#[tokio::test]
async fn one_failing_endpoint_and_scattered_faults_do_not_open_the_breaker() {
    let account = Account::new().await;
    let host = Host::new(&account, &[]).await;
    account.faults("500@GET /funnel").await;
    for _ in 0..5 {
        assert_eq!(host.error("list_funnels", json!({})).await["code"], "upstream_error");
        host.answer("get_current_user", json!({})).await;
    }
    account.faults("500%30;404%10").await;
    for _ in 0..40 {
        let result = host.call("list_campaigns", json!({})).await;
        if result.is_error == Some(true) {
            let error = crate::support::error_of(&result);
            assert_ne!(error["code"], "upstream_unreachable", "{error}");
        }
    }
}

#[tokio::test]
async fn every_invalid_body_has_a_clear_error() {
    let account = Account::new().await;
    let state = tempfile::tempdir().unwrap();
    for (fault, code) in [
        ("huge", "too_large"),
        ("huge:20000000", "too_large"),
        ("latency:600000", "timeout"),
        ("malformed", "upstream_error"),
        ("truncate", "upstream_error"),
        ("redirect:127.0.0.1:9", "upstream_error"),
    ] {
        account.faults(fault).await;
        let mut command = crate::support::command(&account, state.path());
        command.args(["call", "get_current_user", "--timeout", "4"]);
        let ran = run(command).await;
        assert_eq!(ran.json()["error"]["code"], code, "{fault}: {ran:?}");
    }
}
