//! The pinned location (`--location-id`): objects of another location are neither shown nor changed.

use crate::support::{Account, Api, Era, Host, Person, on_both_apis};
use serde_json::json;

on_both_apis!(another_locations_objects_are_neither_shown_nor_changed, another_location_is_not_read);

async fn held(account: &Account) -> (Host, String) {
    let location = account.objects("locations").await.remove(0)["id"].as_str().unwrap().to_owned();
    // Without the journal's read before an update: the check of the location makes its own.
    let flags = ["--location-id", location.as_str(), "--journal-before", "off"];
    (Host::with(account, &flags, Era::Modern, Person::agrees()).await, location)
}

async fn another_locations_objects_are_neither_shown_nor_changed(api: Api) {
    let account = Account::of(api).await;
    let (host, location) = held(&account).await;
    let contact = account.objects("contacts").await.remove(3);
    let id = contact["id"].as_str().unwrap();
    account.change("contacts", id, json!({"locationId": "elsewhere"})).await;
    let read = host.error("get_contact", json!({"id": id})).await;
    let changed = host.error("update_contact", json!({"id": id, "phone": "+15550100"})).await;
    for error in [read, changed] {
        assert_eq!(error["code"], "policy_denied", "{error}");
        let message = error["message"].as_str().unwrap();
        assert!(message.contains("elsewhere") && message.contains(&location), "{error}");
    }
    let list = host.answer("list_contacts", json!({"email": contact["email"]})).await;
    assert_eq!(list["data"], json!([]), "{list}");
    assert!(list["note"].as_str().unwrap().contains("other locations"), "{list}");
    let now = account.objects("contacts").await.remove(3);
    assert_eq!(now["phone"], contact["phone"], "nothing was changed");
    let counted =
        host.answer("query_crm", json!({"sql": format!("select count(*) n from contacts where id = '{id}'")}));
    assert_eq!(counted.await["rows"], json!([[0]]));
}

async fn another_location_is_not_read(api: Api) {
    let account = Account::of(api).await;
    let (host, location) = held(&account).await;
    let before = account.requests().await.len();
    let error = host.error("get_location", json!({"id": "elsewhere"})).await;
    assert_eq!(error["code"], "policy_denied", "{error}");
    assert_eq!(account.requests().await.len(), before, "nothing is asked about it");
    assert_eq!(host.answer("get_location", json!({"id": location})).await["id"], location);
}
