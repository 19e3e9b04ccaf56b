//! Every update, delete and publish under every fault that makes its outcome unclear, with the retry refused in every way.
//! The sandbox's counts say what happened, and the answer must agree.

use super::truth;
use crate::support::{Account, Api, Era, Host, Manners, Person, error_of, in_all_manners, on_both_apis};
use futures::{StreamExt, stream};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A call: the tool, its argument, the operation whose requests fail, and the kind of object.
#[derive(Clone, Copy)]
struct Call {
    tool: &'static str,
    about: &'static str,
    operation: &'static str,
    kind: &'static str,
}

const fn call(tool: &'static str, about: &'static str, operation: &'static str, kind: &'static str) -> Call {
    Call { tool, about, operation, kind }
}

const BOTH: [Call; 2] = [
    call("update_contact", "phone", "PUT /contact/{id}", "contacts"),
    call("update_opportunity", "value", "PUT /opportunity/{id}", "opportunities"),
];

const SESSION: [Call; 5] = [
    call("update_contact", "addTags", "PUT /contact/{id}", "contacts"),
    call("update_page", "title", "PUT /page/{id}", "pages"),
    call("delete_page", "", "DELETE /page/{id}", "pages"),
    call("delete_webhook", "", "DELETE /webhook/{id}", "webhooks"),
    call("publish_page", "", "POST /page/{id}/publish", "pages"),
];

const OFFICIAL: [Call; 2] = [
    call("update_contact", "addTags", "POST /contacts/{contactId}/tags", "contacts"),
    call("update_contact", "removeTags", "DELETE /contacts/{contactId}/tags", "contacts"),
];

/// The faults that make the first attempt's outcome unclear, and whether it took effect.
const FAULTS: [(&str, bool); 8] = [
    ("500", false),
    ("html", false),
    ("drop", false),
    ("500-after", true),
    ("html-after", true),
    ("drop-after", true),
    ("truncate", true),
    ("malformed", true),
];

/// The ways in which the retry is refused.
const REFUSALS: [&str; 7] = ["404", "409", "400", "401", "403", "410", "422"];

in_all_manners!(an_unclear_write_is_reported_as_the_sandbox_counted_it);
on_both_apis!(a_late_effect_is_never_reported_as_failed);

fn calls(api: Api) -> Vec<Call> {
    let more: &[Call] = if api == Api::Session { &SESSION } else { &OFFICIAL };
    BOTH.iter().chain(more).copied().collect()
}

/// Creates an object for the case, and returns the call's arguments.
async fn case(account: &Account, call: Call, number: usize) -> Value {
    let id: Value = match call.tool {
        "update_contact" => {
            let contact = json!({"firstName": "In", "lastName": "Doubt", "email": format!("d{number}@b.example"),
                "tags": ["old", "vip"]});
            account.add("contacts", contact).await.into()
        }
        "update_opportunity" => account.objects(call.kind).await[number]["id"].clone(),
        "delete_webhook" => {
            let hook = json!({"url": format!("https://example.com/{number}"), "events": ["a"], "status": "active"});
            account.add("webhooks", hook).await.into()
        }
        _ => {
            let page = json!({"name": "Doubt", "slug": format!("doubt-{number}"), "status": "draft", "content": "x"});
            account.add("pages", page).await.into()
        }
    };
    match call.about {
        "phone" => json!({"id": id, "phone": format!("+1555010{number:04}"), "companyName": "Doubtful Inc"}),
        "value" => json!({"id": id, "value": 770_000 + number, "name": "In doubt"}),
        "title" => json!({"id": id, "title": format!("Title {number}")}),
        "addTags" => json!({"id": id, "addTags": ["new"]}),
        "removeTags" => json!({"id": id, "removeTags": ["old"]}),
        _ => json!({"id": id}),
    }
}

/// Whether the call took effect, by the sandbox's objects.
async fn happened(account: &Account, call: Call, arguments: &Value) -> bool {
    let now = truth(account, call.kind, &arguments["id"]).await;
    match (call.tool, call.about) {
        ("delete_page" | "delete_webhook", _) => now.is_null(),
        ("publish_page", _) => now["status"] == "published",
        (_, "addTags") => now["tags"].as_array().unwrap().contains(&json!("new")),
        (_, "removeTags") => !now["tags"].as_array().unwrap().contains(&json!("old")),
        _ => arguments.as_object().unwrap().iter().all(|(name, sent)| now[name] == *sent),
    }
}

