//! Contacts.

use super::{Contract, id};
use crate::support::{Api, Manners, in_all_manners};
use serde_json::{Value, json};

in_all_manners!(
    lists_with_every_filter,
    a_tag_with_a_comma_is_filtered_after_reading,
    gets_one,
    creates_with_least_and_with_all,
    updates_only_what_is_given,
    merges_address_and_custom_fields_with_what_is_there,
    empties_fields_by_name_and_not_by_null,
);

/// All fields of a contact. The official API accepts only existing custom fields and owners.
async fn everything(contract: &Contract) -> Value {
    let owner = contract.account.find("users", |_| true).await;
    json!({
        "firstName": "John", "lastName": "Doe", "email": "john@example.com", "phone": "+1-555-0100",
        "companyName": "Acme Corp", "tags": ["vip", "sales"], "source": "api", "assignedTo": owner["id"],
        "address": {"street": "123 Main St", "city": "City", "state": "ST", "postalCode": "12345", "country": "USA"},
        "customFields": {"industry": "Technology", "employees": 12}
    })
}

async fn lists_with_every_filter(api: Api, manners: Manners) {
    let contract = Contract::of(api, manners).await;
    let some = contract.account.find("contacts", |contact| contact["tags"][0].is_string()).await;
    let (email, tag) = (some["email"].as_str().unwrap(), some["tags"][0].as_str().unwrap());
    let all = contract.call("list_contacts", json!({}), &[("GET", "/contact", "", None)]).await;
    assert_eq!(all["data"].as_array().unwrap().len(), 50, "the API's default");
    assert_eq!(all["meta"]["nextOffset"], 50);
    let query = format!("email={}", email.replace('@', "%40"));
    let found = contract.call("list_contacts", json!({"email": email}), &[("GET", "/contact", &query, None)]).await;
    contract.agrees(&found["data"][0], "contacts", &some);
    let has_number = |contact: &Value| contact["phone"].as_str().is_some_and(|phone| phone.starts_with("+1512"));
    let some = contract.account.find("contacts", has_number).await;
    let phone = some["phone"].as_str().unwrap();
    let query = format!("phone={}", phone.replace('+', "%2B"));
    let found = contract.call("list_contacts", json!({"phone": phone}), &[("GET", "/contact", &query, None)]).await;
    assert!(found["data"].as_array().unwrap().iter().any(|contact| contact["id"] == some["id"]), "{found}");
    let arguments = json!({"limit": 100, "offset": 0, "tags": [tag, "vip"]});
    let query = format!("limit=100&offset=0&tags={tag}%2Cvip");
    contract.call("list_contacts", arguments, &[("GET", "/contact", &query, None)]).await;
}

async fn a_tag_with_a_comma_is_filtered_after_reading(api: Api, manners: Manners) {
    let contract = Contract::of(api, manners).await;
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
    // A filter that the server applies itself is reported. The official API filters by any tag.
    let said = found["note"].as_str().is_some_and(|note| note.contains("comma"));
    assert_eq!(said, api == Api::Session, "{found}");
}

async fn gets_one(api: Api, manners: Manners) {
    let contract = Contract::of(api, manners).await;
    let some = contract.account.find("contacts", |_| true).await;
    let path = format!("/contact/{}", id(&some));
    let got = contract.call("get_contact", json!({"id": id(&some)}), &[("GET", &path, "", None)]).await;
    contract.agrees(&got, "contacts", &some);
}

