//! Validates every answer against the response schemas of HighLevel's OpenAPI files (`tests/openapi`). A name that a schema
//! does not have is a failure too.

use super::Official;
use crate::support::Reply;
use serde_json::{Value, json};

/// The parts of HighLevel's files that tests need.
const FILES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/openapi");

/// The errors that an operation's schema finds in an answer.
pub(super) fn faults(operation: &str, reply: &Reply) -> Vec<String> {
    let (file, rest) = operation.split_once(' ').unwrap();
    let (method, path) = rest.split_once(' ').unwrap();
    let text = std::fs::read_to_string(format!("{FILES}/{file}.json")).unwrap();
    let mut api: Value = serde_json::from_str(&text).unwrap();
    let status = reply.status.as_u16().to_string();
    let response = api["paths"][path][method.to_lowercase()]["responses"][status.as_str()].clone();
    assert!(response.is_object(), "{operation} declares no {status}: {}", reply.text);
    let schema = response["content"]["application/json"]["schema"].clone();
    let mut whole = json!({ "allOf": [schema], "components": { "schemas": api["components"]["schemas"].take() } });
    close(&mut whole);
    let validator = jsonschema::draft4::new(&whole).unwrap();
    validator.iter_errors(&reply.body).map(|error| format!("{} at {}", error, error.instance_path())).collect()
}

/// Forbids fields that a schema does not name.
fn close(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            fields.values_mut().for_each(close);
            if fields.get("properties").and_then(Value::as_object).is_some_and(|named| !named.is_empty()) {
                fields.entry("additionalProperties").or_insert(json!(false));
            }
        }
        Value::Array(items) => items.iter_mut().for_each(close),
        _ => {}
    }
}

#[tokio::test]
async fn answers_have_the_files_shapes() {
    let peer = Official::usual().await;
    let home = peer.home.clone();
    let id = async |kind: &str| peer.peer.objects(kind).await[0]["id"].as_str().unwrap().to_owned();
    let (user, contact, deal) = (id("users").await, id("contacts").await, id("opportunities").await);
    let (campaign, funnel) = (id("campaigns").await, id("funnels").await);
    let (pipeline, stage) = peer.stage("proposal").await;
    let field = peer.field("employees").await;
    let emails = format!("/emails/locations/{home}/campaigns/emails");
    let new_contact = json!({
        "locationId": home, "firstName": "A", "email": "a@b.example", "address1": "1 Main St", "dnd": true,
        "website": "https://b.example", "customFields": [{ "id": field, "field_value": "5" }],
    });
    let new_deal = json!({
        "locationId": home, "pipelineId": pipeline, "pipelineStageId": stage, "name": "N", "status": "open",
        "contactId": contact, "monetaryValue": 5,
    });
    let new_email = json!({ "name": "S", "editorType": "html", "timeZone": "America/Chicago", "userId": user });
    let one_deal = format!("/opportunities/{deal}");
    const EMAILS: &str = "/emails/locations/{locationId}/campaigns/emails";
    let replies = [
        ("users GET /users/{userId}".to_owned(), peer.get(&format!("/users/{user}")).await),
        ("locations GET /locations/{locationId}".to_owned(), peer.get(&format!("/locations/{home}")).await),
        ("locations GET /locations/search".to_owned(), peer.get("/locations/search").await),
        (
            "locations GET /locations/{locationId}/customFields".to_owned(),
            peer.get(&format!("/locations/{home}/customFields")).await,
        ),
        ("contacts GET /contacts/{contactId}".to_owned(), peer.get(&format!("/contacts/{contact}")).await),
        ("contacts POST /contacts/".to_owned(), peer.send("POST", "/contacts/", new_contact).await),
        (
            "contacts PUT /contacts/{contactId}".to_owned(),
            peer.send("PUT", &format!("/contacts/{contact}"), json!({ "city": "Waco" })).await,
        ),
        (
            "opportunities GET /opportunities/search".to_owned(),
            peer.get(&format!("/opportunities/search?location_id={home}&limit=5&page=2")).await,
        ),
        ("opportunities GET /opportunities/{id}".to_owned(), peer.get(&one_deal).await),
        ("opportunities POST /opportunities/".to_owned(), peer.send("POST", "/opportunities/", new_deal).await),
        ("opportunities PUT /opportunities/{id}".to_owned(), peer.send("PUT", &one_deal, json!({ "name": "M" })).await),
        (
            "opportunities PUT /opportunities/{id}/status".to_owned(),
            peer.send("PUT", &format!("{one_deal}/status"), json!({ "status": "won" })).await,
        ),
        ("campaigns GET /campaigns/".to_owned(), peer.get(&format!("/campaigns/?locationId={home}")).await),
        (format!("emails-v3 POST {EMAILS}"), peer.send("POST", &emails, new_email).await),
        (format!("emails-v3 GET {EMAILS}"), peer.get(&format!("{emails}?limit=20")).await),
        (format!("emails-v3 GET {EMAILS}/{{campaignId}}"), peer.get(&format!("{emails}/{campaign}")).await),
    ];
    for (operation, reply) in &replies {
        assert!(reply.status.is_success(), "{operation}: {}", reply.text);
        assert_eq!(faults(operation, reply), [""; 0], "{operation}: {}", reply.text);
    }
    let own = format!("altId={home}&altType=location");
    let invoice = format!("/invoices/{}?{own}", id("invoices").await);
    let number = format!("/invoices/generate-invoice-number?{own}");
    for (operation, path) in [
        ("forms GET /forms/", format!("/forms/?locationId={home}")),
        ("surveys GET /surveys/", format!("/surveys/?locationId={home}")),
        ("invoices GET /invoices/", format!("/invoices/?{own}&limit=100&offset=0")),
        ("invoices GET /invoices/{invoiceId}", invoice),
        ("invoices GET /invoices/generate-invoice-number", number),
        ("invoices GET /invoices/settings", format!("/invoices/settings?{own}")),
        ("payments GET /payments/orders", format!("/payments/orders?altId={home}&limit=100")),
    ] {
        let reply = peer.get(&path).await;
        // The file has texts in the place of an invoice's items. Its examples have objects.
        let mut faults = faults(operation, &reply);
        faults.retain(|fault| !fault.contains("/invoiceItems/"));
        assert_eq!(faults, [""; 0], "{operation}");
    }
    // These schemas contradict their own examples, so the answers do not match them.
    for (operation, reply) in [
        (
            "opportunities GET /opportunities/pipelines",
            peer.get(&format!("/opportunities/pipelines?locationId={home}")).await,
        ),
        ("funnels GET /funnels/funnel/list", peer.get(&format!("/funnels/funnel/list?locationId={home}")).await),
        (
            "funnels GET /funnels/page",
            peer.get(&format!("/funnels/page?locationId={home}&funnelId={funnel}&limit=5&offset=0")).await,
        ),
        // The answers to a form have the keys of its fields, and the status is a text.
        (
            "forms GET /forms/submissions",
            peer.get(&format!("/forms/submissions?locationId={home}&startAt=2015-01-01")).await,
        ),
        ("payments GET /payments/transactions", peer.get(&format!("/payments/transactions?{own}")).await),
        ("payments GET /payments/subscriptions", peer.get(&format!("/payments/subscriptions?{own}")).await),
    ] {
        assert_eq!(reply.status, 200, "{operation}");
        assert_ne!(faults(operation, &reply), [""; 0], "{operation}");
    }
}
