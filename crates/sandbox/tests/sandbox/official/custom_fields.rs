//! Custom fields: by id and by key, and the manners `values` and `options`.

use super::Official;
use super::manners::{contact, found};
use serde_json::json;

/// Adds a custom field to the location. Returns its id.
async fn custom_field(peer: &Official, model: &str, key: &str, data_type: &str, options: &[&str]) -> String {
    let field = json!({
        "name": key, "fieldKey": format!("{model}.{key}"), "dataType": data_type, "model": model,
        "picklistOptions": options,
    });
    let made = peer.peer.manage("POST", "objects/customFields", &field.to_string()).await;
    made.body["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn deals_have_custom_fields_by_id_and_by_key() {
    let peer = Official::usual().await;
    let id = custom_field(&peer, "opportunity", "lead_source", "TEXT", &[]).await;
    let (pipeline, _) = peer.stage("proposal").await;
    let contact = peer.peer.objects("contacts").await[0]["id"].clone();
    let made = peer.send(
        "POST",
        "/opportunities/",
        json!({
            "pipelineId": pipeline, "locationId": peer.home, "name": "A", "status": "open", "contactId": contact,
            "customFields": [{ "id": id, "field_value": "Fair" }],
        }),
    );
    let made = made.await.body["opportunity"].clone();
    assert_eq!(made["customFields"], json!([{ "id": id, "fieldValue": "Fair" }]));
    let path = format!("/opportunities/{}", made["id"].as_str().unwrap());
    let by_key = json!({ "customFields": [{ "key": "opportunity.lead_source", "fieldValue": "Web" }] });
    assert_eq!(peer.send("PUT", &path, by_key).await.status, 200);
    assert_eq!(peer.get(&path).await.body["opportunity"]["customFields"], json!([{ "id": id, "fieldValue": "Web" }]));
    let listed = peer.get(&format!("/opportunities/search?location_id={}&limit=1", peer.home)).await.body;
    assert_eq!(listed["opportunities"][0]["customFields"][0]["fieldValue"], "Web");
    let contacts_own = peer.field("industry").await;
    let wrong = json!({ "customFields": [{ "id": contacts_own, "field_value": "x" }] });
    assert_eq!(peer.send("PUT", &path, wrong).await.status, 422, "a contact's field is none of a deal's");
}

#[tokio::test]
async fn custom_values_come_under_every_name() {
    let peer = Official::in_manners("values").await;
    let day = custom_field(&peer, "contact", "renewal", "DATE", &[]).await;
    let list = custom_field(&peer, "contact", "interests", "MULTIPLE_OPTIONS", &["a", "b"]).await;
    let file = custom_field(&peer, "contact", "contract", "FILE_UPLOAD", &[]).await;
    let document = json!({ "url": "https://files.example/1", "meta": { "mimetype": "application/pdf" } });
    let mut seen = std::collections::BTreeMap::new();
    for number in 0..12 {
        let mut sent = contact(&peer, &format!("custom{number}@example.com"));
        sent["customFields"] = json!([
            { "id": day, "field_value": "2026-03-01" },
            { "id": list, "fieldValue": ["a", "b"] },
            { "id": file, "field_value": { "5c6d": document } },
            { "id": peer.field("industry").await, "field_value": "Legal" },
        ]);
        let made = peer.send("POST", "/contacts/", sent).await.body["contact"].clone();
        for field in made["customFields"].as_array().unwrap() {
            let (name, value) = field.as_object().unwrap().iter().find(|(name, _)| *name != "id").unwrap();
            seen.insert(name.clone(), value.clone());
        }
        let found = found(&peer, &format!("custom{number}@example.com")).await;
        assert_eq!(found[0]["customFields"], made["customFields"], "the search tells the same");
    }
    let names: Vec<_> = seen.keys().map(String::as_str).collect();
    let all = ["fieldValue", "fieldValueArray", "fieldValueDate", "fieldValueFiles", "fieldValueString", "value"];
    assert_eq!(names, all);
    assert_eq!(seen["fieldValueDate"], json!(1_772_323_200_000_u64));
    assert_eq!(seen["fieldValueFiles"], json!([document]));
}

#[tokio::test]
async fn texts_that_are_no_option_are_dropped_in_silence() {
    let peer = Official::in_manners("options").await;
    let several = custom_field(&peer, "contact", "interests", "MULTIPLE_OPTIONS", &["a", "b"]).await;
    let way = peer.field("preferredContact").await;
    let mut sent = contact(&peer, "options@example.com");
    sent["customFields"] = json!([
        { "id": way, "field_value": "carrier pigeon" }, { "id": several, "field_value": ["b", "z"] },
    ]);
    let made = peer.send("POST", "/contacts/", sent).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let stored = peer.stored("contacts", &made.body["contact"]["id"]).await;
    assert_eq!(stored["customFields"], json!({ "interests": ["b"] }));
}
