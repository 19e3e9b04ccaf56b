//! Manners on the session API: what each word changes, and what it leaves unchanged.

use crate::support::{Peer, send};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

fn contact(email: &str) -> Value {
    json!({ "firstName": "Ada", "lastName": "Byron", "email": email })
}

async fn listed(peer: &Peer, path: &str) -> usize {
    let body = peer.get(path).await.body;
    body["data"].as_array().or(body.as_array()).unwrap().len()
}

#[tokio::test]
async fn what_is_stored_has_its_normal_form() {
    let peer = Peer::in_manners("normalise").await;
    let sent = json!({
        "firstName": " Ada ", "lastName": "Byron", "email": "Ada@Engine.Example", "phone": "(555) 010-0100",
        "tags": ["VIP", "New"], "source": " web ", "address": { "city": " Austin ", "country": "United States" },
        "customFields": { "industry": " Computing ", "size": 3, "active": true },
    });
    let made = peer.post("/contact", sent).await.body;
    for (name, value) in [
        ("firstName", json!("Ada")),
        ("email", json!("ada@engine.example")),
        ("phone", json!("+15550100100")),
        ("tags", json!(["new", "vip"])),
        ("source", json!("web")),
        ("address", json!({ "city": "Austin", "country": "US" })),
        ("customFields", json!({ "industry": "Computing", "size": "3", "active": "true" })),
    ] {
        assert_eq!(made[name], value, "{name}");
    }
    let path = format!("/contact/{}", made["id"].as_str().unwrap());
    assert_eq!(peer.get(&path).await.body, made);
    let changed = peer.put(&path, json!({ "phone": "512 555 0101", "tags": ["B", "a", "A"] })).await.body;
    assert_eq!((&changed["phone"], &changed["tags"]), (&json!("+15125550101"), &json!(["a", "b"])));

    let deal = json!({
        "name": "Renewal ", "contactId": made["id"], "value": 1, "status": "open", "expectedCloseDate": "2026-03-01",
    });
    let deal = peer.post("/opportunity", deal).await.body;
    assert_eq!(deal["expectedCloseDate"], "2026-03-01T00:00:00.000Z");
    assert_eq!(deal["name"], "Renewal");
    let page = peer.post("/page", json!({ "name": "Sale", "slug": "/Spring Sale/" })).await.body;
    assert_eq!(page["slug"], "spring-sale");
    let again = peer.post("/page", json!({ "name": "Sale", "slug": "Spring sale" })).await;
    assert_eq!(again.status, 409, "the slugs are the same");
    let hook = json!({ "url": "https://Example.COM:443/Hook/", "events": ["b.made", "a.made"] });
    let hook = peer.post("/webhook", hook).await.body;
    assert_eq!((&hook["url"], &hook["events"]), (&json!("https://example.com/Hook"), &json!(["a.made", "b.made"])));
    // The sample account is stored in normal form too.
    for contact in peer.objects("contacts").await {
        let phone = contact["phone"].as_str().unwrap_or("+1");
        assert!(phone.starts_with('+') && phone.chars().skip(1).all(|c| c.is_ascii_digit()), "{contact}");
        assert!(!contact["email"].as_str().unwrap().contains(char::is_uppercase), "{contact}");
    }
}

#[tokio::test]
async fn lists_lag_behind_writes_and_single_objects_do_not() {
    let peer = Peer::in_manners("lag:600").await;
    let began = Instant::now();
    let made = peer.post("/contact", contact("lag@example.com")).await.body;
    let hooks = listed(&peer, "/webhook").await;
    let hook = peer.objects("webhooks").await[0]["id"].as_str().unwrap().to_owned();
    peer.delete(&format!("/webhook/{hook}")).await;
    let old = peer.objects("contacts").await[0].clone();
    let path = format!("/contact/{}", old["id"].as_str().unwrap());
    peer.put(&path, json!({ "lastName": "Changed" })).await;
    let email = format!("/contact?email={}", old["email"].as_str().unwrap());
    let before = (
        listed(&peer, "/contact?email=lag@example.com").await,
        peer.get("/contact?limit=1").await.body["meta"]["total"].clone(),
        listed(&peer, "/webhook").await,
        peer.get(&email).await.body["data"][0]["lastName"].clone(),
    );
    let single = peer.get(&format!("/contact/{}", made["id"].as_str().unwrap())).await;
    assert_eq!((single.status.as_u16(), &single.body), (200, &made));
    assert_eq!(peer.get(&path).await.body["lastName"], "Changed");
    // On a machine this slow, the lag has passed already.
    if began.elapsed() < Duration::from_millis(600) {
        assert_eq!(before, (0, json!(250), hooks, old["lastName"].clone()));
    }
    tokio::time::sleep(Duration::from_millis(700)).await;
    assert_eq!(listed(&peer, "/contact?email=lag@example.com").await, 1);
    assert_eq!(peer.get("/contact?limit=1").await.body["meta"]["total"], 251);
    assert_eq!(listed(&peer, "/webhook").await, hooks - 1);
    assert_eq!(peer.get(&email).await.body["data"][0]["lastName"], "Changed");
}

