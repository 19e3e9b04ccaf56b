//! The operations of each resource.

use crate::support::Peer;
use highlevel_sandbox::SandboxConfig;
use serde_json::{Value, json};

#[tokio::test]
async fn users_and_locations() {
    let peer = Peer::usual().await;
    let me = peer.get("/users/me").await.body;
    assert_eq!(peer.get(&format!("/users/{}", me["id"].as_str().unwrap())).await.body, me);
    let home = peer.get("/location").await.body;
    assert_eq!(home["settings"]["currency"], "USD");
    assert_eq!(peer.get(&format!("/location/{}", home["id"].as_str().unwrap())).await.body, home);
    let list = peer.get("/locations?limit=2&offset=1").await.body;
    assert_eq!(list["meta"], json!({ "total": 3, "limit": 2, "offset": 1 }));
    assert_eq!(list["data"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn contacts_are_made_changed_and_found() {
    let peer = Peer::usual().await;
    let sent = json!({
        "firstName": "Ada", "lastName": "Byron", "email": "Ada@Engine.example", "phone": "+1-512-555-0199",
        "tags": ["vip", "one of a kind"], "address": { "street": "1 Main St", "city": "Austin" },
        "customFields": { "industry": "Computing", "size": 3 },
    });
    let made = peer.post("/contact", sent.clone()).await;
    assert_eq!(made.status, 201);
    for (name, value) in sent.as_object().unwrap() {
        assert_eq!(&made.body[name], value);
    }
    assert_eq!(made.body["id"].as_str().unwrap().len(), 20);
    assert!(made.body["createdAt"].as_str().unwrap().ends_with('Z'));
    let path = format!("/contact/{}", made.body["id"].as_str().unwrap());
    assert_eq!(peer.get(&path).await.body, made.body);
    for query in ["email=ada@engine.EXAMPLE", "phone=%2B1%20512%20555-0199&tags=vip", "tags=vip,one%20of%20a%20kind"] {
        let found = peer.get(&format!("/contact?{query}")).await.body;
        assert!(found["data"].as_array().unwrap().contains(&made.body), "{query}: {}", found["meta"]);
    }
    assert_eq!(peer.get("/contact?tags=vip,no-such-tag").await.body["meta"]["total"], 0);
    assert_eq!(peer.post("/contact", sent).await.status, 201, "twins are allowed");
    let change = json!({ "address": { "city": "Waco" }, "phone": null, "tags": [] });
    let changed = peer.put(&path, change).await.body;
    assert_eq!(changed["address"], json!({ "city": "Waco" }), "nested objects are replaced whole");
    assert_eq!(changed["tags"], json!([]));
    assert!(changed.get("phone").is_none());
    assert_eq!(changed["lastName"], "Byron");
    assert_eq!(peer.get(&path).await.body, changed);
    assert_eq!(peer.get("/contact?tags=one%20of%20a%20kind").await.body["meta"]["total"], 1);
}

#[tokio::test]
async fn opportunities_and_campaigns() {
    let peer = Peer::usual().await;
    let contact = peer.get("/contact?limit=1").await.body["data"][0]["id"].clone();
    let sent = json!({ "name": "Renewal", "contactId": contact, "value": 99.5, "status": "negotiation" });
    let made = peer.post("/opportunity", sent).await;
    assert_eq!((made.status.as_u16(), &made.body["currency"]), (201, &json!("USD")));
    let path = format!("/opportunity/{}", made.body["id"].as_str().unwrap());
    let won = peer.put(&path, json!({ "status": "won", "probability": 100 })).await.body;
    assert_eq!((&won["status"], &won["probability"], &won["value"]), (&json!("won"), &json!(100), &json!(99.5)));
    assert_eq!(peer.put(&path, json!({ "contactId": "nobody" })).await.status, 400);
    let listed = peer.get("/opportunity?status=won&limit=100").await.body;
    assert!(listed["data"].as_array().unwrap().iter().all(|one| one["status"] == "won"));
    assert!(listed["data"].as_array().unwrap().contains(&won));

    let made = peer.post("/campaigns", json!({ "name": "Spring", "type": "email" })).await;
    assert_eq!((made.status.as_u16(), &made.body["status"]), (201, &json!("draft")));
    let path = format!("/campaign?id={}", made.body["id"].as_str().unwrap());
    assert_eq!(peer.get(&path).await.body, made.body);
    let list = peer.get("/campaigns?limit=2&offset=11").await.body;
    assert_eq!(list.as_array().unwrap().len(), 2, "a bare array: the last sample and the new one");
    let active = peer.get("/campaigns?status=active").await.body;
    assert!(active.as_array().unwrap().iter().all(|one| one["status"] == "active"));
}

#[tokio::test]
async fn pages_keep_their_rules() {
    let peer = Peer::usual().await;
    let sent = json!({ "name": "New", "slug": "new", "content": "<h1>New</h1>", "seoKeywords": ["a"] });
    let made = peer.post("/page", sent.clone()).await;
    assert_eq!((made.status.as_u16(), &made.body["status"]), (201, &json!("draft")));
    assert_eq!(peer.post("/page", sent).await.status, 409, "a slug belongs to one page");
    let path = format!("/page/{}", made.body["id"].as_str().unwrap());
    assert_eq!(peer.put(&path, json!({ "slug": "home" })).await.status, 409);
    assert_eq!(peer.put(&path, json!({ "slug": "new", "title": "T" })).await.body["title"], "T");
    assert_eq!(peer.get(&path).await.body["content"], "<h1>New</h1>");
    let live = peer.poke(&format!("{path}/publish")).await;
    assert_eq!((live.status.as_u16(), &live.body["status"]), (200, &json!("published")));
    assert!(live.body["url"].as_str().unwrap().ends_with("/new"));
    assert_eq!(peer.poke(&format!("{path}/publish")).await.status, 409);
    assert_eq!(peer.put(&path, json!({ "title": "U" })).await.status, 409);
    assert_eq!(peer.delete(&path).await.status, 409);

    let archived = format!("/page/{}", peer.page("archived").await);
    assert_eq!(peer.poke(&format!("{archived}/publish")).await.status, 409);
    assert_eq!(peer.put(&archived, json!({ "title": "U" })).await.status, 409);
    let gone = peer.delete(&archived).await;
    assert_eq!((gone.status.as_u16(), gone.message()), (200, "Page deleted"));
    assert_eq!(peer.delete(&archived).await.status, 404);
    assert_eq!(peer.poke("/page/none/publish").await.status, 404);
    let list = peer.get("/page").await.body;
    assert!(list["data"].as_array().unwrap().iter().all(|page| page.get("content").is_none()));
}

#[tokio::test]
async fn funnels_and_webhooks() {
    let peer = Peer::usual().await;
    let funnels = peer.get("/funnel?limit=1").await.body;
    assert_eq!(funnels["meta"], json!({ "total": 4 }));
    assert_eq!(funnels["data"][0]["pages"][0]["order"], 1);
    let sent = json!({ "url": "https://a.example/hook", "events": ["contact.created"], "secret": "s3cret" });
    let made = peer.post("/webhook", sent).await;
    assert_eq!(made.status, 201);
    let list = peer.get("/webhook").await;
    assert_eq!(list.body["meta"], json!({ "total": 3 }));
    assert!(!made.text.contains("s3cret") && !list.text.contains("s3cret"));
    assert!(peer.objects("webhooks").await.iter().any(|hook| hook["secret"] == "s3cret"), "it did arrive");
    let path = format!("/webhook/{}", made.body["id"].as_str().unwrap());
    assert_eq!(peer.delete(&path).await.status, 200);
    assert_eq!(peer.delete(&path).await.status, 404);
}

#[tokio::test]
async fn the_same_seed_and_moment_give_the_same_account_and_the_same_new_ids() {
    let as_of = Some("2025-11-03T15:30:00Z".parse().unwrap());
    let config = SandboxConfig { as_of, ..SandboxConfig::default() };
    let (one, two) = (Peer::start(config.clone()).await, Peer::start(config.clone()).await);
    let other = Peer::start(SandboxConfig { seed: 2, ..config }).await;
    for kind in ["users", "locations", "contacts", "opportunities", "campaigns", "pages", "funnels", "webhooks"] {
        let path = format!("objects/{kind}");
        let text = one.manage("GET", &path, "").await.text;
        assert_eq!(text, two.manage("GET", &path, "").await.text, "{kind}");
        assert_ne!(text, other.manage("GET", &path, "").await.text, "{kind}");
    }
    let body = json!({ "name": "x", "type": "email" });
    let made = |reply: Value| reply["id"].clone();
    let first = made(one.post("/campaigns", body.clone()).await.body);
    assert_eq!(first, made(two.post("/campaigns", body).await.body));
}

#[tokio::test]
async fn dates_count_back_from_now() {
    let peer = Peer::usual().await;
    let now = chrono::Utc::now();
    let contacts = peer.objects("contacts").await;
    let ages: Vec<_> = contacts
        .iter()
        .map(|contact| now - contact["createdAt"].as_str().unwrap().parse::<chrono::DateTime<chrono::Utc>>().unwrap())
        .collect();
    assert!(ages.iter().all(|age| age.num_seconds() >= 0), "nobody is of tomorrow");
    let young = ages.iter().filter(|age| age.num_days() < 30).count();
    assert!((1..50).contains(&young), "{young} of 250 came in the last month");
}

#[tokio::test]
async fn a_hundred_thousand_contacts() {
    let peer = Peer::start(SandboxConfig { contacts: 100_000, ..SandboxConfig::default() }).await;
    let last = peer.get("/contact?limit=100&offset=99900").await.body;
    assert_eq!(last["meta"]["total"], 100_000);
    let data = last["data"].as_array().unwrap();
    assert_eq!(data.len(), 100);
    let found = peer.get(&format!("/contact?email={}", data[99]["email"].as_str().unwrap())).await.body;
    assert!(found["data"].as_array().unwrap().iter().any(|one| one["email"] == data[99]["email"]));
    assert_eq!(peer.get("/contact?offset=100000").await.body["data"], json!([]));
}
