//! Contacts ("Contact Management").

use super::{Contract, id};
use serde_json::{Value, json};

fn everything() -> Value {
    json!({
        "firstName": "John", "lastName": "Doe", "email": "john@example.com", "phone": "+1-555-0100",
        "companyName": "Acme Corp", "tags": ["vip", "sales"], "source": "api", "assignedTo": "user456",
        "address": {"street": "123 Main St", "city": "City", "state": "ST", "postalCode": "12345", "country": "USA"},
        "customFields": {"industry": "Technology", "seats": 12}
    })
}

#[tokio::test]
async fn lists_with_every_filter() {
    let contract = Contract::new().await;
    let some = contract.account.find("contacts", |contact| contact["tags"][0].is_string()).await;
    let (email, tag) = (some["email"].as_str().unwrap(), some["tags"][0].as_str().unwrap());
    let all = contract.call("list_contacts", json!({}), &[("GET", "/contact", "", None)]).await;
    assert_eq!(all["data"].as_array().unwrap().len(), 50, "the document's default");
    assert_eq!(all["meta"]["nextOffset"], 50);
    let query = format!("email={}", email.replace('@', "%40"));
    let found = contract.call("list_contacts", json!({"email": email}), &[("GET", "/contact", &query, None)]).await;
    assert_eq!(found["data"][0], some);
    let sent = [("GET", "/contact", "phone=%2B1-555-0100", None)];
    let none = contract.call("list_contacts", json!({"phone": "+1-555-0100"}), &sent).await;
    assert_eq!(none["meta"]["total"], 0, "{none}");
    let arguments = json!({"limit": 100, "offset": 0, "tags": [tag, "vip"]});
    let query = format!("limit=100&offset=0&tags={tag}%2Cvip");
    contract.call("list_contacts", arguments, &[("GET", "/contact", &query, None)]).await;
}

#[tokio::test]
async fn a_tag_with_a_comma_is_filtered_after_reading() {
    let contract = Contract::new().await;
    let some = contract.account.objects("contacts").await.remove(120);
    contract.account.change("contacts", id(&some), json!({"tags": ["vip", "berlin, east"]})).await;

    let contacts = contract.account.objects("contacts").await;
    let vips =
        contacts.iter().filter(|contact| contact["tags"].as_array().is_some_and(|tags| tags.contains(&json!("vip"))));
    assert!(vips.count() < 100, "one page is enough here");
    let arguments = json!({"tags": ["vip", "berlin, east"], "limit": 5});
    let found =
        contract.call("list_contacts", arguments, &[("GET", "/contact", "limit=100&tags=vip&offset=0", None)]).await;
    assert_eq!(found["data"].as_array().unwrap().len(), 1, "{found}");
    assert_eq!(found["data"][0]["id"], some["id"]);
    assert!(found["note"].as_str().unwrap().contains("comma"), "{found}");
}

#[tokio::test]
async fn gets_one() {
    let contract = Contract::new().await;
    let some = contract.account.find("contacts", |_| true).await;
    let path = format!("/contact/{}", id(&some));
    assert_eq!(contract.call("get_contact", json!({"id": id(&some)}), &[("GET", &path, "", None)]).await, some);
}

#[tokio::test]
async fn creates_with_least_and_with_all() {
    let contract = Contract::new().await;
    let least = json!({"firstName": "Ada", "lastName": "L", "email": "ada@example.com"});
    let made = contract.call("create_contact", least.clone(), &[("POST", "/contact", "", Some(least))]).await;
    assert_eq!(made, contract.truth("contacts", &made["id"]).await);
    let made = contract.call("create_contact", everything(), &[("POST", "/contact", "", Some(everything()))]).await;
    for (field, value) in everything().as_object().unwrap() {
        assert_eq!(made[field], *value, "{field}");
    }
    assert!(made["createdAt"].is_string());
    let with_nulls = json!({
        "firstName": "Bo", "lastName": "M", "email": "bo@example.com", "phone": null, "address": {"city": "Ulm", "street": null}
    });
    let sent = json!({"firstName": "Bo", "lastName": "M", "email": "bo@example.com", "address": {"city": "Ulm"}});
    contract.call("create_contact", with_nulls, &[("POST", "/contact", "", Some(sent))]).await;
    // Some hosts turn objects and lists into strings of JSON.
    let mut as_text = everything();
    as_text["address"] = everything()["address"].to_string().into();
    as_text["tags"] = everything()["tags"].to_string().into();
    contract.call("create_contact", as_text, &[("POST", "/contact", "", Some(everything()))]).await;
}

#[tokio::test]
async fn updates_only_what_is_given() {
    let contract = Contract::new().await;
    let made = contract.call("create_contact", everything(), &[("POST", "/contact", "", Some(everything()))]).await;
    let path = format!("/contact/{}", id(&made));
    let changes = json!({"phone": "+1-555-0199", "tags": ["new"]});
    let mut arguments = changes.clone();
    arguments["id"] = made["id"].clone();
    let updated = contract
        .call("update_contact", arguments, &[("GET", &path, "", None), ("PUT", &path, "", Some(changes))])
        .await;
    assert_eq!(updated["phone"], "+1-555-0199");
    assert_eq!(updated["tags"], json!(["new"]), "tags are the complete new set");
    assert_eq!(updated["companyName"], made["companyName"]);
    assert_eq!(updated["address"], made["address"]);
}

#[tokio::test]
async fn merges_address_and_custom_fields_with_what_is_there() {
    let contract = Contract::new().await;
    let made = contract.call("create_contact", everything(), &[("POST", "/contact", "", Some(everything()))]).await;
    let path = format!("/contact/{}", id(&made));
    let whole = json!({
        "address": {"street": "123 Main St", "city": "Town", "state": "ST", "postalCode": "12345", "country": "USA"},
        "customFields": {"industry": "Technology", "seats": 12, "plan": "pro"}
    });
    let arguments = json!({"id": made["id"], "address": {"city": "Town"}, "customFields": {"plan": "pro"}});
    let sent = [("GET", path.as_str(), "", None), ("PUT", path.as_str(), "", Some(whole.clone()))];
    let updated = contract.call("update_contact", arguments, &sent).await;
    assert_eq!((&updated["address"], &updated["customFields"]), (&whole["address"], &whole["customFields"]));
}

#[tokio::test]
async fn empties_fields_by_name_or_by_null() {
    let contract = Contract::new().await;
    let made = contract.call("create_contact", everything(), &[("POST", "/contact", "", Some(everything()))]).await;
    let path = format!("/contact/{}", id(&made));
    let emptied = json!({"phone": null, "source": null});
    let arguments = json!({"id": made["id"], "clear": ["source", "phone"]});
    let updated = contract
        .call("update_contact", arguments, &[("GET", &path, "", None), ("PUT", &path, "", Some(emptied))])
        .await;
    assert!(updated["phone"].is_null() && updated["source"].is_null(), "{updated}");
    let arguments = json!({"id": made["id"], "companyName": null, "lastName": "Roe"});
    let emptied = json!({"lastName": "Roe", "companyName": null});
    let updated = contract
        .call("update_contact", arguments, &[("GET", &path, "", None), ("PUT", &path, "", Some(emptied))])
        .await;
    assert!(updated["companyName"].is_null(), "{updated}");
    assert_eq!(updated["lastName"], "Roe");
}
