//! A server of one location, and objects that only a list of the location shows.

use super::run;
use crate::{
    support::{Account, Api, Era, Host, Manners, Person, in_both_manners},
    writes::fake::{Arrived, Fake, Reply},
};
use serde_json::{Value, json};

in_both_manners!(a_group_of_calendars_is_changed_and_deleted, a_group_that_the_list_does_not_have_is_refused);

async fn agreeing(manners: Manners) -> (Account, Host) {
    let account = Account::in_manners(Api::Official, manners).await;
    let host = Host::with(&account, &[], Era::Modern, Person::agrees()).await;
    (account, host)
}

async fn group(account: &Account) -> Value {
    account.objects("calendarGroups").await[0].clone()
}

async fn a_group_of_calendars_is_changed_and_deleted(manners: Manners) {
    let (account, host) = agreeing(manners).await;
    let before = group(&account).await;
    let id = before["id"].as_str().unwrap();
    let change = json!({"groupId": id, "name": "Lessons", "description": "All lessons", "slug": "lessons"});
    let answer = host.answer("run_operation", run("calendars.edit-group", change)).await;
    assert_eq!(answer["group"]["name"], "Lessons", "{answer}");
    assert_eq!(group(&account).await["slug"], "lessons");
    host.answer("run_operation", run("calendars.delete-group", json!({"groupId": id}))).await;
    assert!(account.objects("calendarGroups").await.iter().all(|group| group["id"] != id));
    // The person saw which group it was. A late list has the name that it had before.
    let old = before["name"].as_str().unwrap();
    let asked = host.asked()[0].to_string();
    assert!(asked.contains("name: Lessons") || asked.contains(&format!("name: {old}")), "{asked}");
}

async fn a_group_that_the_list_does_not_have_is_refused(manners: Manners) {
    let (account, host) = agreeing(manners).await;
    account.forget_requests().await;
    let error =
        host.error("run_operation", run("calendars.delete-group", json!({"groupId": "groupOfSomebody1"}))).await;
    assert_eq!(error["code"], "policy_denied", "{error}");
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("calendars.get-groups") && message.contains("groupOfSomebody1"), "{message}");
    assert!(host.asked().is_empty());
    assert!(account.requests().await.iter().all(|request| request["method"] == "GET"));
}

/// A fake API of one location, with the writes that it received.
async fn api(items: impl Fn(&Arrived, &str) -> Option<Value> + Send + 'static) -> (Fake, Host) {
    let location = std::sync::Arc::new(std::sync::OnceLock::<String>::new());
    let own = std::sync::Arc::clone(&location);
    let fake = Fake::new(Api::Official, move |request| {
        let own = own.get().map(String::as_str).unwrap_or_default();
        match items(request, own) {
            Some(body) => Reply(200, body),
            None if request.method == "GET" => Reply(404, json!({"message": "not found"})),
            None => Reply(200, json!({"success": true})),
        }
    })
    .await;
    location.set(fake.account().location_id()).unwrap();
    let host = fake.host(&[]).await;
    (fake, host)
}

fn writes(fake: &Fake) -> Vec<String> {
    let writes = fake.arrived().into_iter().filter(|request| request.method != "GET");
    writes.map(|request| format!("{} {}", request.method, request.path)).collect()
}

