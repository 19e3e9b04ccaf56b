//! `--notify`: who is told that something waits, by a real webhook or a real command, and what they never get.

use crate::{
    confirmations::{id, page},
    http::until,
    support::{Account, Era, Host, Person, Wire, command, run},
};
use serde_json::{Value, json};
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

fn with_notify(account: &Account, state: &Path, target: &str) -> Command {
    let mut command = command(account, state);
    command.args(["serve", "--confirm", "page", "--notify", target]);
    command
}

/// A webhook that refuses the first notice, and gives the second.
async fn notices() -> (String, tokio::task::JoinHandle<Value>) {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let second = tokio::spawn(async move {
        let mut told = Value::Null;
        for status in ["503 Service Unavailable", "204 No Content"] {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut read = Vec::new();
            while !read.ends_with(b"}") {
                let mut part = [0; 4096];
                let count = stream.read(&mut part).await.unwrap();
                read.extend_from_slice(&part[..count]);
            }
            let text = String::from_utf8(read).unwrap();
            assert!(!text.to_lowercase().contains("authorization") && !text.contains("token-id"), "{text}");
            told = serde_json::from_str(text.split("\r\n\r\n").nth(1).unwrap()).unwrap();
            let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
        told
    });
    (url, second)
}

#[tokio::test]
async fn a_webhook_is_told_without_content() {
    let account = Account::new().await;
    let draft = page(&account, "draft").await;
    let (url, told) = notices().await;
    let flags = ["serve", "--confirm", "page", "--notify", &url, "--allow-private-webhooks"];
    let host = Host::with(&account, &flags, Era::Modern, Person::Absent).await;
    let asked = host.error("delete_page", json!({"id": id(&draft)})).await;
    let page = asked["approvalPage"].as_str().unwrap().rsplit_once('/').unwrap().0;
    assert_eq!(told.await.unwrap(), json!({"event": "approvals_waiting", "waiting": 1, "page": page}));

    let refused = run(with_notify(&account, host.state.path(), &url)).await;
    assert!(refused.stderr.contains("--allow-private-webhooks"), "{refused:?}");
}

/// A command that an operator wrote, in a folder of its own. `$0.runs` has a line for each of its runs.
fn script(folder: &Path, body: &str) -> PathBuf {
    let path = folder.join("told");
    fs::write(&path, format!("echo $$ >> $0.runs\n{body}\n")).unwrap();
    path
}

/// The lines of a file beside a script.
fn lines(script: &Path, name: &str) -> Vec<String> {
    let text = fs::read_to_string(script.with_extension(name)).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

/// Makes a call that a person has to agree to.
async fn ask(host: &Host, number: u32) {
    let hook = json!({"url": format!("https://example.com/secret-{number}"), "events": ["contact.created"]});
    assert_eq!(host.error("create_webhook", hook).await["code"], "confirmation_required");
}

#[tokio::test]
async fn a_command_gets_no_content_and_no_credential_and_many_requests_are_told_of_together() {
    const MANY: u32 = 25;
    let account = Account::new().await;
    let folder = tempfile::tempdir().unwrap();
    // The first run fails.
    let body = "env > $0.environment; echo $# > $0.words; cat > $0.one; echo >> $0.one\n\
                [ $(wc -l < $0.runs) -gt 1 ] && cat $0.one >> $0.notices";
    let script = script(folder.path(), body);
    let state = tempfile::tempdir().unwrap();
    let mut command = with_notify(&account, state.path(), &format!("sh {}", script.display()));
    command.env("GHL_HEADERS", "channel=canary-header").env("GHL_CLIENT_SECRET", "canary-client-secret");
    let host = Host::start(command, state, Era::Modern, Person::Absent).await;
    ask(&host, 1).await;
    until("the second try is taken", async || !lines(&script, "notices").is_empty()).await;
    for number in 2..=MANY {
        ask(&host, number).await;
    }
    let told = || lines(&script, "notices").iter().map(|line| serde_json::from_str::<Value>(line).unwrap()).collect();
    until("all are told of", async || {
        let told: Vec<Value> = told();
        told.last().unwrap()["waiting"] == MANY
    })
    .await;
    let told: Vec<Value> = told();
    let page = told[0]["page"].as_str().unwrap();
    assert!(page.starts_with("http://127.0.0.1:") && page.ends_with("/approvals"), "{told:?}");
    for notice in &told {
        let expected = json!({"event": "approvals_waiting", "waiting": notice["waiting"], "page": page});
        assert_eq!(*notice, expected, "no content");
    }
    let runs = lines(&script, "runs").len();
    assert!(runs < MANY as usize / 2, "{runs} runs for {MANY} requests");

    let environment = lines(&script, "environment");
    let own: Vec<&String> = environment.iter().filter(|line| line.starts_with("GHL_")).collect();
    assert_eq!(own, [&format!("GHL_STATE_DIR={}", host.state.path().display())], "{environment:?}");
    let text = environment.join("\n");
    assert!(!text.contains(account.token()) && !text.contains("canary"), "{text}");
    assert_eq!(lines(&script, "words"), ["0"]);
}

#[tokio::test]
async fn what_a_killed_server_did_not_tell_the_next_one_tells_once() {
    let account = Account::new().await;
    let folder = tempfile::tempdir().unwrap();
    let body = "[ $(wc -l < $0.runs) -eq 1 ] && sleep 600; cat >> $0.notices; echo >> $0.notices";
    let script = script(folder.path(), body);
    let state = tempfile::tempdir().unwrap();
    let command = || with_notify(&account, state.path(), &format!("sh {}", script.display()));
    let (first, seen) = (command(), script.clone());
    let killed = tokio::task::spawn_blocking(move || {
        let mut wire = Wire::start(first);
        wire.initialize("2025-11-25", json!({}));
        let hook = json!({"url": "https://example.com/x", "events": ["contact.created"]});
        wire.call("create_webhook", hook);
        while lines(&seen, "runs").is_empty() {
            std::thread::yield_now();
        }
        wire.child.kill().unwrap();
        wire.child.wait().unwrap();
        // Its command is an orphan now.
        let group = format!("-{}", lines(&seen, "runs")[0]);
        assert!(Command::new("kill").args(["-KILL", "--", &group]).status().unwrap().success());
    });
    killed.await.unwrap();
    for start in 0..2 {
        let host = Host::start(command(), tempfile::tempdir().unwrap(), Era::Modern, Person::Absent).await;
        until("it is told of", async || !lines(&script, "notices").is_empty()).await;
        if start == 1 {
            // The first one alone is not told of again.
            ask(&host, 2).await;
            until("the second is told of", async || lines(&script, "notices").len() > 1).await;
        }
        host.session.cancel().await.unwrap();
    }
    let notices: Vec<Value> =
        lines(&script, "notices").iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(notices.iter().map(|notice| &notice["waiting"]).collect::<Vec<_>>(), [1, 2]);
}

/// Whether a process is there.
fn lives(id: &str) -> bool {
    Command::new("kill").args(["-0", id]).stderr(Stdio::null()).status().unwrap().success()
}

#[tokio::test]
async fn a_command_that_hangs_holds_nothing_up_and_ends_with_the_server() {
    let account = Account::new().await;
    let folder = tempfile::tempdir().unwrap();
    let script = script(folder.path(), "sleep 600 & echo $! >> $0.child; wait");
    let state = tempfile::tempdir().unwrap();
    let command = with_notify(&account, state.path(), &format!("sh {}", script.display()));
    let seen = script.clone();
    let calls = tokio::task::spawn_blocking(move || {
        let mut wire = Wire::start(command);
        wire.initialize("2025-11-25", json!({}));
        for number in 0..30 {
            let hook = json!({"url": format!("https://example.com/{number}"), "events": ["contact.created"]});
            let text = wire.call("create_webhook", hook)["content"][0]["text"].as_str().unwrap().to_owned();
            assert!(text.contains("confirmation_required"), "{text}");
            while lines(&seen, "child").is_empty() {
                std::thread::yield_now();
            }
        }
        let hanging = [lines(&seen, "runs"), lines(&seen, "child")].concat();
        assert!(hanging.len() == 2 && hanging.iter().all(|id| lives(id)), "one run with its own child: {hanging:?}");
        wire.close_input();
        assert_eq!(wire.exit_code(), Some(0));
        hanging
    });
    let hanging = calls.await.unwrap();
    until("both end with the server", async || !hanging.iter().any(|id| lives(id))).await;
}
