//! A question waits for a first reading, and reports its progress if it takes too long.

use super::*;
use crate::support::{Ran, command, run};
use chrono::{DateTime, Utc};

on_both_apis!(
    a_question_waits_for_a_first_reading,
    the_first_answer_is_never_a_partial_count,
    short_lived_processes_continue_the_reading,
    an_age_above_the_limit_is_reported,
    own_writes_are_distinguished_from_readings,
);

const QUOTA: &[&str] = &["--rate-limit", "10", "--rate-window", "1"];

async fn a_question_waits_for_a_first_reading(api: Api) {
    let account = slow_account(api, 2_000, 10).await;
    let host = Host::new(&account, QUOTA).await;
    let first = answer(&host, json!({"sql": "select count(*) from contacts"})).await;
    assert_eq!((&first["rows"], &first["complete"]), (&json!([[2_000]]), &json!(true)), "{first}");
    assert_eq!(account.stats().await["throttled"], 0);
}

async fn the_first_answer_is_never_a_partial_count(api: Api) {
    let account = slow_account(api, 4_000, 10).await;
    let host = Host::new(&account, &[QUOTA, &["--timeout", "3"]].concat()).await;
    let sql = json!({"sql": "select count(*) from contacts"});
    let error = host.error("query_crm", sql.clone()).await;
    assert_eq!(error["code"], "timeout", "{error}");
    let reading = &error["reading"][0];
    assert_eq!((&reading["table"], &reading["total"]), (&json!("contacts"), &json!(4_000)), "{error}");
    assert!(error["message"].as_str().unwrap().contains("of 4000 are here, the rest takes about"), "{error}");
    let again: DateTime<Utc> = error["retryAt"].as_str().unwrap().parse().unwrap();
    assert!(again > Utc::now() && again < Utc::now() + chrono::TimeDelta::seconds(60), "{error}");
    let partial = answer(&host, json!({"sql": "select count(*) from contacts", "allowPartial": true})).await;
    assert!(partial["rows"][0][0].as_u64().unwrap() < 4_000 && partial["complete"] == false, "{partial}");
    // The reading continues in the background.
    let mut last = host.call("query_crm", sql.clone()).await;
    for _ in 0..60 {
        if last.is_error != Some(true) {
            break;
        }
        last = host.call("query_crm", sql.clone()).await;
    }
    let last = crate::support::structured(&last);
    assert_eq!((&last["rows"], &last["complete"]), (&json!([[4_000]]), &json!(true)), "{last}");
    assert_eq!(account.stats().await["throttled"], 0);
}

/// Each process reads for two seconds and ends. The next one continues, and nothing is read twice.
async fn short_lived_processes_continue_the_reading(api: Api) {
    let account = slow_account(api, 5_000, 10).await;
    let state = tempfile::tempdir().unwrap();
    let ask = async || -> Ran {
        let mut command = command(&account, state.path());
        command.args(["call", "query_crm", "--sql", "select count(*), count(distinct id) from contacts"]);
        command.args(QUOTA).args(["--timeout", "4"]);
        run(command).await
    };
    let mut ran = ask().await;
    assert_ne!(ran.code, Some(0), "it is not read so soon: {ran:?}");
    for _ in 0..30 {
        if ran.code == Some(0) {
            break;
        }
        ran = ask().await;
    }
    assert_eq!(ran.json()["rows"], json!([[5_000, 5_000]]), "{ran:?}");
    // A process may end while pages are in flight.
    let read = requests_to(&account, "/contact").await;
    assert!(read < 100, "{read} requests for some 51 pages");
}

async fn an_age_above_the_limit_is_reported(api: Api) {
    let account = account(api, 10).await;
    account.faults("latency:700@GET /campaigns").await;
    let host = Host::new(&account, &[]).await;
    let fresh = json!({"sql": "select count(*) from campaigns", "max_age": 0});
    let met = answer(&host, fresh.clone()).await;
    assert_eq!(met.get("note"), None, "it was read for this: {met}");
    let unmet = answer(&host, fresh).await;
    let note = unmet["note"].as_str().unwrap_or_default();
    assert!(note.contains("max_age is not met for campaigns") && note.contains("not read again before"), "{unmet}");
    let met = answer(&host, json!({"sql": "select count(*) from campaigns", "max_age": 600})).await;
    assert_eq!(met.get("note"), None, "{met}");
}

async fn own_writes_are_distinguished_from_readings(api: Api) {
    let account = account(api, 10).await;
    let host = Host::new(&account, &[]).await;
    let before = answer(&host, json!({"sql": "select count(*) from contacts"})).await;
    let contact = json!({"firstName": "Zoë", "lastName": "Quill", "email": "zoe@quill.example"});
    host.answer("create_contact", contact).await;
    let after = answer(&host, json!({"sql": "select count(*) from contacts"})).await;
    assert_eq!((&after["rows"], &after["asOf"]), (&json!([[11]]), &before["asOf"]), "{after}");
    assert!(after["note"].as_str().unwrap().contains("1 of this machine's own writes since asOf"), "{after}");
    // A later reading contains it.
    let fresh = json!({"sql": "select count(*) from contacts", "max_age": 0});
    let read = until(&host, fresh, |answer| answer["asOf"] != before["asOf"]).await;
    assert!(!read["note"].as_str().unwrap_or_default().contains("own writes"), "{read}");
}

/// Beyond the ten-thousandth contact pages follow a cursor, which a later process uses as well.
#[tokio::test]
async fn a_later_process_continues_at_the_cursor() {
    let account = slow_account(Api::Official, 6_000, 30).await;
    let state = tempfile::tempdir().unwrap();
    let sync = || {
        let mut sync = command(&account, state.path());
        sync.args(["sync", "contacts", "--rate-limit", "30", "--rate-window", "1"]);
        sync
    };
    let mut child = sync().stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null()).spawn().unwrap();
    while requests_to(&account, "/contact").await < 45 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    child.kill().unwrap(); // SIGKILL
    child.wait().unwrap();
    let ran = run(sync()).await;
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let read = requests_to(&account, "/contact").await;
    assert!(read < 85, "{read} requests for some 63 pages");
}
