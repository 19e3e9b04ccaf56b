//! The cached lists of users, pipelines and custom fields. A list that cannot be read is unknown, not empty, and one that
//! may be old is read again before a name is refused.

use super::{
    fake::{Fake, no_scope, world},
    official,
};
use serde_json::{Value, json};

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[tokio::test]
async fn a_new_object_is_found_by_its_name() {
    let api = Fake::new(world()).await;
    let update = |arguments: Value| api.host.answer("update_contact", arguments);
    update(json!({"id": "c1", "assignedTo": "ada lovelace", "customFields": {"Industry": "Steel"}})).await;
    api.change(|world| {
        let add = |list: &mut super::fake::List, item: Value| list.as_mut().unwrap().as_array_mut().unwrap().push(item);
        add(&mut world.users, json!({"id": "userAAAAAAAAAAAAAAA9", "name": "Eve New", "email": "eve@x.example"}));
        add(
            &mut world.fields,
            json!({"id": "FnewfAAAAAAAAAAAAAA1", "fieldKey": "contact.colour", "name": "Colour", "dataType": "TEXT"}),
        );
    });
    update(json!({"id": "c1", "assignedTo": "Eve New", "customFields": {"Colour": "red"}})).await;
    let sent = api.bodies("PUT").pop().unwrap();
    assert_eq!(sent["assignedTo"], "userAAAAAAAAAAAAAAA9");
    assert_eq!(api.fields_sent(), json!({"FnewfAAAAAAAAAAAAAA1": "red"}));
    // A new option as well.
    api.change(|world| world.fields.as_mut().unwrap()[4]["picklistOptions"] = json!(["Gold", "Silver", "Bronze"]));
    update(json!({"id": "c1", "customFields": {"plan": "bronze"}})).await;
    assert_eq!(api.fields_sent(), json!({"FoneoAAAAAAAAAAAAAA1": "Bronze"}));
    // Each list was read once, and once more for the missing name.
    assert_eq!((api.count("/users/"), api.count("/locations/ve9EPM428h8vShlRW1KT/customFields")), (2, 3));
}

#[tokio::test]
async fn a_list_that_cannot_be_read_lets_ids_through_with_a_note() {
    let mut world = world();
    (world.users, world.fields, world.pipelines) = (no_scope(), no_scope(), no_scope());
    let api = Fake::new(world).await;
    let owner = "userAAAAAAAAAAAAAAA1";
    let fields = json!({"FtextAAAAAAAAAAAAAA1": "Steel", "contact.employees": 7});
    let done =
        api.host.answer("update_contact", json!({"id": "c1", "assignedTo": owner, "customFields": fields})).await;
    let note = text(&done["note"]);
    assert!(note.contains("users") && note.contains("custom fields"), "{done}");
    assert_eq!(api.bodies("PUT").pop().unwrap()["assignedTo"], owner);
    assert_eq!(api.fields_sent(), json!({"FtextAAAAAAAAAAAAAA1": "Steel", "employees": "7"}));
    let moved = api.host.answer("update_opportunity", json!({"id": "d1", "stage": "stageAAAAAAAAAAAAAA1"})).await;
    assert!(text(&moved["note"]).contains("pipelines"), "{moved}");
    assert_eq!(api.bodies("PUT").pop().unwrap()["pipelineStageId"], "stageAAAAAAAAAAAAAA1");

    // A name cannot be resolved: the error gives the reason, and does not say that the name does not exist.
    let writes = api.bodies("PUT").len();
    for (tool, field, arguments) in [
        ("update_contact", "assignedTo", json!({"id": "c1", "assignedTo": "Ada Lovelace"})),
        (
            "update_contact",
            "customFields.Renewal date",
            json!({"id": "c1", "customFields": {"Renewal date": "2025-01-01"}}),
        ),
        ("update_opportunity", "stage", json!({"id": "d1", "stage": "New"})),
        ("create_opportunity", "stage", json!({"name": "D", "contactId": "c1", "status": "open"})),
    ] {
        let error = api.host.error(tool, arguments).await;
        assert_eq!(error["code"], "unauthorized", "{error}");
        assert_eq!(error["field"], field, "{error}");
        let message = text(&error["message"]);
        assert!(message.contains("cannot be read") && !message.contains("has no"), "{error}");
    }
    assert_eq!(api.bodies("PUT").len(), writes);
}

