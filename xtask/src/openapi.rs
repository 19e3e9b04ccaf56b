//! `openapi`: the parts of HighLevel's own OpenAPI files that tests need, for `tests/openapi`.
//!
//! HighLevel publishes the files under CC0. Kept are the operations of the typed tools and a sample of the others, without
//! prose: parameters, bodies, answers of success, and the schemas that these name.

use anyhow::Context;
use clap::Args;
use serde_json::{Map, Value, json};
use std::{
    collections::BTreeSet,
    fs,
    io::{Write, stdout},
    path::PathBuf,
    process::ExitCode,
};

const TRIMMED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/openapi");

/// The operations of the typed tools, of the sandbox and of the sign-in: file, method, path.
const OPERATIONS: &[(&str, &str, &str)] = &[
    ("calendars", "get", "/calendars/"),
    ("calendars", "get", "/calendars/groups"),
    ("calendars", "put", "/calendars/groups/{groupId}"),
    ("calendars", "put", "/calendars/groups/{groupId}/status"),
    ("calendars", "delete", "/calendars/groups/{groupId}"),
    ("calendars", "get", "/calendars/{calendarId}"),
    ("calendars", "get", "/calendars/{calendarId}/free-slots"),
    ("calendars", "get", "/calendars/events"),
    ("calendars", "get", "/calendars/events/appointments/{eventId}"),
    ("calendars", "post", "/calendars/events/appointments"),
    ("calendars", "put", "/calendars/events/appointments/{eventId}"),
    ("calendars", "delete", "/calendars/events/{eventId}"),
    ("calendars", "get", "/calendars/blocked-slots"),
    ("calendars", "post", "/calendars/events/block-slots"),
    ("calendars", "put", "/calendars/events/block-slots/{eventId}"),
    ("campaigns", "get", "/campaigns/"),
    ("contacts", "post", "/contacts/search"),
    ("contacts", "get", "/contacts/search/duplicate"),
    ("contacts", "post", "/contacts/"),
    ("contacts", "get", "/contacts/{contactId}"),
    ("contacts", "get", "/contacts/{contactId}/appointments"),
    ("contacts", "put", "/contacts/{contactId}"),
    ("contacts", "delete", "/contacts/{contactId}"),
    ("contacts", "post", "/contacts/upsert"),
    ("contacts", "get", "/contacts/{contactId}/notes"),
    ("contacts", "post", "/contacts/{contactId}/notes"),
    ("contacts", "get", "/contacts/{contactId}/notes/{id}"),
    ("contacts", "put", "/contacts/{contactId}/notes/{id}"),
    ("contacts", "delete", "/contacts/{contactId}/notes/{id}"),
    ("contacts", "post", "/contacts/{contactId}/tags"),
    ("contacts", "delete", "/contacts/{contactId}/tags"),
    ("contacts", "get", "/contacts/{contactId}/tasks"),
    ("contacts", "post", "/contacts/{contactId}/tasks"),
    ("contacts", "get", "/contacts/{contactId}/tasks/{taskId}"),
    ("contacts", "put", "/contacts/{contactId}/tasks/{taskId}"),
    ("contacts", "delete", "/contacts/{contactId}/tasks/{taskId}"),
    ("contacts", "put", "/contacts/{contactId}/tasks/{taskId}/completed"),
    ("contacts", "post", "/contacts/{contactId}/workflow/{workflowId}"),
    ("contacts", "delete", "/contacts/{contactId}/workflow/{workflowId}"),
    ("conversations", "get", "/conversations/search"),
    ("conversations", "get", "/conversations/{conversationId}"),
    ("conversations", "put", "/conversations/{conversationId}"),
    ("conversations", "post", "/conversations/"),
    ("conversations", "get", "/conversations/{conversationId}/messages"),
    ("conversations", "get", "/conversations/messages/{id}"),
    ("conversations", "get", "/conversations/messages/email/{id}"),
    ("conversations", "get", "/conversations/messages/export"),
    ("conversations", "get", "/conversations/locations/{locationId}/messages/{messageId}/transcription"),
    ("conversations", "post", "/conversations/messages"),
    ("conversations", "delete", "/conversations/messages/{messageId}/schedule"),
    ("conversations", "delete", "/conversations/messages/email/{emailMessageId}/schedule"),
    ("emails-v3", "get", "/emails/locations/{locationId}/campaigns/emails"),
    ("emails-v3", "post", "/emails/locations/{locationId}/campaigns/emails"),
    ("emails-v3", "get", "/emails/locations/{locationId}/campaigns/emails/{campaignId}"),
    ("forms", "get", "/forms/"),
    ("forms", "get", "/forms/submissions"),
    ("funnels", "get", "/funnels/funnel/list"),
    ("funnels", "get", "/funnels/page"),
    ("invoices", "get", "/invoices/"),
    ("invoices", "post", "/invoices/"),
    ("invoices", "get", "/invoices/generate-invoice-number"),
    ("invoices", "get", "/invoices/settings"),
    ("invoices", "get", "/invoices/{invoiceId}"),
    ("invoices", "put", "/invoices/{invoiceId}"),
    ("invoices", "delete", "/invoices/{invoiceId}"),
    ("invoices", "post", "/invoices/{invoiceId}/record-payment"),
    ("invoices", "post", "/invoices/{invoiceId}/send"),
    ("invoices", "post", "/invoices/{invoiceId}/void"),
    ("locations", "get", "/locations/search"),
    ("locations", "get", "/locations/{locationId}"),
    ("locations", "get", "/locations/{locationId}/customFields"),
    ("locations", "get", "/locations/{locationId}/customValues"),
    ("locations", "post", "/locations/{locationId}/customValues"),
    ("locations", "get", "/locations/{locationId}/customValues/{id}"),
    ("locations", "put", "/locations/{locationId}/customValues/{id}"),
    ("locations", "delete", "/locations/{locationId}/customValues/{id}"),
    ("locations", "get", "/locations/{locationId}/tags"),
    ("locations", "post", "/locations/{locationId}/tasks/search"),
    ("oauth", "get", "/oauth/installedLocations"),
    ("oauth", "post", "/oauth/locationToken"),
    ("oauth", "post", "/oauth/token"),
    ("opportunities", "get", "/opportunities/pipelines"),
    ("opportunities", "get", "/opportunities/search"),
    ("opportunities", "post", "/opportunities/"),
    ("opportunities", "get", "/opportunities/{id}"),
    ("opportunities", "put", "/opportunities/{id}"),
    ("opportunities", "delete", "/opportunities/{id}"),
    ("opportunities", "put", "/opportunities/{id}/status"),
    ("payments", "get", "/payments/orders"),
    ("payments", "get", "/payments/subscriptions"),
    ("payments", "get", "/payments/transactions"),
    ("payments", "get", "/payments/transactions/{transactionId}"),
    ("surveys", "get", "/surveys/"),
    ("surveys", "get", "/surveys/submissions"),
    ("users", "get", "/users/"),
    ("users", "get", "/users/{userId}"),
    ("workflows", "get", "/workflows/"),
];

