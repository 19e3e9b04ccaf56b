//! Strict validation of headers, queries and bodies.

use super::{DATED, Official, message};
use crate::support::send;
use serde_json::json;

#[tokio::test]
async fn each_operation_wants_the_version_that_its_file_declares() {
    let peer = Official::usual().await;
    let emails = format!("/emails/locations/{}/campaigns/emails", peer.home);
    let funnels = format!("/funnels/funnel/list?locationId={}", peer.home);
    for (path, version, status) in [
        ("/locations/search", DATED, 200),
        ("/locations/search", "", 422),
        ("/locations/search", "v3", 422),
        ("/locations/search", "1.0", 422),
        (&emails, "v3", 200),
        (&emails, DATED, 422),
        (&funnels, "", 200),
        (&funnels, DATED, 200),
        (&funnels, "v3", 422),
    ] {
        let reply = send(peer.request("GET", path, version)).await.unwrap();
        assert_eq!(reply.status.as_u16(), status, "{path} {version}: {}", reply.text);
        assert!(status == 200 || message(&reply).contains("version"), "{}", reply.text);
    }
}

#[tokio::test]
async fn only_a_bearer_is_let_in() {
    let peer = Official::usual().await;
    let bare = || peer.peer.bare("GET", "/locations/search").header("version", DATED);
    let token = peer.peer.token.clone();
    for value in
        ["".to_owned(), token.clone(), "Bearer ".to_owned(), "Bearer x.y.z".to_owned(), format!("bearer{token}")]
    {
        let reply = send(bare().header("authorization", &value)).await.unwrap();
        assert_eq!(reply.status, 401, "{value}");
        message(&reply);
    }
    assert_eq!(send(bare()).await.unwrap().status, 401);
    let both = bare().header("authorization", format!("Bearer {token}")).header("token-id", "x");
    assert_eq!(send(both).await.unwrap().status, 400, "a credential of the other API is one too many");
}

#[tokio::test]
async fn queries_are_read_strictly() {
    let peer = Official::usual().await;
    let home = &peer.home;
    for (path, word) in [
        ("/locations/search?limit=ten".to_owned(), "limit"),
        ("/locations/search?offset=1".to_owned(), "offset"),
        ("/locations/search?order=up".to_owned(), "order"),
        ("/opportunities/search".to_owned(), "location_id"),
        (format!("/opportunities/search?locationId={home}"), "locationId"),
        (format!("/opportunities/search?location_id={home}&limit=101"), "limit"),
        (format!("/opportunities/search?location_id={home}&status=negotiation"), "status"),
        (format!("/opportunities/search?location_id={home}&startAfter=5"), "startAfterId"),
        (format!("/opportunities/search?location_id={home}&date=2025-01-01"), "date"),
        ("/opportunities/pipelines".to_owned(), "locationId"),
        ("/campaigns/".to_owned(), "locationId"),
        (format!("/campaigns/?locationId={home}&limit=5"), "limit"),
        (format!("/emails/locations/{home}/campaigns/emails?limit=21"), "limit"),
        (format!("/funnels/funnel/list?locationId={home}&limit=x"), "limit"),
        (format!("/locations/{home}/customFields?model=deal"), "model"),
    ] {
        let reply = peer.get(&path).await;
        assert_eq!(reply.status, 422, "{path}: {}", reply.text);
        assert!(message(&reply).contains(word), "{path}: {}", reply.text);
    }
    for path in
        ["/opportunities/search?location_id=x", "/opportunities/pipelines?locationId=x", "/campaigns/?locationId=x"]
    {
        let reply = peer.get(path).await;
        assert_eq!(reply.status, 403, "{path}");
        assert!(message(&reply).contains("does not have access"));
    }
}

