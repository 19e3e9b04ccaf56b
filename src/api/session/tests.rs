//! Tests of the session API's requests and answers.

use super::{answer, request};
use crate::api::invocations::any_invocation;
use highlevel_api_client::{Body, Moment, Response};
use highlevel_catalog::{Catalog, Invocation};
use highlevel_core::UNREADABLE;
use http::StatusCode;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

fn invocation(tool: &str, arguments: Value) -> Invocation {
    let arguments: Map<String, Value> = serde_json::from_value(arguments).unwrap();
    Catalog::session().find(tool).unwrap().parse(arguments).unwrap()
}

fn read(tool: &str, arguments: Value, body: Value) -> Value {
    let response = Response {
        status: StatusCode::OK,
        body: Body::Json(body),
        sent_at: Moment::now(),
        repeated_after_doubt: false,
    };
    answer(&invocation(tool, arguments), response).unwrap().into_json()
}

#[test]
fn objects_are_read_from_every_envelope() {
    for body in [json!({"id": "a"}), json!({"data": {"id": "a"}}), json!({"contact": {"id": "a"}, "traceId": "t"})] {
        assert_eq!(read("get_contact", json!({"id": "a"}), body), json!({"id": "a"}));
    }
}

#[test]
fn lists_are_read_from_every_envelope() {
    let items = json!([{"id": "a"}]);
    for body in [items.clone(), json!({"data": items}), json!({"contacts": items, "count": 1})] {
        assert_eq!(read("list_contacts", json!({}), body)["data"], items);
    }
}

#[test]
fn ids_that_address_another_resource_are_refused() {
    let error = request(&invocation("get_user", json!({"userId": "me"}))).unwrap_err();
    assert_eq!(error.field.as_deref(), Some("userId"));
}

#[test]
fn unreadable_values_are_moved_aside() {
    let body = json!({"id": 7, "value": "12.5", "probability": "high", "tags": "a, b", "extra": null});
    let read = read("get_opportunity", json!({"id": "7"}), body);
    let expected =
        json!({"id": "7", "value": 12.5, "tags": ["a", "b"], "extra": null, UNREADABLE: {"probability": "high"}});
    assert_eq!(read, expected);
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_filter("finite", |number| number.is_finite()).prop_map(Value::from),
        "[ -~]{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec(("[a-z]{1,8}", inner), 0..4).prop_map(|pairs| pairs.into_iter().collect()),
        ]
    })
}

/// Bodies with the schema's field names and arbitrary values.
fn any_body(fields: Vec<String>) -> impl Strategy<Value = Value> {
    prop::collection::vec((prop::sample::select(fields), any_json()), 0..8)
        .prop_map(|pairs| pairs.into_iter().collect::<Map<_, _>>().into())
}

proptest! {
    #[test]
    fn every_output_matches_its_schema(
        body in any_body(["id", "name", "value", "tags", "status", "data", "meta", "pages", "events", "settings", "address", "total"].map(str::to_owned).to_vec()),
        tool in prop::sample::select(Catalog::session().iter().filter(|spec| !spec.is_local()).collect::<Vec<_>>()),
    ) {
        let invocation = any_invocation(tool).unwrap();
        let response = Response { status: StatusCode::OK, body: Body::Json(body), sent_at: Moment::now(), repeated_after_doubt: false };
        if let Ok(value) = answer(&invocation, response) {
            let value = value.into_json();
            let schema = Value::Object(tool.output_schema().clone());
            if let Err(error) = jsonschema::validate(&schema, &value) {
                return Err(TestCaseError::fail(format!("{}: {error}: {value}", tool.name)));
            }
        }
    }
}
