//! Every create under every fault, over both APIs, with plain and live manners. The result is one object, a clear failure
//! without an object, or `outcome_unknown`; never two objects, and never a second request.

use super::{contact, count};
use crate::support::{Account, Api, Era, Host, Manners, Person, error_of, in_all_manners, on_both_apis, structured};
use futures::future::join_all;
use highlevel_sandbox::SandboxConfig;
use rmcp::model::CallToolResult;
use serde_json::{Value, json};
use std::{collections::BTreeSet, time::Duration};

/// A create: tool, operation, kind of object, arguments.
type Create = (&'static str, &'static str, &'static str, Value);

/// The tools that create, with arguments that an API normalizes. They differ for each number.
async fn creates(account: &Account, number: usize) -> Vec<Create> {
    let owner = account.find("contacts", |_| true).await;
    let mut deal =
        json!({"name": format!("New  Deal {number}"), "contactId": owner["id"], "value": 1200.5, "status": "open"});
    match account.api() {
        Api::Session => {
            deal["tags"] = json!(["B", "a"]);
            deal["expectedCloseDate"] = "2026-07-01".into();
        }
        Api::Official => deal["stage"] = "Discovery".into(),
    }
    let all = vec![
        (
            "create_contact",
            "POST /contact",
            "contacts",
            json!({
                "firstName": "Ada", "lastName": " De  Example", "email": format!("New{number}@Example.com"),
                "phone": format!("(555) 010-{number:04}"), "tags": ["VIP", "hot Lead"],
                "address": {"city": "Berlin", "country": "Germany"},
            }),
        ),
        ("create_opportunity", "POST /opportunity", "opportunities", deal),
        (
            "create_campaign",
            "POST /campaigns",
            "campaigns",
            json!({"name": format!("New campaign {number}"), "type": "email", "status": "draft"}),
        ),
        (
            "create_page",
            "POST /page",
            "pages",
            json!({"name": "New page", "slug": format!("/New Page {number}/"), "content": "<p>x</p>", "seoKeywords": ["a"]}),
        ),
        (
            "create_webhook",
            "POST /webhook",
            "webhooks",
            json!({
                "url": format!("https://Example.com:443/new/{number}/"), "events": ["contact.created"],
                "secret": "s3cret",
            }),
        ),
        (
            "create_note",
            "POST /contacts/{contactId}/notes",
            "notes",
            json!({"contactId": owner["id"], "body": format!("Called {number} & left <a message>.\nBudget: 5 > 4")}),
        ),
        (
            "create_task",
            "POST /contacts/{contactId}/tasks",
            "tasks",
            json!({"contactId": owner["id"], "title": format!(" Call {number}"), "dueDate": "2030-01-02", "body": "At noon"}),
        ),
    ];
    all.into_iter().filter(|(tool, ..)| account.has(tool)).collect()
}

async fn host(account: &Account, timeout: &str) -> Host {
    Host::with(account, &["--timeout", timeout], Era::Modern, Person::agrees()).await
}

async fn ids(account: &Account, kind: &str) -> BTreeSet<String> {
    account.objects(kind).await.iter().map(|object| object["id"].as_str().unwrap().to_owned()).collect()
}

/// Runs all creates at once under a fault that hits each one's first request, and checks each result with the ids of its
/// objects.
async fn under(
    account: &Account,
    host: &Host,
    (fault, number): (&str, usize),
    mut judge: impl FnMut(&str, &CallToolResult, &BTreeSet<String>),
) {
    let creates = creates(account, number).await;
    let rules: Vec<_> = creates.iter().map(|(_, operation, ..)| format!("{fault}@{operation}*1")).collect();
    account.faults(&rules.join(";")).await;
    let before = join_all(creates.iter().map(|(_, _, kind, _)| ids(account, kind))).await;
    let sent = join_all(creates.iter().map(|(_, operation, ..)| count(account, operation))).await;
    let results = join_all(creates.iter().map(|(tool, _, _, arguments)| host.call(tool, arguments.clone()))).await;
    for (((tool, operation, kind, _), result), (before, sent)) in
        creates.iter().zip(&results).zip(before.iter().zip(sent))
    {
        let case = format!("{tool} under {fault}: {result:?}");
        let there: BTreeSet<String> = ids(account, kind).await.difference(before).cloned().collect();
        assert!(there.len() <= 1, "doubled: {there:?}: {case}");
        let again = u64::from(["401", "429:1"].contains(&fault));
        assert!(count(account, operation).await <= sent + 1 + again, "sent again: {case}");
        judge(&case, result, &there);
    }
}

/// Checks that there is exactly one object, which is the answer.
fn made_once(case: &str, result: &CallToolResult, there: &BTreeSet<String>) {
    assert_ne!(result.is_error, Some(true), "{case}");
    let made = structured(result);
    assert_eq!(there.iter().collect::<Vec<_>>(), [made["id"].as_str().unwrap()], "{case}");
}

/// A create that is answered, from which the server learns the offset of the account's clock.
async fn a_first_one(host: &Host) {
    host.answer("create_contact", contact("first@example.com")).await;
}

in_all_manners!(
    a_create_that_certainly_had_no_effect_is_sent_again,
    an_object_that_was_created_is_found_and_not_created_again,
    a_create_without_a_visible_object_is_unknown_and_never_sent_again,
    a_late_effect_is_not_repeated,
    two_identical_creates_are_two_objects_or_one_is_unknown,
);
on_both_apis!(
    an_older_duplicate_is_not_taken_for_the_new_object,
    a_refused_creation_is_a_clear_failure,
    a_wrong_database_clock_causes_no_duplicates,
    identical_creates_of_two_processes_run_one_after_the_other,
);

async fn a_create_that_certainly_had_no_effect_is_sent_again(api: Api, manners: Manners) {
    let account = Account::in_manners(api, manners).await;
    let host = host(&account, "20").await;
    // A private integration token is not refreshed.
    let faults: &[&str] = if api == Api::Official { &["429:1"] } else { &["401", "429:1"] };
    for case in faults.iter().copied().zip(0..) {
        under(&account, &host, case, made_once).await;
    }
}

async fn an_object_that_was_created_is_found_and_not_created_again(api: Api, manners: Manners) {
    let account = Account::in_manners(api, manners).await;
    let host = host(&account, "20").await;
    a_first_one(&host).await;
    let faults =
        ["500-after", "502-after", "drop-after", "truncate", "malformed", "html-after", "422-after", "409-after"];
    for case in faults.into_iter().zip(0..) {
        under(&account, &host, case, made_once).await;
    }
}

async fn a_create_without_a_visible_object_is_unknown_and_never_sent_again(api: Api, manners: Manners) {
    let account = Account::in_manners(api, manners).await;
    let host = host(&account, "2").await;
    for case in ["500", "drop", "422", "409"].into_iter().zip(0..) {
        under(&account, &host, case, |case, result, there| {
            let error = error_of(result);
            assert_eq!((&error["code"], there.len()), (&json!("outcome_unknown"), 0), "{case}");
            assert!(error["check"].as_str().is_some_and(|tool| tool.starts_with("list_")), "{case}");
            assert_eq!(error["lookedIn"], error["check"], "{case}");
            assert!(!error["lookedFor"].as_object().unwrap().is_empty(), "{case}");
            assert!(error["lookedUntil"].as_str().is_some_and(|until| until.ends_with('Z')), "{case}");
            assert!(error["message"].as_str().unwrap().contains("your decision"), "{case}");
            assert!(!error.to_string().contains("s3cret"), "{case}");
        })
        .await;
    }
}

async fn a_late_effect_is_not_repeated(api: Api, manners: Manners) {
    let account = Account::in_manners(api, manners).await;
    let host = host(&account, "4").await;
    a_first_one(&host).await;
    for case in [("late:800", 0), ("latency:2500", 1), ("late:30000", 2)] {
        under(&account, &host, case, |case, result, there| {
            if result.is_error == Some(true) {
                assert_eq!(error_of(result)["code"], "outcome_unknown", "{case}");
            } else {
                made_once(case, result, there);
            }
        })
        .await;
    }
}

async fn two_identical_creates_are_two_objects_or_one_is_unknown(api: Api, manners: Manners) {
    let account = Account::in_manners(api, manners).await;
    let host = host(&account, "8").await;
    a_first_one(&host).await;
    for (fault, number) in ["500", "500-after", "drop-after"].into_iter().zip(0..) {
        let sent = contact(&format!("twin{number}@example.com"));
        account.faults(&format!("{fault}@POST /contact*1")).await;
        let before = ids(&account, "contacts").await;
        let call = || host.call("create_contact", sent.clone());
        let (one, other) = tokio::join!(call(), call());
        let there: BTreeSet<String> = ids(&account, "contacts").await.difference(&before).cloned().collect();
        let (done, failed): (Vec<_>, Vec<_>) =
            [one, other].into_iter().partition(|result| result.is_error != Some(true));
        let answers: BTreeSet<String> =
            done.iter().map(|result| structured(result)["id"].as_str().unwrap().to_owned()).collect();
        assert_eq!(answers.len(), done.len(), "{fault}: one object answered two calls");
        assert!(answers.is_subset(&there), "{fault}: {answers:?} of {there:?}");
        assert!(there.len() <= 2, "{fault}: {there:?}");
        for result in &failed {
            let error = error_of(result);
            // A call that waited too long for its turn sent nothing.
            assert!(error["code"] == "outcome_unknown" || error["code"] == "timeout", "{fault}: {error}");
        }
        if !fault.ends_with("-after") {
            assert_eq!((done.len(), there.len()), (1, 1), "{fault}: {failed:?}");
        }
    }
}

async fn an_older_duplicate_is_not_taken_for_the_new_object(api: Api) {
    for fault in ["500", "500-after", "drop-after"] {
        let account = Account::of(api).await;
        let host = host(&account, "4").await;
        // A slug is unique, so there are no duplicates.
        let creates: Vec<_> =
            creates(&account, 0).await.into_iter().filter(|(tool, ..)| *tool != "create_page").collect();
        let call = |create: &Create| host.call(create.0, create.3.clone());
        let older = join_all(creates.iter().map(call)).await;
        let rules: Vec<_> = creates.iter().map(|(_, operation, ..)| format!("{fault}@{operation}*1")).collect();
        account.faults(&rules.join(";")).await;
        let newer = join_all(creates.iter().map(call)).await;
        for ((tool, ..), (older, newer)) in creates.iter().zip(older.iter().zip(&newer)) {
            if fault == "500" {
                assert_eq!(error_of(newer)["code"], "outcome_unknown", "{tool}");
            } else {
                assert_ne!(structured(newer)["id"], structured(older)["id"], "{tool} under {fault}");
            }
        }
    }
}

async fn a_refused_creation_is_a_clear_failure(api: Api) {
    let account = Account::of(api).await;
    let host = host(&account, "4").await;
    under(&account, &host, ("403", 0), |case, result, there| {
        assert_eq!((&error_of(result)["code"], there.len()), (&json!("forbidden"), 0), "{case}");
    })
    .await;
}

/// The first create of a process knows the database's clock only from the responses' `Date`.
async fn a_wrong_database_clock_causes_no_duplicates(api: Api) {
    for manners in ["stamp:seconds", "clock:-2", "clock:2", "stamp:seconds,clock:-3", "lag:600,clock:-30"] {
        let account = Account::in_manners(api, manners.parse().unwrap()).await;
        let host = host(&account, "4").await;
        let mut judge = |case: &str, result: &CallToolResult, there: &BTreeSet<String>| {
            if result.is_error == Some(true) {
                assert_eq!(
                    (&error_of(result)["code"], there.len()),
                    (&json!("outcome_unknown"), 1),
                    "{manners}: {case}"
                );
            } else {
                made_once(case, result, there);
            }
        };
        under(&account, &host, ("502-after", 0), &mut judge).await;
        // The offset learned from one answer is used for all.
        a_first_one(&host).await;
        under(&account, &host, ("502-after", 1), made_once).await;
    }
}

async fn identical_creates_of_two_processes_run_one_after_the_other(api: Api) {
    let account = Account::in_manners(api, "lag:300".parse().unwrap()).await;
    let state = tempfile::tempdir().unwrap();
    let start = || async {
        let mut command = crate::support::command(&account, state.path());
        command.args(["--timeout", "8"]);
        Host::start(command, tempfile::tempdir().unwrap(), Era::Modern, Person::agrees()).await
    };
    let hosts = [start().await, start().await];
    for (fault, number) in [("500", 0), ("drop-after", 1)] {
        let sent = contact(&format!("both{number}@example.com"));
        account.faults(&format!("{fault}@POST /contact*1")).await;
        let before = ids(&account, "contacts").await;
        let results = join_all(hosts.iter().map(|host| host.call("create_contact", sent.clone()))).await;
        let there: BTreeSet<String> = ids(&account, "contacts").await.difference(&before).cloned().collect();
        let done: Vec<_> = results.iter().filter(|result| result.is_error != Some(true)).map(structured).collect();
        let answers: BTreeSet<String> = done.iter().map(|made| made["id"].as_str().unwrap().to_owned()).collect();
        assert_eq!((answers.len(), answers.is_subset(&there)), (done.len(), true), "{fault}: {done:?} {there:?}");
        if fault == "500" {
            assert_eq!((done.len(), there.len()), (1, 1), "{results:?}");
        }
    }
}

/// A process that dies gives up its turn, and the object that it may have created does not answer another call.
#[tokio::test]
async fn a_killed_process_gives_up_its_turn_and_leaves_its_create_unclear() {
    let account = Account::new().await;
    let state = tempfile::tempdir().unwrap();
    let command = || {
        let mut command = crate::support::command(&account, state.path());
        command.args(["--timeout", "20"]);
        command
    };
    let sent = contact("killed@example.com");
    account.faults("latency-after:60000@POST /contact*1;500@POST /contact*1+1").await;
    let mut victim = crate::support::Wire::start(command());
    victim.initialize("2025-11-25", json!({}));
    victim.send("tools/call", json!({"name": "create_contact", "arguments": sent}));
    while count(&account, "POST /contact").await == 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    victim.child.kill().unwrap();
    let host = Host::start(command(), tempfile::tempdir().unwrap(), Era::Modern, Person::agrees()).await;
    // Refused without an effect; the object that is found is the killed process's.
    let error = host.error("create_contact", sent.clone()).await;
    assert_eq!(
        (&error["code"], error["candidates"].as_array().unwrap().len()),
        (&json!("outcome_unknown"), 1),
        "{error}"
    );
    assert_eq!(count(&account, "POST /contact").await, 2);
}

/// An object that is not in the list may still exist.
#[tokio::test]
async fn a_list_that_is_capped_proves_nothing() {
    let account = Account::new().await;
    let host = host(&account, "3").await;
    let webhooks = account.objects("webhooks").await.len();
    account.manners(&format!("cap:{webhooks}")).await;
    account.faults("500-after@POST /webhook*1").await;
    let error = host.error("create_webhook", json!({"url": "https://example.com/one-more", "events": ["a"]})).await;
    assert_eq!((&error["code"], &error["check"]), (&json!("outcome_unknown"), &json!("list_webhooks")), "{error}");
    assert!(error["message"].as_str().unwrap().contains("could not be completed"), "{error}");
    assert_eq!(count(&account, "POST /webhook").await, 1);
}

/// An API may drop a field and still create the object.
#[tokio::test]
async fn an_object_with_the_same_key_and_other_fields_makes_the_outcome_unclear() {
    let account = Account::in_manners(Api::Session, "ignore:source".parse().unwrap()).await;
    let host = host(&account, "3").await;
    account.faults("500-after@POST /contact*1").await;
    let mut sent = contact("dropped@example.com");
    sent["source"] = "web".into();
    let error = host.error("create_contact", sent).await;
    assert_eq!(error["code"], "outcome_unknown", "{error}");
    let there = account.find("contacts", |one| one["email"] == "dropped@example.com").await;
    assert_eq!(error["candidates"], json!([there["id"]]), "{error}");
}

/// What another program does to the list.
#[derive(Clone, Copy, PartialEq)]
enum Other {
    Adds,
    TakesAway,
}

/// Creates an opportunity whose answer is lost, while another program changes the list `times` times between the pages that
/// the server reads for it.
async fn while_the_list_moves(other: Other, times: u64) -> (Account, rmcp::model::CallToolResult) {
    let config = SandboxConfig { contacts: 2_000, rate_limit: 10_000, ..SandboxConfig::default() };
    let account = Account::with(config).await;
    let sent = creates(&account, 0).await.remove(1).3;
    let host = host(&account, "15").await;
    // Leaves time for the other program between the first page, which has been read by then, and the rest.
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
                // One of those in the look-up's list.
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
    let ours = account.objects("opportunities").await.into_iter().filter(|deal| deal["name"] == sent["name"]);
    assert_eq!(ours.count(), 1, "sent once");
    (account, result)
}

#[tokio::test]
async fn a_look_up_in_a_changing_list_is_repeated() {
    let (account, result) = while_the_list_moves(Other::TakesAway, 1).await;
    assert_eq!(structured(&result)["name"], "New  Deal 0");
    assert_eq!(count(&account, "POST /opportunity").await, 1);
}

#[tokio::test]
async fn objects_added_during_a_look_up_do_not_disturb_it() {
    let (account, result) = while_the_list_moves(Other::Adds, 1_000).await;
    assert_eq!(structured(&result)["name"], "New  Deal 0");
    account.find("opportunities", |deal| deal["name"] == "Theirs 1").await;
}

#[tokio::test]
async fn a_list_that_keeps_changing_leaves_the_outcome_unknown() {
    let (_, result) = while_the_list_moves(Other::TakesAway, 1_000).await;
    let error = error_of(&result);
    assert_eq!((&error["code"], &error["check"]), (&json!("outcome_unknown"), &json!("list_opportunities")), "{error}");
    assert!(error["message"].as_str().unwrap().contains("the list changed"), "{error}");
}

#[tokio::test]
async fn a_duplicate_created_by_another_program_is_only_a_candidate() {
    let account = Account::new().await;
    let host = host(&account, "20").await;
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
