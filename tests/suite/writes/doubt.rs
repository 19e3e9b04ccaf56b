//! Every update, deletion and publication under every fault that leaves a doubt, its repetition refused in every way:
//! the books say what happened, and the answer has to agree with them.

use super::truth;
use crate::support::{Account, Api, Era, Host, Person, error_of, on_both_apis};
use futures::{StreamExt, stream};
use highlevel_mcp::sandbox::SandboxConfig;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A tool, the operation whose requests are faulted, and the kind of object.
type Tool = (&'static str, &'static str, &'static str);

const DOCUMENT: [Tool; 6] = [
    ("update_contact", "PUT /contact/{id}", "contacts"),
    ("update_opportunity", "PUT /opportunity/{id}", "opportunities"),
    ("update_page", "PUT /page/{id}", "pages"),
    ("delete_page", "DELETE /page/{id}", "pages"),
    ("delete_webhook", "DELETE /webhook/{id}", "webhooks"),
    ("publish_page", "POST /page/{id}/publish", "pages"),
];

/// What leaves a doubt about the first attempt, and whether that took effect.
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

/// How the repetition is refused.
const REFUSALS: [&str; 7] = ["400", "401", "403", "404", "409", "410", "422"];

on_both_apis!(what_is_refused_after_a_doubt_is_what_the_books_say, what_lands_late_is_never_called_failed);

fn tools(api: Api) -> Vec<Tool> {
    let has = |tool: &Tool| api == Api::Document || tool.0 == "update_contact" || tool.0 == "update_opportunity";
    DOCUMENT.into_iter().filter(has).collect()
}

async fn account(api: Api) -> Account {
    let config = SandboxConfig { api, rate_limit: 100_000, daily_limit: 1_000_000, ..SandboxConfig::default() };
    Account::with(config).await
}

/// An object of its own for each case, and the arguments of the call.
async fn case(account: &Account, tool: &str, kind: &str, number: usize) -> (Value, Value) {
    let id: Value = match tool {
        "update_contact" | "update_opportunity" => account.objects(kind).await[number]["id"].clone(),
        "delete_webhook" => {
            let hook = json!({"url": format!("https://example.com/{number}"), "events": ["a"], "status": "active"});
            account.add("webhooks", hook).await.into()
        }
        _ => {
            let page = json!({"name": "Doubt", "slug": format!("doubt-{number}"), "status": "draft", "content": "x"});
            account.add("pages", page).await.into()
        }
    };
    let arguments = match tool {
        "update_contact" => json!({"id": id, "phone": format!("+1555010{number:04}"), "companyName": "Doubtful Inc"}),
        "update_opportunity" => json!({"id": id, "value": 770_000 + number, "name": "In doubt"}),
        "update_page" => json!({"id": id, "title": format!("Title {number}")}),
        _ => json!({"id": id}),
    };
    (id, arguments)
}

/// Whether the call took effect, by the books.
async fn happened(account: &Account, tool: &str, kind: &str, arguments: &Value) -> bool {
    let now = truth(account, kind, &arguments["id"]).await;
    match tool {
        "delete_page" | "delete_webhook" => now.is_null(),
        "publish_page" => now["status"] == "published",
        _ => arguments.as_object().unwrap().iter().all(|(name, sent)| now[name] == *sent),
    }
}

async fn what_is_refused_after_a_doubt_is_what_the_books_say(api: Api) {
    let cases = tools(api).into_iter().flat_map(|tool| FAULTS.map(|fault| (tool, fault)));
    let run = |((tool, operation, kind), (fault, lands)): (Tool, (&'static str, bool))| async move {
        let account = account(api).await;
        let host = Host::with(&account, &["--timeout", "40"], Era::Modern, Person::agrees()).await;
        let mut ends = Vec::new();
        for (number, refusal) in REFUSALS.into_iter().enumerate() {
            let (_, arguments) = case(&account, tool, kind, number).await;
            account.faults(&format!("{fault}@{operation}*1;{refusal}@{operation}+1")).await;
            let result = host.call(tool, arguments.clone()).await;
            account.faults("").await;
            let happened = happened(&account, tool, kind, &arguments).await;
            let case = format!("{tool}, {fault} and then {refusal}: {result:?}");
            // Of a publication whose answer is lost the page decides, and no repetition is sent.
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
    };
    let ends: Vec<&str> = stream::iter(cases).map(run).buffer_unordered(32).collect::<Vec<_>>().await.concat();
    let mut counts = BTreeMap::new();
    ends.iter().for_each(|end| *counts.entry(*end).or_insert(0) += 1);
    let all = tools(api).len() * REFUSALS.len();
    assert_eq!(counts, BTreeMap::from([("done", all * 5), ("outcome_unknown", all * 3)]));
}

async fn what_lands_late_is_never_called_failed(api: Api) {
    let cases = tools(api).into_iter().flat_map(|tool| ["late:300", "late:6000"].map(|fault| (tool, fault)));
    let run = |((tool, operation, kind), fault): (Tool, &'static str)| async move {
        let account = account(api).await;
        let host = Host::with(&account, &["--timeout", "40"], Era::Modern, Person::agrees()).await;
        let (_, arguments) = case(&account, tool, kind, 1).await;
        account.faults(&format!("{fault}@{operation}*1;409@{operation}+1")).await;
        let result = host.call(tool, arguments.clone()).await;
        let case = format!("{tool}, {fault}: {result:?}");
        if result.is_error == Some(true) {
            assert_eq!(error_of(&result)["code"], "outcome_unknown", "{case}");
        } else {
            assert!(happened(&account, tool, kind, &arguments).await, "called done: {case}");
        }
        // What lands while it is looked for is found.
        assert!(fault != "late:300" || result.is_error != Some(true), "{case}");
    };
    stream::iter(cases).for_each_concurrent(32, run).await;
}

#[tokio::test]
async fn a_doubt_that_no_look_ends_stays_one() {
    let account = account(Api::Document).await;
    let host = Host::with(&account, &["--timeout", "20"], Era::Modern, Person::agrees()).await;
    for (tool, operation, kind) in DOCUMENT {
        let (_, arguments) = case(&account, tool, kind, 3).await;
        // The object is read for the journal and the question; what comes after the write fails.
        let look = if kind == "webhooks" {
            "GET /webhook".to_owned()
        } else {
            format!("GET /{}/{{id}}", &kind.replace("ies", "y").trim_end_matches('s').to_owned())
        };
        let before = if tool.starts_with("update") { 1 } else { 2 };
        account.faults(&format!("500-after@{operation}*1;404@{operation}+1;403@{look}+{before}")).await;
        let error = host.error(tool, arguments).await;
        assert_eq!(error["code"], "outcome_unknown", "{tool}: {error}");
    }
}

#[tokio::test]
async fn a_change_of_case_is_a_change() {
    let account = account(Api::Document).await;
    let host = Host::new(&account, &[]).await;
    let id = account.add("contacts", json!({"firstName": "ada", "lastName": "L", "email": "a@b.example"})).await;
    account.faults("500@PUT /contact/{id}*1;409@PUT /contact/{id}+1").await;
    let error = host.error("update_contact", json!({"id": id, "firstName": "Ada"})).await;
    assert_eq!(error["code"], "outcome_unknown", "{error}");
}
