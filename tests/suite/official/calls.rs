//! Calls every tool of the official API with all its arguments.

use crate::support::Host;
use highlevel_mcp::api::Registry;
use rmcp::model::CallToolResult;
use serde_json::{Value, json};

/// The names in an account.
pub struct Names {
    /// Two custom fields.
    pub fields: [&'static str; 2],
    /// A stage, if the account reports a pipeline.
    pub stage: Option<&'static str>,
}

/// The answers, in the order of the calls.
#[derive(Default)]
pub struct Answers(pub Vec<(&'static str, CallToolResult)>);

impl Answers {
    async fn call(&mut self, host: &Host, tool: &'static str, arguments: Value) -> Value {
        let result = host.call(tool, arguments).await;
        let answer = result.structured_content.clone().unwrap_or_default();
        self.0.push((tool, result));
        answer
    }
}

/// Calls the tools for appointments of a contact.
async fn appointments(all: &mut Answers, host: &Host, contact: &Value) {
    let calendar = all.call(host, "list_calendars", json!({})).await["data"][0]["id"].clone();
    let slots = all.call(host, "list_free_slots", json!({"calendar": calendar, "timeZone": "Europe/Berlin"})).await;
    let slot = slots["slots"][0].clone();
    let booking = json!({"calendar": calendar, "contactId": contact, "startTime": slot, "title": "T", "description": "D",
        "address": "Zoom"});
    let booked = all.call(host, "book_appointment", booking).await["id"].clone();
    all.call(host, "update_appointment", json!({"id": booked, "startTime": slot, "status": "confirmed"})).await;
    all.call(host, "update_appointment", json!({"id": booked, "title": "U", "calendar": calendar})).await;
    all.call(host, "get_appointment", json!({"id": booked})).await;
    all.call(host, "list_appointments", json!({"contactId": contact})).await;
    all.call(host, "list_appointments", json!({"calendar": calendar, "from": "2026-01-01"})).await;
    all.call(host, "list_appointments", json!({"limit": 5})).await;
}

/// Calls every tool.
pub async fn every_tool(host: &Host, names: &Names) -> Answers {
    let mut all = Answers::default();
    let location = all.call(host, "get_default_location", json!({})).await["id"].clone();
    all.call(host, "get_location", json!({"id": location})).await;
    all.call(host, "list_locations", json!({})).await;
    let contact = json!({
        "firstName": "Ada", "lastName": "B", "email": "a@b.example", "phone": "+1 555 010 0000", "tags": ["vip"],
        "source": "x", "companyName": "Engines", "address": {"street": "1 Main St", "country": "GB"},
        "customFields": {(names.fields[0]): "Computing", (names.fields[1]): 3}
    });
    let made = all.call(host, "create_contact", contact).await["id"].clone();
    let users = all.call(host, "query_crm", json!({"sql": "SELECT id FROM users"})).await;
    let user = users["rows"][0][0].clone();
    all.call(host, "get_user", json!({"userId": user})).await;
    let owned = json!({"id": made, "assignedTo": user, "customFields": {(names.fields[1]): null}});
    all.call(host, "update_contact", owned).await;
    let clear = ["phone", "tags", "source", "address", "assignedTo"];
    all.call(host, "update_contact", json!({"id": made, "clear": clear})).await;
    all.call(host, "get_contact", json!({"id": made})).await;
    all.call(host, "list_contacts", json!({"email": "a@b.example", "tags": ["vip"], "phone": "1"})).await;
    let mut deal = json!({"name": "D", "contactId": made, "value": 1.5, "status": "open", "assignedTo": user});
    deal.as_object_mut().unwrap().extend(names.stage.map(|stage| ("stage".to_owned(), stage.into())));
    let deal = all.call(host, "create_opportunity", deal).await["id"].clone();
    all.call(host, "update_opportunity", json!({"id": deal, "name": "E", "status": "lost", "value": 2})).await;
    all.call(host, "get_opportunity", json!({"id": deal})).await;
    all.call(host, "list_opportunities", json!({"limit": 2})).await;
    all.call(host, "list_opportunities", json!({"status": "won", "offset": 7, "limit": 10})).await;
    all.call(host, "list_pipelines", json!({})).await;
    let campaign = json!({"name": "C", "type": "email", "template": "t"});
    let campaign = all.call(host, "create_campaign", campaign).await["id"].clone();
    all.call(host, "get_campaign", json!({"id": campaign})).await;
    all.call(host, "list_campaigns", json!({"status": "archived", "limit": 50})).await;
    appointments(&mut all, host, &made).await;
    all.call(host, "list_funnels", json!({})).await;
    all.call(host, "list_pages", json!({})).await;
    all.call(host, "list_forms", json!({})).await;
    all.call(host, "list_submissions", json!({"search": "a@b.example", "since": "2026-01-01"})).await;
    all.call(host, "list_invoices", json!({"contactId": made, "search": "Ada", "status": "draft"})).await;
    let invoice = json!({
        "contactId": made, "name": "I", "currency": "USD", "items": [{"name": "x", "amount": 9.5}],
    });
    let invoice = all.call(host, "create_invoice", invoice).await["id"].clone();
    all.call(host, "get_invoice", json!({"id": invoice})).await;
    all.call(host, "list_transactions", json!({"contactId": made, "since": "2026-01-01", "limit": 5})).await;
    all.call(host, "create_note", json!({"contactId": made, "body": "Called", "title": "Call"})).await;
    all.call(host, "list_notes", json!({"contactId": made})).await;
    let task = json!({"contactId": made, "title": "Call", "dueDate": "2030-01-01", "body": "b", "assignedTo": user});
    let task = all.call(host, "create_task", task).await["id"].clone();
    let done = json!({"id": task, "contactId": made, "completed": true, "title": "Called"});
    all.call(host, "update_task", done).await;
    all.call(host, "list_tasks", json!({"contactId": made})).await;
    all.call(host, "list_tasks", json!({"completed": false, "assignedTo": user, "limit": 5})).await;
    let get = json!({"operation": "contacts.get-contact", "arguments": {"contactId": made}});
    all.call(host, "run_operation", get).await;
    conversations(&mut all, host, &made).await;
    let tools = host.session.list_all_tools().await.unwrap();
    let forgotten = tools.iter().find(|tool| {
        let spec = Registry::standard().catalog().find(&tool.name).unwrap();
        // A person has to agree to a guarded one, and here is none. Jobs make the requests of other tools.
        let is_left_out = spec.is_local() || spec.is_about_jobs() || spec.effect.is_guarded();
        !is_left_out && !all.0.iter().any(|(called, _)| *called == tool.name)
    });
    assert!(forgotten.is_none(), "{forgotten:?}");
    all
}

/// Calls the tools that read conversations.
async fn conversations(all: &mut Answers, host: &Host, contact: &Value) {
    all.call(host, "list_conversations", json!({"limit": 5, "status": "unanswered", "query": "a"})).await;
    all.call(host, "list_conversations", json!({"limit": 5, "status": "unread", "contactId": contact})).await;
    all.call(host, "list_messages", json!({"contactId": contact})).await;
    all.call(host, "list_messages", json!({"channel": "SMS", "since": "2026-01-01", "limit": 5})).await;
    all.call(host, "list_messages", json!({"limit": 5})).await;
    all.call(host, "list_workflows", json!({})).await;
}
