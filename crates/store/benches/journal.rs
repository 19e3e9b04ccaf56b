//! What the journal costs: a write, and listing one million entries. `cargo bench -p highlevel-store --bench journal`
//!
//! The million is written by SQL, with texts as the journal writes them and without their hashes, which listing does not
//! read.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a bench fails like a test")]

use divan::Bencher;
use highlevel_core::context::CallContext;
use highlevel_store::{EntryFilter, Journal, JournalLimits};
use rusqlite::Connection;
use serde_json::{Map, Value, json};
use std::{path::Path, sync::LazyLock, time::Duration};
use tempfile::TempDir;
use tokio::runtime::Runtime;

fn main() {
    divan::main();
}

/// The entries that are listed.
const ENTRIES: u64 = 1_000_000;

static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap());

static FILLED: LazyLock<(TempDir, Journal)> = LazyLock::new(|| {
    let dir = tempfile::tempdir().unwrap();
    let journal = open(dir.path());
    RUNTIME.block_on(write(&journal, 0));
    fill(dir.path());
    (dir, journal)
});

fn open(dir: &Path) -> Journal {
    Journal::new(dir.to_owned(), JournalLimits { image_bytes: 1 << 30, image_days: 365 })
}

fn contact(number: u64) -> Value {
    json!({
        "id": format!("contact{number}"), "firstName": "Ann", "lastName": format!("Lee{number}"),
        "email": format!("ann{number}@x.example"), "phone": format!("+1512555{:04}", number % 10_000),
        "companyName": format!("Company {number}"), "tags": ["lead", "newsletter"], "customFields": {"plan": "pro"},
        "assignedTo": format!("user{}", number % 7), "createdAt": "2025-01-01T00:00:00Z", "updatedAt": "2025-11-01T00:00:00Z"
    })
}

fn members(value: Value) -> Map<String, Value> {
    let Value::Object(members) = value else { unreachable!() };
    members
}

/// An attempt and its outcome, each with an image of its own.
async fn write(journal: &Journal, number: u64) {
    let attempt = members(json!({
        "tool": "update_contact", "confirmation": "none", "account": "bench", "location": "location1", "login": "stored",
        "client": {"name": "bench 1", "session": "1-1"}, "object": format!("contact{number}"),
        "arguments": {"id": format!("contact{number}"), "phone": "+15125550101"}, "fields": ["phone"],
        "before": contact(number)
    }));
    let seq = journal.attempt(attempt, &CallContext::new(Duration::from_secs(60))).await.unwrap();
    let mut after = contact(number);
    after["phone"] = "+15125550101".into();
    journal.outcome(seq, members(json!({"tool": "update_contact", "outcome": "done", "after": after}))).await.unwrap();
}

/// Adds entries of 200 accounts and 20 tools, one in a hundred failed and one in ten thousand unfinished.
fn fill(dir: &Path) {
    let db = Connection::open(dir.join("journal.db")).unwrap();
    db.execute_batch("PRAGMA synchronous = OFF; PRAGMA cache_size = -400000; BEGIN").unwrap();
    let hash = "0".repeat(64);
    {
        let mut add = db.prepare("INSERT INTO events (body, hash) VALUES (?1, ?2)").unwrap();
        let mut open = db.prepare("INSERT INTO unfinished VALUES (?1)").unwrap();
        for number in 1..=ENTRIES {
            let seq = number * 2 + 1;
            let time =
                chrono::DateTime::from_timestamp_millis(1_764_000_000_000 + i64::try_from(number).unwrap() * 10_000);
            let time = time.unwrap().to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
            let (object, tool) = (number * 7919 % 50_000, number * 31 % 20);
            let attempt = json!({
                "seq": seq, "time": time, "event": "attempt", "tool": format!("update_thing_{tool}"), "confirmation": "none",
                "account": format!("account{}", number * 13 % 200), "location": format!("location{}", number * 13 % 200),
                "login": "stored", "client": {"name": format!("client{} 1.0", number % 5), "session": "1234-0123456789abcdef"},
                "object": format!("contact{object}"), "arguments": {"id": format!("contact{object}"), "phone": "+15125550101"},
                "fields": ["phone"], "before": {"sha256": hash, "bytes": 400}, "prev": hash
            });
            add.execute([attempt.to_string(), hash.clone()]).unwrap();
            if number.is_multiple_of(10_000) {
                open.execute([seq]).unwrap();
                continue;
            }
            let outcome = if number.is_multiple_of(100) { "failed" } else { "done" };
            let outcome = json!({
                "seq": seq + 1, "time": time, "event": "outcome", "attempt": seq, "tool": format!("update_thing_{tool}"),
                "outcome": outcome, "after": {"sha256": hash, "bytes": 400}, "prev": hash
            });
            add.execute([outcome.to_string(), hash.clone()]).unwrap();
        }
    }
    db.execute_batch("COMMIT").unwrap();
}

/// An attempt and its outcome: what a write costs beside its request.
#[divan::bench(sample_count = 200)]
fn write_of_an_entry(bencher: Bencher<'_, '_>) {
    // On the disk of the build, since /tmp may be in memory.
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let journal = open(dir.path());
    let mut number = 0;
    bencher.bench_local(|| {
        number += 1;
        RUNTIME.block_on(write(&journal, number));
    });
}

/// The newest 100 entries, as `journal` lists them.
#[divan::bench(args = ["all", "last hour", "one day a month ago", "since before the first", "one object", "one account and tool", "one account", "one tool", "one client", "failed", "failed of one account"])]
fn newest_100(bencher: Bencher<'_, '_>, what: &str) {
    let (_, journal) = &*FILLED;
    let last = chrono::DateTime::from_timestamp_millis(1_764_000_000_000 + 10_000 * 1_000_000).unwrap();
    let ago = |hours: i64| Some(last - chrono::TimeDelta::hours(hours));
    let account = || vec!["account7".to_owned()];
    let tool = Some("update_thing_9".to_owned());
    let filter = match what {
        "last hour" => EntryFilter { since: ago(1), ..Default::default() },
        "one day a month ago" => EntryFilter { since: ago(744), until: ago(720), ..Default::default() },
        "since before the first" => EntryFilter { since: ago(24 * 365), ..Default::default() },
        "one object" => EntryFilter { object: Some("contact77".to_owned()), ..Default::default() },
        "one account and tool" => EntryFilter { accounts: account(), tool, ..Default::default() },
        "one account" => EntryFilter { accounts: account(), ..Default::default() },
        "one tool" => EntryFilter { tool, ..Default::default() },
        "one client" => EntryFilter { client: Some("client3".to_owned()), ..Default::default() },
        "failed" => EntryFilter { failed: true, ..Default::default() },
        "failed of one account" => EntryFilter { failed: true, accounts: account(), ..Default::default() },
        _ => EntryFilter::default(),
    };
    bencher.bench(|| {
        RUNTIME.block_on(async {
            let range = journal.range(filter.clone(), Some(100)).await.unwrap();
            journal.entries(filter.clone(), range, 100, false).await.unwrap()
        })
    });
}
