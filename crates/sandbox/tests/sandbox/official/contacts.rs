//! Contacts: their two shapes, their search, and paging to its end.

use super::Official;
use highlevel_sandbox::SandboxConfig;
use serde_json::{Value, json};
use std::collections::HashSet;

#[tokio::test]
async fn a_contact_is_flat_outside_and_the_documents_inside() {
    let peer = Official::usual().await;
    let (industry, employees) = (peer.field("industry").await, peer.field("employees").await);
    let sent = json!({
        "locationId": peer.home, "firstName": "Ada", "lastName": "Byron", "email": "ada@engine.example",
        "phone": "+15125550199", "companyName": "Engines", "tags": ["vip"], "source": "web_form",
        "address1": "1 Main St", "city": "Austin", "state": "TX", "postalCode": "78701", "country": "US",
        "customFields": [
            { "id": industry, "key": "industry", "field_value": "Computing" },
            { "id": employees, "field_value": "3" },
        ],
    });
    let made = peer.send("POST", "/contacts/", sent.clone()).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let contact = &made.body["contact"];
    for name in ["locationId", "firstName", "email", "companyName", "tags", "address1", "city", "postalCode"] {
        assert_eq!(contact[name], sent[name], "{name}");
    }
    assert_eq!(
        contact["customFields"],
        json!([{ "id": industry, "value": "Computing" }, { "id": employees, "value": "3" }])
    );
    assert!(contact["dateAdded"].is_string() && contact["dateUpdated"].is_string());
    let stored = peer.stored("contacts", &contact["id"]).await;
    assert_eq!(stored["customFields"], json!({ "industry": "Computing", "employees": 3 }));
    assert_eq!(
        stored["address"],
        json!({ "street": "1 Main St", "city": "Austin", "state": "TX", "postalCode": "78701", "country": "US" })
    );
    assert_eq!((&stored["createdAt"], stored.get("locationId")), (&contact["dateAdded"], None));
    let read = peer.get(&format!("/contacts/{}", contact["id"].as_str().unwrap())).await;
    let mut read = read.body["contact"].clone();
    assert_eq!(read.as_object_mut().unwrap().shift_remove("name"), Some(json!("Ada Byron")));
    assert_eq!(&read, contact);
}

#[tokio::test]
async fn an_update_changes_what_it_names() {
    let peer = Official::usual().await;
    let industry = peer.field("industry").await;
    let before = peer.peer.objects("contacts").await[0].clone();
    let path = format!("/contacts/{}", before["id"].as_str().unwrap());
    let body = json!({
        "tags": ["only"], "city": "Waco", "phone": null, "companyName": "Renamed",
        "customFields": [{ "id": industry, "field_value": "" }],
    });
    let changed = peer.send("PUT", &path, body).await;
    assert_eq!((changed.status.as_u16(), &changed.body["succeded"]), (200, &json!(true)), "{}", changed.text);
    let stored = peer.stored("contacts", &before["id"]).await;
    assert_eq!(stored["tags"], json!(["only"]), "tags take the place of those before");
    assert_eq!(stored["address"]["city"], "Waco");
    assert_eq!(stored["address"]["street"], before["address"]["street"], "the rest of the address stays");
    assert_eq!(stored.get("phone"), None);
    assert_eq!(stored["companyName"], "Renamed");
    assert_eq!(stored["customFields"].get("industry"), None, "an empty value clears a custom field");
    assert_eq!(stored["customFields"]["preferredContact"], before["customFields"]["preferredContact"]);
    assert_ne!(stored["updatedAt"], before["updatedAt"]);
    let named = peer.send("PUT", &path, json!({ "name": "Grace Brewster Hopper" })).await.body;
    assert_eq!(
        (&named["contact"]["firstName"], &named["contact"]["lastName"]),
        (&json!("Grace"), &json!("Brewster Hopper"))
    );
    assert_eq!(peer.peer.stats().await["effects"]["updates"], 2);
}

/// Reads a search to its end with the cursor. Returns the ids in their order.
async fn to_the_end(peer: &Official, mut body: Value) -> Vec<String> {
    let mut ids = Vec::new();
    loop {
        let page = peer.search(body.clone()).await.body;
        let contacts = page["contacts"].as_array().unwrap();
        let Some(last) = contacts.last() else { return ids };
        ids.extend(contacts.iter().map(|contact| contact["id"].as_str().unwrap().to_owned()));
        body["searchAfter"] = last["searchAfter"].clone();
    }
}

