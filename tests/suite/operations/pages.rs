//! Lists of the catalogue: pages are walked until the caller's range is full.

use super::host;
use crate::support::Person;
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
