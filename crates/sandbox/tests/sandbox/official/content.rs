//! Users, locations, campaigns, funnels and their pages.

use super::{Official, message};
use serde_json::{Value, json};

#[tokio::test]
async fn users_and_locations() {
    let peer = Official::usual().await;
    let stored = peer.peer.objects("users").await[1].clone();
    let user = peer.get(&format!("/users/{}", stored["id"].as_str().unwrap())).await.body;
    assert_eq!((&user["email"], &user["roles"]["role"]), (&stored["email"], &stored["role"]));
    assert_eq!((&user["roles"]["locationIds"], user.get("createdAt")), (&json!([peer.home]), None));
    let nobody = peer.get("/users/nobody").await;
    assert_eq!((nobody.status.as_u16(), nobody.message()), (401, "The user does not exist."));

    let home = peer.get(&format!("/locations/{}", peer.home)).await.body;
    assert_eq!(home["location"]["name"], "Brightwater Digital");
    assert_eq!(home["location"]["settings"]["allowDuplicateContact"], true);
    assert_eq!(peer.get("/locations/elsewhere").await.status, 403);
    let list = peer.get("/locations/search?limit=2&skip=1").await.body;
    assert_eq!((list["locations"].as_array().unwrap().len(), list.get("total")), (2, None));
    let short = peer.get("/locations/search?limit=2&skip=2").await.body;
    assert_eq!(short["locations"].as_array().unwrap().len(), 1, "a short page is the last one");
    let found = peer.get("/locations/search?email=DENVER@brightwater.example").await.body;
    assert_eq!(found["locations"][0]["timezone"], "America/Denver");
}

#[tokio::test]
async fn custom_fields_and_pipelines_are_objects_of_the_account() {
    let peer = Official::usual().await;
    let path = format!("/locations/{}/customFields", peer.home);
    let fields = peer.get(&path).await.body["customFields"].as_array().unwrap().clone();
    let kinds: Vec<_> = fields.iter().map(|field| (field["fieldKey"].as_str().unwrap(), &field["dataType"])).collect();
    assert_eq!(kinds[1], ("contact.employees", &json!("NUMERICAL")));
    assert_eq!(peer.get(&format!("{path}?model=opportunity")).await.body, json!({ "customFields": [] }));
    let new = json!({ "name": "size", "fieldKey": "contact.size", "dataType": "TEXT", "model": "contact" });
    peer.peer.manage("POST", "objects/customFields", &new.to_string()).await;
    assert_eq!(peer.get(&format!("{path}?model=all")).await.body["customFields"].as_array().unwrap().len(), 4);
    let (pipeline, _) = peer.stage("contract sent").await;
    let patch = json!({ "name": "Renamed" }).to_string();
    peer.peer.manage("PUT", &format!("objects/pipelines/{pipeline}"), &patch).await;
    let list = peer.get(&format!("/opportunities/pipelines?locationId={}", peer.home)).await.body;
    assert_eq!(
        (&list["pipelines"][0]["name"], &list["pipelines"][0]["locationId"]),
        (&json!("Renamed"), &json!(peer.home))
    );
}

#[tokio::test]
async fn campaigns_of_both_kinds() {
    let peer = Official::usual().await;
    let stored = peer.peer.objects("campaigns").await;
    let old = peer.get(&format!("/campaigns/?locationId={}", peer.home)).await.body;
    assert_eq!(old["campaigns"].as_array().unwrap().len(), stored.len());
    let published = peer.get(&format!("/campaigns/?locationId={}&status=published", peer.home)).await.body;
    let active = stored.iter().filter(|one| one["status"] == "active").count();
    assert_eq!(published["campaigns"].as_array().unwrap().len(), active);

    let path = format!("/emails/locations/{}/campaigns/emails", peer.home);
    let emails = stored.iter().filter(|one| one["type"] == "email").count();
    let (mut seen, mut offset) = (Vec::new(), 0);
    loop {
        let page = peer.get(&format!("{path}?limit=4&offset={offset}")).await.body;
        assert_eq!(page["total"], emails);
        let campaigns = page["campaigns"].as_array().unwrap();
        offset += campaigns.len();
        seen.extend(campaigns.iter().map(|one| one["id"].clone()));
        if campaigns.is_empty() {
            break;
        }
    }
    assert_eq!(seen.len(), emails);
    let paused = peer.get(&format!("{path}?status=paused&search=WIN-back")).await.body;
    assert_eq!(paused["campaigns"][0]["name"], "Dormant clients win-back");
    let user = peer.peer.objects("users").await[0]["id"].clone();
    let new = json!({ "name": "Spring", "editorType": "html", "timeZone": "America/Chicago", "userId": user, "templateId": "t1" });
    let made = peer.send("POST", &path, new.clone()).await;
    assert_eq!((made.status.as_u16(), &made.body["status"]), (201, &json!("draft")), "{}", made.text);
    let stored = peer.stored("campaigns", &made.body["id"]).await;
    assert_eq!((&stored["type"], &stored["template"]), (&json!("email"), &json!("t1")));
    let read = peer.get(&format!("{path}/{}", made.body["id"].as_str().unwrap())).await.body;
    assert_eq!((&read["name"], &read["editorType"]), (&json!("Spring"), &json!("html")));
    let gone = peer.get(&format!("{path}/nobody")).await;
    assert_eq!(gone.status, 404);
    for name in ["name", "editorType", "timeZone", "userId"] {
        let mut body = new.clone();
        body.as_object_mut().unwrap().shift_remove(name);
        let reply = peer.send("POST", &path, body).await;
        assert_eq!(reply.status, 422);
        assert!(message(&reply).contains(name), "{}", reply.text);
    }
    let elsewhere = peer.get("/emails/locations/elsewhere/campaigns/emails").await;
    assert_eq!(elsewhere.status, 403);
}

#[tokio::test]
async fn funnels_and_their_pages() {
    let peer = Official::usual().await;
    let stored = peer.peer.objects("funnels").await;
    let list = peer.get(&format!("/funnels/funnel/list?locationId={}&limit=3&offset=2", peer.home)).await.body;
    assert_eq!((list["funnels"].as_array().unwrap().len(), &list["count"]), (2, &json!(4)));
    assert_eq!(list["funnels"][0]["_id"], stored[2]["id"]);
    assert_eq!(list["funnels"][0]["steps"][1]["sequence"], 2);
    let id = stored[0]["id"].as_str().unwrap();
    let path = format!("/funnels/page?locationId={}&funnelId={id}", peer.home);
    let pages = peer.get(&format!("{path}&limit=2&offset=1")).await.body;
    let ids = |pages: &Value, name: &str| -> Vec<Value> {
        pages.as_array().unwrap().iter().map(|page| page[name].clone()).collect()
    };
    assert_eq!(ids(&pages, "_id"), ids(&stored[0]["pages"], "id")[1..]);
    assert_eq!((pages[0]["funnelId"].as_str(), pages[0].get("slug")), (Some(id), None));
    let short = peer.get(&path).await;
    assert_eq!(short.status, 422, "limit and offset are required");
    assert!(message(&short).contains("limit"));
}
