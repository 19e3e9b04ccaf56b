//! Every creation under every fault: exactly one object, or a clear failure and none, or `outcome_unknown`. Never two.

use super::{contact, count};
use crate::support::{Account, Era, Host, Person, error_of, structured};
use highlevel_mcp::sandbox::SandboxConfig;
use serde_json::{Value, json};
use std::{collections::BTreeSet, time::Duration};

/// The five creating tools: tool, operation, kind, and arguments of their own.
async fn creates(account: &Account) -> Vec<(&'static str, &'static str, &'static str, Value)> {
    let owner = account.find("contacts", |_| true).await;
    vec![
        ("create_contact", "POST /contact", "contacts", contact("new@example.com")),
        (
            "create_opportunity",
            "POST /opportunity",
            "opportunities",
            json!({"name": "New deal", "contactId": owner["id"], "value": 1200.5, "status": "open", "tags": ["a", "b"]}),
        ),
        ("create_campaign", "POST /campaigns", "campaigns", json!({"name": "New campaign", "type": "email"})),
        (
            "create_page",
            "POST /page",
            "pages",
            json!({"name": "New page", "slug": "new-page", "content": "<p>x</p>", "seoKeywords": ["a"]}),
        ),
        (
            "create_webhook",
            "POST /webhook",
            "webhooks",
            json!({"url": "https://example.com/new", "events": ["contact.created"], "secret": "s3cret"}),
        ),
    ]
}

/// The objects of a kind that have every field that was sent.
async fn matching(account: &Account, kind: &str, sent: &Value) -> Vec<Value> {
    let fits = |object: &Value| sent.as_object().unwrap().iter().all(|(name, value)| object[name] == *value);
    account.objects(kind).await.into_iter().filter(fits).collect()
}

/// Runs each creation on a fresh account under a fault that strikes its first request, and says how it went and how many
/// objects there are.
async fn under(fault: &str, mut judge: impl FnMut(&str, &rmcp::model::CallToolResult, &[Value])) {
    for index in 0..5 {
        let account = Account::new().await;
        let (tool, operation, kind, arguments) = creates(&account).await.remove(index);
        account.faults(&format!("{fault}@{operation}*1")).await;
        let host = Host::with(&account, &["--timeout", "6"], Era::Modern, Person::agrees()).await;
        let result = host.call(tool, arguments.clone()).await;
        let there = matching(&account, kind, &arguments).await;
        assert!(there.len() <= 1, "{tool} under {fault}: doubled: {there:?}");
        judge(&format!("{tool} under {fault}"), &result, &there);
    }
}

/// There is exactly one object, and it is the answer.
fn made_once(case: &str, result: &rmcp::model::CallToolResult, there: &[Value]) {
    let made = structured(result);
    assert_eq!(there.len(), 1, "{case}");
    assert_eq!(made["id"], there[0]["id"], "{case}");
}

#[tokio::test]
async fn what_was_surely_not_executed_is_sent_again() {
    for fault in ["500", "401", "429:1", "html"] {
        under(fault, made_once).await;
    }
}

#[tokio::test]
async fn what_took_effect_is_found_and_not_made_again() {
    for fault in ["500-after", "drop-after", "truncate", "malformed", "html-after"] {
        under(fault, made_once).await;
    }
}

#[tokio::test]
async fn what_may_still_land_is_said_to_be_unknown() {
    for fault in ["drop", "late:2500", "latency:4500"] {
        under(fault, |case, result, there| {
            // A late effect lands after the look-up; a slow one is there by the time of it.
            if result.is_error == Some(true) {
                let error = error_of(result);
                assert_eq!(error["code"], "outcome_unknown", "{case}: {error}");
                assert!(error["check"].as_str().is_some_and(|tool| tool.starts_with("list_")), "{case}: {error}");
                assert!(!error.to_string().contains("s3cret"), "{case}: {error}");
            } else {
                assert_eq!(there.len(), 1, "{case}");
            }
        })
        .await;
    }
}

