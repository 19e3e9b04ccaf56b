//! Statements run in a process of their own, and do not use the server's resources.
#![cfg(target_os = "linux")]

use super::{hostile::LARGE, *};
use crate::support::{Wire, command, run};
use std::{fs, path::Path};

/// The highest memory of the server, and of each process that runs statements, in KiB.
const SERVER: u64 = 96 * 1024;
const QUESTION: u64 = 256 * 1024;

/// A line of a process's status, in KiB.
fn status(process: u32, line: &str) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    status.lines().find_map(|found| found.strip_prefix(line)?.split_whitespace().next()?.parse().ok())
}

/// The server's child processes.
fn children(server: u32) -> Vec<u32> {
    let all = fs::read_dir("/proc").unwrap().filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    all.filter(|process| status(*process, "PPid:") == Some(server.into()) && status(*process, "VmHWM:").is_some())
        .collect()
}

/// A server that has answered a question.
async fn asked(account: &Account, state: &Path, flags: &[&str]) -> Wire {
    let mut command = command(account, state);
    command.args(flags);
    let mut wire = Wire::start(command);
    tokio::task::spawn_blocking(move || {
        wire.initialize("2025-11-25", json!({}));
        let answer = ask(&mut wire, "select count(*) from contacts");
        assert_eq!(answer["result"]["structuredContent"]["rows"], json!([[300]]), "{answer}");
        wire
    })
    .await
    .unwrap()
}

fn ask(wire: &mut Wire, sql: &str) -> Value {
    let id = wire.send("tools/call", json!({"name": "query_crm", "arguments": {"sql": sql}}));
    wire.answer_to(id)
}

#[tokio::test]
async fn a_large_question_takes_little_memory_and_writes_continue() {
    let account = account(Api::Session, 300).await;
    let state = tempfile::tempdir().unwrap();
    let mut wire = asked(&account, state.path(), &[]).await;
    let server = wire.child.id();
    let created = tokio::task::spawn_blocking(move || {
        let mut most = 0;
        for (number, sql) in LARGE.iter().enumerate() {
            let question = wire.send("tools/call", json!({"name": "query_crm", "arguments": {"sql": sql}}));
            let contact = json!({"firstName": "Ann", "lastName": "Lee", "email": format!("ann{number}@x.example")});
            let write = wire.send("tools/call", json!({"name": "create_contact", "arguments": contact}));
            let mut answers = std::iter::repeat_with(|| wire.line()).filter(|line| line.get("method").is_none());
            let mut answers: Vec<Value> = answers.by_ref().take(2).collect();
            let child = children(server).into_iter().filter_map(|child| status(child, "VmHWM:")).max();
            most = child.unwrap_or(0).max(most);
            answers.retain(|answer| answer["id"] == write);
            assert_eq!(answers[0]["result"]["isError"], false, "beside {sql}: {answers:?}");
            let _ = question;
        }
        assert!(most < QUESTION, "{most} KiB for a question");
        let own = status(server, "VmHWM:").unwrap();
        assert!(own < SERVER, "{own} KiB for the server");
        drop(wire);
        LARGE.len()
    })
    .await
    .unwrap();
    let mut journal = command(&account, state.path());
    journal.args(["journal", "--json"]);
    let journal = run(journal).await;
    let whole = journal.stdout.lines().filter(|line| line.contains("create_contact")).count();
    assert!(whole >= created, "{whole} of {created}: {}", journal.stderr);
}

#[tokio::test]
async fn the_question_process_has_no_credential_and_ends_with_the_server() {
    let account = account(Api::Session, 300).await;
    let state = tempfile::tempdir().unwrap();
    let mut wire = asked(&account, state.path(), &[]).await;
    let children = children(wire.child.id());
    assert_eq!(children.len(), 1);
    for of in ["environ", "cmdline"] {
        let known = fs::read_to_string(format!("/proc/{}/{of}", children[0])).unwrap();
        assert!(!known.contains(account.token()) && !known.contains("GHL_"), "{known}");
    }
    // Even while it runs a statement that only its own timeout would stop.
    wire.send("tools/call", json!({"name": "query_crm", "arguments": {"sql": super::hostile::ENDLESS}}));
    wire.child.kill().unwrap();
    wire.child.wait().unwrap();
    while status(children[0], "VmHWM:").is_some() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// A new process gets no more time than others.
#[tokio::test]
async fn an_endless_first_statement_is_stopped_like_any_other() {
    let account = account(Api::Session, 5).await;
    let host = Host::new(&account, &["--timeout", "25"]).await;
    let error = host.error("query_crm", json!({"sql": super::hostile::ENDLESS})).await;
    assert!(error["message"].as_str().unwrap().starts_with("The statement ran for 5 s and was stopped"), "{error}");
}

/// A person or the system kills the process. The next question starts another.
#[tokio::test]
async fn a_question_whose_process_was_killed_gets_another() {
    let account = account(Api::Session, 300).await;
    let state = tempfile::tempdir().unwrap();
    let mut wire = asked(&account, state.path(), &[]).await;
    let before = children(wire.child.id());
    assert!(std::process::Command::new("kill").args(["-9", &before[0].to_string()]).status().unwrap().success());
    while status(before[0], "VmHWM:").is_some() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    tokio::task::spawn_blocking(move || {
        let answer = ask(&mut wire, "select count(*) from contacts");
        assert_eq!(answer["result"]["structuredContent"]["rows"], json!([[300]]), "{answer}");
        let after = children(wire.child.id());
        assert!(after.len() == 1 && after != before, "{before:?}, {after:?}");
    })
    .await
    .unwrap();
}
