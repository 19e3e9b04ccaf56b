//! Null means "not given", at any depth and in every update. Only `clear` empties a field.

use super::{bodies, truth};
use crate::support::{Account, Api, Host, Manners, in_all_manners, on_both_apis};
use serde_json::{Map, Value, json};

in_all_manners!(nulls_change_nothing, clear_empties_each_field_and_no_other, clear_empties_one_member);
on_both_apis!(an_update_of_nothing_but_nulls_is_refused, words_for_nothing_are_refused_by_name);

/// A contact with all fields.
async fn full(account: &Account, host: &Host) -> Value {
    let owner = account.find("users", |_| true).await;
    let contact = json!({
        "firstName": "John", "lastName": "Doe", "email": "john@example.com", "phone": "+15550100",
        "companyName": "Acme Corp", "tags": ["vip", "sales"], "source": "api", "assignedTo": owner["id"],
        "address": {"street": "123 Main St", "city": "City", "state": "ST", "postalCode": "12345", "country": "US"},
        "customFields": {"industry": "Technology", "employees": 12}
    });
    let made = host.answer("create_contact", contact).await;
    truth(account, "contacts", &made["id"]).await
}

/// The names of the members that differ.
fn differences(one: &Value, other: &Value) -> Vec<String> {
    let (one, other) = (one.as_object().unwrap(), other.as_object().unwrap());
    let names = one.keys().chain(other.keys().filter(|name| !one.contains_key(*name)));
    names.filter(|name| *name != "updatedAt" && one.get(*name) != other.get(*name)).cloned().collect()
}

async fn nulls_change_nothing(api: Api, manners: Manners) {
    let account = Account::in_manners(api, manners.clone()).await;
    let host = Host::new(&account, &[]).await;
    let before = full(&account, &host).await;
    let id = &before["id"];
    for (number, nulls) in [
        json!({"companyName": null, "tags": null, "customFields": null, "address": {"street": null}, "clear": null}),
        json!({"firstName": null, "lastName": null, "email": null, "source": null, "assignedTo": null, "address": null}),
        json!({"customFields": {"industry": null, "employees": null}, "tags": [null], "clear": [null]}),
        json!({"address": {"street": null, "city": null, "state": null, "postalCode": null, "country": null}}),
        json!({"addTags": null, "removeTags": [null]}),
    ]
    .into_iter()
    .enumerate()
    {
        let mut arguments = nulls.clone();
        arguments["id"] = id.clone();
        arguments["phone"] = format!("+1555020{number}").into();
        host.answer("update_contact", arguments).await;
        let now = truth(&account, "contacts", id).await;
        assert_eq!(differences(&before, &now), ["phone"], "{nulls}: {now}");
        assert_eq!(now["phone"], format!("+1555020{number}"));
    }
    // A null next to a value, in a list and in an object.
    let arguments = json!({
        "id": id, "tags": ["vip", null], "address": {"city": "Town", "street": null},
        "customFields": {"industry": null, "employees": 13}
    });
    host.answer("update_contact", arguments).await;
    let now = truth(&account, "contacts", id).await;
    assert_eq!((&now["tags"], &now["address"]["city"]), (&json!(["vip"]), &json!("Town")), "{now}");
    assert_eq!(now["address"]["street"], "123 Main St");
    // Live accounts store the values of custom fields as texts.
    let employees = if manners == Manners::plain() { json!(13) } else { json!("13") };
    assert_eq!(now["customFields"], json!({"industry": "Technology", "employees": employees}));

    let deal = account.find("opportunities", |deal| deal["stage"].is_string()).await;
    let mut arguments = json!({"id": deal["id"], "name": "Renamed", "value": null, "status": null, "stage": null,
        "assignedTo": null, "contactId": null, "clear": null});
    if api == Api::Session {
        for name in ["currency", "probability", "expectedCloseDate", "tags", "addTags", "removeTags"] {
            arguments[name] = Value::Null;
        }
    }
    host.answer("update_opportunity", arguments).await;
    assert_eq!(differences(&deal, &truth(&account, "opportunities", &deal["id"]).await), ["name"]);
}

#[tokio::test]
async fn nulls_change_nothing_in_a_page() {
    let account = Account::new().await;
    let host = Host::new(&account, &[]).await;
    let page = account.find("pages", |page| page["status"] == "draft" && page["content"].is_string()).await;
    let nulls =
        ["name", "slug", "description", "content", "seoTitle", "seoDescription", "seoKeywords", "replace", "clear"];
    let mut arguments: Map<String, Value> = nulls.iter().map(|name| ((*name).to_owned(), Value::Null)).collect();
    arguments.extend([("id".to_owned(), page["id"].clone()), ("title".to_owned(), "New".into())]);
    host.answer("update_page", arguments.into()).await;
    assert_eq!(differences(&page, &truth(&account, "pages", &page["id"]).await), ["title"]);
    assert_eq!(bodies(&account, "PUT").await, [json!({"title": "New"})]);
}

