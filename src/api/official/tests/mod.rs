//! Tests of the official API's requests and answers.

mod properties;

use super::{
    campaigns, contacts,
    endpoint::{Author, Endpoint, List, Names, RequestBuilder},
    fields::{Model, checked},
    funnels, names, opportunities, request, users,
};
use crate::api::{Registry, invocations::any_invocation};
use highlevel_catalog::{Catalog, Effect, Invocation, OperationSpec};
use serde_json::{Map, Value, json};
use std::sync::Arc;

fn call(tool: &str, arguments: Value) -> Invocation {
    Catalog::declared().find(tool).unwrap().parse(object(arguments)).unwrap()
}

fn official(tool: &str, arguments: Value) -> Result<Invocation, highlevel_core::error::Error> {
    Registry::standard().catalog().find(tool).unwrap().parse(object(arguments))
}

fn object(value: Value) -> Map<String, Value> {
    serde_json::from_value(value).unwrap()
}

fn fields() -> Vec<Value> {
    vec![
        json!({"id": "f1", "name": "Pin code", "fieldKey": "contact.pincode", "model": "contact"}),
        json!({"id": "f2", "name": "Budget", "fieldKey": "opportunity.budget", "model": "opportunity"}),
    ]
}

fn known() -> Names {
    Names { fields: Arc::new(fields()), pipelines: Arc::new(pipelines()), ..Names::default() }
}

fn endpoint(tool: &str) -> &'static Endpoint {
    Registry::standard().endpoint_named(tool).unwrap()
}

/// The request for a page of a search.
fn searched(tool: &str, list: &Invocation, page: u64, size: u64) -> highlevel_api_client::Request {
    match &endpoint(tool).requests {
        RequestBuilder::List(List::Searched(search)) => (search.page)(list, "loc1", page, size),
        _ => panic!("{tool} is not a search"),
    }
}

fn pipelines() -> Vec<Value> {
    vec![
        json!({"id": "p1", "name": "Sales", "stages": [{"id": "s1", "name": "New"}, {"id": "s2", "name": "Proposal"}]}),
        json!({"id": "p2", "name": "Renewals", "stages": [{"id": "s3", "name": "New"}]}),
    ]
}

#[test]
fn contacts_are_converted_both_ways() {
    let create = call(
        "create_contact",
        json!({"firstName": "Ada", "lastName": "L", "email": "a@b.example", "tags": ["vip"],
            "address": {"street": "1 Main St", "city": "Here"}, "customFields": {"pincode": "1234"}}),
    );
    let request = contacts::write(&create, "loc1", &fields());
    assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/contacts/"));
    assert_eq!(
        request.body.unwrap(),
        json!({"firstName": "Ada", "lastName": "L", "email": "a@b.example", "tags": ["vip"], "address1": "1 Main St",
            "city": "Here", "customFields": [{"id": "f1", "key": "pincode", "field_value": "1234"}], "locationId": "loc1"})
    );
    let read = json!({"id": "c1", "firstName": "Ada", "address1": "1 Main St", "city": "Here", "country": "",
        "dateAdded": "2024-01-01T00:00:00.000Z", "customFields": [{"id": "f1", "value": "1234"}, {"id": "f9", "value": 2}]});
    assert_eq!(
        contacts::contact(object(read), &known()),
        json!({"id": "c1", "firstName": "Ada", "createdAt": "2024-01-01T00:00:00.000Z",
            "address": {"street": "1 Main St", "city": "Here"}, "customFields": {"pincode": "1234", "f9": 2}})
    );
}

#[test]
fn emptied_fields_are_null_or_empty_strings() {
    let update = call("update_contact", json!({"id": "c1", "clear": ["address", "tags", "phone"]}));
    assert_eq!(
        contacts::write(&update, "loc1", &[]).body.unwrap(),
        json!({"address1": null, "city": null, "state": null, "postalCode": "", "country": "", "phone": null, "tags": []})
    );
}

