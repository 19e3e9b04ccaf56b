//! Updates of a part of a nested value keep the other parts, in whatever form the API has them.

use super::{bodies, truth};
use crate::support::{Account, Host};
use serde_json::{Value, json};

async fn with(custom: Value, address: Value) -> (Account, Host, Value) {
    let account = Account::new().await;
    let host = Host::new(&account, &[]).await;
    let contact =
        json!({"firstName": "A", "lastName": "B", "email": "a@b.example", "customFields": custom, "address": address});
    let id = account.add("contacts", contact).await.into();
    (account, host, id)
}

#[tokio::test]
async fn custom_fields_in_a_list_are_merged_by_key_and_id() {
    for (list, changes, merged) in [
        (
            json!([{"id": "f1", "value": "a"}, {"id": "f2", "value": 7}]),
            json!({"f2": 8, "score": 1}),
            json!({"f1": "a", "f2": 8, "score": 1}),
        ),
        (
            json!([{"id": "f1", "key": "contact.score", "field_value": 7}, {"name": "Colour", "fieldValueArray": ["red"]}]),
            json!({"score": 9}),
            json!({"score": 9, "Colour": ["red"]}),
        ),
        (
            json!([{"id": "f1", "fieldKey": "contact.size", "fieldValue": "L"}]),
            json!({"f1": "M"}),
            json!({"size": "M"}),
        ),
        (json!([]), json!({"a": 1}), json!({"a": 1})),
        (Value::Null, json!({"a": 1}), json!({"a": 1})),
    ] {
        let (account, host, id) = with(list.clone(), json!({"city": "Ulm"})).await;
        let arguments = json!({"id": id, "customFields": changes, "address": {"street": "1 Main St"}});
        let answer = host.answer("update_contact", arguments).await;
        assert!(answer.get("notApplied").is_none(), "{list}: {answer}");
        let now = truth(&account, "contacts", &id).await;
        assert_eq!(now["customFields"], merged, "{list}");
        assert_eq!(now["address"], json!({"city": "Ulm", "street": "1 Main St"}));
    }
}

#[tokio::test]
async fn a_value_that_cannot_be_merged_is_refused_without_loss() {
    for (custom, address, changes, field) in [
        (json!({"a": 1}), json!("1 Main St, Ulm"), json!({"address": {"city": "Ulm"}}), "address"),
        (json!({"a": 1}), json!(["1 Main St"]), json!({"address": {"city": "Ulm"}}), "address"),
        (json!("a=1;b=2"), json!({"city": "Ulm"}), json!({"customFields": {"c": 3}}), "customFields"),
        (json!([{"value": 1}]), json!({"city": "Ulm"}), json!({"customFields": {"c": 3}}), "customFields"),
        (
            json!([{"id": "a", "value": 1}, {"id": "a", "value": 2}]),
            Value::Null,
            json!({"customFields": {"c": 3}}),
            "customFields",
        ),
        (json!(17), Value::Null, json!({"customFields": {"c": 3}}), "customFields"),
    ] {
        let (account, host, id) = with(custom, address).await;
        let before = truth(&account, "contacts", &id).await;
        let mut arguments = changes;
        (arguments["id"], arguments["phone"]) = (id.clone(), "+15550100".into());
        let error = host.error("update_contact", arguments.clone()).await;
        assert_eq!((&error["code"], &error["field"]), (&json!("conflict"), &json!(field)), "{error}");
        assert!(error["message"].as_str().unwrap().contains("clear"), "it says how to go on: {error}");
        assert_eq!(truth(&account, "contacts", &id).await, before);
        assert!(bodies(&account, "PUT").await.is_empty(), "nothing was sent");
        // As the arguments say: first emptied, then set.
        host.answer("update_contact", json!({"id": id, "clear": [field]})).await;
        host.answer("update_contact", arguments).await;
    }
}

#[tokio::test]
async fn a_change_by_another_program_just_before_is_kept() {
    // The object was read before, for the confirmation. It is read again for the merge.
    let account = Account::new().await;
    let host = Host::new(&account, &["--confirm-tools", "update_contact", "--confirm", "two-step"]).await;
    let id = account
        .add("contacts", json!({"firstName": "A", "lastName": "B", "email": "a@b.example", "tags": ["one"]}))
        .await;
    let mut arguments = json!({"id": id, "addTags": ["two"], "customFields": {"a": 1}});
    let asked = host.error("update_contact", arguments.clone()).await;
    arguments["confirmationToken"] = asked["confirmationToken"].clone();
    account.forget_requests().await;
    host.answer("update_contact", arguments).await;
    let reads = account.requests().await.iter().filter(|request| request["method"] == "GET").count();
    assert_eq!(reads, 2, "once for the confirmation, once to merge with");
    let now = truth(&account, "contacts", &id.into()).await;
    assert_eq!((&now["tags"], &now["customFields"]), (&json!(["one", "two"]), &json!({"a": 1})));
}
