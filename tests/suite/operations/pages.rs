//! Lists of the catalogue: pages are walked until the caller's range is full.

use super::host;
use crate::{
    support::{Api, Person},
    writes::fake::{Arrived, Fake, Reply},
};
use serde_json::{Value, json};
use std::collections::HashSet;

#[tokio::test]
async fn a_list_is_walked_to_the_limit_and_on() {
    let (account, host) = host(Person::Absent, &[]).await;
    let all = account.objects("invoices").await;
    let mut seen = HashSet::new();
    let mut offset = 0;
    loop {
        let asked = json!({"operation": "invoices.list-invoices", "limit": 10, "offset": offset, "fields": ["status"]});
        let page = host.answer("run_operation", asked).await;
        let items = page["data"].as_array().unwrap();
        assert!(items.len() <= 10, "{page}");
        for item in items {
            assert!(seen.insert(item["_id"].as_str().unwrap().to_owned()), "twice: {item}");
        }
        match page["meta"]["nextOffset"].as_u64() {
            Some(next) => offset = next,
            None => break,
        }
    }
    assert_eq!(seen.len(), all.len());
    assert!(seen.len() > 10, "there are several pages");
}

/// Pages that are numbered instead of skipped.
#[tokio::test]
async fn numbered_pages_are_walked_too() {
    let (account, host) = host(Person::Absent, &[]).await;
    let all = account.objects("formSubmissions").await;
    let ask = |limit: u64, offset: u64| {
        json!({"operation": "forms.get-forms-submissions", "limit": limit, "offset": offset, "fields": ["id"],
        "arguments": {"startAt": "2000-01-01"}})
    };
    let ids = |page: &Value| -> Vec<String> {
        page["data"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
    };
    let whole = ids(&host.answer("run_operation", ask(100, 0)).await);
    assert_eq!(whole.len(), all.len().min(100));
    let part = ids(&host.answer("run_operation", ask(5, 3)).await);
    assert_eq!(part, whole[3..8.min(whole.len())]);
}

/// The value of a query's parameter.
fn asked(request: &Arrived, name: &str) -> Option<u64> {
    request.query.split('&').find_map(|pair| pair.strip_prefix(&format!("{name}=")))?.parse().ok()
}

/// HighLevel numbers the pages of phone numbers from 0. A page may be short before the last one.
#[tokio::test]
async fn pages_from_0_are_walked_from_their_first_to_an_empty_one() {
    let fake = Fake::new(Api::Official, |request| {
        let (page, size) = (asked(request, "page").unwrap(), asked(request, "pageSize").unwrap());
        let numbers: Vec<Value> = match page {
            0 => (0..size - 1).map(|at| json!({"phoneNumber": format!("+1512555{at:04}")})).collect(),
            1 => vec![json!({"phoneNumber": "+4930123456"})],
            _ => Vec::new(),
        };
        Reply(
            200,
            json!({"numbers": numbers, "isUnderGhl": true, "pageSize": size, "page": page, "accountStatus": "active"}),
        )
    })
    .await;
    let host = fake.host(&[]).await;
    let page = host.answer("run_operation", json!({"operation": "phone-system.active-numbers", "limit": 20})).await;
    assert_eq!(page["data"].as_array().unwrap().len(), 20, "{page}");
    assert_eq!(page["data"][19]["phoneNumber"], "+4930123456", "{page}");
    let whole = host.answer("run_operation", json!({"operation": "phone-system.active-numbers", "limit": 50})).await;
    assert_eq!(whole["data"].as_array().unwrap().len(), 50, "{whole}");
    let pages: Vec<_> = fake.arrived().iter().map(|request| asked(request, "page")).collect();
    assert_eq!(pages, [Some(0), Some(1), Some(0), Some(1)]);
}

/// An API that ignores its paging has shown no more than one page, which is not said to be all.
#[tokio::test]
async fn a_page_that_comes_again_is_not_the_whole_list() {
    let fake = Fake::new(Api::Official, |_| {
        let invoices: Vec<Value> = (0..10).map(|at| json!({"_id": format!("i{at}")})).collect();
        Reply(200, json!({"invoices": invoices}))
    })
    .await;
    let host = fake.host(&[]).await;
    let page = host.answer("run_operation", json!({"operation": "invoices.list-invoices", "limit": 30})).await;
    assert_eq!((page["data"].as_array().unwrap().len(), fake.arrived().len()), (10, 2));
    assert!(page.to_string().contains("may be more items"), "{page}");
}

/// `style: form, explode: false`
#[tokio::test]
async fn a_list_in_the_query_is_sent_as_the_file_says() {
    let fake = Fake::new(Api::Official, |_| Reply(200, json!({"data": []}))).await;
    let host = fake.host(&[]).await;
    let report = json!({"operation": "ad-manager.fb-get-reporting", "arguments": {
        "groupBy": "day", "type": "AD_MANAGER", "startDate": "2026-01-01", "endDate": "2026-01-31", "fields": ["clicks", "spend"]}});
    host.answer("run_operation", report).await;
    let query = fake.arrived()[0].query.clone();
    assert_eq!(query.matches("fields=").count(), 1, "{query}");
    assert!(query.contains("fields=clicks,spend") || query.contains("fields=clicks%2Cspend"), "{query}");
}
