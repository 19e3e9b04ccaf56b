//! What changed since a time.

use super::*;

#[tokio::test]
async fn changes_tell_what_came_changed_and_went() {
    let account = account(60).await;
    let host = Host::new(&account, &[]).await;
    rows(&host, "select count(*) from contacts").await;
    let none = host.answer("changes_since", json!({"since": "2020-01-01", "table": "contacts"})).await;
    assert_eq!(none["data"], json!([]), "what was there at first is no change");
    assert!(none["note"].as_str().unwrap().contains("Watched only: contacts since"), "{none}");

    let contacts = account.objects("contacts").await;
    let (changed, gone) = (contacts[1]["id"].as_str().unwrap(), contacts[2]["id"].as_str().unwrap());
    account.change("contacts", changed, json!({"phone": "+1 512 555 0000", "tags": ["x"]})).await;
    account.remove("contacts", gone).await;
    let added = account.add("contacts", json!({"firstName": "Ada", "lastName": "New", "email": "ada@x.example"})).await;
    let fresh = json!({"sql": format!("select count(*) from contacts where id = '{gone}'"), "max_age": 0});
    until(&host, fresh, |answer| answer["rows"] == json!([[0]])).await;

    let found = host.answer("changes_since", json!({"since": "2020-01-01T00:00:00Z", "table": "contacts"})).await;
    let told: Vec<(&str, &str, Value)> = found["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|change| (change["id"].as_str().unwrap(), change["change"].as_str().unwrap(), change["fields"].clone()))
        .collect();
    assert_eq!(
        told,
        [
            (gone, "removed", Value::Null),
            (added.as_str(), "added", Value::Null),
            (changed, "changed", json!(["phone", "tags"]))
        ],
        "the newest first"
    );
    assert_eq!(found["data"][1]["name"], "Ada New");
    assert_eq!(found["meta"]["total"], 3);
    let one = host
        .answer("changes_since", json!({"since": "2020-01-01", "limit": 1, "offset": 1, "table": "contacts"}))
        .await;
    assert_eq!((&one["data"][0]["id"], &one["meta"]["nextOffset"]), (&json!(added), &json!(2)));
    let later = host.answer("changes_since", json!({"since": "2100-01-01", "table": "contacts"})).await;
    assert_eq!(later["data"], json!([]));
    let error = host.error("changes_since", json!({"since": "yesterday"})).await;
    assert_eq!(error["field"], "since");
}

#[tokio::test]
async fn a_tools_own_write_is_a_change_too() {
    let account = account(30).await;
    let host = Host::new(&account, &[]).await;
    rows(&host, "select count(*) from contacts").await;
    let id = account.objects("contacts").await[0]["id"].clone();
    host.answer("update_contact", json!({"id": id, "companyName": "Renamed Inc"})).await;
    let found = host.answer("changes_since", json!({"since": "2020-01-01", "table": "contacts"})).await;
    assert_eq!(found["data"][0]["id"], id);
    assert!(found["data"][0]["fields"].as_array().unwrap().contains(&json!("companyName")), "{found}");
}
