//! Properties that hold for any answer of the API.

use super::{endpoint, known, object, ours};
use crate::api::official::{
    fields::{Model, checked},
    finished, funnels, names, opportunities,
};
use highlevel_catalog::AnswerShape;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[ -~]{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec(("[a-z]{1,8}", inner), 0..4).prop_map(|pairs| pairs.into_iter().collect()),
        ]
    })
}

fn any_object() -> impl Strategy<Value = Map<String, Value>> {
    let names = [
        "id",
        "_id",
        "name",
        "address",
        "address1",
        "city",
        "customFields",
        "tags",
        "monetaryValue",
        "pipelineStageId",
        "steps",
        "stages",
        "roles",
        "dateAdded",
        "createdAt",
        "assignedTo",
        "status",
    ];
    prop::collection::vec((prop::sample::select(names.to_vec()), any_json()), 0..8)
        .prop_map(|pairs| pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

proptest! {
    #[test]
    fn every_object_matches_its_schema(raw in any_object(), tool in prop::sample::select(ours())) {
        prop_assume!(matches!(tool.answer, AnswerShape::One(_)));
        let shown = (endpoint(&tool.name).convert)(raw, &known());
        if let Some(value) = finished(tool, shown) {
            let schema = Value::Object(tool.output_schema().clone());
            if let Err(error) = jsonschema::validate(&schema, &value) {
                return Err(TestCaseError::fail(format!("{}: {error}: {value}", tool.name)));
            }
        }
    }

    #[test]
    fn arbitrary_lists_do_not_panic(raw in any_object(), list in prop::collection::vec(any_json(), 0..4)) {
        drop(funnels::funnel(raw.clone()));
        drop(funnels::page(raw.clone()));
        drop(opportunities::pipeline(raw.clone()));
        let mut with = list.clone();
        with.push(raw.into());
        drop((names::stages_named(&with, "x"), names::user_id(&with, "a", "x"), checked(&with, Model::Contact, &object(json!({"x": 1})))));
    }
}
