//! Forms, surveys and submissions.

use super::{agreeing, all_manners, arrived};
use serde_json::{Value, json};

/// The submissions of a list, read by pages of this size.
async fn every(host: &crate::support::Host, mut arguments: Value, limit: u64) -> Vec<Value> {
    let (mut found, mut offset) = (Vec::new(), Some(0));
    arguments["limit"] = limit.into();
    while let Some(at) = offset {
        arguments["offset"] = at.into();
        let answer = host.answer("list_submissions", arguments.clone()).await;
        found.extend(answer["data"].as_array().unwrap().iter().cloned());
        offset = answer["meta"]["nextOffset"].as_u64();
    }
    found
}

fn ids(items: &[Value]) -> Vec<&str> {
    items.iter().map(|item| item["id"].as_str().unwrap()).collect()
}

/// The ids of stored submissions, newest first.
fn newest_first(mut stored: Vec<Value>) -> Vec<String> {
    stored.sort_by(|one, other| other["createdAt"].as_str().cmp(&one["createdAt"].as_str()));
    stored.iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn forms_and_surveys_are_one_list() {
    for manners in all_manners() {
        let (account, host) = agreeing(manners).await;
        let mut expected = Vec::new();
        for (kind, objects) in [("form", "forms"), ("survey", "surveys")] {
            let all = account.objects(objects).await;
            expected.extend(all.iter().map(|one| json!([one["id"], one["name"], kind])));
        }
        let shown = |answer: &Value| -> Vec<Value> {
            answer["data"].as_array().unwrap().iter().map(|one| json!([one["id"], one["name"], one["kind"]])).collect()
        };
        assert_eq!(shown(&host.answer("list_forms", json!({})).await), expected);
        assert_eq!(shown(&host.answer("list_forms", json!({"kind": "survey"})).await), expected[3..]);
    }
}

#[tokio::test]
async fn submissions_of_the_whole_location_come_newest_first_and_each_once() {
    for words in ["plain", "live", "cap:7", "total:absent", "total:text,cap:20", "total:cap:7"] {
        let (account, host) = agreeing(words.parse().unwrap()).await;
        let mut stored = account.objects("formSubmissions").await;
        stored.extend(account.objects("surveySubmissions").await);
        let expected = newest_first(stored);
        for limit in [10, 100] {
            let found = every(&host, json!({}), limit).await;
            assert_eq!(ids(&found), expected, "{words}, pages of {limit}");
        }
        // A page in the middle, without the pages before it.
        let other = crate::support::Host::new(&account, &[]).await;
        let page = other.answer("list_submissions", json!({"offset": 31, "limit": 9})).await;
        assert_eq!(ids(page["data"].as_array().unwrap()), expected[31..40], "{words}");
    }
}

#[tokio::test]
async fn a_list_that_is_read_to_its_end_takes_each_page_about_once() {
    let (account, host) = agreeing("plain".parse().unwrap()).await;
    for number in 0..400 {
        let at = format!("2025-{:02}-{:02}T00:00:{:02}.000Z", number % 12 + 1, number % 28 + 1, number % 60);
        let submission = json!({"formId": "f", "name": "N", "createdAt": at, "others": {"number": number}});
        account.add("formSubmissions", submission).await;
    }
    account.forget_requests().await;
    let found = every(&host, json!({}), 100).await;
    assert_eq!(found.len(), 462);
    let requests = arrived(&account, "GET", "/submissions").await.len();
    assert!(requests <= 16, "{requests} requests for 5 pages");
}

#[tokio::test]
async fn submissions_are_found_by_form_person_and_day() {
    for manners in all_manners() {
        let (account, host) = agreeing(manners).await;
        let stored = account.objects("formSubmissions").await;
        let form = account.find("forms", |form| form["name"] == "Contact us").await;
        let of_form: Vec<_> = stored.iter().filter(|one| one["formId"] == form["id"]).cloned().collect();
        for wanted in [json!("contact US"), form["id"].clone()] {
            let found = every(&host, json!({"form": wanted}), 50).await;
            assert_eq!(ids(&found), newest_first(of_form.clone()));
            assert!(found.iter().all(|one| one["kind"] == "form" && one["formName"] == "Contact us"));
        }
        let known = stored.iter().find(|one| one["contactId"].is_string()).unwrap();
        let found = every(&host, json!({"search": known["contactId"]}), 50).await;
        let one = found.iter().find(|one| one["id"] == known["id"]).unwrap();
        assert_eq!((&one["contactId"], &one["email"]), (&known["contactId"], &known["email"]));
        assert_eq!(one["fields"]["message"], known["others"]["message"]);
        let day = &known["createdAt"].as_str().unwrap()[..10];
        let of_day = host.answer("list_submissions", json!({"kind": "form", "since": day, "until": day})).await;
        assert!(ids(of_day["data"].as_array().unwrap()).contains(&known["id"].as_str().unwrap()), "{of_day}");
    }
}

#[tokio::test]
async fn answers_to_custom_fields_are_shown_by_their_keys() {
    let (account, host) = agreeing("plain".parse().unwrap()).await;
    let found = every(&host, json!({"form": "Free website audit"}), 100).await;
    let shown = &found[0];
    let stored = account.find("formSubmissions", |one| one["id"] == shown["id"]).await;
    let field = account.find("customFields", |field| field["name"] == "employees").await;
    assert_eq!(shown["fields"]["employees"], stored["others"][field["id"].as_str().unwrap()]);
    assert_eq!(shown["page"], "https://brightwater.example/contact");
    assert!(shown["fields"].get("eventData").is_none(), "{shown}");
}

#[tokio::test]
async fn a_name_of_several_or_of_none_is_refused_with_what_there_is() {
    let (account, host) = agreeing("plain".parse().unwrap()).await;
    let unknown = host.error("list_submissions", json!({"form": "Contact as"})).await;
    assert_eq!((&unknown["code"], &unknown["field"]), (&json!("invalid_arguments"), &json!("form")));
    assert!(unknown["message"].as_str().unwrap().contains("Did you mean `Contact us`?"), "{unknown}");
    let id = account.add("surveys", json!({"name": "Contact us", "type": "survey"})).await;
    // Names are cached, so another host looks.
    let host = crate::support::Host::new(&account, &[]).await;
    let several = host.error("list_submissions", json!({"form": "Contact us"})).await;
    assert!(several["message"].as_str().unwrap().contains(&format!("{id} (survey)")), "{several}");
    assert!(host.answer("list_submissions", json!({"form": "Contact us", "kind": "survey"})).await["data"].is_array());
    let moment = host.error("list_submissions", json!({"since": "2026-01-01T10:00:00Z"})).await;
    assert_eq!(moment["field"], "since", "a part of a day cannot be asked for: {moment}");
}
