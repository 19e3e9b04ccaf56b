//! What the parts of a call cost, each by itself. `cargo bench --bench call`

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a bench fails like a test")]

use divan::{Bencher, counter::BytesCount};
use highlevel_api_client::{Body, Moment, Response};
use highlevel_catalog::{Catalog, Invocation};
use highlevel_mcp::{
    answer::{DEFAULT_MAX_BYTES, finish},
    api::session,
    mcp::tool,
};
use http::StatusCode;
use serde_json::{Map, Value, json};

fn main() {
    divan::main();
}

fn arguments(tool: &str) -> Map<String, Value> {
    let arguments = match tool {
        "get_contact" => json!({"id": "contact123"}),
        "list_contacts" => json!({"limit": 100, "offset": 200, "email": "ann@x.example", "tags": ["lead"]}),
        "create_contact" => json!({
            "firstName": "Ann", "lastName": "Lee", "email": "ann@x.example", "phone": "+15125550101",
            "tags": ["lead", "newsletter"], "customFields": {"size": "40", "plan": "gold"}
        }),
        _ => Value::Null,
    };
    arguments.as_object().unwrap().clone()
}

fn invocation(tool: &str) -> Invocation {
    Catalog::session().find(tool).unwrap().parse(arguments(tool)).unwrap()
}

/// A caller's arguments, checked, to the request.
#[divan::bench(args = ["get_contact", "list_contacts", "create_contact"])]
fn request(bencher: Bencher<'_, '_>, tool: &str) {
    let entry = Catalog::session().find(tool).unwrap();
    bencher
        .with_inputs(|| arguments(tool))
        .bench_values(|arguments| session::request(&entry.parse(arguments).unwrap()).unwrap());
}

fn contact(number: usize) -> Value {
    json!({
        "id": format!("contact{number}"), "firstName": "Ann", "lastName": format!("Lee{number}"),
        "email": format!("ann{number}@x.example"), "phone": format!("+1512555{number:04}"),
        "companyName": "Company", "tags": ["lead", "newsletter"], "assignedTo": "user1",
        "createdAt": "2025-01-01T00:00:00Z", "updatedAt": "2025-11-01T00:00:00Z"
    })
}

/// The text that a model is given of a body.
fn answer_text(invocation: &Invocation, body: &str) -> String {
    let response = Response {
        status: StatusCode::OK,
        body: Body::parse(body),
        sent_at: Moment::now(),
        repeated_after_doubt: false,
    };
    let value = session::answer(invocation, response).unwrap();
    serde_json::to_string(&finish(invocation, value, DEFAULT_MAX_BYTES)).unwrap()
}

/// A body to the text that a model is given, within the bound. 100 contacts fit, 500 do not.
#[divan::bench(args = [1, 100, 500])]
fn answer(bencher: Bencher<'_, '_>, contacts: usize) {
    let all: Vec<_> = (1..=contacts).map(contact).collect();
    let (invocation, body) = match contacts {
        1 => (invocation("get_contact"), all[0].to_string()),
        _ => {
            let meta = json!({"total": contacts, "limit": contacts, "offset": 0});
            (invocation("list_contacts"), json!({"data": all, "meta": meta}).to_string())
        }
    };
    let text = answer_text(&invocation, &body);
    assert!(text.len() <= DEFAULT_MAX_BYTES && text.contains("ann1@x.example"), "{text}");
    assert_eq!(text.contains(&format!("ann{contacts}@x.example")), contacts < 500, "{text}");
    bencher.counter(BytesCount::of_str(&body)).bench(|| answer_text(&invocation, &body));
}

/// The list of tools as it is written once in a process.
#[divan::bench]
fn tools() -> Vec<String> {
    Catalog::session().iter().map(|spec| serde_json::to_string(&tool(spec, true, 51_200, None)).unwrap()).collect()
}
