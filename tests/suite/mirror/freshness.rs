//! The age of an answer, and what is read for it.

use super::*;

on_both_apis!(
    a_small_table_is_read_again_for_a_small_max_age,
    a_table_is_not_read_again_for_ten_times_its_last_scan,
    a_call_precedes_the_mirrors_readings,
    when_the_api_fails_the_mirror_answers_as_it_is,
);

async fn a_small_table_is_read_again_for_a_small_max_age(api: Api) {
    let account = account(api, 50).await;
    let host = Host::new(&account, &[]).await;
    let id = account.reported("campaigns").await[0]["id"].as_str().unwrap().to_owned();
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

async fn a_table_is_not_read_again_for_ten_times_its_last_scan(api: Api) {
    let account = account(api, 10).await;
    account.faults("latency:700@GET /campaigns").await;
    let host = Host::new(&account, &[]).await;
    let fresh = json!({"sql": "select count(*) from campaigns", "max_age": 0});
    answer(&host, fresh.clone()).await;
    // Without a total, another page is needed to see the end.
    let once = requests_to(&account, "/campaigns").await;
    assert!((1..=2).contains(&once), "{once}");
    for _ in 0..3 {
        answer(&host, fresh.clone()).await;
    }
    assert_eq!(requests_to(&account, "/campaigns").await, once);
}

/// A call does not wait for the reading of a large table.
async fn a_call_precedes_the_mirrors_readings(api: Api) {
    let account = slow_account(api, 20_000, 10).await;
    let host = Host::new(&account, &["--rate-limit", "10", "--rate-window", "1"]).await;
    answer(&host, json!({"sql": "select count(*) from contacts", "allowPartial": true})).await;
    for _ in 0..3 {
        host.answer("get_default_location", json!({})).await;
    }
    let read = requests_to(&account, "/contact").await;
    assert!(read < 150, "{read} of 203 pages went first");
}

async fn when_the_api_fails_the_mirror_answers_as_it_is(api: Api) {
    let account = account(api, 20).await;
    let host = Host::new(&account, &["--timeout", "10"]).await;
    let sql = json!({"sql": "select count(*) from campaigns"});
    account.faults("403@GET /campaigns").await;
    assert_eq!(host.error("query_crm", sql.clone()).await["code"], "forbidden");
    account.faults("").await;
    let count = account.reported("campaigns").await.len();
    assert_eq!(answer(&host, sql.clone()).await["rows"], json!([[count]]));
    account.faults("403@GET /campaigns").await;
    let mut fresh = sql;
    fresh["max_age"] = json!(0);
    for _ in 0..20 {
        assert_eq!(answer(&host, fresh.clone()).await["rows"], json!([[count]]));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(requests_to(&account, "/campaigns").await > 2, "it was tried again");
}
