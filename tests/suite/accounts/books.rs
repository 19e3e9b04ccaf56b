//! Mixed calls to many accounts at once, from several hosts, under faults: every write is in the right account's books.

use crate::support::{Agency, Api, Era, Host, Person, closed_journal, error_of, journaled};
use futures::{StreamExt, future::join_all, stream};
use highlevel_sandbox::SandboxConfig;
use rmcp::model::CallToolResult;
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

/// Faults of each account.
const MIX: &str = "500@write%3;500-after@write%3;drop@write%2;drop-after@write%3;truncate@write%2;401@write%1;\
429:1@write%0.5;500@read%2;drop@read%1;latency:10@any%10";

/// The number of calls in flight, of all hosts together.
const AT_ONCE: usize = 48;

/// Names that a careless reader takes for one another.
fn names(count: usize) -> Vec<String> {
    let towns = ["North", "Nord", "Norths", "Nort", "East", "Eats", "West", "Wset", "South", "Sotuh"];
    (0..count).map(|at| format!("Smile Dental {}{}", towns[at % towns.len()], " I".repeat(at / towns.len()))).collect()
}

/// A call: its tool and arguments, the account, and the kind, field and value that a write leaves.
struct Call {
    tool: &'static str,
    arguments: Value,
    account: usize,
    mark: Option<(&'static str, &'static str, String)>,
}

fn call(number: usize, agency: &Agency, contacts: &[Vec<Value>]) -> Call {
    let account = number % agency.accounts.len();
    let turn = number / agency.accounts.len();
    let (name, sandbox) = &agency.accounts[account];
    // Every third call names its account by the location's id.
    let named = if number.is_multiple_of(3) { sandbox.location_id() } else { name.clone() };
    // No contact is updated twice, so that its value identifies the write.
    let contact = &contacts[account][turn / 5]["id"];
    let (tool, mut arguments, mark) = match turn % 5 {
        0 => {
            let email = format!("n{number}@example.com");
            let arguments = json!({"firstName": "Mix", "lastName": "Ed", "email": email});
            ("create_contact", arguments, Some(("contacts", "email", email)))
        }
        1 => {
            let company = format!("Company {number}");
            (
                "update_contact",
                json!({"id": contact, "companyName": company}),
                Some(("contacts", "companyName", company)),
            )
        }
        2 => {
            let name = format!("Deal {number}");
            let arguments = json!({"name": name, "contactId": contact, "value": number, "status": "open"});
            ("create_opportunity", arguments, Some(("opportunities", "name", name)))
        }
        3 => ("get_contact", json!({"id": contact}), None),
        _ => ("list_contacts", json!({"limit": 3}), None),
    };
    arguments["account"] = named.into();
    Call { tool, arguments, account, mark }
}

/// Makes the calls through several hosts of one state directory, and compares every answer with the books.
async fn run(accounts: usize, calls: usize, hosts: usize) -> BTreeMap<String, usize> {
    let names = names(accounts);
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let config = SandboxConfig {
        api: Api::Official,
        contacts: 80,
        rate_limit: 1_000_000,
        daily_limit: 10_000_000,
        ..SandboxConfig::default()
    };
    let agency = Agency::with(&names, config).await;
    let contacts = join_all(agency.accounts.iter().map(|(_, account)| account.objects("contacts"))).await;
    let flags = ["--timeout", "8"];
    let hosts: Vec<Host> = join_all((0..hosts).map(|_| agency.host_with(&flags, Era::Modern, Person::agrees()))).await;
    for (_, account) in &agency.accounts {
        account.faults(MIX).await;
    }
    let made = stream::iter(0..calls).map(|number| {
        let call = call(number, &agency, &contacts);
        let host = &hosts[number % hosts.len()];
        async move {
            let result = host.call(call.tool, call.arguments.clone()).await;
            (call, result)
        }
    });
    let results: Vec<(Call, CallToolResult)> = made.buffer_unordered(AT_ONCE).collect().await;
    for (_, account) in &agency.accounts {
        account.faults("").await;
    }
    let kinds = ["contacts", "opportunities"];
    let books = join_all(
        agency
            .accounts
            .iter()
            .map(async |(_, account)| [account.objects(kinds[0]).await, account.objects(kinds[1]).await]),
    );
    let books = books.await;

    let mut outcomes = BTreeMap::new();
    for (call, result) in &results {
        let name = json!(agency.accounts[call.account].0);
        let said = match result.is_error {
            Some(true) => error_of(result),
            _ => result.structured_content.clone().unwrap(),
        };
        let case = format!("{} {}: {said}", call.tool, call.arguments);
        assert_eq!(said["account"], name, "the account of an answer: {case}");
        let failed = result.is_error == Some(true);
        if let Some((kind, field, value)) = &call.mark {
            let at = kinds.iter().position(|other| other == kind).unwrap();
            let there: Vec<(usize, &Value)> = (books.iter().enumerate())
                .flat_map(|(account, books)| books[at].iter().map(move |object| (account, object)))
                .filter(|(_, object)| object[*field].as_str().is_some_and(|text| text.eq_ignore_ascii_case(value)))
                .collect();
            assert!(there.iter().all(|(account, _)| *account == call.account), "another account's books: {case}");
            assert!(there.len() <= 1, "doubled: {case}");
            if !failed {
                assert_eq!(there.len(), 1, "called done and not there: {case}");
            } else if said["code"] != "outcome_unknown" {
                assert!(there.is_empty(), "called failed and there: {case}");
            }
        } else if !failed {
            let items = said["data"].as_array().cloned().unwrap_or_else(|| vec![said.clone()]);
            let own = |item: &Value| books[call.account][0].iter().any(|contact| contact["id"] == item["id"]);
            assert!(items.iter().all(own), "another account's object: {case}");
        }
        let outcome = if failed { said["code"].as_str().unwrap().to_owned() } else { "done".to_owned() };
        *outcomes.entry(outcome).or_insert(0) += 1;
    }
    compare_journal(&agency, &results).await;
    outcomes
}

