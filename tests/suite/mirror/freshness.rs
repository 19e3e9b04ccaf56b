//! How fresh an answer is, and what is read for it.

use super::*;

#[tokio::test]
async fn a_small_table_is_read_anew_for_who_wants_it_fresh() {
    let account = account(50).await;
    let host = Host::new(&account, &[]).await;
    let id = account.objects("campaigns").await[0]["id"].as_str().unwrap().to_owned();
    let sql = json!({"sql": "select name from campaigns where id = ?", "params": [id]});
    answer(&host, sql.clone()).await;
    account.change("campaigns", &id, json!({"name": "Renamed elsewhere"})).await;
    assert_ne!(
        answer(&host, sql.clone()).await["rows"],
        json!([["Renamed elsewhere"]]),
        "who does not ask gets what is there"
    );
    let mut fresh = sql;
    fresh["max_age"] = json!(0);
    until(&host, fresh, |answer| answer["rows"] == json!([["Renamed elsewhere"]])).await;
}

#[tokio::test]
async fn a_table_rests_for_ten_times_its_last_scan() {
    let account = account(10).await;
    account.faults("latency:700@GET /campaigns").await;
    let host = Host::new(&account, &[]).await;
    let fresh = json!({"sql": "select count(*) from campaigns", "max_age": 0});
    answer(&host, fresh.clone()).await;
    assert_eq!(requests_to(&account, "/campaigns").await, 1);
    for _ in 0..3 {
        answer(&host, fresh.clone()).await;
    }
    assert_eq!(requests_to(&account, "/campaigns").await, 1);
}

#[tokio::test]
async fn the_first_question_to_a_large_account_is_answered_with_what_is_there() {
    let account = slow_account(4_000, 10).await;
    let host = Host::new(&account, &["--rate-limit", "10", "--rate-window", "1"]).await;
    let sql = json!({"sql": "select count(*) from contacts"});
    let first = answer(&host, sql.clone()).await;
    assert_eq!((&first["complete"], &first["asOf"]["contacts"]), (&json!(false), &Value::Null), "{first}");
    assert!(first["rows"][0][0].as_u64().unwrap() < 4_000);
    let note = first["note"].as_str().unwrap();
    assert!(note.contains("of 4000 are here, the rest takes"), "{note}");
    let last = until(&host, sql, |answer| answer["complete"] == true).await;
    assert_eq!(last["rows"], json!([[4_000]]));
    assert!(last["asOf"]["contacts"].is_string() && last["note"].is_null(), "{last}");
    let stats = account.stats().await;
    assert_eq!(stats["throttled"], 0);
}

/// Somebody's question does not wait behind the reading of a large table.
#[tokio::test]
async fn a_call_goes_before_what_is_read_for_the_mirror() {
    let account = slow_account(20_000, 10).await;
    let host = Host::new(&account, &["--rate-limit", "10", "--rate-window", "1"]).await;
    answer(&host, json!({"sql": "select count(*) from contacts"})).await;
    for _ in 0..3 {
        host.answer("get_current_user", json!({})).await;
    }
    let read = requests_to(&account, "/contact").await;
    assert!(read < 150, "{read} of 203 pages went first");
}

#[tokio::test]
async fn an_api_that_fails_leaves_the_answer_to_what_is_there() {
    let account = account(20).await;
    let host = Host::new(&account, &["--timeout", "10"]).await;
    let sql = json!({"sql": "select count(*) from campaigns"});
    account.faults("403@GET /campaigns").await;
    assert_eq!(host.error("query_crm", sql.clone()).await["code"], "forbidden");
    account.faults("").await;
    assert_eq!(answer(&host, sql.clone()).await["rows"], json!([[12]]));
    account.faults("403@GET /campaigns").await;
    let mut fresh = sql;
    fresh["max_age"] = json!(0);
    for _ in 0..20 {
        assert_eq!(answer(&host, fresh.clone()).await["rows"], json!([[12]]));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(requests_to(&account, "/campaigns").await > 2, "it was tried again");
}
