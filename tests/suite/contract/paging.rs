//! Lists as live accounts page them: short pages, totals that are absent, wrong or capped, ignored offsets.

use super::{shapes::host, upstream::Upstream};
use serde_json::{Value, json};

fn contacts(count: usize) -> Vec<Value> {
    (0..count).map(|number| json!({"id": format!("c{number}"), "firstName": "Ann"})).collect()
}

#[tokio::test]
async fn a_total_is_passed_on_unchanged_and_never_invented() {
    let upstream = Upstream::new().await;
    let host = host(&upstream).await;
    for (reported, total) in [(json!(51), json!(51)), (json!("51"), json!(51)), (Value::Null, Value::Null)] {
        let mut meta = json!({});
        if !reported.is_null() {
            meta["total"] = reported;
        }
        upstream.says_json(&json!({"data": contacts(50), "meta": meta}));
        let list = host.answer("list_webhooks", json!({"limit": 20, "offset": 40})).await;
        assert_eq!((list["data"].as_array().unwrap().len(), &list["meta"]["total"]), (10, &total), "{list}");
        assert!(list["meta"].get("nextOffset").is_none(), "no page follows on what was shown: {list}");
        let note = list["note"].as_str().unwrap_or_default();
        assert_eq!(note.contains("50 of 51"), !total.is_null(), "{list}");
    }
    upstream.is_done();
}

#[tokio::test]
async fn a_short_page_is_not_the_end() {
    let upstream = Upstream::new().await;
    let host = host(&upstream).await;
    for (shown, total, next) in [(20, None, Some(20)), (0, None, None), (20, Some(20), None), (20, Some(15), Some(20))]
    {
        let meta = total.map_or(json!({}), |total| json!({"total": total}));
        upstream.says_json(&json!({"data": contacts(shown), "meta": meta}));
        let list = host.answer("list_contacts", json!({})).await;
        assert_eq!(list["meta"].get("nextOffset").and_then(Value::as_u64), next, "{shown} {total:?}: {list}");
    }
    upstream.is_done();
}

#[tokio::test]
async fn an_api_that_ignores_offsets_is_reported() {
    let upstream = Upstream::new().await;
    let page = json!({"data": contacts(50), "meta": {"total": 120}});
    // As the next page of a list that was just read, and as a first call whose answer contradicts its total.
    let reported = async |list: Value| {
        assert!(list["note"].as_str().unwrap_or_default().contains("same page again"), "{list}");
        assert!(list["meta"].get("nextOffset").is_none(), "{list}");
    };
    let first = host(&upstream).await;
    upstream.says_json(&page);
    assert_eq!(first.answer("list_contacts", json!({})).await["meta"]["nextOffset"], 50);
    upstream.says_json(&page);
    reported(first.answer("list_contacts", json!({"offset": 50})).await).await;
    let second = host(&upstream).await;
    upstream.says_json(&page);
    upstream.says_json(&page);
    reported(second.answer("list_contacts", json!({"offset": 100})).await).await;
    upstream.is_done();
}

#[tokio::test]
async fn a_filter_of_the_server_continues_after_a_short_page() {
    let upstream = Upstream::new().await;
    let host = host(&upstream).await;
    let deals = |from: usize, to: usize| -> Vec<Value> {
        (from..to)
            .map(|at| json!({"id": format!("d{at}"), "status": if at % 2 == 0 { "negotiation" } else { "open" }}))
            .collect()
    };
    upstream.says_json(&json!({"data": deals(0, 20), "meta": {}}));
    upstream.says_json(&json!({"data": deals(20, 31), "meta": {}}));
    upstream.says_json(&json!({"data": [], "meta": {}}));
    let list = host.answer("list_opportunities", json!({"status": "negotiation"})).await;
    assert_eq!(list["data"].as_array().unwrap().len(), 16, "{list}");
    assert!(list["meta"].get("nextOffset").is_none(), "{list}");
    for _ in 0..2 {
        upstream.says_json(&json!({"data": deals(0, 20), "meta": {}}));
    }
    let list = host.answer("list_opportunities", json!({"status": "negotiation"})).await;
    assert_eq!(list["data"].as_array().unwrap().len(), 10, "{list}");
    assert!(list["note"].as_str().unwrap().contains("same page again"), "{list}");
    upstream.is_done();
}