#[test]
fn searches_send_every_filter() {
    let list = call("list_contacts", json!({"email": "a@b.example", "tags": ["a", "b, c"]}));
    let body = searched("list_contacts", &list, 3, 100).body.unwrap();
    assert_eq!((&body["page"], &body["pageLimit"], &body["locationId"]), (&json!(3), &json!(100), &json!("loc1")));
    let filters = body["filters"].as_array().unwrap();
    assert_eq!(filters.len(), 3);
    assert_eq!(filters[2], json!({"field": "tags", "operator": "contains", "value": ["b, c"]}));
    let list = call("list_opportunities", json!({"status": "won"}));
    let query = searched("list_opportunities", &list, 1, 50).query;
    assert!(
        query.contains(&("status".to_owned(), "won".to_owned()))
            && query.contains(&("location_id".into(), "loc1".into()))
    );
}

#[test]
fn deals_are_read_by_stage_name_and_sent_by_stage_id() {
    let raw = object(json!({"id": "d1", "monetaryValue": 12, "pipelineId": "p1", "pipelineStageId": "s2",
        "customFields": [{"id": "f2", "fieldValue": "9"}]}));
    let read = opportunities::opportunity(raw, &known());
    assert_eq!((&read["value"], &read["stage"], &read["pipeline"]), (&json!(12), &json!("Proposal"), &json!("Sales")));
    assert_eq!(read["customFields"], json!({"budget": "9"}));
    let mut create = call(
        "create_opportunity",
        json!({"name": "X", "contactId": "c1", "value": 5, "status": "open", "stage": "Proposal"}),
    );
    create.arguments.set("pipelineId", "p1");
    create.arguments.set("pipelineStageId", "s2");
    assert_eq!(
        opportunities::write(&create, "loc1", &[]).body.unwrap(),
        json!({"name": "X", "contactId": "c1", "monetaryValue": 5, "status": "open", "pipelineId": "p1",
            "pipelineStageId": "s2", "locationId": "loc1"})
    );
}

#[test]
fn names_match_without_case_and_unknown_names_suggest_the_nearest() {
    let named = |wanted: &str| {
        names::stages_named(&pipelines(), wanted).map(|all| all.iter().map(|s| s.id.to_owned()).collect::<Vec<_>>())
    };
    assert_eq!(named("proposal").unwrap(), ["s2"]);
    assert_eq!(named("New").unwrap(), ["s1", "s3"]);
    assert_eq!(named("renewals / new").unwrap(), ["s3"]);
    assert_eq!(named("s3").unwrap(), ["s3"]);
    let error = named("Propsal").unwrap_err();
    assert_eq!(error.field.as_deref(), Some("stage"));
    assert!(error.message.contains("Did you mean `Proposal`?") && error.message.contains("Sales / New"), "{error}");

    let keyed = |values: Value| checked(&fields(), Model::Contact, &object(values));
    assert_eq!(Value::from(keyed(json!({"Pin code": 1})).unwrap()), json!({"pincode": "1"}));
    assert_eq!(Value::from(keyed(json!({"contact.pincode": "1"})).unwrap()), json!({"pincode": "1"}));
    assert!(keyed(json!({"pincod": 1})).unwrap_err().message.contains("Did you mean `pincode`?"));
    assert!(keyed(json!({"budget": 1})).is_err(), "a deal's field does not apply to contacts");

    let users = [
        json!({"id": "u1", "name": "Ada L", "email": "ada@b.example"}),
        json!({"id": "u2", "firstName": "Bob", "lastName": "M"}),
    ];
    let user = |wanted: &str| names::user_id(&users, "assignedTo", wanted);
    assert_eq!(
        (user("ada l").unwrap(), user("ADA@b.example").unwrap(), user("u2").unwrap()),
        ("u1".into(), "u1".into(), "u2".into())
    );
    assert_eq!(user("Bob M").unwrap(), "u2");
    assert!(user("Ade L").unwrap_err().message.contains("Did you mean `Ada L`?"));
}