#[tokio::test]
async fn an_older_twin_is_not_taken_for_the_new_one() {
    for (index, fault) in (0..5).flat_map(|index| ["500", "500-after", "drop-after"].map(|fault| (index, fault))) {
        let account = Account::new().await;
        let (tool, operation, kind, arguments) = creates(&account).await.remove(index);
        if tool == "create_page" {
            continue; // A slug belongs to one page: there are no twins.
        }
        let host = Host::with(&account, &["--timeout", "6"], Era::Modern, Person::agrees()).await;
        let older = host.answer(tool, arguments.clone()).await;
        // The clock has to move on between the two, as it does between two people's deals.
        tokio::time::sleep(Duration::from_millis(1_100)).await;
        account.faults(&format!("{fault}@{operation}*1")).await;
        let newer = host.answer(tool, arguments.clone()).await;
        let there = matching(&account, kind, &arguments).await;
        assert_eq!(there.len(), 2, "{tool} under {fault}: {there:?}");
        assert_ne!(newer["id"], older["id"], "{tool} under {fault}");
    }
}

#[tokio::test]
async fn of_several_that_could_be_it_none_is_guessed() {
    let account = Account::new().await;
    let host = Host::with(&account, &["--timeout", "6"], Era::Modern, Person::agrees()).await;
    // Two creations of the same contact at once, of which both answers are lost.
    account.faults("drop-after@POST /contact*2").await;
    let call = || host.call("create_contact", contact("twin@example.com"));
    let (first, second) = tokio::join!(call(), call());
    let there = matching(&account, "contacts", &contact("twin@example.com")).await;
    assert_eq!(there.len(), 2, "each was sent once");
    let unknown: Vec<Value> =
        [&first, &second].into_iter().filter(|result| result.is_error == Some(true)).map(error_of).collect();
    assert!(!unknown.is_empty(), "two lost answers cannot both be told apart: {first:?} {second:?}");
    for error in unknown {
        assert_eq!(error["code"], "outcome_unknown", "{error}");
    }
}

#[tokio::test]
async fn a_refused_creation_is_a_clear_failure() {
    under("403", |case, result, there| {
        assert_eq!(error_of(result)["code"], "forbidden", "{case}");
        assert!(there.is_empty(), "{case}");
    })
    .await;
}

#[tokio::test]
async fn an_api_that_keeps_failing_gets_a_creation_twice_at_most() {
    let account = Account::new().await;
    account.faults("500@POST /contact").await;
    let host = Host::with(&account, &[], Era::Modern, Person::agrees()).await;
    let error = host.error("create_contact", contact("never@example.com")).await;
    assert_eq!(error["code"], "upstream_error", "it surely was not created: {error}");
    assert_eq!(count(&account, "POST /contact").await, 2);
    assert!(matching(&account, "contacts", &contact("never@example.com")).await.is_empty());
}

/// What somebody else does to a list.
#[derive(Clone, Copy, PartialEq)]
enum Other {
    Adds,
    TakesAway,
}

