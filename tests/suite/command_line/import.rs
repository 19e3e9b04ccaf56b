//! `import`: a plan, a yes, the work in the foreground, and what the exit status tells. Kills and Ctrl-C leave a job that goes on.

use super::{account, assert_once, imported, last, leads, ran};
use crate::support::{Account, command};
use serde_json::{Value, json};
use std::{
    fs,
    process::{Child, Command, Stdio},
    time::Duration,
};

#[tokio::test]
async fn a_file_becomes_contacts_and_the_exit_status_tells_of_its_rows() {
    let account = account().await;
    let state = tempfile::tempdir().unwrap();
    let file = state.path().join("leads.csv");
    fs::write(&file, "Vorname;E-Mail;Notiz\nAnn;ann@import.example;x\nBob;nowhere;y\nCem;cem@import.example;z\n")
        .unwrap();
    let file = file.to_str().unwrap();
    let arguments = ["import", file, "--columns", "Vorname=firstName,E-Mail=email,Notiz=", "--template"];
    let arguments = [&arguments[..], &[r#"{"lastName": "Lead", "source": "fair {{Notiz}}"}"#, "--yes"]].concat();
    let first = ran(&account, state.path(), &arguments).await;
    let end = last(&first);
    assert_eq!((first.code, &end["state"]), (Some(1), &json!("done")), "{first:?}");
    assert_eq!(end["rows"], json!({"done": 2, "invalid": 1}), "{end}");
    assert!(first.stderr.contains("Plan: 2 × create_contact"), "{}", first.stderr);
    assert!(first.stderr.contains("columns: Vorname → firstName; E-Mail → email"), "{}", first.stderr);
    assert!(first.stderr.contains("line 3 invalid"), "{}", first.stderr);
    let ann = account.find("contacts", |contact| contact["email"] == "ann@import.example").await;
    assert_eq!((&ann["firstName"], &ann["source"]), (&json!("Ann"), &json!("fair x")));
    let rejected = fs::read_to_string(end["rejected"].as_str().unwrap()).unwrap();
    assert!(rejected.contains("Bob,nowhere,y,"), "{rejected}");
    // The same file again finds its contacts.
    let again = ran(&account, state.path(), &arguments).await;
    assert_eq!((again.code, &last(&again)["skipped"]), (Some(1), &json!(2)), "{again:?}");
    assert_once(&account, 2).await;
    let update = ran(&account, state.path(), &[&arguments[..], &["--on-duplicate", "update"]].concat()).await;
    assert_eq!(last(&update)["rows"], json!({"done": 2, "invalid": 1}), "{update:?}");
    assert_once(&account, 2).await;
}

#[tokio::test]
async fn a_dry_run_sends_nothing_and_its_plan_can_be_run() {
    let account = account().await;
    let state = tempfile::tempdir().unwrap();
    let file = leads(state.path(), 3);
    let dry = ran(&account, state.path(), &["import", &file, "--dry-run"]).await;
    let plan = last(&dry);
    assert_eq!((dry.code, &plan["calls"]), (Some(0), &json!({"create_contact": 3})), "{dry:?}");
    assert!(plan.get("confirmationToken").is_none(), "{plan}");
    assert!(imported(&account).await.is_empty());
    let id = plan["plan"].as_str().unwrap();
    assert!(dry.stderr.contains(&format!("highlevel-mcp bulk run {id}")), "{}", dry.stderr);
    // Nobody can be asked, and nobody agreed.
    let unasked = ran(&account, state.path(), &["bulk", "run", id]).await;
    assert_eq!(unasked.code, Some(8), "{unasked:?}");
    let unasked = ran(&account, state.path(), &["import", &file]).await;
    assert_eq!((unasked.code, last(&unasked)["calls"].is_object()), (Some(8), true), "{unasked:?}");
    assert!(imported(&account).await.is_empty());
    let run = ran(&account, state.path(), &["bulk", "run", id, "--yes"]).await;
    assert_eq!((run.code, &last(&run)["rows"]), (Some(0), &json!({"done": 3})), "{run:?}");
    assert_once(&account, 3).await;
}

#[tokio::test]
async fn what_is_wrong_is_said_before_anything_is_sent() {
    let account = account().await;
    let state = tempfile::tempdir().unwrap();
    let file = leads(state.path(), 3);
    for (arguments, code, said) in [
        (vec!["import", "missing.csv"], 2, "missing.csv"),
        (vec!["import", &file, "--operation", "create_contct"], 2, "Did you mean create_contact"),
        (vec!["import", &file, "--operation", "list_contacts"], 2, "changes nothing"),
        (vec!["import", &file, "--columns", "Mail=email"], 2, "no column Mail"),
        (vec!["import", &file, "--columns", "email"], 2, "COLUMN=ARGUMENT"),
        (vec!["import", &file, "--template", "[]"], 2, "--template takes a JSON object"),
        (vec!["--read-only", "import", &file], 8, "read-only"),
        (vec!["--confirm", "deny", "import", &file, "--yes"], 8, "--confirm deny"),
        (vec!["--confirm", "human", "import", &file, "--yes"], 8, "highlevel-mcp approve"),
    ] {
        let ran = ran(&account, state.path(), &arguments).await;
        assert!(ran.code == Some(code) && ran.stderr.contains(said), "{arguments:?}: {ran:?}");
    }
    assert!(imported(&account).await.is_empty());
}

/// A person at a terminal is shown the plan and asked.
#[cfg(unix)]
#[tokio::test]
async fn a_person_at_a_terminal_is_asked() {
    let account = account().await;
    let state = tempfile::tempdir().unwrap();
    let file = leads(state.path(), 3);
    for (answer, count) in [("n", 0), ("y", 3)] {
        let mut command = command(&account, state.path());
        command.args(["import", &file]).env("COLUMNS", "4000").env("TERM", "xterm");
        let asked = tokio::task::spawn_blocking(move || {
            let mut terminal = rexpect::session::spawn_command(command, Some(30_000)).unwrap();
            terminal.exp_string("Plan: 3 × create_contact".replace('×', "\u{c3}\u{97}").as_str()).unwrap();
            terminal.exp_string("Do it? [y/N]").unwrap();
            terminal.send_line(answer).unwrap();
            terminal.exp_eof().unwrap()
        });
        asked.await.unwrap();
        assert_eq!(imported(&account).await.len(), count, "after {answer}");
    }
}

/// Starts an import of so many rows, and waits until some of them are in the account.
async fn under_way(account: &Account, state: &std::path::Path, file: &str, some: usize) -> Child {
    account.faults("latency:20@write;latency-after:20@write").await;
    let mut command = command(account, state);
    command.args(["import", file, "--yes"]).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    while imported(account).await.len() < some {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    child
}

async fn only_job(account: &Account, state: &std::path::Path) -> Value {
    last(&ran(account, state, &["bulk", "list", "--json"]).await)
}

#[tokio::test]
async fn after_a_kill_resume_does_the_rest_and_no_row_twice() {
    let account = account().await;
    let state = tempfile::tempdir().unwrap();
    let file = leads(state.path(), 300);
    let mut child = under_way(&account, state.path(), &file, 60).await;
    child.kill().unwrap();
    child.wait().unwrap();
    let job = only_job(&account, state.path()).await;
    assert_eq!(job["state"], "running", "{job}");
    let id = job["job"].as_str().unwrap();
    let resumed = ran(&account, state.path(), &["bulk", "resume", id]).await;
    // A row that was marked and never left stays unknown: nobody can tell it from one that is late.
    let rows = &last(&resumed)["rows"];
    let (done, unknown) = (rows["done"].as_u64().unwrap(), rows["unknown"].as_u64().unwrap_or(0));
    assert_eq!((done + unknown, resumed.code), (300, Some(if unknown > 0 { 7 } else { 0 })), "{rows}");
    let before = imported(&account).await;
    assert!(before.values().all(|times| *times == 1) && before.len() as u64 >= done, "{rows}: {}", before.len());
    let again = ran(&account, state.path(), &["call", "run_bulk", "--plan", id]).await;
    assert_eq!((again.code, &again.json()["state"]), (Some(0), &json!("done")), "{again:?}");
    assert_eq!(imported(&account).await, before, "nothing is sent again");
}

#[cfg(unix)]
#[tokio::test]
async fn ctrl_c_stops_before_the_next_row_and_says_how_to_go_on() {
    let account = account().await;
    let state = tempfile::tempdir().unwrap();
    let file = leads(state.path(), 300);
    let child = under_way(&account, state.path(), &file, 60).await;
    let interrupt = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(interrupt.success());
    let stopped = tokio::task::spawn_blocking(move || child.wait_with_output().unwrap()).await.unwrap();
    let stderr = String::from_utf8(stopped.stderr).unwrap();
    assert_eq!(stopped.status.code(), Some(6), "{stderr}");
    let end: Value = serde_json::from_str(String::from_utf8(stopped.stdout).unwrap().lines().last().unwrap()).unwrap();
    let id = end["job"].as_str().unwrap();
    assert!(stderr.contains(&format!("highlevel-mcp bulk resume {id}")), "{stderr}");
    assert_eq!(end["state"], "cancelled", "{end}");
    let done = imported(&account).await.len();
    assert!(done < 300 && end["rows"]["done"] == done, "no row is left half done: {end}");
    let resumed = ran(&account, state.path(), &["bulk", "resume", id]).await;
    assert_eq!((resumed.code, &last(&resumed)["rows"]), (Some(0), &json!({"done": 300})), "{resumed:?}");
    assert_once(&account, 300).await;
}
