//! Writes under a mix of all faults, over each API, with plain and live manners. The answers must agree with the sandbox's
//! objects.
//!
//! The seed is fixed, so the same faults hit the requests in their order of arrival. The short run is part of every test
//! run; the long one is `cargo test --release --test suite faults -- --ignored --nocapture`.

use crate::support::{
    Account, Api, Era, Host, Manners, Person, closed_journal, command, error_of, in_all_manners, journaled, stored_as,
};
use futures::{StreamExt, stream};
use highlevel_sandbox::SandboxConfig;
use serde_json::{Value, json};
use std::{collections::BTreeMap, time::Duration};

/// The rates of all faults of the sandbox. `late` takes effect after the look-up.
const MIX: &str = "500@write%4;500-after@write%4;html@write%2;drop@write%3;drop-after@write%3;late:700@write%2;\
truncate@write%3;malformed@write%3;401@write%2;429:1@write%0.3;500@read%2;drop@read%2;truncate@read%2;latency:15@any%10";

/// The number of calls in flight.
const AT_ONCE: usize = 16;

/// A write: the tool, its arguments, the kind of object, and the field and value that identify the object.
struct Write {
    tool: &'static str,
    arguments: Value,
    kind: &'static str,
    mark: (&'static str, Value),
}

/// The tools that write.
const TOOLS: [&str; 6] =
    ["create_contact", "create_opportunity", "create_campaign", "create_page", "create_webhook", "update_contact"];

/// The identifying values are chosen so that an account in live manners stores another form of them.
fn write(tool: &'static str, number: usize, contacts: &[Value]) -> Write {
    let contact = &contacts[number % contacts.len()]["id"];
    let (kind, (field, mark), arguments) = match tool {
        "create_contact" => {
            let email = format!("Mix{number}@Example.com");
            let arguments = json!({"firstName": "Mix", "lastName": "Ed", "email": email, "tags": ["VIP", "a"]});
            ("contacts", ("email", email), arguments)
        }
        "create_opportunity" => {
            let name = format!("Deal {number}");
            let arguments = json!({"name": name, "contactId": contact, "value": number, "status": "open"});
            ("opportunities", ("name", name), arguments)
        }
        "create_campaign" => {
            let name = format!("Campaign {number}");
            ("campaigns", ("name", name.clone()), json!({"name": name, "type": "email"}))
        }
        "create_page" => {
            let slug = format!("Page-{number}");
            let arguments = json!({"name": "Page", "slug": slug, "content": "<p>x</p>"});
            ("pages", ("slug", slug), arguments)
        }
        "create_webhook" => {
            let url = format!("https://Example.com:443/hook/{number}");
            let events = json!(["opportunity.created", "contact.created"]);
            ("webhooks", ("url", url.clone()), json!({"url": url, "events": events}))
        }
        _ => {
            let phone = format!("(555) {:03}-{:04}", number / 10_000, number % 10_000);
            ("contacts", ("phone", phone.clone()), json!({"id": contact, "phone": phone}))
        }
    };
    Write { tool, arguments, kind, mark: (field, mark.into()) }
}

/// The argument that identifies a write of this tool.
fn mark_of(tool: &str) -> &'static str {
    match tool {
        "create_contact" => "email",
        "create_page" => "slug",
        "create_webhook" => "url",
        "update_contact" => "phone",
        _ => "name",
    }
}

