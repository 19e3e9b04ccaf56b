//! A table that cannot be read is named, and does not affect others.

use super::*;
use crate::support::{command, run};

on_both_apis!(
    an_unreadable_table_fails_no_other,
    a_passing_fault_fails_no_other,
    commands_name_what_is_missing,
    a_table_that_cannot_be_read_again_is_reported,
);

fn names(missing: &Value) -> Vec<&str> {
    missing.as_array().into_iter().flatten().map(|one| one["table"].as_str().unwrap()).collect()
}

async fn an_unreadable_table_fails_no_other(api: Api) {
    let account = account(api, 30).await;
    let host = Host::new(&account, &[]).await;
    account.faults("403@GET /opportunity").await;
    let contact = account.find("contacts", |contact| contact["lastName"].is_string()).await;

    let found = host.answer("search_crm", json!({"text": contact["email"]})).await;
    assert_eq!((&found["data"][0]["id"], &found["complete"]), (&contact["id"], &json!(false)), "{found}");
    assert_eq!(names(&found["missing"]), ["opportunities"], "{found}");
    assert!(found["missing"][0]["why"].as_str().unwrap().contains("not allowed"), "{found}");
    let described = host.answer("describe_crm", json!({})).await;
    assert_eq!(names(&described["missing"]), ["opportunities"], "{described}");
    assert!(described["tables"]["contacts"].as_str().unwrap().starts_with("30 rows"), "{described}");
    let changes = host.answer("changes_since", json!({"since": "2020-01-01"})).await;
    assert_eq!(names(&changes["missing"]), ["opportunities"], "{changes}");

    let counted = answer(&host, json!({"sql": "select count(*) from contacts"})).await;
    assert_eq!((&counted["rows"], &counted["complete"]), (&json!([[30]]), &json!(true)), "{counted}");
    // Nothing of the table was read, so partial answers are not possible.
    for partial in [false, true] {
        let sql = "select count(*) from contacts c join opportunities o on o.contactId = c.id";
        let error = host.error("query_crm", json!({"sql": sql, "allowPartial": partial})).await;
        assert_eq!((&error["code"], names(&error["missing"])), (&json!("forbidden"), vec!["opportunities"]), "{error}");
        assert!(error["message"].as_str().unwrap().starts_with("opportunities cannot be read"), "{error}");
    }
    // It was never treated as empty.
    account.faults("").await;
    let deals = account.reported("opportunities").await.len();
    assert_eq!(cell(&host, "select count(*) from opportunities").await, deals);
    let found = host.answer("search_crm", json!({"text": contact["email"]})).await;
    assert_eq!((found.get("missing"), &found["complete"]), (None, &json!(true)), "{found}");
}

async fn a_passing_fault_fails_no_other(api: Api) {
    let account = account(api, 10).await;
    let host = Host::new(&account, &[]).await;
    account.faults("500@GET /campaigns").await;
    let described = host.answer("describe_crm", json!({})).await;
    assert_eq!(names(&described["missing"]), ["campaigns"], "{described}");
    let error = host.error("query_crm", json!({"sql": "select count(*) from campaigns"})).await;
    assert!(error["code"] == "upstream_error" && names(&error["missing"]) == ["campaigns"], "{error}");
    account.faults("").await;
    let sql = json!({"sql": "select count(*) from campaigns"});
    let mut last = host.call("query_crm", sql.clone()).await;
    for _ in 0..100 {
        if last.is_error != Some(true) {
            break;
        }
        // After many failures the breaker stops requests for a while.
        tokio::time::sleep(Duration::from_millis(200)).await;
        last = host.call("query_crm", sql.clone()).await;
    }
    assert_eq!(crate::support::structured(&last)["rows"], json!([[account.reported("campaigns").await.len()]]));
}

async fn commands_name_what_is_missing(api: Api) {
    let account = account(api, 20).await;
    let state = tempfile::tempdir().unwrap();
    let ran = async |arguments: &[&str]| {
        let mut command = command(&account, state.path());
        command.args(arguments);
        run(command).await
    };
    account.faults("403@GET /opportunity").await;
    let sync = ran(&["sync"]).await;
    assert_eq!(sync.code, Some(1), "{sync:?}");
    assert!(sync.stderr.contains("opportunities: This credential is not allowed"), "{sync:?}");
    let line = |text: &str, table: &str| text.lines().find(|line| line.contains(table)).unwrap_or_default().to_owned();
    assert!(line(&sync.stdout, "contacts").contains("complete"), "{sync:?}");
    assert!(line(&sync.stdout, "opportunities").contains("not readable"), "{sync:?}");
    let query = ran(&["query", "select count(*) from contacts", "--format", "csv"]).await;
    assert_eq!((query.code, query.stdout.lines().nth(1)), (Some(0), Some("20")), "{query:?}");
    let query = ran(&["query", "select count(*) from opportunities"]).await;
    assert!(query.code != Some(0) && query.stderr.contains("opportunities cannot be read"), "{query:?}");
    let doctor = ran(&["doctor"]).await;
    assert!(doctor.code == Some(1) && line(&doctor.stdout, "access").contains("opportunities"), "{doctor:?}");
    assert_eq!(doctor.stdout.matches("WRONG").count(), 1, "the rest is well: {doctor:?}");
}

