//! `bulk`, and the tools of jobs in a process that ends with its call.

use super::{account, assert_once, last, leads, ran};
use serde_json::json;

#[tokio::test]
async fn jobs_are_listed_shown_cancelled_and_resumed() {
    let account = account().await;
    let state = tempfile::tempdir().unwrap();
    let file = leads(state.path(), 3);
    let plan = last(&ran(&account, state.path(), &["import", &file, "--dry-run"]).await);
    let id = plan["plan"].as_str().unwrap();
    let listed = ran(&account, state.path(), &["bulk", "list"]).await;
    assert!(listed.stdout.contains(id) && listed.stdout.contains("planned"), "{}", listed.stdout);
    let shown = ran(&account, state.path(), &["bulk", "show", id]).await;
    assert!(shown.stdout.contains("create_contact for the file leads.csv"), "{}", shown.stdout);
    let shown = ran(&account, state.path(), &["bulk", "show", id, "--json"]).await;
    assert_eq!(shown.json()["rows"], json!({"waiting": 3}));
    let resumed = ran(&account, state.path(), &["bulk", "resume", id]).await;
    assert!(resumed.code == Some(2) && resumed.stderr.contains("nobody agreed"), "{resumed:?}");
    let cancelled = ran(&account, state.path(), &["bulk", "cancel", id]).await;
    assert_eq!((cancelled.code, &last(&cancelled)["state"]), (Some(0), &json!("cancelled")));
    assert_once(&account, 0).await;
    for command in ["show", "resume", "cancel"] {
        let unknown = ran(&account, state.path(), &["bulk", command, "0000000000"]).await;
        assert!(unknown.code == Some(2) && unknown.stderr.contains("bulk list"), "{unknown:?}");
    }
}

/// No other process is there to work the job, so that the call does.
#[tokio::test]
async fn a_call_of_run_bulk_works_its_job_to_the_end() {
    let account = account().await;
    account.faults("latency:15@write").await;
    let state = tempfile::tempdir().unwrap();
    let file = leads(state.path(), 600);
    let plan = last(&ran(&account, state.path(), &["import", &file, "--dry-run"]).await);
    let id = plan["plan"].as_str().unwrap();
    let asks = ran(&account, state.path(), &["call", "run_bulk", "--plan", id]).await;
    let asks = &asks.json()["error"];
    assert_eq!(asks["code"], "confirmation_required", "{asks}");
    let token = asks["confirmationToken"].as_str().unwrap();
    let arguments = ["call", "run_bulk", "--plan", id, "--yes", "--confirmation-token", token];
    let ended = ran(&account, state.path(), &arguments).await;
    let told = ended.json();
    assert_eq!((ended.code, &told["state"], &told["rows"]), (Some(0), &json!("done"), &json!({"done": 600})), "{told}");
    assert_once(&account, 600).await;
}

#[tokio::test]
async fn a_job_that_stopped_goes_on_when_its_reason_is_mended() {
    let account = account().await;
    let state = tempfile::tempdir().unwrap();
    let file = leads(state.path(), 40);
    account.faults("403@write").await;
    let stopped = ran(&account, state.path(), &["import", &file, "--yes"]).await;
    let told = last(&stopped);
    assert_eq!(told["state"], "stopped", "{stopped:?}");
    assert_eq!(stopped.code, Some(4), "{stopped:?}");
    let id = told["job"].as_str().unwrap();
    assert!(stopped.stderr.contains(&format!("highlevel-mcp bulk resume {id}")), "{}", stopped.stderr);
    account.faults("").await;
    let resumed = ran(&account, state.path(), &["call", "get_bulk", "--job", id, "--action", "resume"]).await;
    assert_eq!(resumed.json()["state"], "done", "{resumed:?}");
    let failed = told["rows"]["failed"].as_u64().unwrap();
    assert!(failed > 0 && resumed.json()["rows"]["done"] == 40 - failed, "{told} {resumed:?}");
    // Rows that failed go again only by name.
    let numbers: Vec<String> = told["problems"].as_array().unwrap().iter().map(|row| row["row"].to_string()).collect();
    let numbers: Vec<&str> = numbers.iter().map(String::as_str).collect();
    let retried = ran(&account, state.path(), &[&["bulk", "retry", id, "--yes"], &numbers[..]].concat()).await;
    assert_eq!(last(&retried)["rows"]["done"], 40 - failed + numbers.len() as u64, "{retried:?}");
}
