//! `replace` in a page's content.

use super::{bodies, truth};
use crate::support::{Account, Host};
use serde_json::{Value, json};

async fn page(content: &str) -> (Account, Host, Value) {
    let account = Account::new().await;
    let host = Host::new(&account, &[]).await;
    let page = json!({"name": "Page", "slug": "page-1", "status": "draft", "content": content});
    let id = account.add("pages", page).await.into();
    (account, host, id)
}

#[tokio::test]
async fn parts_are_replaced_in_order_and_the_rest_stays() {
    let (account, host, id) = page("<h1>Old</h1>\r\n<p>one</p>\r\n<p>two\u{200b}</p>").await;
    let parts = json!([
        {"old": "<h1>Old</h1>", "new": "<h1>Older</h1>"},
        {"old": "Older", "new": "New"},
        {"old": "<p>one</p>\n", "new": ""}
    ]);
    let answer = host.answer("update_page", json!({"id": id, "replace": parts, "title": "T"})).await;
    assert!(answer.get("notApplied").is_none(), "{answer}");
    let now = truth(&account, "pages", &id).await;
    assert_eq!((&now["content"], &now["title"]), (&json!("<h1>New</h1>\r\n<p>two\u{200b}</p>"), &json!("T")));
    assert_eq!(bodies(&account, "PUT").await.len(), 1);
}

#[tokio::test]
async fn a_part_that_does_not_occur_exactly_once_is_refused_before_any_write() {
    let (account, host, id) = page("<p>a</p><p>b</p><i>aaa</i>").await;
    let before = truth(&account, "pages", &id).await;
    for (parts, field, occurrences) in [
        (json!([{"old": "<p>", "new": "<b>"}]), "replace[0].old", 2),
        (json!([{"old": "b", "new": "x"}, {"old": "b", "new": "y"}]), "replace[1].old", 0),
        (json!([{"old": "<p>a", "new": "<p>c"}, {"old": "nowhere", "new": "y"}]), "replace[1].old", 0),
        (json!([{"old": "aa", "new": "x"}]), "replace[0].old", 2),
    ] {
        let error = host.error("update_page", json!({"id": id, "replace": parts, "title": "T"})).await;
        assert_eq!((&error["code"], &error["field"]), (&json!("invalid_arguments"), &json!(field)), "{error}");
        assert_eq!(error["occurrences"], occurrences, "{error}");
    }
    for (arguments, field) in [
        (json!({"replace": [{"old": "a", "new": "b"}], "content": "x"}), "replace"),
        (json!({"replace": [{"old": "a", "new": "b"}], "clear": ["content"]}), "replace"),
        (json!({"replace": [{"old": "", "new": "b"}]}), "replace[0].old"),
        (json!({"replace": [{"old": "a"}]}), "replace[0].new"),
        (json!({"replace": [{"old": "a", "new": "b", "all": true}]}), "replace[0].all"),
    ] {
        let mut arguments = arguments;
        arguments["id"] = id.clone();
        let error = host.error("update_page", arguments).await;
        assert_eq!((&error["code"], &error["field"]), (&json!("invalid_arguments"), &json!(field)), "{error}");
    }
    assert_eq!(truth(&account, "pages", &id).await, before);
    assert!(bodies(&account, "PUT").await.is_empty());
}
