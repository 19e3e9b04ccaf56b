//! Each tool of the official API and its answer.

use super::{official, refused};
use highlevel_mcp::api::{Api, catalog};
use serde_json::{Value, json};

fn data(list: &Value) -> &Vec<Value> {
    list["data"].as_array().unwrap()
}

#[tokio::test]
async fn only_tools_that_the_api_has_are_listed() {
    let (_account, host) = official().await;
    let listed: Vec<String> =
        host.session.list_all_tools().await.unwrap().into_iter().map(|tool| tool.name.into_owned()).collect();
    // A private integration token belongs to no user.
    let listed_by_default = catalog(Api::Official).iter().filter(|spec| spec.listed).map(|spec| spec.name.as_ref());
    let expected: Vec<&str> = listed_by_default.filter(|name| *name != "get_current_user").collect();
    assert_eq!(listed, expected);
    assert!(listed.contains(&"list_pipelines".to_owned()) && !listed.contains(&"publish_page".to_owned()));
}

#[tokio::test]
async fn contacts_are_created_read_changed_and_listed() {
    let (account, host) = official().await;
    let made = host
        .answer(
            "create_contact",
            json!({"firstName": "Ada", "lastName": "Byron", "email": "ada@byron.example", "tags": ["vip", "a, b"],
                "companyName": "Engines", "address": {"street": "1 Main St", "city": "London"},
                "customFields": {"industry": "Computing", "employees": 3}}),
        )
        .await;
    let id = made["id"].as_str().unwrap();
    assert_eq!(made["address"], json!({"street": "1 Main St", "city": "London"}));
    assert_eq!(made["customFields"], json!({"industry": "Computing", "employees": 3}));
    assert!(made["createdAt"].is_string());

    let changed = host
        .answer(
            "update_contact",
            json!({"id": id, "address": {"city": "Paris"}, "customFields": {"employees": 4}, "clear": ["companyName"]}),
        )
        .await;
    assert_eq!(changed["address"], json!({"street": "1 Main St", "city": "Paris"}));
    assert_eq!(changed["customFields"], json!({"industry": "Computing", "employees": 4}));
    assert!(changed.get("companyName").is_none());
    let emptied = host.answer("update_contact", json!({"id": id, "clear": ["tags", "customFields.industry"]})).await;
    assert_eq!((&emptied["customFields"], &emptied["tags"]), (&json!({"employees": 4}), &json!([])));

    let found = host.answer("list_contacts", json!({"email": "ADA@byron.example"})).await;
    assert_eq!((data(&found).len(), &found["data"][0]["id"]), (1, &json!(id)));
    assert_eq!(host.answer("get_contact", json!({"id": id})).await["lastName"], "Byron");
    assert_eq!(refused(&account).await, Vec::<String>::new());
    assert_eq!(host.error("get_contact", json!({"id": "nobody"})).await["code"], "not_found");
}

#[tokio::test]
async fn a_tag_that_holds_a_comma_is_filtered_by_the_api() {
    let (account, host) = official().await;
    for (email, tags) in [("one@b.example", json!(["a, b", "x"])), ("two@b.example", json!(["a, b"]))] {
        let contact = json!({"firstName": "A", "lastName": "B", "email": email, "tags": tags});
        host.answer("create_contact", contact).await;
    }
    let both = host.answer("list_contacts", json!({"tags": ["a, b"]})).await;
    assert_eq!((data(&both).len(), both.get("note")), (2, None));
    assert_eq!(data(&host.answer("list_contacts", json!({"tags": ["a, b", "x"]})).await).len(), 1);
    assert_eq!(refused(&account).await, Vec::<String>::new());
}

#[tokio::test]
async fn lists_continue_at_any_offset() {
    let (account, host) = official().await;
    for tool in ["list_contacts", "list_opportunities"] {
        let whole = host.answer(tool, json!({"limit": 40, "fields": ["name"]})).await;
        let ids = |list: &Value| data(list).iter().map(|item| item["id"].clone()).collect::<Vec<_>>();
        let mut parts = Vec::new();
        let mut offset = 0;
        while parts.len() < 40 {
            let part = host.answer(tool, json!({"limit": 7, "offset": offset, "fields": ["name"]})).await;
            assert_eq!(part["meta"]["total"], whole["meta"]["total"], "{tool}");
            parts.extend(ids(&part));
            offset = part["meta"]["nextOffset"].as_u64().unwrap();
        }
        assert_eq!(parts[..40], ids(&whole), "{tool}");
    }
    assert_eq!(refused(&account).await, Vec::<String>::new());
}

#[tokio::test]
async fn the_other_lists_and_objects_are_read() {
    let (account, host) = official().await;
    let location = host.answer("get_default_location", json!({})).await;
    assert_eq!(location["id"].as_str(), account.location().as_deref());
    assert_eq!(host.answer("get_location", json!({"id": location["id"]})).await["name"], location["name"]);
    assert!(data(&host.answer("list_locations", json!({})).await).iter().any(|one| one["id"] == location["id"]));
    let pipelines = host.answer("list_pipelines", json!({})).await;
    assert_eq!(pipelines["data"][0]["stages"][0]["name"], "qualification");
    let funnels = host.answer("list_funnels", json!({"limit": 1})).await;
    assert!(funnels["data"][0]["pages"][0]["id"].is_string() && funnels["data"][0]["createdAt"].is_string());
    let pages = host.answer("list_pages", json!({"limit": 2})).await;
    assert_eq!((data(&pages).len(), &pages["meta"]["nextOffset"]), (2, &json!(2)));
    assert!(pages["data"][0]["name"].is_string());
    let deals = host.answer("list_opportunities", json!({"status": "won", "limit": 1})).await;
    let deal = host.answer("get_opportunity", json!({"id": deals["data"][0]["id"]})).await;
    assert_eq!((&deal["status"], &deal["pipeline"]), (&json!("won"), &json!("Sales")));
    assert!(deal["value"].is_number() && deal["stage"].is_string());
    assert_eq!(refused(&account).await, Vec::<String>::new());
    assert_eq!(host.error("list_pages", json!({"status": "draft"})).await["field"], "status");
    assert_eq!(host.error("get_user", json!({"userId": "nobody"})).await["code"], "not_found");
}

#[tokio::test]
async fn the_mirror_answers_questions_over_this_api() {
    let (account, host) = official().await;
    let rows = host
        .answer("query_crm", json!({"sql": "SELECT count(*) AS n, count(DISTINCT stage) AS stages FROM opportunities"}))
        .await;
    let total = host.answer("list_opportunities", json!({"limit": 1})).await["meta"]["total"].clone();
    assert_eq!(rows["rows"][0][0], total, "{rows}");
    assert!(rows["rows"][0][1].as_u64().unwrap() > 1, "{rows}");
    let error = host.error("query_crm", json!({"sql": "SELECT * FROM webhooks"})).await;
    assert_eq!(error["code"], "policy_denied", "{error}");
    assert_eq!(refused(&account).await, Vec::<String>::new());
}