#[tokio::test]
async fn the_cursor_reads_every_contact_once_in_every_order() {
    let peer = Official::usual().await;
    let newest = to_the_end(&peer, json!({ "pageLimit": 60 })).await;
    assert_eq!(newest.len(), 250);
    assert_eq!(newest.iter().collect::<HashSet<_>>().len(), 250);
    for (field, direction) in [("dateAdded", "asc"), ("dateUpdated", "desc"), ("firstNameLowerCase", "asc")] {
        let body = json!({ "pageLimit": 60, "sort": [{ "field": field, "direction": direction }] });
        let ids = to_the_end(&peer, body).await;
        assert_eq!(ids.iter().collect::<HashSet<_>>().len(), 250, "{field}");
        assert_eq!(field == "dateAdded", ids.iter().eq(newest.iter().rev()), "{field}");
    }
    let filters = json!([{ "field": "tags", "operator": "contains", "value": ["vip", "cold"] }]);
    let tagged = to_the_end(&peer, json!({ "pageLimit": 7, "filters": filters })).await;
    let stored = peer.peer.objects("contacts").await;
    let has = |contact: &&Value| {
        contact["tags"].as_array().unwrap().iter().any(|tag| matches!(tag.as_str(), Some("vip" | "cold")))
    };
    assert_eq!(tagged.len(), stored.iter().filter(has).count());
}

#[tokio::test]
async fn a_contact_that_is_gone_still_marks_its_place() {
    let peer = Official::usual().await;
    let first = peer.search(json!({ "pageLimit": 10 })).await.body;
    let last = first["contacts"][9].clone();
    peer.peer.manage("DELETE", &format!("objects/contacts/{}", last["id"].as_str().unwrap()), "").await;
    let after = json!({ "pageLimit": 300, "searchAfter": last["searchAfter"] });
    let rest = peer.search(after).await.body;
    assert_eq!((rest["contacts"].as_array().unwrap().len(), &rest["total"]), (240, &json!(249)));
}

#[tokio::test]
async fn searches_find_what_they_name() {
    let peer = Official::usual().await;
    let stored = peer.peer.objects("contacts").await;
    let one = &stored[100];
    let email = one["email"].as_str().unwrap().to_uppercase();
    let eq = |field: &str, value: Value| json!({ "field": field, "operator": "eq", "value": value });
    for filter in [
        eq("email", json!(email)),
        eq("id", one["id"].clone()),
        json!({ "group": "OR", "filters": [eq("email", json!("nobody@x.example")), eq("id", one["id"].clone())] }),
        json!({ "field": "dateAdded", "operator": "range", "value": { "gte": one["createdAt"], "lte": one["createdAt"] } }),
    ] {
        let found = peer.search(json!({ "pageLimit": 20, "filters": [filter] })).await.body;
        let ids: Vec<_> = found["contacts"].as_array().unwrap().iter().map(|contact| &contact["id"]).collect();
        assert!(ids.contains(&&one["id"]), "{filter}: {found}");
        assert!(found["total"].as_u64().unwrap() < 5, "{filter}");
    }
    let query = format!("{} {}", one["firstName"].as_str().unwrap(), one["lastName"].as_str().unwrap());
    let found = peer.search(json!({ "pageLimit": 100, "query": query })).await.body;
    let found = found["contacts"].as_array().unwrap().iter().find(|contact| contact["id"] == one["id"]).cloned();
    let found = found.unwrap();
    assert_eq!(
        (&found["address"], found.get("address1")),
        (&one["address"]["street"], None),
        "the search says address"
    );
    assert_eq!(found["contactName"], query);
    let none = json!([{ "field": "tags", "operator": "eq", "value": ["no such tag"] }]);
    assert_eq!(peer.search(json!({ "pageLimit": 1, "filters": none })).await.body["total"], 0);
}

#[tokio::test]
async fn a_hundred_thousand_contacts_are_within_the_cursors_reach() {
    let config = SandboxConfig { contacts: 100_000, ..SandboxConfig::official() };
    let peer = Official::start(config).await;
    let oldest = json!([{ "field": "dateAdded", "direction": "asc" }]);
    let oldest = peer.search(json!({ "pageLimit": 151, "sort": oldest })).await.body["contacts"].clone();
    let last = peer.search(json!({ "pageLimit": 500, "searchAfter": oldest[150]["searchAfter"] })).await.body;
    assert_eq!(last["contacts"].as_array().unwrap().len(), 150, "newest first: what is older follows");
    assert_eq!(last["contacts"][149]["id"], oldest[0]["id"]);
    assert_eq!(last["total"], 100_000);
}