async fn a_table_that_cannot_be_read_again_is_reported(api: Api) {
    let account = account(api, 20).await;
    let host = Host::new(&account, &[]).await;
    let sql = json!({"sql": "select count(*) from campaigns"});
    let count = answer(&host, sql.clone()).await["rows"].clone();
    account.faults("403@GET /campaigns").await;
    let mut fresh = sql;
    fresh["max_age"] = json!(0);
    let reported = until(&host, fresh, |answer| answer.get("missing").is_some()).await;
    assert_eq!((&reported["rows"], &reported["complete"]), (&count, &json!(true)), "{reported}");
    let note = reported["note"].as_str().unwrap();
    assert!(note.contains("max_age is not met for campaigns: it could not be refreshed"), "{note}");
}

/// The official API has names for ids; without them a table is not complete.
#[tokio::test]
async fn a_table_without_its_names_is_not_complete() {
    let account = account(Api::Official, 60).await;
    account.faults("403@GET /opportunities/pipelines").await;
    let host = Host::new(&account, &[]).await;
    let deals = answer(&host, json!({"sql": "select count(*), count(stage) from opportunities"})).await;
    let count = account.reported("opportunities").await.len();
    assert_eq!((&deals["rows"][0][0], &deals["complete"]), (&json!(count), &json!(false)), "{deals}");
    assert_eq!(names(&deals["missing"]), ["pipelines"], "{deals}");
    let contacts = answer(&host, json!({"sql": "select count(*) from contacts"})).await;
    assert_eq!((&contacts["complete"], contacts.get("missing")), (&json!(true), None), "{contacts}");
}

/// A list without paging that is shorter than its total.
#[tokio::test]
async fn a_list_that_is_shorter_than_its_total_is_an_error() {
    let upstream = crate::contract::upstream::Upstream::new().await;
    let host = crate::contract::shapes::host(&upstream).await;
    let hooks: Vec<Value> = (0..50).map(|at| json!({"id": format!("w{at}"), "url": "https://x.example"})).collect();
    let sql = "select count(*) from webhooks";
    for _ in 0..2 {
        upstream.says_json(&json!({"data": hooks, "meta": {"total": 51}}));
    }
    let error = host.error("query_crm", json!({"sql": sql})).await;
    assert!(error["code"] == "upstream_error" && error["message"].as_str().unwrap().contains("50 of 51"), "{error}");
    let partial = host.answer("query_crm", json!({"sql": sql, "allowPartial": true})).await;
    assert_eq!((&partial["rows"], &partial["complete"]), (&json!([[50]]), &json!(false)), "{partial}");
    assert!(partial["note"].as_str().unwrap().contains("50 of 51"), "{partial}");
    upstream.is_done();
}

/// The official API refuses a token without a scope, and does not name the scope.
#[tokio::test]
async fn the_missing_scope_is_named() {
    let account = account(Api::Official, 30).await;
    for (scope, table) in [
        ("opportunities.readonly", "opportunities"),
        ("contacts.readonly", "contacts"),
        ("funnels/funnel.readonly", "funnels"),
        ("locations.readonly", "locations"),
        ("users.readonly", "users"),
    ] {
        account.manners(&format!("plain,scope:{scope}")).await;
        let host = Host::new(&account, &[]).await;
        let described = host.answer("describe_crm", json!({})).await;
        let missing = described["missing"].as_array().unwrap();
        let of_table = missing.iter().find(|one| one["table"] == table);
        assert_eq!(of_table.map(|one| &one["scope"]), Some(&json!(scope)), "{scope}: {missing:?}");
        let sql = format!("select count(*) from {table}");
        let error = host.error("query_crm", json!({"sql": sql})).await;
        assert!(error["message"].as_str().unwrap().contains(scope), "{error}");
        assert_eq!(error["missing"][0]["scope"], scope, "{error}");
        let other = if table == "contacts" { "campaigns" } else { "contacts" };
        let count = cell(&host, &format!("select count(*) from {other}")).await;
        assert_eq!(count, account.reported(other).await.len(), "{scope}: the rest can be read");
    }
}