#[tokio::test]
async fn each_kind_of_object_is_found_in_its_list() {
    let (fake, host) = api(|request, own| {
        let is_read = request.path.contains("/public/") || request.path.starts_with("/users/user");
        let asks_for_own = is_read
            || request.query.contains(&format!("locationId={own}"))
            || request.query.contains(&format!("altId={own}"));
        assert!(request.method != "GET" || asks_for_own, "{request:?}");
        Some(match request.path.as_str() {
            "/links/" => json!({"links": [{"id": "link1", "name": "Spring"}, {"id": "link2", "locationId": own}]}),
            "/invoices/estimate/list" => json!({"estimates": [{"_id": "estimate1"}], "total": 1}),
            "/chat-widget/list" => json!({"data": {"widgets": [{"_id": "widget1"}]}}),
            "/users/" => json!({"users": [{"id": "user1", "roles": {"locationIds": [own]}}]}),
            "/ad-publishing/facebook/entity" if request.query.contains("entityType=ADSET") => json!([{"id": "adset1"}]),
            "/users/user1" | "/users/user2" => json!({"name": "Ada"}),
            "/chat-widget/public/config/widget1" | "/chat-widget/public/config/widget2" => json!({"settings": {}}),
            "/ad-publishing/google/ads/ad1" => json!({"campaign": {"_id": "ad1", "status": "draft"}}),
            _ => return None,
        })
    })
    .await;
    for (operation, argument, own, other) in
        [("users.get-user", "userId", "user1", "user2"), ("chat-widget.getWidget", "id", "widget1", "widget2")]
    {
        host.answer("run_operation", run(operation, json!({argument: own}))).await;
        let error = host.error("run_operation", run(operation, json!({argument: other}))).await;
        assert_eq!(error["code"], "policy_denied", "{operation}: {error}");
    }
    for (operation, arguments, is_own) in [
        ("links.update-link", json!({"linkId": "link1", "name": "Summer", "redirectTo": "https://x.example"}), true),
        ("links.delete-link", json!({"linkId": "link2"}), true),
        ("links.delete-link", json!({"linkId": "link3"}), false),
        ("invoices.update-estimate-last-visited-at", json!({"estimateId": "estimate1"}), true),
        ("invoices.update-estimate-last-visited-at", json!({"estimateId": "estimate2"}), false),
        ("ad-manager.fb-duplicate-adset", json!({"adsetId": "adset1"}), true),
        ("ad-manager.fb-duplicate-adset", json!({"adsetId": "adset2"}), false),
        ("ad-manager.google-publish-ad", json!({"adId": "ad1"}), true),
    ] {
        let before = writes(&fake).len();
        let result = host.call("run_operation", run(operation, arguments.clone())).await;
        assert_eq!(result.is_error != Some(true), is_own, "{operation} {arguments}: {result:?}");
        assert_eq!(writes(&fake).len() - before, usize::from(is_own), "{operation} {arguments}");
    }
}

/// The lists of questions are by knowledge base, so that those of the location come first.
#[tokio::test]
async fn an_object_is_found_in_one_of_several_lists() {
    let (fake, host) = api(|request, own| {
        let faq = |id: &str| json!({"id": id, "question": "Open?", "locationId": own});
        Some(match request.path.as_str() {
            "/knowledge-bases/" => json!({"success": true, "data": {
                "knowledgeBases": [{"id": "base1"}, {"id": "base2"}], "activeCount": 2, "hasMore": false}}),
            "/knowledge-bases/faqs" if request.method == "GET" => match request.query.contains("knowledgeBaseId=base2")
            {
                true => json!({"count": 1, "faqs": [faq("faq2")]}),
                false => json!({"count": 1, "faqs": [faq("faq1")]}),
            },
            _ => return None,
        })
    })
    .await;
    host.answer(
        "run_operation",
        run("knowledge-base.update", json!({"id": "faq2", "question": "Open?", "answer": "Yes"})),
    )
    .await;
    let error = host.error("run_operation", run("knowledge-base.delete", json!({"id": "faq3"}))).await;
    assert_eq!(error["code"], "policy_denied", "{error}");
    assert_eq!(writes(&fake), ["PUT /knowledge-bases/faqs/faq2"]);
}

/// An API that ignores the filter shows objects of other locations, too.
#[tokio::test]
async fn an_item_of_another_location_is_refused() {
    let (fake, host) = api(|request, _| {
        (request.path == "/links/").then(|| json!({"links": [{"id": "link1", "locationId": "anotherLocation1"}]}))
    })
    .await;
    let error = host.error("run_operation", run("links.delete-link", json!({"linkId": "link1"}))).await;
    assert_eq!(error["code"], "policy_denied", "{error}");
    assert!(error["message"].as_str().unwrap().contains("anotherLocation1"), "{error}");
    assert_eq!(writes(&fake), [""; 0]);
}

/// The list is read to a bound, and what lies behind it is refused.
#[tokio::test]
async fn a_list_is_looked_through_to_a_bound() {
    let (fake, host) = api(|request, _| {
        let number = |name: &str| {
            let value = request.query.split('&').find_map(|pair| pair.strip_prefix(&format!("{name}=")))?;
            value.parse::<u64>().ok()
        };
        let (offset, limit) = (number("offset").unwrap_or(0), number("limit").unwrap_or(20));
        let estimates: Vec<Value> =
            (offset..offset + limit).map(|at| json!({"_id": format!("estimate{at}")})).collect();
        (request.path == "/invoices/estimate/list").then(|| json!({"estimates": estimates, "total": 9_000}))
    })
    .await;
    let visit = |id: &str| run("invoices.update-estimate-last-visited-at", json!({"estimateId": id}));
    host.answer("run_operation", visit("estimate1999")).await;
    let before = fake.arrived().len();
    let error = host.error("run_operation", visit("estimate2000")).await;
    assert_eq!(error["code"], "policy_denied", "{error}");
    assert!(error["message"].as_str().unwrap().contains("2000"), "{error}");
    assert!(fake.arrived().len() - before <= 22, "{}", fake.arrived().len() - before);
    assert_eq!(writes(&fake).len(), 1);
}
