//! Pages. The official API only lists their names, so most tests use the session API alone.

use super::{Contract, id};
use crate::support::{Api, Manners, in_all_manners};
use serde_json::json;

in_all_manners!(lists_by_status_without_content);

async fn lists_by_status_without_content(api: Api, manners: Manners) {
    let contract = Contract::of(api, manners).await;
    for status in ["draft", "published", "archived"] {
        let arguments = json!({"status": status});
        if contract.able("list_pages", "pages", &arguments).await != arguments {
            continue;
        }
        let query = format!("status={status}");
        let list = contract.call("list_pages", arguments, &[("GET", "/page", &query, None)]).await;
        let items = list["data"].as_array().unwrap();
        assert!(!items.is_empty() && items.iter().all(|page| page["status"] == status), "{list}");
    }
    let list = contract.call("list_pages", json!({}), &[("GET", "/page", "", None)]).await;
    let (items, truth) = (list["data"].as_array().unwrap(), contract.account.reported("pages").await);
    assert_eq!(items.len(), truth.len());
    for page in items {
        let truth = truth.iter().find(|truth| truth["id"] == page["id"]).unwrap();
        for (field, value) in truth.as_object().unwrap() {
            if let Some(reported) = page.get(field) {
                contract.holds(&json!({ field: reported }), &json!({ field: value }));
            }
        }
        assert!(page["name"].is_string() && !page["updatedAt"].is_null() && page.get("content").is_none(), "{page}");
    }
}

#[tokio::test]
async fn gets_the_content_in_full_and_in_parts() {
    let contract = Contract::of(Api::Session, Manners::plain()).await;
    let page = contract.account.find("pages", |page| page["content"].is_string()).await;
    let path = format!("/page/{}", id(&page));
    let got = contract.call("get_page", json!({"id": id(&page)}), &[("GET", &path, "", None)]).await;
    assert_eq!(got, page);
    let long: String = (0..30_000).map(|n| format!("<p>{n} ä</p>")).collect();
    contract.account.change("pages", id(&page), json!({"content": long})).await;
    let (mut read, mut offset) = (String::new(), None);
    for _ in 0..1_000 {
        let arguments = match offset {
            None => json!({"id": id(&page)}),
            Some(offset) => json!({"id": id(&page), "contentOffset": offset}),
        };
        let part = contract.call("get_page", arguments, &[("GET", &path, "", None)]).await;
        assert_eq!(part["contentLength"], long.chars().count(), "{}", part["contentLength"]);
        read.push_str(part["content"].as_str().unwrap());
        match part["nextContentOffset"].as_u64() {
            Some(next) => offset = Some(next),
            None => break,
        }
    }
    assert!(read == long, "{} of {} characters were read", read.chars().count(), long.chars().count());
}

#[tokio::test]
async fn creates_and_updates_drafts() {
    let contract = Contract::of(Api::Session, Manners::plain()).await;
    let least = json!({"name": "Contact Us", "slug": "contact-us"});
    let made = contract.call("create_page", least.clone(), &[("POST", "/page", "", Some(least))]).await;
    assert_eq!(made["status"], "draft");
    let all = json!({
        "name": "About", "slug": "about-us-2", "title": "About our team", "description": "Who we are",
        "content": "<h1>About</h1>", "seoTitle": "About Acme", "seoDescription": "The team", "seoKeywords": ["about", "team"]
    });
    let made = contract.call("create_page", all.clone(), &[("POST", "/page", "", Some(all.clone()))]).await;
    for (field, value) in all.as_object().unwrap() {
        assert_eq!(made[field], *value, "{field}");
    }
    // The page is read first, since only a draft may be updated.
    let path = format!("/page/{}", id(&made));
    let changes = json!({"title": "About us", "seoTitle": null});
    let arguments = json!({"id": made["id"], "title": "About us", "clear": ["seoTitle"]});
    let sent = [("GET", path.as_str(), "", None), ("PUT", path.as_str(), "", Some(changes))];
    let updated = contract.call("update_page", arguments, &sent).await;
    assert_eq!(updated["title"], "About us");
    assert!(updated["seoTitle"].is_null());
    let published = contract.account.find("pages", |page| page["status"] == "published").await;
    let path = format!("/page/{}", id(&published));
    let arguments = json!({"id": id(&published), "title": "x"});
    let error = contract.refused("update_page", arguments, &[("GET", &path, "", None)]).await;
    assert_eq!(error["code"], "conflict", "{error}");
}

#[tokio::test]
async fn publishes_and_deletes_after_a_person_confirmed() {
    let contract = Contract::of(Api::Session, Manners::plain()).await;
    let draft = contract.account.find("pages", |page| page["status"] == "draft").await;
    let path = format!("/page/{}", id(&draft));
    let publish = format!("/page/{}/publish", id(&draft));
    // The page and the location are read for the confirmation; the page is read again with the answer, before the write.
    let read = ("GET", path.as_str(), "", None);
    let sent = [read.clone(), ("GET", "/location", "", None), read.clone(), ("POST", publish.as_str(), "", None)];
    let page = contract.call("publish_page", json!({"id": id(&draft)}), &sent).await;
    assert_eq!(page["status"], "published");
    assert!(page["url"].as_str().unwrap().ends_with(draft["slug"].as_str().unwrap()), "{page}");

    let other = contract.account.find("pages", |page| page["status"] == "archived").await;
    let path = format!("/page/{}", id(&other));
    let read = ("GET", path.as_str(), "", None);
    let sent = [read.clone(), read.clone(), ("DELETE", path.as_str(), "", None)];
    let gone = contract.call("delete_page", json!({"id": id(&other)}), &sent).await;
    assert_eq!((&gone["id"], &gone["deleted"]), (&other["id"], &json!(true)));
    assert!(gone["message"].is_string(), "the API's own words: {gone}");
}
