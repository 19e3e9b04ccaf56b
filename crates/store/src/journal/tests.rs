//! The journal on a real file: filters, holds, and several writers.

use super::*;
use chrono::{TimeDelta, Utc};
use highlevel_core::context::CallContext;
use rusqlite::params;
use serde_json::{Map, Value, json};
use std::time::Duration;
use tempfile::TempDir;

fn journal(image_bytes: u64) -> (TempDir, Journal) {
    let dir = tempfile::tempdir().unwrap();
    let journal = open(dir.path(), image_bytes);
    (dir, journal)
}

fn open(dir: &Path, image_bytes: u64) -> Journal {
    Journal::new(dir.to_owned(), JournalLimits { image_bytes, image_days: 30 })
}

fn members(value: Value) -> Map<String, Value> {
    let Value::Object(members) = value else { unreachable!() };
    members
}

async fn attempt(journal: &Journal, value: Value) -> u64 {
    journal.attempt(members(value), &CallContext::new(Duration::from_secs(60))).await.unwrap()
}

/// A finished write of an object with this id, with images before and after.
async fn write(journal: &Journal, id: &str) -> u64 {
    let image = |when: &str| json!({"id": id, "when": when, "text": "x".repeat(1000)});
    let seq = attempt(journal, json!({"tool": "update", "object": id, "before": image("before")})).await;
    journal.outcome(seq, members(json!({"outcome": "done", "after": image("after")}))).await.unwrap();
    seq
}

fn sql(dir: &TempDir, sql: &str) {
    Connection::open(dir.path().join("journal.db")).unwrap().execute_batch(sql).unwrap();
}

/// Makes all images older, and the next check for pruning due.
fn age(dir: &TempDir, days: i64) {
    sql(dir, &format!("UPDATE images SET used_at = used_at - {days} * 86400000; UPDATE state SET pruned_at = 0"));
}

async fn listed(journal: &Journal, filter: EntryFilter, images: bool) -> Vec<JournalEntry> {
    let range = journal.range(filter.clone(), None).await.unwrap();
    journal.entries(filter, range, 100, images).await.unwrap()
}

async fn numbers(journal: &Journal, filter: EntryFilter) -> Vec<u64> {
    listed(journal, filter, false).await.iter().map(JournalEntry::seq).collect()
}

/// Whether each entry still has its image before.
async fn kept(journal: &Journal) -> Vec<bool> {
    let all = listed(journal, EntryFilter::default(), true).await;
    all.iter().map(|entry| entry.members["before"].get("pruned").is_none()).collect()
}

#[tokio::test]
async fn what_is_held_or_unfinished_is_not_pruned() {
    let (dir, journal) = journal(1 << 30);
    let mut all = Vec::new();
    for id in ["a", "b", "c"] {
        all.push(write(&journal, id).await);
    }
    attempt(&journal, json!({"tool": "update", "object": "d", "before": {"id": "d"}})).await;
    let tomorrow = Utc::now() + TimeDelta::days(1);
    assert_eq!(journal.hold("job", &all[1..2], tomorrow).await.unwrap(), [] as [u64; 0]);
    // A hold whose time is over holds nothing.
    journal.hold("old", &all[2..], Utc::now() - TimeDelta::seconds(1)).await.unwrap();
    age(&dir, 31);
    write(&journal, "e").await;
    assert_eq!(kept(&journal).await, [false, true, false, true, true]);
    assert_eq!(journal.hold("late", &all, tomorrow).await.unwrap(), [all[0], all[2]], "these lack images already");
    journal.release("job").await.unwrap();
    age(&dir, 31);
    write(&journal, "f").await;
    assert_eq!(kept(&journal).await[..2], [false, true], "another holder holds it");
    journal.release("late").await.unwrap();
    age(&dir, 31);
    write(&journal, "g").await;
    assert_eq!(kept(&journal).await, [false, false, false, true, false, false, true]);
    let report = journal.verify(None).await.unwrap();
    assert_eq!((report.problems, report.pruned), (Vec::new(), 10));
}

#[tokio::test]
async fn an_image_that_is_used_again_is_young_again_and_a_pruned_one_comes_back() {
    let (dir, journal) = journal(1 << 30);
    write(&journal, "a").await;
    age(&dir, 31);
    write(&journal, "a").await;
    assert_eq!(kept(&journal).await, [true, true]);
    age(&dir, 31);
    write(&journal, "b").await;
    assert_eq!(kept(&journal).await, [false, false, true]);
    write(&journal, "a").await;
    assert_eq!(kept(&journal).await, [true, true, true, true]);
    assert_eq!(journal.verify(None).await.unwrap().problems, []);
    // The chain said that it was pruned before, but not since.
    sql(&dir, "UPDATE images SET body = NULL WHERE body LIKE '%\"id\":\"a\",\"when\":\"before\"%'");
    let problems = journal.verify(None).await.unwrap().problems;
    assert_eq!(problems, [Problem::ImageMissing(8, "before".to_owned())]);
}