#[test]
fn unsupported_arguments_are_refused_by_name() {
    for (tool, field, arguments) in [
        ("update_opportunity", "currency", json!({"id": "d", "currency": "USD"})),
        ("update_opportunity", "probability", json!({"id": "d", "probability": 5})),
        ("update_opportunity", "expectedCloseDate", json!({"id": "d", "clear": ["expectedCloseDate"]})),
        ("update_opportunity", "tags", json!({"id": "d", "tags": ["a"]})),
        ("update_opportunity", "contactId", json!({"id": "d", "contactId": "c"})),
        ("update_opportunity", "stage", json!({"id": "d", "clear": ["stage"]})),
        ("list_opportunities", "status", json!({"status": "negotiation"})),
        ("create_campaign", "status", json!({"name": "n", "type": "email", "status": "active"})),
        ("create_campaign", "type", json!({"name": "n", "type": "sms"})),
        ("list_campaigns", "status", json!({"status": "active"})),
        ("list_pages", "status", json!({"status": "draft"})),
    ] {
        let error = official(tool, arguments).unwrap_err();
        assert_eq!(error.field.as_deref(), Some(field), "{tool}: {error}");
        assert!(error.message.contains("official API") || error.message.contains("one of"), "{tool}: {error}");
    }
    assert!(official("update_contact", json!({"id": "c", "clear": ["phone", "address"]})).is_ok());
    // Many hosts send null for arguments that are not given.
    let deal = json!({"id": "d", "name": "n", "currency": null, "tags": null, "stage": null, "contactId": null});
    assert_eq!(official("update_opportunity", deal).unwrap().arguments.to_json(), json!({"id": "d", "name": "n"}));
}

#[test]
fn funnels_campaigns_and_users_are_converted() {
    let funnel = funnels::funnel(object(json!({"_id": "f", "dateAdded": "2024-01-01", "steps": [
        {"name": "Two", "sequence": 2, "pages": ["b"]}, {"name": "One", "sequence": 1, "pages": ["a"]}]})));
    assert_eq!(
        funnel["pages"],
        json!([{"id": "a", "name": "One", "order": 1}, {"id": "b", "name": "Two", "order": 2}])
    );
    assert_eq!((&funnel["id"], &funnel["createdAt"]), (&json!("f"), &json!("2024-01-01")));
    let campaign = call("create_campaign", json!({"name": "n", "type": "email", "template": "t"}));
    let request = campaigns::create(&campaign, "loc1", &Author { user: "u1", time_zone: "UTC" });
    assert_eq!(request.version, Some("v3"));
    assert_eq!(
        request.body.unwrap(),
        json!({"name": "n", "templateId": "t", "editorType": "html", "timeZone": "UTC", "userId": "u1"})
    );
    assert_eq!(users::as_user(object(json!({"id": "u", "roles": {"role": "admin"}})))["role"], "admin");
}

#[test]
fn refusals_distinguish_missing_and_duplicate_objects() {
    use highlevel_api_client::{Body, Moment, Response};
    use highlevel_core::error::Code;
    let refused = |status: u16, body: Value| {
        let status = http::StatusCode::from_u16(status).unwrap();
        let response = Response { status, body: Body::Json(body), sent_at: Moment::now(), repeated_after_doubt: false };
        request::body(response).unwrap_err()
    };
    let missing = json!({"statusCode": 400, "message": "Contact not found", "traceId": "t"});
    assert_eq!(refused(400, missing).code, Code::NotFound);
    assert_eq!(refused(422, json!({"message": ["email must be an email"]})).code, Code::InvalidArguments);
    let duplicate = refused(
        400,
        json!({"message": "This location does not allow duplicated contacts.", "meta": {"contactId": "c9"}}),
    );
    assert_eq!((duplicate.code, duplicate.details.get("existingId")), (Code::Conflict, Some(&json!("c9"))));
}

fn ours() -> Vec<&'static OperationSpec> {
    Registry::standard().catalog().iter().filter(|spec| !spec.is_local() && !spec.is_about_jobs()).collect()
}

#[test]
fn every_operation_accepts_or_names_arguments() {
    for spec in ours() {
        let declared = Catalog::declared().find(&spec.name).unwrap();
        let mut invocation = any_invocation(declared).unwrap_or_else(|| panic!("{} takes no such call", spec.name));
        if spec.effect == Effect::Update {
            invocation.arguments.set("assignedTo", "u1");
        }
        // Refused arguments are named.
        if let Err(error) = spec.parse(object(invocation.arguments.to_json())) {
            assert!(error.field.is_some(), "{}: {error}", spec.name);
        }
    }
}

#[test]
fn a_single_object_is_read_as_a_list_of_one() {
    let mut body = json!({"funnels": {"_id": "f1"}, "pages": [{"_id": "p1"}], "count": 2});
    assert_eq!(request::array(&mut body, "funnels"), Some(vec![json!({"_id": "f1"})]));
    assert_eq!(request::array(&mut body, "pages"), Some(vec![json!({"_id": "p1"})]));
    assert_eq!(request::array(&mut body, "count"), None);
}