/// Operations of every other group and with every form of a body: a sample of those that `run_operation` runs.
const SAMPLE: &[(&str, &str, &str)] = &[
    ("ad-manager", "put", "/ad-publishing/google/segments"),
    ("affiliate-manager", "get", "/affiliate-manager/{locationId}/affiliates"),
    ("agent-studio", "get", "/agent-studio/agent/{agentId}"),
    ("agent-studio", "post", "/agent-studio/agent/{agentId}/execute"),
    ("associations", "post", "/associations/relations"),
    ("blogs", "post", "/blogs/posts"),
    ("brand-boards", "get", "/brand-boards/{locationId}"),
    ("brand-boards-v3", "post", "/brand-boards/locations/{locationId}/brand-voices"),
    ("businesses", "get", "/businesses/{businessId}"),
    ("businesses", "put", "/businesses/{businessId}"),
    ("calendars", "post", "/calendars/{calendarId}/notifications"),
    ("chat-widget-v3", "get", "/chat-widget/data/{locationId}/{id}"),
    ("chat-widget-v3", "patch", "/chat-widget/data/{locationId}/{id}"),
    ("companies", "get", "/companies/{companyId}"),
    ("contacts", "delete", "/contacts/{contactId}/followers"),
    ("conversation-ai", "get", "/conversation-ai/agents/{agentId}"),
    ("conversation-ai", "put", "/conversation-ai/agents/{agentId}"),
    ("conversations", "get", "/conversations/search"),
    ("conversations", "post", "/conversations/messages"),
    ("conversations", "post", "/conversations/preferences/custom-subtypes"),
    ("courses", "post", "/courses/courses-exporter/public/import"),
    ("custom-fields", "post", "/custom-fields/folder"),
    ("custom-menus", "get", "/custom-menus/"),
    ("email-isv", "post", "/email/verify"),
    ("emails", "post", "/emails/builder"),
    ("knowledge-base", "post", "/knowledge-bases/faqs"),
    ("links", "get", "/links/"),
    ("links", "put", "/links/{linkId}"),
    ("marketplace", "post", "/marketplace/billing/charges"),
    ("medias", "post", "/medias/upload-file"),
    ("objects", "post", "/objects/{schemaKey}/records/search"),
    ("payments", "post", "/payments/coupon"),
    ("phone-system", "get", "/phone-system/numbers/location/{locationId}/available"),
    ("products", "get", "/products/{productId}/price/{priceId}"),
    ("products", "put", "/products/{productId}/price/{priceId}"),
    ("proposals", "post", "/proposals/templates/send"),
    ("saas-api", "post", "/saas/pause/{locationId}"),
    ("snapshots", "get", "/snapshots/"),
    ("social-media-posting", "post", "/social-media-posting/{locationId}/posts"),
    ("store", "post", "/store/shipping-zone"),
    ("voice-ai", "get", "/voice-ai/agents/{agentId}"),
    ("voice-ai", "patch", "/voice-ai/agents/{agentId}"),
    ("workflows", "get", "/workflows/"),
];

