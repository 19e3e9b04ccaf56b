//! Opportunities: stages by id, and paging to the end of the list.

use super::{Official, message};
use highlevel_sandbox::SandboxConfig;
use serde_json::{Value, json};
use std::collections::HashSet;

#[tokio::test]
async fn a_deal_has_its_stage_by_id_outside_and_by_name_inside() {
    let peer = Official::usual().await;
    let (pipeline, proposal) = peer.stage("proposal").await;
    let contact = peer.peer.objects("contacts").await[0].clone();
    let sent = json!({
        "pipelineId": pipeline, "locationId": peer.home, "name": "Renewal", "pipelineStageId": proposal,
        "status": "open", "contactId": contact["id"], "monetaryValue": 99.5,
    });
    let made = peer.send("POST", "/opportunities/", sent.clone()).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let deal = &made.body["opportunity"];
    for (name, value) in sent.as_object().unwrap() {
        assert_eq!(&deal[name], value, "{name}");
    }
    assert_eq!(deal["contact"]["email"], contact["email"]);
    let stored = peer.stored("opportunities", &deal["id"]).await;
    assert_eq!((&stored["stage"], &stored["value"]), (&json!("proposal"), &json!(99.5)));

    let path = format!("/opportunities/{}", deal["id"].as_str().unwrap());
    assert_eq!(&peer.get(&path).await.body, &made.body);
    let (_, won) = peer.stage("closed won").await;
    let moved = peer.send("PUT", &path, json!({ "pipelineStageId": won, "monetaryValue": 100 })).await.body;
    assert_eq!(moved["opportunity"]["pipelineStageId"], won);
    let status = peer.send("PUT", &format!("{path}/status"), json!({ "status": "won" })).await;
    assert_eq!((status.status.as_u16(), status.body), (200, json!({ "succeded": true })));
    let stored = peer.stored("opportunities", &deal["id"]).await;
    assert_eq!(
        (&stored["stage"], &stored["status"], &stored["value"]),
        (&json!("closed won"), &json!("won"), &json!(100))
    );
}

#[tokio::test]
async fn what_the_official_api_does_not_know_stays_in_the_account() {
    let peer = Official::usual().await;
    let deals = peer.peer.objects("opportunities").await;
    let deal = deals.iter().find(|deal| deal["status"] == "negotiation").unwrap();
    let path = format!("/opportunities/{}", deal["id"].as_str().unwrap());
    let shown = peer.get(&path).await.body["opportunity"].clone();
    assert_eq!(shown["status"], "open", "a negotiation is an open deal");
    for name in ["currency", "probability", "expectedCloseDate", "tags", "stage", "value"] {
        assert_eq!(shown.get(name), None, "{name}");
    }
    assert_eq!(peer.send("PUT", &path, json!({ "name": "Renamed" })).await.status, 200);
    let mut wanted = deal.clone();
    let stored = peer.stored("opportunities", &deal["id"]).await;
    (wanted["name"], wanted["updatedAt"]) = (json!("Renamed"), stored["updatedAt"].clone());
    assert_eq!(stored, wanted);
}

/// Reads a list to its end with the cursor.
async fn to_the_end(peer: &Official, query: &str) -> Vec<Value> {
    let (mut deals, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("/opportunities/search?location_id={}{query}{cursor}", peer.home);
        let body = peer.get(&path).await.body;
        let page = body["opportunities"].as_array().unwrap();
        deals.extend(page.iter().cloned());
        let meta = &body["meta"];
        if page.is_empty() {
            return deals;
        }
        assert_eq!(meta["total"].as_u64().unwrap() > deals.len() as u64, meta["nextPageUrl"].is_string(), "{meta}");
        cursor = format!("&startAfter={}&startAfterId={}", meta["startAfter"], meta["startAfterId"].as_str().unwrap());
    }
}

#[tokio::test]
async fn the_cursor_reads_every_deal_once() {
    let config = SandboxConfig { contacts: 1_000, rate_limit: 10_000, ..SandboxConfig::official() };
    let peer = Official::start(config).await;
    let stored = peer.peer.objects("opportunities").await;
    let count =
        |status: &[&str]| stored.iter().filter(|deal| status.contains(&deal["status"].as_str().unwrap())).count();
    for (query, wanted) in [
        ("", stored.len()),
        ("&limit=100&order=added_asc", stored.len()),
        ("&status=all&limit=7", stored.len()),
        ("&status=open", count(&["open", "negotiation"])),
        ("&status=lost&limit=3", count(&["lost"])),
        ("&status=abandoned", 0),
    ] {
        let deals = to_the_end(&peer, query).await;
        let ids: HashSet<_> = deals.iter().map(|deal| deal["id"].as_str().unwrap()).collect();
        assert_eq!((ids.len(), deals.len()), (wanted, wanted), "{query}");
    }
    let (_, stage) = peer.stage("contract sent").await;
    let staged = to_the_end(&peer, &format!("&pipeline_stage_id={stage}")).await;
    assert_eq!(staged.len(), stored.iter().filter(|deal| deal["stage"] == "contract sent").count());
    let deal = &stored[0];
    let id = |name: &str| deal[name].as_str().unwrap().to_owned();
    let named: String = id("name").chars().take_while(|c| c.is_ascii_alphanumeric()).collect();
    for query in [
        format!("&id={}", id("id")),
        format!("&contact_id={}", id("contactId")),
        format!("&assigned_to={}", id("assignedTo")),
        format!("&q={named}"),
    ] {
        let found = to_the_end(&peer, &query).await;
        assert!(found.iter().any(|one| one["id"] == deal["id"]) && found.len() < stored.len(), "{query}");
    }
    let second = peer.get(&format!("/opportunities/search?location_id={}&page=2&limit=5", peer.home)).await.body;
    assert_eq!((&second["meta"]["currentPage"], &second["meta"]["prevPage"]), (&json!(2), &json!(1)));
}

#[tokio::test]
async fn deals_that_cannot_be_are_refused() {
    let peer = Official::usual().await;
    let (pipeline, stage) = peer.stage("proposal").await;
    let contact = peer.peer.objects("contacts").await[0]["id"].clone();
    let good = json!({
        "pipelineId": pipeline, "locationId": peer.home, "name": "A", "status": "open", "contactId": contact,
        "pipelineStageId": stage,
    });
    for (name, value, word) in [
        ("pipelineId", Value::Null, "pipelineId"),
        ("pipelineId", json!("none"), "pipelineId"),
        ("pipelineStageId", json!("none"), "pipelineStageId"),
        ("status", json!("negotiation"), "status"),
        ("status", json!("all"), "status"),
        ("contactId", json!("none"), "contactId"),
        ("monetaryValue", json!("1"), "monetaryValue"),
        ("currency", json!("USD"), "currency"),
        ("customFields", json!([{ "id": "x", "field_value": "y" }]), "customFields"),
    ] {
        let mut body = good.clone();
        body[name] = value;
        let reply = peer.send("POST", "/opportunities/", body).await;
        assert_eq!(reply.status, 422, "{name}: {}", reply.text);
        assert!(message(&reply).contains(word), "{}", reply.text);
    }
    let mut foreign = good.clone();
    foreign["locationId"] = json!("elsewhere");
    assert_eq!(peer.send("POST", "/opportunities/", foreign).await.status, 403);
    let mut bare = good;
    bare.as_object_mut().unwrap().shift_remove("pipelineStageId");
    let made = peer.send("POST", "/opportunities/", bare).await.body;
    let stored = peer.stored("opportunities", &made["opportunity"]["id"]).await;
    assert_eq!(stored["stage"], "qualification", "a pipeline alone leads to its first stage");
}
