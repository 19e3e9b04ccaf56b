//! Workflows: every addition starts one, and only a published one.

use super::{Official, message};
use serde_json::{Value, json};

#[tokio::test]
async fn a_contact_goes_through_a_published_workflow() {
    let peer = Official::usual().await;
    let listed = peer.get(&format!("/workflows/?locationId={}", peer.home)).await.body;
    let workflows = listed["workflows"].as_array().unwrap();
    let id = |name: &str| workflows.iter().find(|one| one["name"] == name).unwrap()["id"].as_str().unwrap().to_owned();
    assert_eq!(workflows.iter().filter(|one| one["name"] == "Onboarding").count(), 2, "a name is no key");
    let contact = peer.peer.objects("contacts").await[0]["id"].as_str().unwrap().to_owned();
    let path = |workflow: &str| format!("/contacts/{contact}/workflow/{workflow}");
    let starts = async || peer.peer.stats().await["effects"]["starts"].as_u64().unwrap();

    let review = path(&id("Review request"));
    let begun = json!({ "eventStartTime": "2026-03-01T09:00:00+01:00" });
    for count in [1, 2] {
        let added = peer.send("POST", &review, begun.clone()).await;
        assert_eq!((added.status.as_u16(), &added.body), (200, &json!({ "succeded": true })));
        assert_eq!(starts().await, count, "a second addition starts it again");
    }
    let enrolled: Vec<Value> = peer.peer.objects("enrolments").await;
    assert_eq!((enrolled.len(), &enrolled[0]["status"]), (1, &json!("active")));
    for count in [3, 3] {
        assert_eq!(peer.send("DELETE", &review, json!({})).await.status, 200);
        assert_eq!(starts().await, count, "who is out is not taken out again");
    }
    assert_eq!(peer.peer.objects("enrolments").await[0]["status"], "removed");

    let draft = peer.send("POST", &path(&id("Birthday greeting")), json!({})).await;
    assert_eq!(draft.status, 400);
    assert!(message(&draft).contains("published"));
    assert_eq!(peer.send("POST", &path("none"), json!({})).await.status, 400);
    assert_eq!(peer.send("POST", "/contacts/none/workflow/none", json!({})).await.status, 400);
    assert_eq!(peer.send("POST", &review, json!({ "when": "now" })).await.status, 422);
    assert_eq!(starts().await, 3);
}
