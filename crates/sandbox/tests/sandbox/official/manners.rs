//! Manners on the official API.

use super::{DATED, Official, message};
use crate::support::send;
use highlevel_sandbox::SandboxConfig;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

pub(super) fn contact(peer: &Official, email: &str) -> Value {
    json!({ "locationId": peer.home, "firstName": "Ada", "lastName": "Byron", "email": email })
}

pub(super) async fn found(peer: &Official, email: &str) -> Vec<Value> {
    let filters = json!([{ "field": "email", "operator": "eq", "value": email }]);
    let body = peer.search(json!({ "pageLimit": 20, "filters": filters })).await.body;
    body["contacts"].as_array().unwrap().clone()
}

#[tokio::test]
async fn what_is_stored_has_its_normal_form() {
    let peer = Official::in_manners("normalise").await;
    let mut sent = contact(&peer, " ADA@engine.example".trim());
    sent["phone"] = json!("(555) 010-0100");
    sent["tags"] = json!(["VIP", "New"]);
    sent["country"] = json!("United States");
    sent["dateOfBirth"] = json!("1990-05-01");
    sent["website"] = json!("https://Engine.Example:443/");
    sent["customFields"] = json!([{ "id": peer.field("employees").await, "field_value": 3 }]);
    let made = peer.send("POST", "/contacts/", sent).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let made = &made.body["contact"];
    for (name, value) in [
        ("email", json!("ada@engine.example")),
        ("phone", json!("+15550100100")),
        ("tags", json!(["new", "vip"])),
        ("country", json!("US")),
        ("dateOfBirth", json!("1990-05-01T00:00:00.000Z")),
        ("website", json!("https://engine.example/")),
    ] {
        assert_eq!(made[name], value, "{name}");
    }
    assert_eq!(peer.stored("contacts", &made["id"]).await["customFields"], json!({ "employees": "3" }));
    let path = format!("/contacts/{}", made["id"].as_str().unwrap());
    let changed = peer.send("PUT", &path, json!({ "phone": "512-555-0101" })).await.body;
    assert_eq!(changed["contact"]["phone"], "+15125550101");
}

#[tokio::test]
async fn the_search_lags_behind_writes_and_reading_one_does_not() {
    let peer = Official::in_manners("lag:600").await;
    let began = Instant::now();
    let made = peer.send("POST", "/contacts/", contact(&peer, "lag@example.com")).await.body["contact"].clone();
    let early = found(&peer, "lag@example.com").await.len();
    let newest = peer.search(json!({ "pageLimit": 1 })).await.body["contacts"][0]["id"].clone();
    assert_eq!(peer.get(&format!("/contacts/{}", made["id"].as_str().unwrap())).await.status, 200);
    if began.elapsed() < Duration::from_millis(600) {
        assert_eq!(early, 0);
        assert_ne!(newest, made["id"]);
    }
    tokio::time::sleep(Duration::from_millis(700)).await;
    assert_eq!(found(&peer, "lag@example.com").await.len(), 1);
    assert_eq!(peer.search(json!({ "pageLimit": 1 })).await.body["contacts"][0]["id"], made["id"]);
}

#[tokio::test]
async fn tags_are_added_and_removed_one_by_one() {
    for (words, expected, left) in
        [("", json!(["b", "a", "C"]), json!(["b", "a"])), ("normalise", json!(["a", "b", "c"]), json!(["a", "b"]))]
    {
        let peer = Official::in_manners(words).await;
        let mut sent = contact(&peer, "tags@example.com");
        sent["tags"] = json!(["b"]);
        let id = peer.send("POST", "/contacts/", sent).await.body["contact"]["id"].clone();
        let path = format!("/contacts/{}/tags", id.as_str().unwrap());
        let added = peer.send("POST", &path, json!({ "tags": ["a", "C", "b"] })).await;
        assert_eq!((added.status.as_u16(), &added.body["tags"]), (201, &expected), "{words}");
        let removed = peer.send("DELETE", &path, json!({ "tags": ["C", "not there"] })).await;
        assert_eq!((removed.status.as_u16(), &removed.body["tags"]), (200, &left), "{words}");
        assert_eq!(peer.stored("contacts", &id).await["tags"], left);
        assert_eq!(peer.send("POST", &path, json!({ "tags": [] })).await.status, 422);
        assert_eq!(peer.send("POST", "/contacts/nobody/tags", json!({ "tags": ["a"] })).await.status, 400);
        assert_eq!(peer.peer.stats().await["effects"]["updates"], 2);
    }
}

