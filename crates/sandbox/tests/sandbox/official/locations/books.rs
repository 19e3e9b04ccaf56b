//! The books of each location: ids, objects, and what another location's token reaches of them.

use super::{Agency, Home, KINDS, config, text};
use highlevel_sandbox::{Api, Sandbox, SandboxConfig};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

#[tokio::test]
async fn no_id_is_in_two_locations_and_names_are_near_equal() {
    let agency = Agency::of(12).await;
    let mut owners: BTreeMap<String, &str> = BTreeMap::new();
    for home in &agency.homes {
        for kind in KINDS {
            let objects = agency.objects(home, kind).await;
            assert!(!objects.is_empty(), "{} has no {kind}", home.name);
            for object in objects {
                let other = owners.insert(text(&object, "id").to_owned(), &home.id);
                assert_eq!(other, None, "{kind} {object} is in two places");
            }
        }
    }
    assert_eq!(agency.objects(&agency.homes[7], "contacts").await.len(), 20);
    let names: Vec<&str> = agency.homes.iter().map(|home| home.name.as_str()).collect();
    assert_eq!(
        names[..5],
        ["Brightwater Digital", "Smile Dental", "Smile Dental North", "smile dental", "Smile Dental"]
    );
    let ids: BTreeSet<&str> = agency.homes.iter().map(|home| home.id.as_str()).collect();
    assert_eq!(ids.len(), 12);
}

#[tokio::test]
async fn further_locations_change_nothing_of_the_first() {
    let as_of = Some("2025-11-03T00:00:00Z".parse().unwrap());
    let alone = Agency::start(SandboxConfig { as_of, ..config(1) }).await;
    let one = Agency::start(SandboxConfig { as_of, ..config(3) }).await;
    let other = Agency::start(SandboxConfig { as_of, ..config(5) }).await;
    for kind in KINDS {
        let of_first = alone.objects(&alone.homes[0], kind).await;
        assert_eq!(of_first, one.objects(&one.homes[0], kind).await, "{kind}");
        let reply = alone.peer.manage("GET", &format!("objects/{kind}"), "").await;
        assert_eq!(json!(of_first), reply.body, "without a location it is the first");
        for number in [1, 2] {
            let (home, same) = (&one.homes[number], &other.homes[number]);
            assert_eq!(one.objects(home, kind).await, other.objects(same, kind).await, "{kind} of {}", home.name);
        }
    }
}

#[tokio::test]
async fn a_write_is_in_the_books_of_its_tokens_location_only() {
    let agency = Agency::of(5).await;
    // Its name is that of another location, to the letter.
    let home = &agency.homes[4];
    let body = json!({ "locationId": home.id, "email": "a@b.example" });
    let made = agency.send(&home.token, "POST", "/contacts/", body).await;
    assert_eq!((made.status.as_u16(), &made.body["contact"]["locationId"]), (201, &json!(home.id)));
    let id = text(&made.body["contact"], "id");
    let change = json!({ "city": "Waco" });
    assert_eq!(agency.send(&home.token, "PUT", &format!("/contacts/{id}"), change).await.status, 200);
    for one in &agency.homes {
        let (stats, here) = (agency.stats(&one.id).await, one.id == home.id);
        let writes = if here { json!({ id: 2 }) } else { json!({}) };
        assert_eq!((&stats["requests"], &stats["writes"]), (&json!(if here { 2 } else { 0 }), &writes), "{}", one.name);
        let held = agency.objects(one, "contacts").await.iter().any(|contact| contact["id"] == id);
        assert_eq!(held, here, "{}", one.name);
        let requests = agency.peer.manage("GET", &format!("requests?location={}", one.id), "").await.body;
        let named: Vec<&Value> = requests.as_array().unwrap().iter().map(|request| &request["location"]).collect();
        let own = json!(home.id);
        assert_eq!(named, if here { vec![&own; 2] } else { vec![] });
    }
    let all = agency.peer.stats().await;
    assert_eq!(
        (&all["requests"], &all["effects"]["creates"], &all["writes"]),
        (&json!(2), &json!(1), &json!({ id: 2 }))
    );
    agency.peer.manage("DELETE", &format!("requests?location={}", agency.homes[1].id), "").await;
    assert_eq!(agency.peer.manage("GET", "requests", "").await.body.as_array().unwrap().len(), 2);
    agency.peer.manage("DELETE", &format!("requests?location={}", home.id), "").await;
    assert_eq!(agency.peer.manage("GET", "requests", "").await.body, json!([]));
}