/// Runs `writes` writes under the mix, and checks every answer with the sandbox's objects and with the journal. Returns
/// the number of each outcome.
async fn run(api: Api, manners: &Manners, writes: usize) -> BTreeMap<String, usize> {
    // Each contact is updated at most once, so that its value identifies the write.
    let account = Account::with(SandboxConfig {
        api,
        contacts: writes.max(100),
        rate_limit: 10_000_000,
        daily_limit: 10_000_000,
        seed: 20_261,
        manners: manners.clone(),
        ..SandboxConfig::default()
    })
    .await;
    let contacts = account.objects("contacts").await;
    let host = Host::with(&account, &["--timeout", "8"], Era::Modern, Person::agrees()).await;
    account.faults(MIX).await;
    let tools: Vec<_> = TOOLS.into_iter().filter(|tool| account.has(tool)).collect();
    let calls = stream::iter(0..writes).map(|number| {
        let write = write(tools[number % tools.len()], number, &contacts);
        let host = &host;
        async move {
            let result = host.call(write.tool, write.arguments.clone()).await;
            (write, result)
        }
    });
    let results: Vec<_> = calls.buffer_unordered(AT_ONCE).collect().await;
    account.faults("").await;
    // Late effects have taken place by now.
    tokio::time::sleep(Duration::from_millis(1_500)).await;

    let mut objects: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    for kind in ["contacts", "opportunities", "campaigns", "pages", "webhooks"] {
        objects.insert(kind, account.objects(kind).await);
    }
    let mut outcomes = BTreeMap::new();
    for (write, result) in &results {
        let (field, value) = &write.mark;
        let there: Vec<&Value> =
            objects[write.kind].iter().filter(|object| stored_as(field, &object[*field], value)).collect();
        let case = format!("{} {}: {result:?}; in the account: {there:?}", write.tool, write.arguments);
        assert!(there.len() <= 1, "doubled: {case}");
        let outcome = if result.is_error == Some(true) {
            let code = error_of(result)["code"].as_str().unwrap().to_owned();
            // A failed write has no effect; only one with an unknown outcome may have either.
            assert!(code == "outcome_unknown" || there.is_empty(), "called failed and it is there: {case}");
            code
        } else {
            assert_eq!(there.len(), 1, "called done and it is not there: {case}");
            assert_eq!(result.structured_content.as_ref().unwrap()["id"], there[0]["id"], "another object: {case}");
            "done".to_owned()
        };
        *outcomes.entry(outcome).or_insert(0) += 1;
    }
    let entries = closed_journal(|| command(&account, host.state.path())).await;
    let mut journal: BTreeMap<(&str, String), &Value> = BTreeMap::new();
    for entry in &entries {
        let tool = TOOLS.into_iter().find(|tool| entry["tool"] == *tool).expect("one of the tools");
        let mark = entry["arguments"][mark_of(tool)].as_str().unwrap().to_owned();
        assert!(journal.insert((tool, mark), entry).is_none(), "twice in the journal: {entry}");
    }
    for (write, result) in &results {
        let error = (result.is_error == Some(true)).then(|| error_of(result));
        let code = error.as_ref().and_then(|error| error["code"].as_str());
        match journal.get(&(write.tool, write.mark.1.as_str().unwrap().to_owned())) {
            Some(entry) => assert_eq!(entry["outcome"], journaled(code), "{entry}: {result:?}"),
            // What was done, or may have been, was written down first.
            None => assert!(code.is_some_and(|code| code != "outcome_unknown"), "not in the journal: {result:?}"),
        }
    }
    let faults = account.stats().await["faults"].clone();
    assert!(faults.as_object().unwrap().len() >= 10, "the mix was not mixed: {faults}");
    outcomes
}

in_all_manners!(
    no_write_is_doubled_or_lost_and_every_answer_agrees_with_the_sandbox,
    #[ignore = "takes minutes; run it with --ignored for the figures of docs/reliability.md"]
    ten_thousand_writes,
);

/// The number of each outcome, and the share of unknown ones.
fn figures(outcomes: &BTreeMap<String, usize>) -> String {
    let all: usize = outcomes.values().sum();
    let unknown = outcomes.get("outcome_unknown").copied().unwrap_or_default();
    format!("{outcomes:?}, {:.2} % of {all} unknown", 100.0 * unknown as f64 / all as f64)
}

async fn no_write_is_doubled_or_lost_and_every_answer_agrees_with_the_sandbox(api: Api, manners: Manners) {
    let outcomes = run(api, &manners, 420).await;
    std::io::Write::write_all(&mut std::io::stderr(), format!("{}\n", figures(&outcomes)).as_bytes()).unwrap();
    assert!(outcomes["done"] > 300, "{}", figures(&outcomes));
}

/// With live manners and their whole lag.
async fn ten_thousand_writes(api: Api, manners: Manners) {
    let (name, manners) = if manners == Manners::plain() { ("plain", manners) } else { ("live", Manners::live()) };
    let outcomes = run(api, &manners, 10_000).await;
    let file = format!("highlevel-mcp-faults-{api:?}-{name}.txt").to_lowercase();
    std::fs::write(std::env::temp_dir().join(file), format!("{}\n", figures(&outcomes))).unwrap();
    assert!(outcomes["done"] > 7_000, "{}", figures(&outcomes));
}
