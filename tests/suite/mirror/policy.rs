//! Tables that the settings hide are hidden in the mirror.

use super::*;

on_both_apis!(another_account_has_another_mirror,);

#[tokio::test]
async fn the_table_of_a_hidden_tool_cannot_be_queried() {
    let account = account(Api::Session, 30).await;
    for flags in [&["--exclude-tools", "list_webhooks"][..], &["--toolsets", "contacts,opportunities,insights"]] {
        let host = Host::new(&account, flags).await;
        for sql in [
            "select url from webhooks",
            "select 1 from contacts where id in (select id from webhooks)",
            "select count(*) from webhooks",
        ] {
            let error = host.error("query_crm", json!({"sql": sql})).await;
            assert_eq!(error["code"], "policy_denied", "{flags:?} {sql}: {error}");
        }
        let described = host.answer("describe_crm", json!({})).await;
        assert!(described["tables"]["webhooks"].is_null() && described["tables"]["contacts"].is_string());
        let found = host.answer("search_crm", json!({"text": "https"})).await;
        assert!(found["data"].as_array().unwrap().iter().all(|item| item["table"] != "webhooks"));
        assert_eq!(
            host.error("search_crm", json!({"text": "https", "table": "webhooks"})).await["code"],
            "policy_denied"
        );
        assert_eq!(cell(&host, "select count(*) from contacts").await, 30);
    }
    assert_eq!(requests_to(&account, "/webhook").await, 0, "nothing hidden was read");
}

#[tokio::test]
async fn with_only_insights_every_table_can_be_queried() {
    let account = account(Api::Session, 30).await;
    for flags in [["--toolsets", "insights"], ["--tools", "query_crm"]] {
        let host = Host::new(&account, &flags).await;
        assert_eq!(cell(&host, "select count(*) from webhooks").await, 2);
    }
}

#[tokio::test]
async fn without_a_credential_there_is_no_mirror() {
    let account = account(Api::Session, 30).await;
    let state = tempfile::tempdir().unwrap();
    let mut command = crate::support::command(&account, state.path());
    command.env_remove("GHL_TOKEN_ID").args(["query", "select 1"]);
    let ran = crate::support::run(command).await;
    assert_ne!(ran.code, Some(0));
    assert!(ran.stderr.contains("unauthorized"), "{}", ran.stderr);
}

/// Two tokens are two accounts, and so are two locations.
async fn another_account_has_another_mirror(api: Api) {
    let (one, other) = (account(api, 30).await, account(api, 40).await);
    let state = tempfile::tempdir().unwrap();
    for (account, count) in [(&one, "30"), (&other, "40"), (&one, "30")] {
        let mut command = crate::support::command(account, state.path());
        command.args(["query", "select count(*) from contacts", "--format", "csv"]);
        let ran = crate::support::run(command).await;
        assert_eq!(ran.stdout.lines().nth(1), Some(count), "{}", ran.stderr);
    }
}
