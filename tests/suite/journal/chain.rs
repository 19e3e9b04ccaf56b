//! What `journal verify` detects, and what it detects only with a head that was kept elsewhere.

use super::{account, contact, create, database, entries, events, head, journal, sound};
use crate::support::{Account, Era, Host, Person, Ran, command};
use futures::future::join_all;
use rusqlite::{Connection, params};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use std::{fs, path::Path};

/// The output of the check for a copy of the journal that was tampered with.
async fn check(account: &Account, state: &Path, tamper: impl FnOnce(&Connection), flags: &[&str]) -> Ran {
    let copy = tempfile::tempdir().unwrap();
    fs::copy(state.join("journal.db"), copy.path().join("journal.db")).unwrap();
    tamper(&database(copy.path()));
    journal(account, copy.path(), &[&["verify"], flags].concat()).await
}

/// Asserts that the check of a copy that this SQL changed reports exactly these problems.
async fn found(account: &Account, state: &Path, sql: &str, problems: &[&str]) {
    let ran = check(account, state, |db| db.execute_batch(sql).unwrap(), &[]).await;
    let wrong: Vec<_> = ran.stdout.lines().filter_map(|line| line.strip_prefix("WRONG ")).collect();
    assert_eq!(wrong, problems, "{sql}: {ran:?}");
    assert_eq!(ran.code, Some(i32::from(!problems.is_empty())), "{ran:?}");
}

