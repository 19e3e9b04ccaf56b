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
    let replies: Vec<_> = replies.into_iter().chain(of_conversations(&peer).await).collect();
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
    let call = with(&peer, |message| message["transcript"].is_array()).await;
    // These schemas contradict their own examples, so the answers do not match them.
    for (operation, reply) in [
        (
            "opportunities GET /opportunities/pipelines",
            peer.get(&format!("/opportunities/pipelines?locationId={home}")).await,
        ),
        ("funnels GET /funnels/funnel/list", peer.get(&format!("/funnels/funnel/list?locationId={home}")).await),
        // The live service pages by dates that the schema does not have.
        (
            "conversations GET /conversations/search",
            peer.get(&format!("/conversations/search?locationId={home}")).await,
        ),
        (
            "conversations GET /conversations/locations/{locationId}/messages/{messageId}/transcription",
            peer.get(&format!("/conversations/locations/{home}/messages/{call}/transcription")).await,
        ),
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

/// The id of a stored message that fits.
async fn with(peer: &Official, fits: impl Fn(&Value) -> bool) -> String {
    let messages = peer.peer.objects("messages").await;
    messages.iter().find(|message| fits(message)).unwrap()["id"].as_str().unwrap().to_owned()
}

/// The answers of conversations and workflows.
async fn of_conversations(peer: &Official) -> Vec<(String, Reply)> {
    let home = &peer.home;
    let id = |object: &Value| object["id"].as_str().unwrap().to_owned();
    let (conversations, contacts) = (peer.peer.objects("conversations").await, peer.peer.objects("contacts").await);
    let workflow = id(&peer.peer.objects("workflows").await[0]);
    let (conversation, contact) = (id(&conversations[0]), id(&contacts[0]));
    let call = with(peer, |message| message["messageType"] == "TYPE_CALL").await;
    let email = id(&peer.peer.objects("emails").await[0]);
    let one = format!("/conversations/{conversation}");
    let soon = chrono::Utc::now().timestamp() + 3_600;
    let text = json!({ "type": "SMS", "contactId": conversations[0]["contactId"], "message": "Hi" });
    let mail = json!({ "type": "Email", "contactId": contact, "html": "<p>Hi</p>", "scheduledTimestamp": soon });
    let later = json!({ "type": "SMS", "contactId": conversations[0]["contactId"], "message": "Hi", "scheduledTimestamp": soon });
    let (later, mail) = (
        peer.send("POST", "/conversations/messages", later).await,
        peer.send("POST", "/conversations/messages", mail).await,
    );
    let cancel = format!("/conversations/messages/{}/schedule", later.body["messageId"].as_str().unwrap());
    let cancel_mail =
        format!("/conversations/messages/email/{}/schedule", mail.body["emailMessageId"].as_str().unwrap());
    let new = json!({ "locationId": home, "contactId": contacts[1]["id"] });
    let path = format!("/contacts/{contact}/workflow/{workflow}");
    let all = [
        ("conversations GET /conversations/{conversationId}", peer.get(&one).await),
        (
            "conversations PUT /conversations/{conversationId}",
            peer.send("PUT", &one, json!({ "locationId": home, "unreadCount": 0 })).await,
        ),
        ("conversations POST /conversations/", peer.send("POST", "/conversations/", new).await),
        ("conversations GET /conversations/{conversationId}/messages", peer.get(&format!("{one}/messages")).await),
        ("conversations GET /conversations/messages/{id}", peer.get(&format!("/conversations/messages/{call}")).await),
        (
            "conversations GET /conversations/messages/email/{id}",
            peer.get(&format!("/conversations/messages/email/{email}")).await,
        ),
        (
            "conversations GET /conversations/messages/export",
            peer.get(&format!("/conversations/messages/export?locationId={home}&limit=10")).await,
        ),
        ("conversations POST /conversations/messages", peer.send("POST", "/conversations/messages", text).await),
        ("conversations POST /conversations/messages", later),
        ("conversations POST /conversations/messages", mail),
        ("conversations DELETE /conversations/messages/{messageId}/schedule", peer.delete(&cancel).await),
        (
            "conversations DELETE /conversations/messages/email/{emailMessageId}/schedule",
            peer.delete(&cancel_mail).await,
        ),
        ("workflows GET /workflows/", peer.get(&format!("/workflows/?locationId={home}")).await),
        ("contacts POST /contacts/{contactId}/workflow/{workflowId}", peer.send("POST", &path, json!({})).await),
        ("contacts DELETE /contacts/{contactId}/workflow/{workflowId}", peer.send("DELETE", &path, json!({})).await),
    ];
    all.into_iter().map(|(operation, reply)| (operation.to_owned(), reply)).collect()
}
