//! Deletes of webhooks, which only a list shows. A list that is capped or lags does not prove that one is gone.

use super::fake::{Arrived, Fake, Reply};
use crate::support::Api;
use serde_json::{Value, json};

/// An API with fifty webhooks whose list shows `shown`, with this total. `deletion` answers the delete, and from then on
/// the list shows `after`.
async fn fake(shown: Vec<Value>, after: Vec<Vec<Value>>, total: Option<usize>, mut deletion: Vec<Reply>) -> Fake {
    let (mut list, mut after) = (shown, after.into_iter());
    let mut is_deleted = false;
    deletion.reverse();
    Fake::new(Api::Session, move |request: &Arrived| match request.method.as_str() {
        "GET" => {
            if is_deleted {
                list = after.next().unwrap_or_else(|| list.clone());
            }
            let meta = total.map_or_else(|| json!({}), |total| json!({"total": total}));
            Reply(200, json!({"data": list, "meta": meta}))
        }
        _ => {
            is_deleted = true;
            deletion.pop().unwrap_or_else(|| Reply(409, json!({"message": "not now"})))
        }
    })
    .await
}

fn hooks(count: usize) -> Vec<Value> {
    (0..count)
        .map(|n| json!({"id": format!("w{n}"), "url": format!("https://example.com/{n}"), "events": ["a"]}))
        .collect()
}

fn failure() -> Reply {
    Reply(500, json!({"message": "broken"}))
}

#[tokio::test]
async fn a_list_that_lags_is_read_again() {
    let (all, fewer) = (hooks(3), hooks(2));
    // The delete of w2 took effect, but the list still shows it at first.
    let fake = fake(all.clone(), vec![all, fewer.clone(), fewer], None, vec![failure()]).await;
    let host = fake.host(&[]).await;
    let gone = host.answer("delete_webhook", json!({"id": "w2"})).await;
    assert_eq!(gone["deleted"], true, "{gone}");
}

#[tokio::test]
async fn an_incomplete_list_proves_nothing() {
    // There are 51, of which 50 are shown: the wanted one may be the one that is missing.
    let fake = fake(hooks(50), vec![hooks(49)], Some(51), vec![failure()]).await;
    let host = fake.host(&[]).await;
    let error = host.error("delete_webhook", json!({"id": "w49"})).await;
    assert_eq!((&error["code"], &error["check"]), (&json!("outcome_unknown"), &json!("list_webhooks")), "{error}");
}

#[tokio::test]
async fn a_webhook_that_is_still_listed_is_not_reported_as_deleted() {
    let fake = fake(hooks(2), vec![], None, vec![failure(), Reply(404, json!({"message": "no such hook"}))]).await;
    let host = fake.host(&[]).await;
    let error = host.error("delete_webhook", json!({"id": "w1"})).await;
    assert_eq!(error["code"], "outcome_unknown", "{error}");
}