/// Every write that was sent is in the journal once, under its own account, and none is left open.
async fn compare_journal(agency: &Agency, results: &[(Call, CallToolResult)]) {
    let mut entries: HashMap<String, Value> = HashMap::new();
    for entry in closed_journal(|| agency.command()).await {
        assert_eq!(entry["client"]["name"], "test-host 1", "{entry}");
        let arguments = &entry["arguments"];
        let marks = [&arguments["email"], &arguments["companyName"], &arguments["name"]];
        let mark = marks.iter().find_map(|mark| mark.as_str()).unwrap_or_else(|| panic!("no mark: {entry}"));
        assert!(entries.insert(mark.to_owned(), entry.clone()).is_none(), "twice in the journal: {entry}");
    }
    for (call, result) in results {
        let Some((_, _, mark)) = &call.mark else { continue };
        let (name, sandbox) = &agency.accounts[call.account];
        match entries.get(mark) {
            Some(entry) => {
                assert_eq!((&entry["account"], &entry["location"]), (&json!(name), &json!(sandbox.location_id())));
                let error = (result.is_error == Some(true)).then(|| error_of(result));
                let expected = journaled(error.as_ref().and_then(|error| error["code"].as_str()));
                assert_eq!(entry["outcome"], expected, "{entry}: {result:?}");
            }
            // The object could not be read before the write, so that nothing was sent.
            None => assert_eq!(result.is_error, Some(true), "done and not in the journal: {result:?}"),
        }
    }
}

#[tokio::test]
async fn two_accounts_keep_their_books_apart() {
    let outcomes = run(2, 200, 2).await;
    assert!(outcomes["done"] > 150, "{outcomes:?}");
}

#[tokio::test]
async fn sixteen_accounts_keep_their_books_apart() {
    let outcomes = run(16, 400, 4).await;
    assert!(outcomes["done"] > 340, "{outcomes:?}");
}

#[tokio::test]
#[ignore = "takes minutes; run it with --ignored for the figures of docs/performance.md"]
async fn fifty_accounts_and_2_000_calls() {
    let started = std::time::Instant::now();
    let outcomes = run(50, 2_000, 4).await;
    let said = format!("fifty accounts, 2,000 calls, {:?}: {outcomes:?}\n", started.elapsed());
    std::io::Write::write_all(&mut std::io::stderr(), said.as_bytes()).unwrap();
    assert!(outcomes["done"] > 1_700, "{outcomes:?}");
}

#[test]
fn the_names_are_near_and_different() {
    let names = names(50);
    let distinct: std::collections::HashSet<_> = names.iter().map(|name| name.to_lowercase()).collect();
    assert_eq!(distinct.len(), 50, "{names:?}");
}

/// A refresh that is slow, refused or spent in one account touches no other account's calls.
#[tokio::test]
async fn one_accounts_trouble_is_no_other_accounts() {
    let agency = Agency::with(
        &["Spent", "Fine"],
        SandboxConfig {
            api: Api::Official,
            rate_limit: 40,
            rate_window: Duration::from_secs(600),
            ..SandboxConfig::default()
        },
    )
    .await;
    let host = agency.host(&["--timeout", "3"]).await;
    let list = async |account: &str| host.call("list_contacts", json!({"account": account, "limit": 1})).await;
    let mut limited = None;
    for _ in 0..60 {
        let result = list("Spent").await;
        if result.is_error == Some(true) {
            limited = Some(error_of(&result));
            break;
        }
    }
    let limited = limited.expect("the quota of one account is spent");
    assert_eq!((&limited["code"], &limited["account"]), (&json!("rate_limited"), &json!("Spent")), "{limited}");
    for _ in 0..10 {
        let fine = list("Fine").await;
        assert_eq!(fine.is_error, Some(false), "{fine:?}");
    }
}