#[tokio::test]
async fn without_a_lag_what_was_held_back_shows_at_once() {
    let peer = Peer::in_manners("lag:3600000").await;
    peer.post("/contact", contact("held@example.com")).await;
    assert_eq!(listed(&peer, "/contact?email=held@example.com").await, 0);
    // Writes behind the client's back have no lag.
    let id = peer.objects("contacts").await[0]["id"].as_str().unwrap().to_owned();
    peer.manage("PUT", &format!("objects/contacts/{id}"), r#"{"email": "behind@example.com"}"#).await;
    assert_eq!(listed(&peer, "/contact?email=behind@example.com").await, 1);
    assert_eq!(peer.manage("POST", "manners", "plain").await.status, 200);
    assert_eq!(listed(&peer, "/contact?email=held@example.com").await, 1);
    let wrong = peer.manage("POST", "manners", "live,kind").await;
    assert_eq!(wrong.status, 400);
    assert!(wrong.message().contains("\"kind\"") && wrong.message().contains("normalise"), "{}", wrong.text);
}

#[tokio::test]
async fn times_are_those_of_the_database() {
    let peer = Peer::in_manners("stamp:seconds,clock:-30").await;
    let made = peer.post("/contact", contact("clock@example.com")).await;
    let date = httpdate::parse_http_date(made.headers["date"].to_str().unwrap()).unwrap();
    let text = made.body["createdAt"].as_str().unwrap();
    assert!(text.ends_with(".000Z"), "{text}");
    let created: chrono::DateTime<chrono::Utc> = text.parse().unwrap();
    let behind = date.duration_since(created.into()).unwrap().as_secs();
    assert!((29..=31).contains(&behind), "{behind}");
}

#[tokio::test]
async fn lists_are_capped_and_their_totals_differ() {
    let peer = Peer::in_manners("cap:1").await;
    for (path, total) in
        [("/contact?limit=100", 250), ("/webhook", 2), ("/funnel", 4), ("/page", 15), ("/locations", 3)]
    {
        assert_eq!(listed(&peer, path).await, 1, "{path}");
        assert_eq!(peer.get(path).await.body["meta"]["total"], total, "{path}");
    }
    assert_eq!(listed(&peer, "/campaigns").await, 1);
    let next = peer.get("/contact?limit=100&offset=249").await.body;
    assert_eq!((listed(&peer, "/contact?limit=100&offset=249").await, &next["meta"]["total"]), (1, &json!(250)));
    for (words, total) in
        [("total:absent", Value::Null), ("total:text", json!("250")), ("total:cap:100", json!(100)), ("", json!(250))]
    {
        peer.manage("POST", "manners", words).await;
        assert_eq!(peer.get("/contact?limit=5").await.body["meta"]["total"], total, "{words}");
    }
}

#[tokio::test]
async fn ignored_fields_are_answered_with_success() {
    let peer = Peer::in_manners("ignore:source,ignore:address.city,ignore:customFields.industry").await;
    let mut sent = contact("ignored@example.com");
    sent["source"] = json!("web");
    sent["address"] = json!({ "city": "Waco", "state": "TX" });
    let made = peer.post("/contact", sent).await;
    assert_eq!((made.status.as_u16(), &made.body["source"]), (201, &Value::Null));
    assert_eq!(made.body["address"], json!({ "state": "TX" }));
    let old = peer.objects("contacts").await[0].clone();
    let path = format!("/contact/{}", old["id"].as_str().unwrap());
    let custom = json!({ "industry": "Other", "employees": 4 });
    let changed = peer.put(&path, json!({ "source": "other", "phone": "1", "customFields": custom })).await;
    assert_eq!(changed.status, 200);
    assert_eq!((&changed.body["source"], &changed.body["phone"]), (&old["source"], &json!("1")));
    assert_eq!(changed.body["customFields"]["industry"], old["customFields"]["industry"]);
    assert_eq!(changed.body["customFields"]["employees"], 4);
}

#[tokio::test]
async fn a_missing_scope_is_of_one_resource_and_one_direction() {
    let peer = Peer::in_manners("scope:contacts.write,scope:opportunities.readonly").await;
    let words = "The token is not authorized for this scope.";
    let refused = peer.post("/contact", contact("a@example.com")).await;
    assert_eq!((refused.status.as_u16(), refused.message()), (401, words));
    assert_eq!(peer.get("/opportunity").await.status, 401);
    for path in ["/contact", "/users/me", "/page"] {
        assert_eq!(peer.get(path).await.status, 200, "{path}");
    }
    assert_eq!(peer.stats().await["effects"]["creates"], 0);
}

#[tokio::test]
async fn a_missing_version_is_a_401() {
    let peer = Peer::in_manners("version").await;
    let bare = || peer.bare("GET", "/users/me").header("token-id", &peer.token);
    let reply = send(bare()).await.unwrap();
    assert_eq!((reply.status.as_u16(), reply.message()), (401, "version header was not found"));
    assert_eq!(send(bare().header("version", "2.0")).await.unwrap().status, 400);
}

#[tokio::test]
async fn odd_values_stand_in_answers_and_not_in_what_is_stored() {
    let peer = Peer::in_manners("odd").await;
    let list = peer.get("/contact?limit=100").await.body;
    let contacts = list["data"].as_array().unwrap();
    let some = |fits: &dyn Fn(&Value) -> bool| contacts.iter().any(fits);
    assert!(some(&|one| one["createdAt"].is_u64()) && some(&|one| one["createdAt"].is_string()));
    assert!(some(&|one| one["updatedAt"].as_str().is_some_and(|text| text.ends_with("+0000"))));
    assert!(some(&|one| one["tags"].is_null()) && some(&|one| one["tags"] == json!([])));
    assert!(some(&|one| one.get("phone") == Some(&Value::Null)));
    let stored = peer.objects("contacts").await;
    assert!(stored.iter().all(|one| one["createdAt"].is_string() && one.get("phone") != Some(&Value::Null)));
    let one = &contacts[0];
    assert_eq!(peer.get(&format!("/contact/{}", one["id"].as_str().unwrap())).await.body, *one, "always the same");
}

#[tokio::test]
async fn a_location_may_refuse_duplicates() {
    let peer = Peer::in_manners("no-duplicates").await;
    let mut first = contact("only@example.com");
    first["phone"] = json!("+1 512 555 9177");
    let id = peer.post("/contact", first).await.body["id"].clone();
    let mut by_phone = contact("other@example.com");
    by_phone["phone"] = json!("+15125559177");
    for (body, field) in [(contact("ONLY@example.com"), "email"), (by_phone, "phone")] {
        let refused = peer.post("/contact", body).await;
        assert_eq!(refused.status, 400, "{}", refused.text);
        assert_eq!(refused.body["meta"], json!({ "contactId": id, "matchingField": field }));
    }
    let other = peer.post("/contact", contact("other@example.com")).await.body;
    let path = format!("/contact/{}", other["id"].as_str().unwrap());
    assert_eq!(peer.put(&path, json!({ "email": "only@example.com" })).await.body["meta"]["contactId"], id);
    assert_eq!(peer.put(&path, json!({ "email": "other@example.com", "lastName": "B" })).await.status, 200);
}

#[tokio::test]
async fn live_is_all_of_it_and_words_beside_it_change_single_manners() {
    let peer = Peer::in_manners("live,lag:0,odd:off").await;
    let made = peer.post("/contact", contact("Live@Example.com")).await.body;
    assert_eq!(made["email"], "live@example.com");
    assert!(made["createdAt"].as_str().unwrap().ends_with(".000Z"), "{made}");
    assert_eq!(listed(&peer, "/contact?email=live@example.com").await, 1);
}