/// Members that are prose, or about parts that are left out.
const LEFT_OUT: [&str; 6] = ["description", "summary", "tags", "operationId", "externalDocs", "deprecated"];

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The directory of HighLevel's files, such as contacts.json, with those of v3 in v3/
    dir: PathBuf,
}

pub(crate) fn run(options: &Options) -> anyhow::Result<ExitCode> {
    let names: BTreeSet<&str> = OPERATIONS.iter().chain(SAMPLE).map(|(file, ..)| *file).collect();
    for name in names {
        let version = if name.ends_with("-v3") { "v3" } else { "" };
        let path = options.dir.join(version).join(format!("{name}.json"));
        let text = fs::read_to_string(&path).with_context(|| format!("{} cannot be read", path.display()))?;
        let trimmed = trim(name, &serde_json::from_str(&text)?)?;
        fs::write(format!("{TRIMMED}/{name}.json"), serde_json::to_string_pretty(&trimmed)? + "\n")?;
        writeln!(stdout(), "tests/openapi/{name}.json written.")?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The kept operations of a file, with what they name.
fn trim(name: &str, api: &Value) -> anyhow::Result<Value> {
    let mut paths = Map::new();
    for (_, method, path) in OPERATIONS.iter().chain(SAMPLE).filter(|(file, ..)| *file == name) {
        let operation = api.pointer(&format!("/paths/{}/{method}", path.replace('/', "~1")));
        let mut operation = operation.with_context(|| format!("{name} has no {method} {path}"))?.clone();
        without_prose(&mut operation);
        if let Some(responses) = operation.get_mut("responses").and_then(Value::as_object_mut) {
            responses.retain(|status, _| status.starts_with('2'));
            for response in responses.values_mut().filter_map(Value::as_object_mut) {
                // OpenAPI requires one.
                response.insert("description".to_owned(), "Success".into());
            }
        }
        let methods = paths.entry((*path).to_owned()).or_insert_with(|| json!({}));
        methods.as_object_mut().context("an object of methods")?.insert((*method).to_owned(), operation);
    }
    let mut schemas = Map::new();
    let paths = Value::Object(paths);
    let mut wanted = named_schemas(&paths);
    while let Some(name) = wanted.pop_first() {
        if schemas.contains_key(&name) {
            continue;
        }
        let schema = api.pointer(&format!("/components/schemas/{name}"));
        let mut schema = schema.with_context(|| format!("there is no schema {name}"))?.clone();
        without_prose(&mut schema);
        wanted.extend(named_schemas(&schema));
        schemas.insert(name, schema);
    }
    schemas.sort_keys();
    let mut schemes = api.pointer("/components/securitySchemes").cloned().unwrap_or_else(|| json!({}));
    without_prose(&mut schemes);
    Ok(json!({
        "openapi": api.get("openapi"), "paths": paths,
        "components": {"schemas": schemas, "securitySchemes": schemes},
    }))
}

/// Removes prose. Below `properties` a member is a field and not prose, whatever its name.
fn without_prose(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|name, _| !LEFT_OUT.contains(&name.as_str()));
            for (name, member) in members {
                match (name.as_str(), member) {
                    ("properties", Value::Object(fields)) => fields.values_mut().for_each(without_prose),
                    ("example" | "examples" | "default" | "enum", _) => {}
                    (_, member) => without_prose(member),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(without_prose),
        _ => {}
    }
}

/// The names of the schemas that a value refers to.
fn named_schemas(value: &Value) -> BTreeSet<String> {
    match value {
        Value::Object(members) => {
            let named = members.get("$ref").and_then(Value::as_str);
            let own = named.and_then(|name| name.strip_prefix("#/components/schemas/")).map(str::to_owned);
            own.into_iter().chain(members.values().flat_map(named_schemas)).collect()
        }
        Value::Array(items) => items.iter().flat_map(named_schemas).collect(),
        _ => BTreeSet::new(),
    }
}