/// Requests with ids of `other`, and the status of each with the token of another location.
async fn strays(agency: &Agency, home: &Home, other: &Home) -> Vec<(&'static str, String, Value, u16)> {
    let own = async |kind| agency.one(home, kind).await;
    let id = async |kind| agency.one(other, kind).await;
    let (contact, deal, there) = (id("contacts").await, id("opportunities").await, &other.id);
    let (pipeline, field) = (id("pipelines").await, id("customFields").await);
    let emails = format!("/emails/locations/{there}/campaigns/emails");
    let new_deal = |pipeline: &str, contact: &str| {
        json!({
            "locationId": home.id, "pipelineId": pipeline, "name": "N", "status": "open", "contactId": contact,
        })
    };
    let by_user = |user: &str| json!({ "name": "S", "editorType": "html", "timeZone": "UTC", "userId": user });
    let own_emails = format!("/emails/locations/{}/campaigns/emails", home.id);
    vec![
        ("GET", format!("/locations/{there}"), Value::Null, 403),
        ("GET", format!("/locations/{there}/customFields"), Value::Null, 403),
        ("GET", format!("/users/?locationId={there}"), Value::Null, 403),
        ("GET", format!("/users/{}", id("users").await), Value::Null, 401),
        ("GET", format!("/opportunities/search?location_id={there}"), Value::Null, 403),
        ("GET", format!("/opportunities/pipelines?locationId={there}"), Value::Null, 403),
        ("GET", format!("/campaigns/?locationId={there}"), Value::Null, 403),
        ("GET", format!("/funnels/funnel/list?locationId={there}"), Value::Null, 403),
        ("GET", emails.clone(), Value::Null, 403),
        ("GET", format!("{own_emails}/{}", id("campaigns").await), Value::Null, 404),
        ("POST", emails, by_user(&own("users").await), 403),
        ("POST", own_emails, by_user(&id("users").await), 422),
        ("POST", "/contacts/search".to_owned(), json!({ "locationId": there, "pageLimit": 1 }), 403),
        ("POST", "/contacts/".to_owned(), json!({ "locationId": there, "email": "a@b.example" }), 403),
        ("GET", format!("/contacts/{contact}"), Value::Null, 400),
        ("PUT", format!("/contacts/{contact}"), json!({ "city": "Waco" }), 400),
        ("POST", format!("/contacts/{contact}/tags"), json!({ "tags": ["x"] }), 400),
        ("DELETE", format!("/contacts/{contact}/tags"), json!({ "tags": ["lead"] }), 400),
        (
            "PUT",
            format!("/contacts/{}", own("contacts").await),
            json!({ "customFields": [{ "id": field, "field_value": "5" }] }),
            422,
        ),
        ("GET", format!("/opportunities/{deal}"), Value::Null, 400),
        ("PUT", format!("/opportunities/{deal}"), json!({ "name": "M" }), 400),
        ("PUT", format!("/opportunities/{deal}/status"), json!({ "status": "won" }), 400),
        ("POST", "/opportunities/".to_owned(), new_deal(&own("pipelines").await, &contact), 422),
        ("POST", "/opportunities/".to_owned(), new_deal(&pipeline, &own("contacts").await), 422),
    ]
}

#[tokio::test]
async fn another_locations_ids_are_refused_and_change_nothing() {
    let agency = Agency::of(5).await;
    // Equal names, and the first location in both roles.
    for (home, other) in [(1, 4), (0, 1), (2, 0)] {
        let (home, other) = (&agency.homes[home], &agency.homes[other]);
        for (method, path, body, status) in strays(&agency, home, other).await {
            let reply = match method {
                "GET" => agency.get(&home.token, &path).await,
                _ => agency.send(&home.token, method, &path, body.clone()).await,
            };
            assert_eq!(reply.status.as_u16(), status, "{method} {path} {body}: {}", reply.text);
        }
    }
    let stats = agency.peer.stats().await;
    let effects = stats["effects"].as_object().unwrap();
    assert!(effects.values().all(|count| *count == 0), "{effects:?}");
}

#[tokio::test]
async fn objects_change_behind_the_back_of_one_location() {
    let agency = Agency::of(3).await;
    let (home, other) = (&agency.homes[2], &agency.homes[1]);
    let path = |kind: &str, home: &Home| format!("objects/{kind}?location={}", home.id);
    let added = agency.peer.manage("POST", &path("contacts", home), r#"{"email":"x@y.example"}"#).await.body;
    let one = format!("contacts/{}", text(&added, "id"));
    assert_eq!(agency.peer.manage("PUT", &path(&one, other), "{}").await.status, 404);
    assert_eq!(agency.peer.manage("PUT", &path(&one, home), r#"{"phone":"1"}"#).await.status, 200);
    assert_eq!(agency.objects(home, "contacts").await.len(), 21);
    agency.peer.manage("DELETE", &path(&one, home), "").await;
    assert_eq!(agency.objects(home, "contacts").await.len(), 20);
    for query in ["location=nobody", "location=agency", "locatoin=x", "location="] {
        let reply = agency.peer.manage("GET", &format!("objects/contacts?{query}"), "").await;
        assert_eq!(reply.status, 400, "{query}: {}", reply.text);
    }
    let listed = agency.peer.manage("GET", "locations", "").await.body;
    assert_eq!(listed[2], json!({ "id": home.id, "name": home.name, "isInstalled": true }));
    assert_eq!(agency.peer.sandbox.token_of("nobody"), None);
}

#[tokio::test]
async fn the_session_api_serves_one_location() {
    let addr = "127.0.0.1:0".parse().unwrap();
    for (api, locations) in [(Api::Session, 2), (Api::Official, 0)] {
        let refused = Sandbox::start(addr, SandboxConfig { api, locations, ..SandboxConfig::default() }).await;
        assert!(refused.unwrap_err().to_string().contains("location"), "{locations}");
    }
}