#[tokio::test]
async fn a_failed_reading_is_not_cached_as_an_empty_list() {
    let mut first = world();
    first.contact["assignedTo"] = json!("userAAAAAAAAAAAAAAA1");
    (first.users, first.fields) = (no_scope(), Err((500, json!({"message": "down"}))));
    first.contact["customFields"] = json!([{"id": "FtextAAAAAAAAAAAAAA1", "value": "Steel"}]);
    let api = Fake::new(first).await;
    // Shown by id, with a note.
    let shown = api.host.answer("get_contact", json!({"id": "c1"})).await;
    assert_eq!(shown["customFields"], json!({"FtextAAAAAAAAAAAAAA1": "Steel"}));
    assert!(text(&shown["note"]).contains("custom fields") && text(&shown["note"]).contains("users"), "{shown}");
    // After the scope is granted and the fault has ended, names work at once.
    api.change(|it| (it.users, it.fields) = (world().users, world().fields));
    api.host
        .answer("update_contact", json!({"id": "c1", "assignedTo": "Ada Lovelace", "customFields": {"Industry": "x"}}))
        .await;
    let shown = api.host.answer("get_contact", json!({"id": "c1"})).await;
    assert_eq!(
        (&shown["customFields"], &shown["assignedToName"]),
        (&json!({"industry": "Steel"}), &json!("Ada Lovelace"))
    );
    assert!(shown.get("note").is_none(), "{shown}");
    // After it is removed again, the last known list is used, and refuses nothing.
    api.change(|world| (world.users, world.fields) = (no_scope(), no_scope()));
    api.host.answer("update_contact", json!({"id": "c1", "customFields": {"Industry": "y"}})).await;
    let done = api.host.answer("update_contact", json!({"id": "c1", "customFields": {"plan": "Bronze"}})).await;
    assert!(text(&done["note"]).contains("unchecked"), "{done}");
    assert_eq!(api.fields_sent(), json!({"FoneoAAAAAAAAAAAAAA1": "Bronze"}));
}

#[tokio::test]
async fn an_ambiguous_name_is_refused_with_both_objects() {
    let api = Fake::new(world()).await;
    let error = api.host.error("update_contact", json!({"id": "c1", "assignedTo": "sam smith"})).await;
    assert_eq!((&error["code"], &error["field"]), (&json!("invalid_arguments"), &json!("assignedTo")));
    for part in ["userAAAAAAAAAAAAAAA2", "userAAAAAAAAAAAAAAA3", "sam@x.example", "sam.s@x.example"] {
        assert!(text(&error["message"]).contains(part), "{error}");
    }
    let error = api.host.error("update_contact", json!({"id": "c1", "customFields": {"Region": "North"}})).await;
    assert_eq!((&error["code"], &error["field"]), (&json!("invalid_arguments"), &json!("customFields.Region")));
    for part in ["`region`", "`region_2`", "FtwinAAAAAAAAAAAAAA1", "FtwinAAAAAAAAAAAAAA2"] {
        assert!(text(&error["message"]).contains(part), "{error}");
    }
    let twice =
        api.host.error("update_contact", json!({"id": "c1", "customFields": {"industry": "a", "Industry": "b"}})).await;
    assert!(text(&twice["message"]).contains("twice"), "{twice}");
    assert!(api.bodies("PUT").is_empty());
    // Keys, ids and addresses are unique.
    let fields = json!({"region": "North", "contact.region_2": "South"});
    api.host
        .answer("update_contact", json!({"id": "c1", "assignedTo": "sam.s@x.example", "customFields": fields}))
        .await;
    assert_eq!(api.bodies("PUT").pop().unwrap()["assignedTo"], "userAAAAAAAAAAAAAAA3");
    assert_eq!(api.fields_sent(), json!({"FtwinAAAAAAAAAAAAAA1": "North", "FtwinAAAAAAAAAAAAAA2": "South"}));
}

#[tokio::test]
async fn a_missing_list_is_named_with_the_scope_that_it_needs() {
    let (account, host) = official().await;
    let contact = account.find("contacts", |contact| contact["customFields"]["industry"].is_string()).await;
    let field = account.find("customFields", |field| field["fieldKey"] == "contact.industry").await["id"].clone();
    account.manners("scope:locations/customFields.readonly,scope:users.readonly").await;
    let fields = json!({(field.as_str().unwrap()): "Steel"});
    let done = host.answer("update_contact", json!({"id": contact["id"], "customFields": fields})).await;
    assert!(text(&done["note"]).contains("locations/customFields.readonly"), "{done}");
    let stored = account.find("contacts", |one| one["id"] == contact["id"]).await;
    assert_eq!(stored["customFields"]["industry"], "Steel");
    let error = host.error("update_contact", json!({"id": contact["id"], "assignedTo": "Tom Lindgren"})).await;
    assert_eq!((&error["code"], &error["field"]), (&json!("unauthorized"), &json!("assignedTo")));
    assert!(text(&error["message"]).contains("users.readonly"), "{error}");
}