/// The SHA-256 of a text in hexadecimal.
pub(super) fn hash_of(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The event with another text, as a forger would write it: with the hash of the event before, and its own.
fn forged(body: &str, prev: &str, from: &str, to: &str) -> (String, String) {
    let mut event: Map<String, Value> = serde_json::from_str(&body.replace(from, to)).unwrap();
    event["prev"] = prev.into();
    let text = Value::Object(event).to_string();
    let hash = hash_of(&text);
    (text, hash)
}

fn write(db: &Connection, position: usize, (body, hash): &(String, String)) {
    db.execute("UPDATE events SET body = ?2, hash = ?3 WHERE position = ?1", params![position, body, hash]).unwrap();
}

#[tokio::test]
async fn altered_removed_and_moved_events_are_named() {
    let account = account().await;
    let state = tempfile::tempdir().unwrap();
    let state = state.path();
    create(&account, state, &[], &["a@example.com", "b@example.com", "c@example.com"]).await;
    let lines = events(state);
    assert_eq!(lines.len(), 6);
    found(&account, state, "", &[]).await;
    let altered = "UPDATE events SET body = replace(body, 'b@example.com', 'x@example.com') WHERE position = 3";
    found(&account, state, altered, &["event 3 was altered"]).await;
    let rehashed = "UPDATE events SET hash = printf('%064d', 7) WHERE position = 3";
    found(
        &account,
        state,
        rehashed,
        &["event 3 was altered", "event 4 does not follow from the event before it, which was written anew"],
    )
    .await;
    let no_event = "UPDATE events SET body = '{}' WHERE position = 3";
    found(&account, state, no_event, &["what stands at position 3 is no event", "event 3 is missing"]).await;
    let another = forged(&lines[2].0, &lines[1].1, "b@example.com", "x@example.com");
    let ran = check(&account, state, |db| write(db, 3, &another), &[]).await;
    assert!(ran.stdout.starts_with("WRONG event 4 does not follow from the event before it"), "{ran:?}");

    found(&account, state, "DELETE FROM events WHERE position = 3", &["event 3 is missing"]).await;
    let several = "DELETE FROM events WHERE position IN (2, 3, 5); INSERT INTO unfinished VALUES (1)";
    found(&account, state, several, &["events 2 to 3 are missing", "event 5 is missing"]).await;
    found(&account, state, "DELETE FROM events WHERE position < 3", &["events 1 to 2 are missing"]).await;
    let swapped =
        "UPDATE events SET position = -3 WHERE position = 3; UPDATE events SET position = 3 WHERE position = 4;
                   UPDATE events SET position = 4 WHERE position = -3";
    found(&account, state, swapped, &["event 3 is out of order"]).await;
    let doubled = "INSERT INTO events (position, body, hash) SELECT 7, body, hash FROM events WHERE position = 3";
    found(&account, state, doubled, &["event 3 is out of order"]).await;
}

#[tokio::test]
async fn tampering_beside_the_chain_is_found() {
    let account = account().await;
    let state = tempfile::tempdir().unwrap();
    let state = state.path();
    create(&account, state, &[], &["a@example.com", "b@example.com"]).await;
    let digest: String =
        database(state).query_row("SELECT digest FROM images ORDER BY rowid", [], |row| row.get(0)).unwrap();
    let altered = format!("image {digest} was altered");
    let change = "UPDATE images SET body = replace(body, 'a@example.com', 'x@example.com')";
    found(&account, state, change, &[&altered]).await;
    let missing = "the image `after` of event 2 is missing";
    found(&account, state, "DELETE FROM images WHERE rowid = 1", &[missing]).await;
    found(&account, state, "UPDATE images SET body = NULL WHERE rowid = 1", &[missing]).await;
    let another = "UPDATE images SET digest = printf('%064d', 7) WHERE rowid = 1";
    let renamed = format!("image {:064} was altered", 7);
    found(&account, state, another, &[missing, &renamed]).await;
    let listed = "event 3 is wrongly listed as finished or unfinished";
    found(&account, state, "INSERT INTO unfinished VALUES (3)", &[listed]).await;
    // The rows of a table and of its index are compared by SQLite.
    let index = "PRAGMA writable_schema = ON; UPDATE sqlite_master SET sql = replace(sql, 'tool, seq', 'account, seq') WHERE name = 'attempts_tool'";
    let ran = check(&account, state, |db| db.execute_batch(index).unwrap(), &[]).await;
    assert!(ran.code == Some(1) && ran.stdout.contains("WRONG the file is damaged"), "{ran:?}");
}

#[tokio::test]
async fn a_cut_end_and_a_full_rewrite_are_detected_with_a_kept_head() {
    let account = account().await;
    let state = tempfile::tempdir().unwrap();
    let state = state.path();
    create(&account, state, &[], &["a@example.com", "b@example.com"]).await;
    let (count, kept) = head(&account, state).await;
    assert_eq!(count, 4);
    create(&account, state, &[], &["c@example.com"]).await;
    let lines = events(state);
    // Later events do not matter.
    assert_eq!(check(&account, state, |_| {}, &["--head", &kept]).await.code, Some(0));

    let cut = "DELETE FROM events WHERE position > 3; INSERT INTO unfinished VALUES (3)";
    found(&account, state, cut, &[]).await;
    let ran = check(&account, state, |db| db.execute_batch(cut).unwrap(), &["--head", &kept]).await;
    assert!(ran.code == Some(1) && ran.stdout.contains("tail was cut"), "{ran:?}");
    let empty = tempfile::tempdir().unwrap();
    let gone = journal(&account, empty.path(), &["verify", "--head", &kept]).await;
    assert_eq!(gone.code, Some(1), "{gone:?}");

    let mut rewritten: Vec<(String, String)> = Vec::new();
    for (body, _) in &lines {
        let prev = rewritten.last().map_or("0".repeat(64), |(_, hash)| hash.clone());
        rewritten.push(forged(body, &prev, "a@example.com", "x@example.com"));
    }
    let rewrite = |db: &Connection| {
        for (at, event) in rewritten.iter().enumerate() {
            write(db, at + 1, event);
        }
    };
    assert_eq!(check(&account, state, rewrite, &[]).await.code, Some(0));
    let ran = check(&account, state, rewrite, &["--head", &kept]).await;
    assert!(ran.code == Some(1) && ran.stdout.contains("written anew"), "{ran:?}");
    // A forged event that says that the size limit removed the kept head is not believed either.
    let said = format!(r#""event":"dropped","through":4,"throughHash":"{kept}""#);
    let dropped = forged(&lines[0].0, &"0".repeat(64), r#""event":"attempt""#, &said);
    let forge = |db: &Connection| {
        db.execute_batch("DELETE FROM events WHERE position > 1").unwrap();
        write(db, 1, &dropped);
    };
    assert_eq!(check(&account, state, forge, &[]).await.code, Some(0));
    assert_eq!(check(&account, state, forge, &["--head", &kept]).await.code, Some(1));
    assert_eq!(check(&account, state, |_| {}, &["--head", "abc"]).await.code, Some(2), "no hash");
}

#[tokio::test]
async fn eight_processes_write_one_chain() {
    let account = account().await;
    let state = tempfile::tempdir().unwrap();
    let start = || {
        let command = command(&account, state.path());
        Host::start(command, tempfile::tempdir().unwrap(), Era::Modern, Person::Absent)
    };
    let hosts = join_all((0..8).map(|_| start())).await;
    let call = |number: usize| hosts[number % 8].answer("create_contact", contact(&format!("n{number}@example.com")));
    join_all((0..96).map(call)).await;
    let said = sound(&account, state.path()).await;
    assert!(said.contains("192 events"), "{said}");
    let all = entries(&account, state.path(), &[]).await;
    assert!(all.len() == 96 && all.iter().all(|entry| entry["outcome"] == "done"), "{all:?}");
    for number in 0..96 {
        let email = format!("n{number}@example.com");
        let entry = all.iter().find(|entry| entry["arguments"]["email"] == *email).expect("an entry for each");
        assert_eq!(entry["after"]["email"], *email, "an outcome belongs to its attempt");
    }
    let sessions: std::collections::HashSet<_> = all.iter().map(|entry| entry["client"]["session"].as_str()).collect();
    assert_eq!((head(&account, state.path()).await.0, sessions.len()), (192, 8));
}
