//! What `journal verify` detects, and what it detects only with a head that was kept elsewhere.

use super::{account, contact, create, entries, files, head, journal, sound};
use crate::support::{Account, Era, Host, Person, Ran, command};
use futures::future::join_all;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use std::fs;

/// The output of the check for a journal with these lines.
async fn check(account: &Account, lines: &[String], flags: &[&str]) -> Ran {
    let state = tempfile::tempdir().unwrap();
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    fs::write(state.path().join("journal.jsonl"), text).unwrap();
    journal(account, state.path(), &[&["verify"], flags].concat()).await
}

/// Asserts that the check reports exactly these problems.
async fn found(account: &Account, lines: &[String], problems: &[&str]) {
    let ran = check(account, lines, &[]).await;
    let wrong: Vec<_> = ran.stdout.lines().filter_map(|line| line.strip_prefix("WRONG ")).collect();
    assert_eq!(wrong, problems, "{ran:?}");
    assert_eq!(ran.code, Some(i32::from(!problems.is_empty())), "{ran:?}");
}

/// The line with another text and a matching hash, as a forger would write it.
fn forged(line: &str, prev: &str, from: &str, to: &str) -> String {
    let mut event: Map<String, Value> = serde_json::from_str(&line.replace(from, to)).unwrap();
    event.shift_remove("hash");
    event["prev"] = prev.into();
    let text = Value::Object(event).to_string();
    let hash: String = Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    format!(r#"{},"hash":"{hash}"}}"#, text.strip_suffix('}').unwrap())
}

fn hash_of(line: &str) -> String {
    serde_json::from_str::<Value>(line).unwrap()["hash"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn altered_removed_and_moved_lines_are_named() {
    let account = account().await;
    let state = tempfile::tempdir().unwrap();
    create(&account, state.path(), &[], &["a@example.com", "b@example.com", "c@example.com"]).await;
    let lines: Vec<String> = files(state.path())[0].1.lines().map(str::to_owned).collect();
    assert_eq!(lines.len(), 6);
    found(&account, &lines, &[]).await;

    let mut altered = lines.clone();
    altered[2] = altered[2].replace("b@example.com", "x@example.com");
    found(&account, &altered, &["line 3 was altered"]).await;
    altered[2] = "{}".to_owned();
    found(&account, &altered, &["journal.jsonl:3 is no line of a journal", "line 3 is missing"]).await;
    altered[2] = forged(&lines[2], &hash_of(&lines[1]), "b@example.com", "x@example.com");
    let unlinked = "line 4 does not follow from the line before it, which was written anew";
    found(&account, &altered, &[unlinked]).await;

    let without = |gone: &[usize]| -> Vec<String> {
        lines.iter().enumerate().filter(|(at, _)| !gone.contains(at)).map(|(_, line)| line.clone()).collect()
    };
    found(&account, &without(&[2]), &["line 3 is missing"]).await;
    found(&account, &without(&[1, 2, 4]), &["lines 2 to 3 are missing", "line 5 is missing"]).await;
    found(&account, &without(&[0, 1]), &["lines 1 to 2 are missing"]).await;

    let mut swapped = lines.clone();
    swapped.swap(2, 3);
    found(&account, &swapped, &["line 3 is out of order"]).await;
    let mut doubled = lines.clone();
    doubled.insert(3, lines[2].clone());
    found(&account, &doubled, &["line 3 is out of order"]).await;
}

#[tokio::test]
async fn a_cut_end_and_a_full_rewrite_are_detected_with_a_kept_head() {
    let account = account().await;
    let state = tempfile::tempdir().unwrap();
    create(&account, state.path(), &[], &["a@example.com", "b@example.com"]).await;
    let (count, kept) = head(&account, state.path()).await;
    assert_eq!(count, 4);
    create(&account, state.path(), &[], &["c@example.com"]).await;
    let lines: Vec<String> = files(state.path())[0].1.lines().map(str::to_owned).collect();
    // Later lines do not matter.
    assert_eq!(check(&account, &lines, &["--head", &kept]).await.code, Some(0));

    let cut = &lines[..3];
    found(&account, cut, &[]).await;
    let ran = check(&account, cut, &["--head", &kept]).await;
    assert!(ran.code == Some(1) && ran.stdout.contains("tail was cut"), "{ran:?}");
    let gone = check(&account, &[], &["--head", &kept]).await;
    assert_eq!(gone.code, Some(1), "{gone:?}");

    let mut rewritten: Vec<String> = Vec::new();
    for line in &lines {
        let prev = rewritten.last().map_or("0".repeat(64), |line| hash_of(line));
        rewritten.push(forged(line, &prev, "a@example.com", "x@example.com"));
    }
    found(&account, &rewritten, &[]).await;
    let ran = check(&account, &rewritten, &["--head", &kept]).await;
    assert!(ran.code == Some(1) && ran.stdout.contains("written anew"), "{ran:?}");
    // A forged line that says that the size limit removed the kept head is not believed either.
    let said = format!(r#""event":"dropped","through":4,"throughHash":"{kept}""#);
    rewritten[0] = forged(&lines[0], &"0".repeat(64), r#""event":"attempt""#, &said);
    found(&account, &rewritten[..1], &[]).await;
    assert_eq!(check(&account, &rewritten[..1], &["--head", &kept]).await.code, Some(1));
    assert_eq!(check(&account, &lines, &["--head", "abc"]).await.code, Some(2), "no hash");
}

#[tokio::test]
async fn several_processes_write_one_chain() {
    let account = account().await;
    let state = tempfile::tempdir().unwrap();
    let start = || {
        let command = command(&account, state.path());
        Host::start(command, tempfile::tempdir().unwrap(), Era::Modern, Person::Absent)
    };
    let hosts = [start().await, start().await, start().await];
    let call = |number: usize| hosts[number % 3].answer("create_contact", contact(&format!("n{number}@example.com")));
    join_all((0..60).map(call)).await;
    let said = sound(&account, state.path()).await;
    assert!(said.contains("120 lines"), "{said}");
    let all = entries(&account, state.path(), &[]).await;
    assert!(all.len() == 60 && all.iter().all(|entry| entry["outcome"] == "done"), "{all:?}");
    for number in 0..60 {
        let email = format!("n{number}@example.com");
        let entry = all.iter().find(|entry| entry["arguments"]["email"] == *email).expect("an entry for each");
        assert_eq!(entry["after"]["email"], *email, "an outcome belongs to its attempt");
    }
    assert_eq!(head(&account, state.path()).await.0, 120);
}