async fn an_update_of_nothing_but_nulls_is_refused(api: Api) {
    let account = Account::of(api).await;
    let host = Host::new(&account, &[]).await;
    for nulls in [
        json!({"phone": null, "clear": null}),
        json!({"address": {"street": null}, "customFields": {}, "tags": [null]}),
        json!({"clear": []}),
    ] {
        let mut arguments = nulls.clone();
        arguments["id"] = "c1".into();
        let error = host.error("update_contact", arguments).await;
        assert_eq!(error["code"], "invalid_arguments", "{nulls}: {error}");
        assert!(error["message"].as_str().unwrap().contains("Nothing to change"), "{nulls}: {error}");
    }
    assert!(account.requests().await.is_empty());
}

async fn clear_empties_each_field_and_no_other(api: Api, manners: Manners) {
    let account = Account::in_manners(api, manners).await;
    let host = Host::new(&account, &[]).await;
    for field in ["phone", "companyName", "tags", "source", "assignedTo", "address", "customFields"] {
        let before = full(&account, &host).await;
        let answer =
            host.answer("update_contact", json!({"id": before["id"], "clear": [field], "lastName": null})).await;
        let now = truth(&account, "contacts", &before["id"]).await;
        assert_eq!(differences(&before, &now), [field], "{now}");
        let is_empty = |value: &Value| match value {
            Value::Object(members) => members.values().all(|member| member.is_null() || member == ""),
            value => value.is_null() || *value == json!([]),
        };
        assert!(is_empty(&now[field]), "{field}: {now}");
        assert!(answer.get("notApplied").is_none(), "{answer}");
        account.remove("contacts", before["id"].as_str().unwrap()).await;
    }
    let before = full(&account, &host).await;
    let error = host.error("update_contact", json!({"id": before["id"], "phone": "1", "clear": ["phone"]})).await;
    assert_eq!((&error["code"], &error["field"]), (&json!("invalid_arguments"), &json!("phone")), "{error}");
    for blank in ["phone", "companyName", "firstName"] {
        let error = host.error("update_contact", json!({"id": before["id"], (blank): " "})).await;
        assert_eq!((&error["code"], &error["field"]), (&json!("invalid_arguments"), &json!(blank)), "{error}");
    }
    assert_eq!(before, truth(&account, "contacts", &before["id"]).await);
}

async fn clear_empties_one_member(api: Api, manners: Manners) {
    let account = Account::in_manners(api, manners).await;
    let host = Host::new(&account, &[]).await;
    let before = full(&account, &host).await;
    let arguments = json!({"id": before["id"], "clear": ["customFields.employees", "address.street"]});
    let answer = host.answer("update_contact", arguments).await;
    assert!(answer.get("notApplied").is_none(), "{answer}");
    let now = truth(&account, "contacts", &before["id"]).await;
    assert_eq!(differences(&before, &now), ["address", "customFields"], "{now}");
    assert_eq!(now["customFields"]["industry"], "Technology");
    let street = &now["address"]["street"];
    assert!(now["customFields"]["employees"].is_null() && (street.is_null() || street == ""), "{now}");
    assert_eq!(now["address"]["city"], "City");
    let error = host.error("update_contact", json!({"id": before["id"], "clear": ["address.planet"]})).await;
    assert_eq!((&error["code"], &error["field"]), (&json!("invalid_arguments"), &json!("address.planet")), "{error}");
}

async fn words_for_nothing_are_refused_by_name(api: Api) {
    let account = Account::of(api).await;
    let host = Host::new(&account, &[]).await;
    let id = account.find("contacts", |_| true).await["id"].clone();
    account.forget_requests().await;
    for word in ["null", "undefined", "None", "NaN", " NULL ", "none"] {
        for field in ["phone", "source", "email", "assignedTo"] {
            let error = host.error("update_contact", json!({"id": id, (field): word, "lastName": "X"})).await;
            assert_eq!(
                (&error["code"], &error["field"]),
                (&json!("invalid_arguments"), &json!(field)),
                "{word}: {error}"
            );
        }
        for field in ["tags", "addTags", "removeTags"] {
            let error = host.error("update_contact", json!({"id": id, (field): ["vip", word]})).await;
            assert_eq!(error["field"], format!("{field}[1]"), "{word}: {error}");
        }
        let error = host.error("update_contact", json!({"id": word, "lastName": "X"})).await;
        assert_eq!((&error["code"], &error["field"]), (&json!("invalid_arguments"), &json!("id")), "{error}");
        let error = host.error("list_contacts", json!({"phone": word})).await;
        assert_eq!((&error["code"], &error["field"]), (&json!("invalid_arguments"), &json!("phone")), "{error}");
        let new = json!({"firstName": "A", "lastName": "Null", "email": "n@example.com", "source": word});
        assert_eq!(host.error("create_contact", new).await["field"], "source");
    }
    if api == Api::Session {
        let error = host.error("update_opportunity", json!({"id": "d1", "expectedCloseDate": "None"})).await;
        assert_eq!((&error["code"], &error["field"]), (&json!("invalid_arguments"), &json!("expectedCloseDate")));
    }
    assert!(account.requests().await.is_empty(), "nothing is sent");
    // This one is a surname.
    host.answer("update_contact", json!({"id": id, "lastName": "Null"})).await;
}
