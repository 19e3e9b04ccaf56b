//! The take-over of the files of an older version.

use super::{account, chain::hash_of, create, database, entries, events, head, journal, sound};
use crate::support::{Account, command};
use futures::future::join_all;
use serde_json::{Map, Value, json};
use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

/// The old format: JSON Lines, each with its own hash as its last member.
struct OldChain {
    lines: Vec<String>,
    count: u64,
    hash: String,
}

impl OldChain {
    fn new() -> Self {
        Self { lines: Vec::new(), count: 0, hash: "0".repeat(64) }
    }

    fn add(&mut self, event: Value) -> &mut Self {
        self.count += 1;
        let mut body = Map::new();
        body.insert("seq".into(), self.count.into());
        body.insert("time".into(), format!("2026-01-02T03:04:05.{:03}Z", self.count % 1000).into());
        body.extend(event.as_object().unwrap().clone());
        body.insert("prev".into(), self.hash.clone().into());
        let text = Value::Object(body).to_string();
        self.hash = hash_of(&text);
        self.lines.push(format!(r#"{},"hash":"{}"}}"#, text.strip_suffix('}').unwrap(), self.hash));
        self
    }

    /// A write that is done.
    fn write(&mut self, email: &str) -> &mut Self {
        let arguments = json!({"email": email});
        let attempt = self.count + 1;
        self.add(json!({"event": "attempt", "tool": "create_contact", "account": "live", "arguments": arguments}));
        self.add(json!({"event": "outcome", "attempt": attempt, "tool": "create_contact", "outcome": "done", "object": email, "after": arguments}))
    }

    fn text(&self, lines: std::ops::Range<usize>) -> String {
        self.lines[lines].iter().map(|line| format!("{line}\n")).collect()
    }
}

/// The chain that the tests take over: three writes, the second of them unfinished.
fn chain() -> OldChain {
    let mut chain = OldChain::new();
    chain.write("a@example.com");
    chain.add(json!({"event": "attempt", "tool": "update_page", "object": "page1", "arguments": {"id": "page1"}, "before": {"omittedBytes": 9, "sha256": "x"}}));
    chain.write("c@example.com");
    chain
}

/// Asserts the problems of a journal whose old file has this text.
async fn found(account: &Account, text: &str, problems: &[&str]) {
    let state = tempfile::tempdir().unwrap();
    fs::write(state.path().join("journal.jsonl"), text).unwrap();
    for _ in 0..2 {
        let ran = journal(account, state.path(), &["verify"]).await;
        let wrong: Vec<_> = ran.stdout.lines().filter_map(|line| line.strip_prefix("WRONG ")).collect();
        assert_eq!(wrong, problems, "{ran:?}");
        assert_eq!(ran.code, Some(i32::from(!problems.is_empty())), "{ran:?}");
    }
}

fn aside(state: &Path) -> Vec<String> {
    let entries = fs::read_dir(state.join("journal-before-sqlite")).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn old_files_become_events_with_their_hashes_and_are_kept_aside() {
    let account = account().await;
    let state = tempfile::tempdir().unwrap();
    let state = state.path();
    let chain = chain();
    // The older version has removed the first line, said so, and was killed in the middle of a line.
    let mut chain = chain;
    let hash = |line: &str| serde_json::from_str::<Value>(line).unwrap()["hash"].clone();
    let dropped = json!({"event": "dropped", "through": 2, "throughHash": hash(&chain.lines[1])});
    chain.add(dropped);
    let kept = chain.hash.clone();
    fs::write(state.join("journal-000000000004.jsonl"), chain.text(2..4)).unwrap();
    let torn = &chain.lines[0][..40];
    let second = format!("{}{torn}", chain.text(4..6));
    fs::write(state.join("journal.jsonl"), &second).unwrap();
    fs::write(state.join("journal.lock"), "").unwrap();

    let said = sound(&account, state).await;
    assert!(said.contains("note  lines 1 to 2 were removed by an older version's --journal-max"), "{said}");
    assert!(said.contains("ok    5 events"), "{said}");
    assert_eq!(journal(&account, state, &["verify", "--head", &kept]).await.code, Some(0), "old heads stay good");
    let all = entries(&account, state, &[]).await;
    let shown: Vec<_> =
        all.iter().map(|entry| (entry["seq"].as_u64().unwrap(), entry["outcome"].as_str().unwrap())).collect();
    assert_eq!(shown, [(3, "unfinished"), (4, "done")]);
    assert_eq!((&all[0]["before"]["omittedBytes"], &all[1]["after"]["email"]), (&json!(9), &json!("c@example.com")));
    let stored = events(state);
    for ((body, hash), line) in stored.iter().zip(&chain.lines[2..]) {
        assert_eq!(format!(r#"{},"hash":"{hash}"}}"#, body.strip_suffix('}').unwrap()), *line, "as it was");
    }
    let account_of: Value = serde_json::from_str(&stored[4].0).unwrap();
    assert_eq!((&account_of["event"], &account_of["lines"]), (&json!("taken_over"), &json!(4)), "{account_of}");
    assert_eq!(
        account_of["torn"],
        json!([{"file": "journal.jsonl", "bytes": 40, "sha256": hash_of(torn)}]),
        "{account_of}"
    );
    assert_eq!(account_of["files"][1]["sha256"], hash_of(&second), "{account_of}");
    assert_eq!(aside(state), ["journal-000000000004.jsonl", "journal.jsonl"]);
    assert_eq!(fs::read_to_string(state.join("journal-before-sqlite/journal.jsonl")).unwrap(), second, "as it was");

    create(&account, state, &[], &["next@example.com"]).await;
    assert_eq!(head(&account, state).await.0, 9, "numbers go on");
    let failed = entries(&account, state, &["--failed"]).await;
    assert!(failed.len() == 1 && failed[0]["object"] == "page1", "{failed:?}");
    assert_eq!(entries(&account, state, &["--object", "c@example.com"]).await.len(), 1);
    // An older version that still runs is reported, and its file is not taken over.
    fs::write(state.join("journal.jsonl"), chain.text(0..2)).unwrap();
    let ran = journal(&account, state, &["verify"]).await;
    assert!(
        ran.code == Some(1) && ran.stdout.contains("WRONG journal.jsonl was written by an older version"),
        "{ran:?}"
    );
    assert_eq!((entries(&account, state, &[]).await.len(), head(&account, state).await.0), (3, 9));
    assert!(state.join("journal.jsonl").exists());
}

#[tokio::test]
async fn what_was_wrong_with_old_files_is_still_reported() {
    let account = account().await;
    let chain = chain();
    let text = |lines: &[usize]| lines.iter().map(|line| format!("{}\n", chain.lines[*line])).collect::<String>();
    found(&account, &text(&[0, 1, 2, 3, 4]), &[]).await;
    found(&account, &text(&[0, 1, 3, 4]), &["event 3 is missing"]).await;
    found(&account, &text(&[0, 1, 2, 4, 3]), &["event 4 is out of order"]).await;
    found(&account, &text(&[0, 1, 1, 2, 3, 4]), &["event 2 is out of order"]).await;
    let whole = text(&[0, 1, 2, 3, 4]);
    found(&account, &whole.replace("page1", "page2"), &["event 3 was altered"]).await;
    // A hash that is not the last member, or that is set off by a space.
    found(&account, &whole.replacen(r#","hash":"#, r#", "hash":"#, 1), &["event 1 was altered"]).await;
    let foreign = whole.replacen(&chain.lines[2], "not a line", 1);
    found(&account, &foreign, &["journal.jsonl:3 is no line of a journal", "event 3 is missing"]).await;
    // The last line lacks only its newline, so it is taken.
    found(&account, whole.trim_end(), &[]).await;
}

/// The files of a journal of many lines.
fn many(state: &Path, writes: usize) -> OldChain {
    let mut chain = OldChain::new();
    for number in 0..writes {
        chain.write(&format!("n{number}@example.com"));
    }
    let half = chain.lines.len() / 2;
    fs::write(state.join(format!("journal-{half:012}.jsonl")), chain.text(0..half)).unwrap();
    fs::write(state.join("journal.jsonl"), chain.text(half..chain.lines.len())).unwrap();
    chain
}

fn start(account: &Account, state: &Path) -> std::process::Child {
    let mut command: Command = command(account, state);
    command.args(["journal", "head"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

#[tokio::test]
async fn two_processes_take_over_once() {
    let account = account().await;
    let state = tempfile::tempdir().unwrap();
    many(state.path(), 500);
    join_all((0..4).map(|_| async { sound(&account, state.path()).await })).await;
    let said = sound(&account, state.path()).await;
    assert!(said.contains("1001 events"), "{said}");
    assert_eq!(aside(state.path()), ["journal-000000000500.jsonl", "journal.jsonl"]);
}

#[tokio::test]
async fn a_killed_take_over_loses_and_doubles_nothing() {
    let account = account().await;
    for delay in (0..24).map(|step| Duration::from_millis(step * 15)) {
        let state = tempfile::tempdir().unwrap();
        let chain = many(state.path(), 300);
        let mut child = start(&account, state.path());
        tokio::time::sleep(delay).await;
        child.kill().unwrap();
        child.wait().unwrap();
        let said = sound(&account, state.path()).await;
        assert!(said.contains("601 events"), "{delay:?}: {said}");
        let ran = journal(&account, state.path(), &["verify", "--head", &chain.hash]).await;
        assert_eq!(ran.code, Some(0), "{delay:?}: {ran:?}");
        assert_eq!(aside(state.path()), ["journal-000000000300.jsonl", "journal.jsonl"], "{delay:?}");
    }
}

/// The moment between the transaction and the move of the files, which a kill hits rarely.
#[tokio::test]
async fn files_that_a_kill_left_are_moved_by_the_next_process() {
    let account = account().await;
    let state = tempfile::tempdir().unwrap();
    let state = state.path();
    many(state, 10);
    sound(&account, state).await;
    let files: Value = serde_json::from_str(&events(state)[20].0).unwrap();
    database(state).execute("UPDATE state SET taken_over = ?1", [files["files"].to_string()]).unwrap();
    for name in aside(state) {
        fs::rename(state.join("journal-before-sqlite").join(&name), state.join(&name)).unwrap();
    }
    // One of them has grown since: an older version still runs.
    let grown = state.join("journal.jsonl");
    fs::write(&grown, fs::read_to_string(&grown).unwrap() + "{}\n").unwrap();
    let ran = journal(&account, state, &["verify"]).await;
    assert!(
        ran.code == Some(1) && ran.stdout.contains("WRONG journal.jsonl was written by an older version"),
        "{ran:?}"
    );
    assert!(grown.exists());
    assert_eq!((aside(state), events(state).len()), (vec!["journal-000000000010.jsonl".to_owned()], 21));
}
