//! The endpoints under `/sandbox/`.

use crate::support::{Peer, send};
use highlevel_sandbox::{Sandbox, SandboxConfig};
use serde_json::json;

#[tokio::test]
async fn stats_count_what_took_effect() {
    let peer = Peer::usual().await;
    let made = peer.post("/page", json!({ "name": "A", "slug": "a" })).await.body;
    let id = made["id"].as_str().unwrap();
    let path = format!("/page/{id}");
    peer.put(&path, json!({ "title": "T" })).await;
    peer.put(&path, json!({ "nonsense": "T" })).await;
    peer.poke(&format!("{path}/publish")).await;
    let archived = peer.page("archived").await;
    peer.delete(&format!("/page/{archived}")).await;
    peer.get("/nowhere").await;
    let stats = peer.stats().await;
    let effects = json!({ "creates": 1, "updates": 1, "deletes": 1, "publishes": 1, "sends": 0, "starts": 0 });
    assert_eq!(stats["effects"], effects);
    assert_eq!(stats["writes"], json!({ id: 3, archived: 1 }));
    assert_eq!(stats["byOperation"]["PUT /page/{id}"], 2);
    assert_eq!(stats["byOperation"]["unknown"], 1);
    assert_eq!(stats["byStatus"], json!({ "200": 4, "201": 1, "400": 1, "404": 1 }));
    assert_eq!(stats["requests"], 7, "management requests are not counted");
}

#[tokio::test]
async fn requests_are_recorded_as_they_came() {
    let peer = Peer::usual().await;
    peer.get("/contact?tags=a%2Cb&limit=2").await;
    send(peer.plain("GET", "/users/m%65").header("x-extra", "1")).await.unwrap();
    peer.post("/campaigns", json!({ "name": "A", "type": "sms" })).await;
    let requests = peer.manage("GET", "requests", "").await.body;
    assert_eq!(requests.as_array().unwrap().len(), 3);
    assert_eq!((&requests[0]["path"], &requests[0]["query"]), (&json!("/contact"), &json!("tags=a%2Cb&limit=2")));
    assert_eq!(requests[0]["headers"]["token-id"], peer.token.as_str());
    assert_eq!((&requests[1]["path"], &requests[1]["status"]), (&json!("/users/m%65"), &json!(404)));
    assert_eq!(requests[1]["headers"]["x-extra"], "1");
    assert_eq!((&requests[2]["method"], &requests[2]["status"]), (&json!("POST"), &json!(201)));
    assert_eq!(requests[2]["body"], r#"{"name":"A","type":"sms"}"#);
    assert!(requests[2]["at"].as_u64() >= requests[0]["at"].as_u64());
    peer.manage("DELETE", "requests", "").await;
    assert_eq!(peer.manage("GET", "requests", "").await.body, json!([]));
}

#[tokio::test]
async fn objects_change_behind_the_clients_back() {
    let peer = Peer::usual().await;
    let contact = peer.objects("contacts").await[0].clone();
    let id = contact["id"].as_str().unwrap();
    let patch =
        json!({ "customFields": { "preferredContact": null, "new": [1] }, "email": "x@y.example", "odd": true });
    let reply = peer.manage("PUT", &format!("objects/contacts/{id}"), &patch.to_string()).await;
    assert_eq!(reply.status, 200);
    let now = peer.get(&format!("/contact/{id}")).await.body;
    assert_eq!(now, reply.body);
    assert_eq!((&now["odd"], &now["customFields"]["new"]), (&json!(true), &json!([1])));
    assert!(now["customFields"].get("preferredContact").is_none());
    assert_eq!(now["updatedAt"], contact["updatedAt"]);
    assert_eq!(peer.get("/contact?email=x@y.example").await.body["meta"]["total"], 1);
    assert_eq!(peer.manage("PUT", "objects/contacts/nobody", "{}").await.status, 404);
    assert_eq!(peer.manage("PUT", &format!("objects/contacts/{id}"), "[]").await.status, 400);
    assert_eq!(peer.manage("GET", "objects/dragons", "").await.status, 404);
}

#[tokio::test]
async fn fault_plans_are_replaced_and_bad_ones_explained() {
    let peer = Peer::with_faults("500").await;
    assert_eq!(peer.get("/users/me").await.status, 500);
    let bad = peer.manage("POST", "faults", "explode").await;
    assert_eq!(bad.status, 400);
    assert!(bad.message().contains("malformed"), "{}", bad.message());
    assert_eq!(peer.get("/users/me").await.status, 500, "a bad plan replaces nothing");
    assert_eq!(peer.manage("POST", "faults", "").await.body, json!({ "rules": 0 }));
    assert_eq!(peer.get("/users/me").await.status, 200);
}

#[tokio::test]
async fn stopping_frees_the_address_at_once() {
    let peer = Peer::with_faults("huge@GET /page").await;
    let addr = peer.sandbox.addr();
    let endless = peer.plain("GET", "/page").send().await.unwrap();
    peer.sandbox.stop().await;
    drop(endless);
    let again = Sandbox::start(addr, SandboxConfig::default()).await.unwrap();
    assert_eq!(again.base_url(), format!("http://{addr}"));
    again.stop().await;
}