/// Creates an opportunity whose answer is lost, while somebody else changes the list between so many of the pages that are
/// read for it.
async fn while_the_list_moves(other: Other, times: u64) -> (Account, rmcp::model::CallToolResult) {
    let config = SandboxConfig { contacts: 2_000, rate_limit: 10_000, ..SandboxConfig::default() };
    let account = Account::with(config).await;
    let sent = creates(&account).await.remove(1).3;
    let host = Host::with(&account, &["--timeout", "30"], Era::Modern, Person::agrees()).await;
    // Time for the other one between a first page, which is read by then, and the rest.
    account.faults(&format!("drop-after@POST /opportunity*1;latency-after:400@GET /opportunity*{times}")).await;
    let listed = async || count(&account, "GET /opportunity").await;
    let moving = async {
        let mut pages = 0;
        for number in 0..times {
            while listed().await == pages {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            pages = listed().await;
            if other == Other::TakesAway {
                // Of those that the look-up lists.
                let first = account.find("opportunities", |deal| deal["status"] == sent["status"]).await;
                account.remove("opportunities", first["id"].as_str().unwrap()).await;
                continue;
            }
            let mut theirs = sent.clone();
            theirs["name"] = format!("Theirs {number}").into();
            let post = reqwest::Client::new().post(format!("{}/opportunity", account.url()));
            let post = post.header("token-id", account.token()).header("version", "1.0");
            let post = post.header("content-type", "application/json").body(theirs.to_string());
            post.send().await.unwrap().error_for_status().unwrap();
        }
        std::future::pending().await
    };
    let result = tokio::select! {
        result = host.call("create_opportunity", sent.clone()) => result,
        () = moving => unreachable!(),
    };
    assert_eq!(matching(&account, "opportunities", &sent).await.len(), 1, "sent once");
    (account, result)
}

#[tokio::test]
async fn a_look_up_in_a_list_that_moves_is_made_once_more() {
    let (account, result) = while_the_list_moves(Other::TakesAway, 1).await;
    assert_eq!(structured(&result)["name"], "New deal");
    assert_eq!(count(&account, "POST /opportunity").await, 1);
}

#[tokio::test]
async fn what_others_add_meanwhile_does_not_spoil_a_look_up() {
    let (account, result) = while_the_list_moves(Other::Adds, 1_000).await;
    assert_eq!(structured(&result)["name"], "New deal");
    account.find("opportunities", |deal| deal["name"] == "Theirs 1").await;
}

#[tokio::test]
async fn a_list_that_never_rests_leaves_the_outcome_unknown() {
    let (_, result) = while_the_list_moves(Other::TakesAway, 1_000).await;
    let error = error_of(&result);
    assert_eq!((&error["code"], &error["check"]), (&json!("outcome_unknown"), &json!("list_opportunities")), "{error}");
    assert!(error["message"].as_str().unwrap().contains("the list changed"), "{error}");
}

#[tokio::test]
async fn a_twin_that_somebody_else_made_meanwhile_is_named_and_not_taken() {
    let account = Account::new().await;
    let host = Host::with(&account, &["--timeout", "20"], Era::Modern, Person::agrees()).await;
    let sent = contact("meanwhile@example.com");
    account.faults("latency-after:2000@POST /contact*1;drop-after@POST /contact*1").await;
    let theirs = async {
        while account.objects("contacts").await.iter().all(|one| one["email"] != "meanwhile@example.com") {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let post = reqwest::Client::new().post(format!("{}/contact", account.url()));
        let post = post.header("token-id", account.token()).header("version", "1.0");
        let answer = post.header("content-type", "application/json").body(sent.to_string()).send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.status());
    };
    let (error, ()) = tokio::join!(host.error("create_contact", sent.clone()), theirs);
    assert_eq!((&error["code"], &error["check"]), (&json!("outcome_unknown"), &json!("list_contacts")), "{error}");
    let there = account.objects("contacts").await;
    let twins = there.iter().filter(|one| one["email"] == "meanwhile@example.com");
    let twins: BTreeSet<String> = twins.map(|one| one["id"].as_str().unwrap().to_owned()).collect();
    let named: BTreeSet<String> = serde_json::from_value(error["candidates"].clone()).unwrap();
    assert_eq!((twins.len(), &named), (2, &twins), "{error}");
}

#[tokio::test]
async fn a_create_is_not_sent_again_after_a_break_even_if_nothing_is_there_yet() {
    for fault in ["drop", "late:1500"] {
        let account = Account::new().await;
        account.faults(&format!("{fault}@POST /contact*1")).await;
        let host = Host::with(&account, &["--timeout", "6"], Era::Modern, Person::agrees()).await;
        let error = host.error("create_contact", contact("late@example.com")).await;
        assert_eq!(error["code"], "outcome_unknown", "{fault}: {error}");
        assert_eq!(count(&account, "POST /contact").await, 1, "{fault}: sent once, whatever lands later");
    }
}