#[tokio::test]
async fn lists_are_capped_and_their_totals_differ() {
    let peer = Official::in_manners("cap:2").await;
    let home = &peer.home;
    let all = peer.search(json!({ "pageLimit": 100 })).await.body;
    assert_eq!((all["contacts"].as_array().unwrap().len(), &all["total"]), (2, &json!(250)));
    let second = peer.search(json!({ "pageLimit": 100, "page": 2 })).await.body;
    assert_ne!(second["contacts"][0]["id"], all["contacts"][1]["id"], "pages go on where the capped one ended");
    for (path, name) in [
        (format!("/opportunities/search?location_id={home}"), "opportunities"),
        (format!("/users/?locationId={home}"), "users"),
        (format!("/campaigns/?locationId={home}"), "campaigns"),
        (format!("/emails/locations/{home}/campaigns/emails"), "campaigns"),
        (format!("/funnels/funnel/list?locationId={home}"), "funnels"),
        (format!("/locations/{home}/customFields"), "customFields"),
        ("/locations/search".to_owned(), "locations"),
    ] {
        assert_eq!(peer.get(&path).await.body[name].as_array().unwrap().len(), 2, "{path}");
    }
    for (words, total) in [("total:absent", Value::Null), ("total:text", json!("250")), ("total:cap:9", json!(9))] {
        peer.peer.manage("POST", "manners", words).await;
        assert_eq!(peer.search(json!({ "pageLimit": 5 })).await.body["total"], total, "{words}");
        let deals = peer.get(&format!("/opportunities/search?location_id={home}")).await.body;
        assert_eq!(deals["meta"]["total"].is_null(), total.is_null(), "{words}");
        let funnels = peer.get(&format!("/funnels/funnel/list?locationId={home}")).await.body;
        assert_eq!(funnels["count"].is_string(), total.is_string(), "{words}");
    }
}

#[tokio::test]
async fn names_in_the_search_are_in_lower_case() {
    let peer = Official::in_manners("lower-search").await;
    let stored = peer.peer.objects("contacts").await;
    let newest = stored.last().unwrap();
    let lower = |name: &str| newest[name].as_str().unwrap().to_lowercase();
    let first = async |peer: &Official| peer.search(json!({ "pageLimit": 1 })).await.body["contacts"][0].clone();
    let shown = first(&peer).await;
    assert_eq!((&shown["firstName"], &shown["firstNameRaw"]), (&json!(lower("firstName")), &newest["firstName"]));
    assert_eq!((&shown["lastName"], &shown["lastNameRaw"]), (&json!(lower("lastName")), &newest["lastName"]));
    let single = peer.get(&format!("/contacts/{}", newest["id"].as_str().unwrap())).await.body;
    assert_eq!(single["contact"]["firstName"], newest["firstName"], "reading one gives the name as it is");
    peer.peer.manage("POST", "manners", "lower-search:bare").await;
    let shown = first(&peer).await;
    assert_eq!((&shown["firstName"], &shown["firstNameRaw"]), (&json!(lower("firstName")), &Value::Null));
}

#[tokio::test]
async fn pages_by_number_end_at_10_000_and_cursors_go_on() {
    let manners = "page-bound".parse().unwrap();
    let config = SandboxConfig { contacts: 60_000, rate_limit: 10_000, manners, ..SandboxConfig::official() };
    let peer = Official::start(config).await;
    let deals = format!("/opportunities/search?location_id={}&limit=100", peer.home);
    assert_eq!(peer.search(json!({ "pageLimit": 100, "page": 101 })).await.status, 422);
    let refused = peer.get(&format!("{deals}&page=101")).await;
    assert_eq!(refused.status, 422);
    assert!(message(&refused).contains("startAfter"), "{}", refused.text);
    let last = peer.get(&format!("{deals}&page=100")).await.body;
    let (at, id) = (&last["meta"]["startAfter"], last["meta"]["startAfterId"].as_str().unwrap());
    let beyond = peer.get(&format!("{deals}&startAfter={at}&startAfterId={id}")).await.body;
    assert_eq!(beyond["opportunities"].as_array().unwrap().len(), 100);
    assert!(!last["opportunities"].as_array().unwrap().contains(&beyond["opportunities"][0]));
}