async fn creates_with_least_and_with_all(api: Api, manners: Manners) {
    let contract = Contract::of(api, manners).await;
    let everything = everything(&contract).await;
    let least = json!({"firstName": "Ada", "lastName": "L", "email": "ada@example.com"});
    let made = contract.call("create_contact", least.clone(), &[("POST", "/contact", "", Some(least))]).await;
    contract.agrees(&made, "contacts", &contract.truth("contacts", &made["id"]).await);
    let made = contract
        .call("create_contact", everything.clone(), &[("POST", "/contact", "", Some(everything.clone()))])
        .await;
    contract.holds(&made, &everything);
    assert!(made["createdAt"].is_string());
    let with_nulls = json!({
        "firstName": "Bo", "lastName": "M", "email": "bo@example.com", "phone": null, "address": {"city": "Ulm", "street": null}
    });
    let sent = json!({"firstName": "Bo", "lastName": "M", "email": "bo@example.com", "address": {"city": "Ulm"}});
    contract.call("create_contact", with_nulls, &[("POST", "/contact", "", Some(sent))]).await;
    // Some hosts send objects and lists as strings of JSON.
    let mut as_text = everything.clone();
    as_text["address"] = everything["address"].to_string().into();
    as_text["tags"] = everything["tags"].to_string().into();
    contract.call("create_contact", as_text, &[("POST", "/contact", "", Some(everything.clone()))]).await;
}

async fn updates_only_what_is_given(api: Api, manners: Manners) {
    let contract = Contract::of(api, manners).await;
    let everything = everything(&contract).await;
    let made = contract
        .call("create_contact", everything.clone(), &[("POST", "/contact", "", Some(everything.clone()))])
        .await;
    let path = format!("/contact/{}", id(&made));
    let changes = json!({"phone": "+1-555-0199", "tags": ["new"]});
    let mut arguments = changes.clone();
    arguments["id"] = made["id"].clone();
    let updated = contract
        .call("update_contact", arguments, &[("GET", &path, "", None), ("PUT", &path, "", Some(changes))])
        .await;
    contract.holds(&updated, &json!({"phone": "+1-555-0199"}));
    assert_eq!(updated["tags"], json!(["new"]), "tags are the complete new set");
    assert_eq!(updated["companyName"], made["companyName"]);
    assert_eq!(updated["address"], made["address"]);
}

async fn merges_address_and_custom_fields_with_what_is_there(api: Api, manners: Manners) {
    let contract = Contract::of(api, manners).await;
    let everything = everything(&contract).await;
    let made = contract
        .call("create_contact", everything.clone(), &[("POST", "/contact", "", Some(everything.clone()))])
        .await;
    let path = format!("/contact/{}", id(&made));
    let whole = json!({
        "address": {"street": "123 Main St", "city": "Town", "state": "ST", "postalCode": "12345", "country": "USA"},
        "customFields": {"industry": "Technology", "employees": 12, "preferredContact": "sms"}
    });
    let arguments = json!({"id": made["id"], "address": {"city": "Town"}, "customFields": {"preferredContact": "sms"}});
    let sent = [("GET", path.as_str(), "", None), ("PUT", path.as_str(), "", Some(whole.clone()))];
    let updated = contract.call("update_contact", arguments, &sent).await;
    contract.holds(&updated, &whole);
}

async fn empties_fields_by_name_and_not_by_null(api: Api, manners: Manners) {
    let contract = Contract::of(api, manners).await;
    let everything = everything(&contract).await;
    let made = contract
        .call("create_contact", everything.clone(), &[("POST", "/contact", "", Some(everything.clone()))])
        .await;
    let path = format!("/contact/{}", id(&made));
    let emptied = json!({"phone": null, "source": null});
    let arguments = json!({"id": made["id"], "clear": ["source", "phone"]});
    let updated = contract
        .call("update_contact", arguments, &[("GET", &path, "", None), ("PUT", &path, "", Some(emptied))])
        .await;
    assert!(updated["phone"].is_null() && updated["source"].is_null(), "{updated}");
    let arguments = json!({"id": made["id"], "companyName": null, "lastName": "Roe"});
    let sent = json!({"lastName": "Roe"});
    let updated =
        contract.call("update_contact", arguments, &[("GET", &path, "", None), ("PUT", &path, "", Some(sent))]).await;
    assert_eq!((&updated["companyName"], &updated["lastName"]), (&everything["companyName"], &json!("Roe")));
}
