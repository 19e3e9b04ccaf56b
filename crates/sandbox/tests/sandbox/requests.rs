//! Strict validation of headers, queries and bodies.

use crate::support::{Peer, send};
use serde_json::json;

#[tokio::test]
async fn headers_are_required_as_documented() {
    let peer = Peer::usual().await;
    let token = peer.token.clone();
    let missing = send(peer.bare("GET", "/users/me").header("version", "1.0")).await.unwrap();
    assert_eq!(missing.status, 401);
    assert_eq!(missing.body["statusCode"], 401);
    assert_eq!(missing.message(), "Invalid or expired token");
    let forged = send(peer.bare("GET", "/users/me").header("version", "1.0").header("token-id", "a.b.c")).await;
    assert_eq!(forged.unwrap().status, 401);
    let unversioned = send(peer.bare("GET", "/users/me").header("token-id", &token)).await.unwrap();
    assert_eq!(unversioned.status, 400);
    assert!(unversioned.message().contains("version"));
    let old = send(peer.bare("GET", "/users/me").header("token-id", &token).header("version", "2021-07-28")).await;
    assert_eq!(old.unwrap().status, 400);
    let typed = send(peer.plain("GET", "/users/me").header("content-type", "application/json")).await.unwrap();
    assert_eq!(typed.status, 400);
    let with_body = send(peer.plain("GET", "/users/me").body("{}")).await.unwrap();
    assert_eq!(with_body.status, 400);
    let good = peer.get("/users/me").await;
    assert_eq!(good.status, 200);
    for header in ["x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset", "date"] {
        assert!(good.headers.contains_key(header), "{header}");
        assert!(missing.headers.contains_key(header), "{header} of a refusal");
    }
}

#[tokio::test]
async fn bodies_need_their_content_type_and_empty_ones_their_length() {
    let peer = Peer::usual().await;
    let body = json!({ "firstName": "A", "lastName": "B", "email": "a@b.example" }).to_string();
    assert_eq!(send(peer.plain("POST", "/contact").body(body.clone())).await.unwrap().status, 400);
    let utf8 = peer.plain("POST", "/contact").header("content-type", "application/json; charset=utf-8").body(body);
    assert_eq!(send(utf8).await.unwrap().status, 201);
    for text in ["", "[]", "{", "\"x\""] {
        let request = peer.plain("POST", "/contact").header("content-type", "application/json").body(text);
        assert_eq!(send(request).await.unwrap().status, 400, "{text}");
    }
    let page = peer.page("draft").await;
    let head = format!("POST /page/{page}/publish HTTP/1.1\nhost: x\nconnection: close\nversion: 1.0\n");
    let no_length = peer.raw(&format!("{head}token-id: {}\n\n", peer.token)).await;
    assert!(no_length.starts_with("HTTP/1.1 411"), "{no_length}");
    let full = send(peer.plain("POST", &format!("/page/{page}/publish")).body("{}")).await.unwrap();
    assert_eq!(full.status, 400);
    assert_eq!(peer.poke(&format!("/page/{page}/publish")).await.status, 200);
}

#[tokio::test]
async fn queries_are_read_strictly() {
    let peer = Peer::usual().await;
    for (path, word) in [
        ("/contact?limit=0", "limit"),
        ("/contact?limit=101", "limit"),
        ("/contact?limit=ten", "limit"),
        ("/contact?limit=%2B5", "limit"),
        ("/contact?offset=-1", "offset"),
        ("/contact?limit=5&limit=6", "limit"),
        ("/contact?name=x", "name"),
        ("/contact?email=", "email"),
        ("/opportunity?status=negotiation", "open, won, lost"),
        ("/campaigns?status=draft", "active, paused, archived"),
        ("/page?status=live", "draft, published, archived"),
        ("/locations?status=x", "status"),
        ("/funnel?status=x", "status"),
        ("/webhook?limit=5", "limit"),
        ("/users/me?x=1", "x"),
        ("/campaign", "id"),
        ("/campaign?id=a&limit=1", "limit"),
    ] {
        let reply = peer.get(path).await;
        assert_eq!(reply.status, 400, "{path}");
        assert_eq!(reply.body["error"], "Bad Request");
        assert!(reply.message().contains(word), "{path}: {}", reply.message());
    }
}

#[tokio::test]
async fn unknown_paths_and_methods() {
    let peer = Peer::usual().await;
    for path in ["/", "/contacts", "/contact/", "/token/update/x", "/contact/nobody", "/users/nobody", "/campaign?id=x"]
    {
        assert_eq!(peer.get(path).await.status, 404, "{path}");
    }
    assert_eq!(peer.delete("/contact/x").await.status, 405);
    assert_eq!(send(peer.plain("PATCH", "/contact")).await.unwrap().status, 405);
    assert_eq!(peer.get("/token/update").await.status, 405);
}

#[tokio::test]
async fn refused_bodies_name_the_field() {
    let peer = Peer::usual().await;
    let contact = peer.objects("contacts").await[0]["id"].clone();
    let (contact_path, opportunity) = (format!("/contact/{}", contact.as_str().unwrap()), "/opportunity");
    for (path, body, word) in [
        ("/contact", json!({ "firstName": "A", "lastName": "B" }), "email"),
        ("/contact", json!({ "firstName": "A", "lastName": "B", "email": "nobody" }), "email"),
        ("/contact", json!({ "firstName": 1, "lastName": "B", "email": "a@b.c" }), "firstName"),
        ("/contact", json!({ "firstName": "A", "lastName": "B", "email": "a@b.c", "id": "x" }), "id"),
        ("/contact", json!({ "firstName": "A", "lastName": "B", "email": "a@b.c", "phone": null }), "phone"),
        (opportunity, json!({ "name": "A", "contactId": "none", "value": 1, "status": "open" }), "contactId"),
        (opportunity, json!({ "name": "A", "contactId": contact, "value": -1, "status": "open" }), "value"),
        (opportunity, json!({ "name": "A", "contactId": contact, "value": "1", "status": "open" }), "value"),
        (opportunity, json!({ "name": "A", "contactId": contact, "value": 1, "status": "new" }), "status"),
        ("/page", json!({ "name": "A", "slug": "a", "status": "published" }), "status"),
        ("/page", json!({ "name": "A" }), "slug"),
        ("/webhook", json!({ "url": "http://a.example", "events": ["x"] }), "url"),
        ("/webhook", json!({ "url": "https://a.example", "events": [] }), "events"),
        ("/campaigns", json!({ "name": "A" }), "type"),
        ("/campaigns", json!({ "name": "A", "type": "email", "status": "sent" }), "status"),
    ] {
        let reply = peer.post(path, body.clone()).await;
        assert_eq!(reply.status, 400, "{path} {body}");
        assert!(reply.message().contains(word), "{path} {body}: {}", reply.message());
    }
    for body in [json!({ "email": null }), json!({}), json!({ "address": { "zip": "1" } }), json!({ "createdAt": "x" })]
    {
        assert_eq!(peer.put(&contact_path, body.clone()).await.status, 400, "{body}");
    }
}