#[tokio::test]
async fn the_file_shrinks_when_images_are_pruned() {
    let (dir, journal) = journal(1 << 20);
    for number in 0..20 {
        let image = json!({"id": number, "text": "x".repeat(100_000)});
        let seq = attempt(&journal, json!({"tool": "update", "before": image})).await;
        journal.outcome(seq, members(json!({"outcome": "done"}))).await.unwrap();
    }
    let pages = || {
        let db = Connection::open(dir.path().join("journal.db")).unwrap();
        let [all, free] = ["page_count", "freelist_count"]
            .map(|name| db.pragma_query_value(None, name, |row| row.get::<_, u64>(0)).unwrap());
        (all, free)
    };
    let (before, _) = pages();
    age(&dir, 2);
    write(&journal, "now").await;
    let (after, free) = pages();
    assert!(after < before * 2 / 3 && free < 10, "{before} pages became {after}, {free} of them free");
}

#[tokio::test]
async fn a_time_is_found_although_the_clock_was_set_back() {
    let (dir, journal) = journal(1 << 30);
    for id in ["a", "b", "c", "d"] {
        write(&journal, id).await;
    }
    // The third and fourth were written after the clock was set back.
    for (position, hour) in [(1, 10), (3, 12), (5, 9), (7, 11)] {
        let time = format!("2026-01-01T{hour:02}:00:00.000Z");
        let sql = "UPDATE events SET body = json_set(body, '$.time', ?2) WHERE position = ?1";
        Connection::open(dir.path().join("journal.db")).unwrap().execute(sql, params![position, time]).unwrap();
    }
    let at = |hour: u32| Some(format!("2026-01-01T{hour:02}:00:00Z").parse().unwrap());
    let between = |since, until| EntryFilter { since, until, ..EntryFilter::default() };
    assert_eq!(numbers(&journal, between(at(10), None)).await, [1, 3, 7]);
    assert_eq!(numbers(&journal, between(at(9), at(11))).await, [1, 5]);
    assert_eq!(numbers(&journal, between(None, at(10))).await, [5]);
    assert_eq!(numbers(&journal, between(at(13), None)).await, [] as [u64; 0]);
}

#[tokio::test]
async fn the_newest_entries_are_found_with_every_filter() {
    let (_dir, journal) = journal(1 << 30);
    for number in 0..30 {
        let seq = attempt(
            &journal,
            json!({
                "tool": format!("tool{}", number % 2), "account": format!("account{}", number % 3), "location": "l",
                "client": {"name": if number % 5 == 0 { "one 1.0" } else { "one-more 1.0" }, "session": "s"}
            }),
        );
        let seq = seq.await;
        let outcome = if number % 10 == 0 { "failed" } else { "done" };
        if number != 29 {
            journal
                .outcome(seq, members(json!({"outcome": outcome, "object": format!("object{}", number % 4)})))
                .await
                .unwrap();
        }
    }
    let filter = EntryFilter::default;
    let text = |text: &str| Some(text.to_owned());
    for (wanted, count) in [
        (filter(), 30),
        (EntryFilter { tool: text("tool1"), ..filter() }, 15),
        (EntryFilter { accounts: vec!["account2".to_owned()], ..filter() }, 10),
        (EntryFilter { accounts: vec!["account2".to_owned(), "account1".to_owned()], ..filter() }, 20),
        (EntryFilter { accounts: vec!["l".to_owned()], ..filter() }, 30),
        (EntryFilter { accounts: vec!["account2".to_owned()], tool: text("tool0"), ..filter() }, 5),
        (EntryFilter { client: text("one"), ..filter() }, 6),
        (EntryFilter { client: text("one 1.0"), ..filter() }, 6),
        (EntryFilter { object: text("object3"), ..filter() }, 7),
        (EntryFilter { failed: true, ..filter() }, 4),
        (EntryFilter { failed: true, tool: text("tool0"), ..filter() }, 3),
    ] {
        let all = numbers(&journal, wanted.clone()).await;
        assert_eq!(all.len(), count, "{wanted:?}");
        for newest in 1..=count + 1 {
            let begin = journal.range(wanted.clone(), Some(newest as u64)).await.unwrap();
            let shown = journal.entries(wanted.clone(), begin, 100, false).await.unwrap();
            assert_eq!((shown.len(), begin.more), (newest.min(count), newest < count), "{wanted:?}");
        }
    }
}

/// Eight journals in one directory, as eight processes have them.
#[tokio::test]
async fn eight_writers_make_one_chain() {
    let (dir, journal) = journal(1 << 30);
    let writers = (0..8).map(|writer| {
        let journal = open(dir.path(), 1 << 30);
        tokio::spawn(async move {
            for number in 0..25 {
                write(&journal, &format!("{writer}-{number}")).await;
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
    let report = journal.verify(None).await.unwrap();
    assert_eq!((report.events, report.images, report.problems), (400, 400, Vec::new()));
    assert_eq!(journal.head().await.unwrap(), report.head);
}

#[tokio::test]
async fn a_journal_that_can_only_be_read_is_read() {
    let (dir, journal) = journal(1 << 30);
    write(&journal, "a").await;
    drop(journal);
    let odd = dir.path().join("100% odd?#");
    std::fs::create_dir(&odd).unwrap();
    std::fs::copy(dir.path().join("journal.db"), odd.join("journal.db")).unwrap();
    let place = open(&odd, 1 << 30).place;
    let db = place.open_to_read().unwrap();
    assert_eq!(Head::read(&db).unwrap().count, 2);
    db.execute("DELETE FROM events", []).unwrap_err();
    assert_eq!(std::fs::read_dir(&odd).unwrap().count(), 1, "no file beside it");
}
