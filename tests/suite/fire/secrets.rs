//! The token's canary is nowhere: not in logs at any level, answers or errors, nor in any file except the token's.

use crate::support::{Account, BINARY, Wire, command, run, run_with_input};
use highlevel_sandbox::SandboxConfig;
use serde_json::json;
use std::{path::Path, process::Command, time::Duration};

const CANARY: &str = "canary-7Gq2-given-token-0123456789abcdef";
const SECRET: &str = "canary-webhook-secret-xyz";

fn config() -> SandboxConfig {
    SandboxConfig { extra_token: Some(CANARY.to_owned()), rate_limit: 10_000, ..SandboxConfig::default() }
}

fn holds(path: &Path, text: &str) -> bool {
    std::fs::read(path).unwrap().windows(text.len()).any(|part| part == text.as_bytes())
}

#[tokio::test]
async fn a_whole_session_at_trace_level_shows_no_canary() {
    let account = Account::with(config()).await;
    let page = account.find("pages", |page| page["status"] == "draft").await;
    let state = tempfile::tempdir().unwrap();
    let mut command = command(&account, state.path());
    command.args(["--log", "trace"]);
    let mut wire = Wire::start(command);
    let calls = [
        ("get_current_user", json!({})),
        ("list_contacts", json!({"limit": 2})),
        ("get_contact", json!({"id": "nobody"})),
        ("list_contacts", json!({"limt": 2})),
        ("create_contact", super::contact("canary-test@example.com")),
        ("create_webhook", json!({"url": "https://example.com/h", "events": ["contact.created"], "secret": SECRET})),
        ("create_webhook", json!({"url": "http://example.com/h", "events": [SECRET], "secret": SECRET})),
        ("list_webhooks", json!({})),
        ("delete_page", json!({"id": page["id"]})),
        ("get_page", json!({"id": page["id"]})),
    ];
    let plans =
        ["", "500@read*1", "401@read*1", "403@any*1", "drop@any*1", "malformed@any*1", "redirect:127.0.0.1:9@read*1"];
    let (send, receive) = std::sync::mpsc::channel::<()>();
    let (done, ready) = std::sync::mpsc::channel::<()>();
    let talk = tokio::task::spawn_blocking(move || {
        let mut seen = vec![wire.initialize("2025-11-25", json!({}))];
        while receive.recv().is_ok() {
            for (tool, arguments) in &calls {
                seen.push(wire.call(tool, arguments.clone()));
            }
            done.send(()).unwrap();
        }
        wire.close_input();
        wire.exit_code();
        (seen, wire.log())
    });
    for plan in plans {
        account.faults(plan).await;
        send.send(()).unwrap();
        while ready.try_recv().is_err() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
    // A refresh, and a refused one.
    account.expire_tokens().await;
    send.send(()).unwrap();
    while ready.try_recv().is_err() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    drop(send);
    let (seen, log) = talk.await.unwrap();
    assert!(log.contains("TRACE") || log.contains("DEBUG"), "nothing was logged");
    let refreshes = account.stats().await["refreshes"].as_u64().unwrap();
    assert!(refreshes >= 1);
    for text in [CANARY, SECRET] {
        assert!(!log.contains(text), "the log holds {text}");
        // What the host sent is not returned.
        let answers = seen.iter().map(ToString::to_string).collect::<String>();
        assert!(!answers.contains(text), "an answer holds {text}");
    }
    // The sandbox's refreshed tokens are JWTs.
    assert!(!log.contains("eyJhbGci"), "the log holds a renewed token");
    assert!(!seen.iter().any(|answer| answer.to_string().contains("eyJhbGci")));
    let files: Vec<_> = std::fs::read_dir(state.path()).unwrap().map(|file| file.unwrap().path()).collect();
    assert!(!files.is_empty());
    for file in files.iter().filter(|file| file.is_file()) {
        assert!(!holds(file, CANARY), "{} holds the given token", file.display());
        assert!(!holds(file, SECRET), "{} holds the webhook's secret", file.display());
        let name = file.file_name().unwrap().to_str().unwrap();
        assert!(name.starts_with("state.db") || !holds(file, "eyJhbGci"), "{name} holds a renewed token");
    }
}

/// A filter for a library's target must not raise its log level: the logs would contain arguments, answers and headers.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_filter_makes_a_library_log_what_passes_through_it() {
    let account = Account::with(config()).await;
    let person = account.find("contacts", |contact| contact["email"].is_string()).await;
    let (id, email) = (person["id"].clone(), person["email"].as_str().unwrap().to_owned());
    for filter in [
        "rmcp::service=debug",
        "rmcp::service::server=trace,rmcp::transport=trace",
        "rmcp=trace,hyper=trace,hyper_util::client=trace,reqwest=trace,rustls=trace,h2=trace,tokio=trace",
        "[{}]=trace",
        "trace",
    ] {
        let state = tempfile::tempdir().unwrap();
        let mut command = command(&account, state.path());
        command.env("GHL_LOG", filter);
        let mut wire = Wire::start(command);
        let mut seen = wire.initialize("2025-11-25", json!({})).to_string();
        let webhook = json!({"url": "https://example.com/h", "events": ["contact.created"], "secret": SECRET});
        wire.call("create_webhook", webhook);
        seen += &wire.call("get_contact", json!({"id": id})).to_string();
        wire.close_input();
        wire.exit_code();
        assert!(seen.contains(&email), "{seen}");
        let log = wire.log();
        for text in [SECRET, CANARY, &email, "tools/call"] {
            assert!(!log.contains(text), "{filter}: the log holds {text}");
        }
    }
}