#[tokio::test]
async fn bodies_are_read_strictly() {
    let peer = Official::usual().await;
    let contact = peer.peer.objects("contacts").await[0]["id"].as_str().unwrap().to_owned();
    let (contact, field) = (format!("/contacts/{contact}"), peer.field("employees").await);
    let custom = |value: serde_json::Value| json!({ "customFields": [value] });
    for (method, path, body, word) in [
        ("POST", "/contacts/", json!({ "email": "a@b.example" }), "locationId"),
        ("PUT", &contact, json!({ "locationId": peer.home }), "locationId"),
        ("PUT", &contact, json!({ "address": { "street": "x" } }), "address"),
        ("PUT", &contact, json!({ "email": "nobody" }), "email"),
        ("PUT", &contact, json!({ "postalCode": null }), "postalCode"),
        ("PUT", &contact, json!({ "tags": "vip" }), "tags"),
        ("PUT", &contact, json!({ "customFields": { "industry": "x" } }), "customFields"),
        ("PUT", &contact, custom(json!({ "key": "industry", "field_value": "x" })), "customFields.0.id"),
        ("PUT", &contact, custom(json!({ "id": "none", "field_value": "x" })), "customFields.0.id"),
        ("PUT", &contact, custom(json!({ "id": field, "key": "industry", "field_value": "5" })), "customFields.0.key"),
        ("PUT", &contact, custom(json!({ "id": field, "value": "5" })), "value"),
        ("PUT", &contact, custom(json!({ "id": field, "field_value": "many" })), "number"),
        ("PUT", &contact, custom(json!({ "id": field, "field_value": null })), "field_value"),
        ("POST", "/contacts/search", json!({ "pageLimit": 5 }), "locationId"),
        ("POST", "/contacts/search", json!({ "locationId": peer.home }), "pageLimit"),
        ("POST", "/contacts/search", json!({ "locationId": peer.home, "pageLimit": 501 }), "pageLimit"),
        ("POST", "/contacts/search", json!({ "locationId": peer.home, "pageLimit": 5, "limit": 5 }), "limit"),
        ("POST", "/contacts/search", json!({ "locationId": peer.home, "pageLimit": 100, "page": 101 }), "searchAfter"),
        (
            "POST",
            "/contacts/search",
            json!({ "locationId": peer.home, "pageLimit": 5, "searchAfter": [1] }),
            "searchAfter",
        ),
    ] {
        let reply = peer.send(method, path, body.clone()).await;
        assert_eq!(reply.status, 422, "{path} {body}: {}", reply.text);
        assert!(message(&reply).contains(word) && reply.body["message"].is_array(), "{path} {body}: {}", reply.text);
    }
    let odd = peer
        .search(json!({ "pageLimit": 1, "filters": [{ "field": "contact_name", "operator": "eq", "value": "x" }] }));
    let odd = odd.await;
    assert_eq!((odd.status.as_u16(), odd.message()), (400, "Invalid field contact_name"));
    let foreign = json!({ "locationId": "elsewhere", "pageLimit": 1 });
    assert_eq!(peer.send("POST", "/contacts/search", foreign).await.status, 403);
    assert_eq!(peer.peer.stats().await["effects"]["updates"], 0);
}

#[tokio::test]
async fn unknown_paths_methods_and_objects() {
    let peer = Official::usual().await;
    for path in ["/", "/contacts", "/contact", "/users/me/x", "/opportunities"] {
        assert_eq!(peer.get(path).await.status, 404, "{path}");
    }
    assert_eq!(peer.get("/oauth/token").await.status, 405);
    assert_eq!(send(peer.request("DELETE", "/users/x", DATED)).await.unwrap().status, 405, "it is not served");
    for (path, words) in [("/contacts/nobody", "Contact not found"), ("/opportunities/none", "Opportunity not found")] {
        let reply = peer.get(path).await;
        assert_eq!((reply.status.as_u16(), reply.message()), (400, words));
    }
    let gone = peer.send("PUT", "/opportunities/none/status", json!({ "status": "won" })).await;
    assert_eq!(gone.status, 400);
}