async fn an_unclear_write_is_reported_as_the_sandbox_counted_it(api: Api, manners: Manners) {
    // Each case has its turn of the refusals, so that all of them come with every call.
    let some = if manners == Manners::plain() { 3 } else { 2 };
    let cases = calls(api).into_iter().flat_map(|call| FAULTS.map(|fault| (call, fault))).enumerate();
    let run = |(turn, (call, (fault, lands))): (usize, (Call, (&'static str, bool)))| {
        let refusals = REFUSALS.into_iter().cycle().skip(turn * some).take(some);
        let manners = manners.clone();
        async move {
            let account = Account::in_manners(api, manners).await;
            let host = Host::with(&account, &["--timeout", "40"], Era::Modern, Person::agrees()).await;
            let mut ends = Vec::new();
            for (number, refusal) in refusals.enumerate() {
                let arguments = case(&account, call, number).await;
                // Earlier lags have ended; the write's own lag starts with it.
                tokio::time::sleep(std::time::Duration::from_millis(350)).await;
                let operation = call.operation;
                account.faults(&format!("{fault}@{operation}*1;{refusal}@{operation}+1")).await;
                let result = host.call(call.tool, arguments.clone()).await;
                account.faults("").await;
                let happened = happened(&account, call, &arguments).await;
                let case = format!("{} {}, {fault} and then {refusal}: {result:?}", call.tool, call.about);
                assert_eq!(happened, lands, "the fault did not do what it should: {case}");
                if result.is_error == Some(true) {
                    let error = error_of(&result);
                    assert!(!lands, "it can be seen to have happened: {case}");
                    assert_eq!(error["code"], "outcome_unknown", "{case}");
                    assert!(error["check"].is_string(), "it names what to check with: {case}");
                    ends.push("outcome_unknown");
                } else {
                    assert!(happened, "called done: {case}");
                    ends.push("done");
                }
            }
            ends
        }
    };
    let ends: Vec<&str> = stream::iter(cases).map(run).buffer_unordered(32).collect::<Vec<_>>().await.concat();
    let mut counts = BTreeMap::new();
    ends.iter().for_each(|end| *counts.entry(*end).or_insert(0) += 1);
    let all = calls(api).len() * some;
    assert_eq!(counts, BTreeMap::from([("done", all * 5), ("outcome_unknown", all * 3)]));
}

async fn a_late_effect_is_never_reported_as_failed(api: Api) {
    let cases = calls(api).into_iter().flat_map(|call| ["late:300", "late:6000"].map(|fault| (call, fault)));
    let run = |(call, fault): (Call, &'static str)| async move {
        let account = Account::in_manners(api, Manners::plain()).await;
        let host = Host::with(&account, &["--timeout", "40"], Era::Modern, Person::agrees()).await;
        let arguments = case(&account, call, 1).await;
        account.faults(&format!("{fault}@{0}*1;409@{0}+1", call.operation)).await;
        let result = host.call(call.tool, arguments.clone()).await;
        let case = format!("{} {}, {fault}: {result:?}", call.tool, call.about);
        if result.is_error == Some(true) {
            assert_eq!(error_of(&result)["code"], "outcome_unknown", "{case}");
        } else {
            assert!(happened(&account, call, &arguments).await, "called done: {case}");
        }
        // An effect during the look-up is found.
        assert!(fault != "late:300" || result.is_error != Some(true), "{case}");
    };
    stream::iter(cases).for_each_concurrent(32, run).await;
}

#[tokio::test]
async fn an_outcome_that_no_look_up_can_tell_is_unknown() {
    let account = Account::in_manners(Api::Session, Manners::plain()).await;
    let host = Host::with(&account, &["--timeout", "20"], Era::Modern, Person::agrees()).await;
    for (number, call) in calls(Api::Session).into_iter().enumerate() {
        let arguments = case(&account, call, number).await;
        // The reads for the journal and the confirmation succeed; requests after the write fail.
        let look = match call.kind {
            "contacts" => "GET /contact/{id}",
            "opportunities" => "GET /opportunity/{id}",
            "pages" => "GET /page/{id}",
            _ => "GET /webhook",
        };
        let before = if call.tool.starts_with("update") { 1 } else { 2 };
        let operation = call.operation;
        account.faults(&format!("500-after@{operation}*1;404@{operation}+1;403@{look}+{before}")).await;
        let error = host.error(call.tool, arguments).await;
        assert_eq!(error["code"], "outcome_unknown", "{} {}: {error}", call.tool, call.about);
    }
}

#[tokio::test]
async fn a_change_of_letter_case_is_a_change() {
    let account = Account::in_manners(Api::Session, Manners::plain()).await;
    let host = Host::new(&account, &[]).await;
    let id = account.add("contacts", json!({"firstName": "ada", "lastName": "L", "email": "a@b.example"})).await;
    account.faults("500@PUT /contact/{id}*1;409@PUT /contact/{id}+1").await;
    let error = host.error("update_contact", json!({"id": id, "firstName": "Ada"})).await;
    assert_eq!(error["code"], "outcome_unknown", "{error}");
}