#[tokio::test]
async fn a_missing_version_is_a_401_also_where_none_is_declared() {
    let peer = Official::in_manners("version").await;
    let funnel = peer.peer.objects("funnels").await[0]["id"].as_str().unwrap().to_owned();
    for path in [
        "/locations/search".to_owned(),
        format!("/funnels/funnel/list?locationId={}", peer.home),
        format!("/funnels/page?locationId={}&funnelId={funnel}&limit=5&offset=0", peer.home),
    ] {
        let reply = send(peer.request("GET", &path, "")).await.unwrap();
        assert_eq!((reply.status.as_u16(), reply.message()), (401, "version header was not found"), "{path}");
        assert_eq!(send(peer.request("GET", &path, DATED)).await.unwrap().status, 200, "{path}");
    }
}

#[tokio::test]
async fn a_missing_scope_is_of_one_resource() {
    let peer = Official::in_manners("scope:opportunities.readonly,scope:locations/customFields.readonly").await;
    let home = &peer.home;
    for (path, status) in [
        (format!("/opportunities/search?location_id={home}"), 401),
        (format!("/opportunities/pipelines?locationId={home}"), 401),
        (format!("/locations/{home}/customFields"), 401),
        (format!("/locations/{home}"), 200),
        (format!("/users/?locationId={home}"), 200),
    ] {
        let reply = peer.get(&path).await;
        assert_eq!(reply.status.as_u16(), status, "{path}");
        if status == 401 {
            assert_eq!(reply.message(), "The token is not authorized for this scope.", "{path}");
        }
    }
}

#[tokio::test]
async fn ignored_fields_have_one_name_on_both_apis() {
    let peer = Official::in_manners("ignore:address.city,ignore:value").await;
    let old = peer.peer.objects("contacts").await.into_iter().find(|one| one["address"].is_object()).unwrap();
    let path = format!("/contacts/{}", old["id"].as_str().unwrap());
    let changed = peer.send("PUT", &path, json!({ "city": "Elsewhere", "address1": "2 Other St" })).await.body;
    assert_eq!(changed["contact"]["city"], old["address"]["city"]);
    assert_eq!(changed["contact"]["address1"], "2 Other St");
    let deal = peer.peer.objects("opportunities").await[0].clone();
    let path = format!("/opportunities/{}", deal["id"].as_str().unwrap());
    let changed = peer.send("PUT", &path, json!({ "monetaryValue": 987_654, "name": "Renamed" })).await.body;
    assert_eq!(changed["opportunity"]["monetaryValue"], deal["value"]);
    assert_eq!(changed["opportunity"]["name"], "Renamed");
}

#[tokio::test]
async fn a_contact_needs_one_of_email_and_phone() {
    let peer = Official::usual().await;
    let by_phone = json!({ "locationId": peer.home, "firstName": "Ada", "phone": "+15125550199" });
    assert_eq!(peer.send("POST", "/contacts/", by_phone).await.status, 201);
    let neither = peer.send("POST", "/contacts/", json!({ "locationId": peer.home, "firstName": "Ada" })).await;
    assert_eq!(neither.status, 422);
    assert!(message(&neither).contains("email or phone"), "{}", neither.text);
}

#[tokio::test]
async fn a_location_may_refuse_duplicates() {
    let peer = Official::in_manners("no-duplicates,normalise").await;
    let mut first = contact(&peer, "only@example.com");
    first["phone"] = json!("512 555 9177");
    let id = peer.send("POST", "/contacts/", first).await.body["contact"]["id"].clone();
    let by_phone = json!({ "locationId": peer.home, "phone": "+1 (512) 555-9177" });
    for (body, field) in [(contact(&peer, "Only@Example.com"), "email"), (by_phone, "phone")] {
        let refused = peer.send("POST", "/contacts/", body).await;
        assert_eq!((refused.status.as_u16(), &refused.body["meta"]["contactId"]), (400, &id), "{}", refused.text);
        assert_eq!(refused.body["meta"]["matchingField"], field);
    }
}
