//! What a caller may name.

use super::*;
use crate::support::Api;

#[tokio::test]
async fn wrong_arguments_are_named() {
    let account = Account::of(Api::Session).await;
    let host = Host::new(&account, &[]).await;
    let contact = full_contact(&account).await;
    for (arguments, field) in [
        (json!({}), "entry"),
        (json!({"entry": 1, "since": "2020-01-01"}), "entry"),
        (json!({"job": "x", "since": "2020-01-01"}), "entry"),
        (json!({"client": "this"}), "entry"),
        (json!({"entry": 1, "client": "this"}), "client"),
        (json!({"entry": 99}), "entry"),
        (json!({"job": "nosuchjob"}), "job"),
        (json!({"since": "yesterday"}), "since"),
        (json!({"since": "2100-01-01"}), "since"),
    ] {
        let error = host.error("undo_changes", arguments.clone()).await;
        assert_eq!(
            (&error["code"], &error["field"]),
            (&json!("invalid_arguments"), &json!(field)),
            "{arguments}: {error}"
        );
    }
    host.answer("update_contact", json!({"id": contact["id"], "companyName": "Wrong Inc"})).await;
    let error = host.error("undo_changes", json!({"since": "2020-01-01", "client": "somebody-else"})).await;
    assert_eq!(error["field"], "since", "{error}");
    // Nothing that failed leaves a plan.
    let listed = host.answer("get_bulk", json!({})).await;
    assert_eq!(listed["jobs"], json!([]), "{listed}");
    // The client with and without its version; the number of an outcome stands for its entry.
    for arguments in [json!({"since": "2020-01-01", "client": "test-host"}), json!({"entry": 2})] {
        let plan = host.answer("undo_changes", arguments).await;
        assert_eq!(plan["calls"], json!({"update_contact": 1}), "{plan}");
    }
}

/// Only this client's writes, of several that share the account and the journal.
#[tokio::test]
async fn a_client_narrows_a_time() {
    let account = Account::of(Api::Session).await;
    let host = Host::new(&account, &[]).await;
    let contact = full_contact(&account).await;
    let mut cli = command(&account, host.state.path());
    let other = account.find("contacts", |other| other["id"] != contact["id"]).await;
    let arguments = json!({"id": other["id"], "companyName": "By hand"}).to_string();
    cli.args(["call", "update_contact", "--json", &arguments]);
    assert_eq!(run_command(cli).await.code, Some(0));
    host.answer("update_contact", json!({"id": contact["id"], "companyName": "Wrong Inc"})).await;
    let plan = host.answer("undo_changes", json!({"since": "2020-01-01", "client": "this"})).await;
    assert_eq!((&plan["entries"], &plan["samples"][0]["id"]), (&json!(1), &contact["id"]), "{plan}");
    let all = host.answer("undo_changes", json!({"since": "2020-01-01"})).await;
    assert_eq!(all["entries"], 2, "{all}");
}

#[tokio::test]
async fn a_job_that_runs_is_not_undone() {
    let account = Account::of(Api::Session).await;
    account.faults("latency:400@write").await;
    let host = Host::new(&account, &[]).await;
    let sql = "SELECT id FROM contacts ORDER BY id LIMIT 200";
    let template = json!({"companyName": "Mass Inc"});
    let plan = host.answer("plan_bulk", json!({"operation": "update_contact", "sql": sql, "template": template})).await;
    let run = host.answer("run_bulk", json!({"plan": plan["plan"], "confirmationToken": plan["confirmationToken"]}));
    // The host shows progress, so that the call waits as long as it may for the job, which takes longer.
    let undo = async {
        while host.answer("get_bulk", json!({"job": plan["plan"]})).await["state"] != "running" {}
        let error = host.error("undo_changes", json!({"job": plan["plan"]})).await;
        let shown = host.answer("get_bulk", json!({"job": plan["plan"]})).await;
        assert_eq!(shown["state"], "running", "it ran all the while: {shown}");
        error
    };
    let error = tokio::select! {
        ended = run => panic!("the job ended: {ended}"),
        error = undo => error,
    };
    assert_eq!(error["field"], "job", "{error}");
    assert!(error["message"].as_str().unwrap().contains("cancel"), "{error}");
}