/// The limit on libraries must not silence the project's own crates, whose targets differ from the binary's name.
#[tokio::test]
async fn the_projects_own_crates_log_what_the_filter_allows() {
    let account = Account::new().await;
    let state = tempfile::tempdir().unwrap();
    let mut command = command(&account, state.path());
    command.args(["call", "get_current_user", "--log", "debug"]);
    let ran = run(command).await;
    let sent =
        ran.stderr.lines().filter(|line| line.contains("DEBUG highlevel_api_client") && line.contains("sending"));
    assert_eq!(sent.count(), 1, "{}", ran.stderr);
}

/// An API's message may quote account data.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_warning_quotes_the_api() {
    let account = Account::with(SandboxConfig::official()).await;
    account.faults("400@read").await;
    let state = tempfile::tempdir().unwrap();
    let mut command = command(&account, state.path());
    command.args(["call", "query_crm", "--sql", "SELECT count(*) FROM contacts", "--timeout", "5"]);
    let ran = run(command).await;
    let warnings: Vec<&str> = ran.stderr.lines().filter(|line| line.contains(" WARN ")).collect();
    assert!(!warnings.is_empty() && !warnings.iter().any(|line| line.contains("injected")), "{warnings:?}");
}

#[tokio::test]
async fn no_command_shows_the_token() {
    let account = Account::with(config()).await;
    let state = tempfile::tempdir().unwrap();
    for arguments in [
        vec!["--help"],
        vec!["doctor"],
        vec!["auth", "status"],
        vec!["tools"],
        vec!["call", "get_current_user"],
        vec!["call", "get_contact", "--id", "nobody", "--log", "trace"],
        vec!["call", "list_contacts", "--help"],
        vec!["--rate-limit", "none"],
        vec!["nonsense"],
    ] {
        let mut command = command(&account, state.path());
        command.args(&arguments).env("GHL_HEADERS", "x-key=canary-of-a-header");
        let ran = run(command).await;
        let shown = format!("{}{}", ran.stdout, ran.stderr);
        assert!(!shown.contains(CANARY), "{arguments:?}: {shown}");
        assert!(!shown.contains("canary-of-a-header"), "{arguments:?}: {shown}");
    }
    let mut set = command(&account, state.path());
    set.args(["auth", "set", "--log", "trace"]);
    let ran = run_with_input(set, CANARY).await;
    assert_eq!(ran.code, Some(0));
    assert!(!format!("{ran:?}").contains(CANARY));
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn the_token_is_no_argument_of_any_process() {
    // Other users can see the arguments of a process, so no flag takes the token itself.
    let help = run({
        let mut command = Command::new(BINARY);
        command.arg("--help");
        command
    })
    .await;
    let flags: Vec<&str> = help.stdout.split_whitespace().filter(|word| word.starts_with("--token")).collect();
    assert_eq!(flags, ["--token-file"], "{}", help.stdout);
}
