//! No person is asked to confirm a call that cannot succeed: the page rules are checked first.

use super::{effects, id, page};
use crate::support::{Account, Era, Host, Person};
use serde_json::json;

#[tokio::test]
async fn a_state_that_forbids_the_call_is_a_conflict_without_a_question() {
    let account = Account::new().await;
    let host = Host::with(&account, &[], Era::Modern, Person::agrees()).await;
    for (tool, status, reason) in [
        ("delete_page", "published", "cannot be deleted"),
        ("publish_page", "published", "public already"),
        ("publish_page", "archived", "only a draft"),
    ] {
        let page = page(&account, status).await;
        let error = host.error(tool, json!({"id": id(&page)})).await;
        assert_eq!(error["code"], "conflict", "{tool} {status}: {error}");
        assert!(error["message"].as_str().unwrap().contains(reason), "{tool} {status}: {error}");
    }
    for status in ["published", "archived"] {
        let page = page(&account, status).await;
        let error = host.error("update_page", json!({"id": id(&page), "title": "New"})).await;
        assert_eq!(error["code"], "conflict", "{status}: {error}");
    }
    for tool in ["delete_page", "publish_page", "delete_webhook"] {
        let error = host.error(tool, json!({"id": "nobody"})).await;
        assert_eq!(error["code"], "not_found", "{tool}: {error}");
    }
    assert!(host.asked().is_empty());
    assert_eq!(effects(&account).await, 0);
    let writes = account.requests().await.into_iter().filter(|request| request["method"] != "GET").count();
    assert_eq!(writes, 0, "what cannot be done is not even tried");
}

#[tokio::test]
async fn drafts_and_archived_pages_can_be_deleted() {
    let account = Account::new().await;
    let host = Host::with(&account, &[], Era::Handshake, Person::agrees()).await;
    for status in ["draft", "archived"] {
        let page = page(&account, status).await;
        let gone = host.answer("delete_page", json!({"id": id(&page)})).await;
        assert_eq!((&gone["id"], &gone["deleted"]), (&page["id"], &json!(true)));
        assert!(account.objects("pages").await.iter().all(|other| other["id"] != page["id"]));
    }
}
