//! SIGKILL at random moments of a job under faults in live manners: every valid row once in the books, none doubled, every
//! invalid one with its line. The short run is part of every test run; the long one, 10,000 rows with 25 kills, is
//! `cargo test --test suite bulk::kills -- --ignored`.

use crate::support::{Account, Api, Manners, Wire, command};
use highlevel_sandbox::SandboxConfig;
use rand::{RngExt, SeedableRng, rngs::StdRng};
use serde_json::{Value, json};
use std::{collections::HashMap, time::Duration};

const FAULTS: &str = "drop@write*3+20;drop-after@write%2;502-after@write%2;429:1@read%1;latency-after:15@write%30";

struct Run {
    rows: usize,
    kills: usize,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_every_kill_each_row_is_in_the_books_once() {
    // Most of the time is that of the looks at rows that never took effect.
    let run = || Run { rows: 100, kills: 3 };
    tokio::join!(killed(Api::Session, run()), killed(Api::Official, run()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes; run it with --ignored for the figures of docs/bulk.md"]
async fn ten_thousand_rows_and_25_kills() {
    let figures = killed(Api::Official, Run { rows: 10_000, kills: 25 }).await;
    let file = std::env::temp_dir().join("highlevel-mcp-bulk-kills.txt");
    std::fs::write(file, format!("{figures}\n")).unwrap();
}

async fn killed(api: Api, run: Run) -> Value {
    let manners: Manners = "live,lag:300".parse().unwrap();
    let config =
        SandboxConfig { api, rate_limit: 1_000_000, daily_limit: 1_000_000, manners, ..SandboxConfig::default() };
    let account = Account::with(config).await;
    let state = tempfile::tempdir().unwrap();
    let import = state.path().join("import");
    std::fs::create_dir(&import).unwrap();
    let invalid_every = 40;
    let mut csv = "First Name,Last Name,Email\n".to_owned();
    for number in 1..=run.rows {
        let email =
            if number % invalid_every == 0 { "nowhere".to_owned() } else { format!("row{number}@bulk.example.com") };
        csv.push_str(&format!("Row,Number{number},{email}\n"));
    }
    std::fs::write(import.join("leads.csv"), csv).unwrap();
    let start = || {
        let mut command = command(&account, state.path());
        command.args(["--timeout", "30"]).env("GHL_READ_DIR", &import);
        let mut wire = Wire::start(command);
        wire.initialize("2025-11-25", json!({}));
        wire
    };
    let mut wire = start();
    let columns = json!({"First Name": "firstName", "Last Name": "lastName", "Email": "email"});
    let plan = wire.call("plan_bulk", json!({"operation": "create_contact", "file": "leads.csv", "columns": columns}));
    let plan = plan["structuredContent"].clone();
    let valid = run.rows - run.rows / invalid_every;
    assert_eq!(plan["calls"], json!({"create_contact": valid}), "{plan}");
    account.faults(FAULTS).await;
    let token = json!({"plan": plan["plan"], "confirmationToken": plan["confirmationToken"]});
    wire.send("tools/call", json!({"name": "run_bulk", "arguments": token}));
    let mut random = StdRng::seed_from_u64(7);
    for kill in 1..=run.kills {
        let until = valid * kill / (run.kills + 1);
        while created(&account).await.len() < until {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        tokio::time::sleep(Duration::from_micros(random.random_range(0..30_000))).await;
        wire.child.kill().unwrap();
        wire.child.wait().unwrap();
        wire = start();
    }
    let done = done(&mut wire, &plan["plan"]).await;
    let unknown = done["rows"]["unknown"].as_u64().unwrap_or(0);
    assert!(done["rows"].get("failed").is_none(), "{done}");
    assert_eq!(done["rows"]["done"].as_u64().unwrap() + unknown, valid as u64, "{done}");
    // A person looks, and has those sent again that the account does not have.
    account.faults("").await;
    let results = std::fs::read_to_string(done["results"].as_str().unwrap()).unwrap();
    let in_books = created(&account).await;
    let missing = |line: &&str| {
        let number = line.split(',').next().unwrap();
        line.contains(",unknown,") && !in_books.contains_key(&format!("row{number}@bulk.example.com"))
    };
    let unclaimed = results.lines().filter(|line| line.contains(",unknown,") && !missing(line)).count();
    assert_eq!(unclaimed, 0, "rows that are in the account stay unknown: {results}");
    let missing: Vec<u64> =
        results.lines().filter(missing).map(|line| line.split(',').next().unwrap().parse().unwrap()).collect();
    if !missing.is_empty() {
        let mut retry = json!({"job": plan["plan"], "action": "retry", "rows": missing});
        let asked = wire.call("get_bulk", retry.clone());
        let asked: Value = serde_json::from_str(asked["content"][0]["text"].as_str().unwrap()).unwrap();
        retry["confirmationToken"] = asked["error"]["confirmationToken"].clone();
        wire.call("get_bulk", retry);
        self::done(&mut wire, &plan["plan"]).await;
    }
    let created = created(&account).await;
    let doubled: Vec<_> = created.iter().filter(|(_, count)| **count > 1).collect();
    assert!(doubled.is_empty(), "doubled: {doubled:?}");
    assert_eq!(created.len(), valid, "every valid row is in the books");
    for number in (invalid_every..=run.rows).step_by(invalid_every) {
        let line = number + 1;
        assert!(results.contains(&format!("\n{number},{line},invalid,")), "row {number} with its line");
    }
    let rejected = std::fs::read_to_string(done["rejected"].as_str().unwrap()).unwrap();
    assert_eq!(rejected.lines().count(), 1 + run.rows / invalid_every, "{rejected}");
    let sent_again = missing.len();
    json!({"rows": run.rows, "kills": run.kills, "result": done["rows"], "sentAgain": sent_again, "created": created.len()})
}

/// Waits until the job is done.
async fn done(wire: &mut Wire, job: &Value) -> Value {
    loop {
        let shown = wire.call("get_bulk", json!({"job": job}))["structuredContent"].clone();
        if shown["state"] == "done" {
            return shown;
        }
        assert_eq!(shown["state"], "running", "{shown}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// How often each address of the import is in the account.
async fn created(account: &Account) -> HashMap<String, usize> {
    let mut counts = HashMap::new();
    for contact in account.objects("contacts").await {
        if let Some(email) = contact["email"].as_str().filter(|email| email.ends_with("@bulk.example.com")) {
            *counts.entry(email.to_owned()).or_insert(0) += 1;
        }
    }
    counts
}
