//! A canary as the token, in all places where it could come back: an API that echoes it, every tool with and without
//! faults, a process that is killed, a filled store.

use super::contact;
use crate::support::{Account, BINARY, Wire, all_tools, command, run, run_with_input, tool_names};
use highlevel_sandbox::SandboxConfig;
use serde_json::{Value, json};
use std::{path::Path, process::Command, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

const CANARY: &str = "canary-9Kx4/given+token/0123456789abcdef";
const SECRET: &str = "canary-webhook-secret-9Kx4";

fn config() -> SandboxConfig {
    SandboxConfig { extra_token: Some(CANARY.to_owned()), rate_limit: 100_000, ..SandboxConfig::default() }
}

/// An API that answers every request with this.
async fn parrot(status: u16, body: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let length = body.len();
    let answer = format!(
        "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    );
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 16_384];
            // Small requests arrive in one piece. The host may have ended.
            let _ = stream.read(&mut request).await;
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    url
}

/// The token as a JSON writer may write it: plain, with escaped slashes (as PHP does), partly or fully in `\u` escapes,
/// escaped twice, and as in a URL.
fn spellings(token: &str) -> Vec<String> {
    let escaped: String = token.chars().map(|letter| format!("\\u{:04x}", u32::from(letter))).collect();
    let percent: String = token.bytes().map(|byte| format!("%{byte:02X}")).collect();
    vec![
        token.to_owned(),
        token.replace('/', "\\/"),
        token.replacen('c', "\\u0063", 1),
        token.replace('/', "%2F").replace('+', "%2b"),
        token.replace('/', "&#x2F;"),
        escaped.replace('\\', "\\\\"),
        percent.replace('%', "\\u0025"),
        escaped,
        percent,
    ]
}

#[tokio::test]
async fn an_echoed_token_is_in_no_answer_and_no_log() {
    let account = Account::new().await;
    for (status, spelled) in [200, 400, 401, 403, 404, 500]
        .into_iter()
        .flat_map(|status| spellings(CANARY).into_iter().map(move |s| (status, s)))
    {
        let url =
            parrot(status, format!(r#"{{"id": "u1", "email": "{spelled}", "message": "token {spelled} is odd"}}"#))
                .await;
        let state = tempfile::tempdir().unwrap();
        let mut command = command(&account, state.path());
        command.env("GHL_BASE_URL", url).env("GHL_TOKEN_ID", CANARY);
        command.args(["call", "get_current_user", "--log", "trace", "--timeout", "5"]);
        let ran = run(command).await;
        let text = format!("{}{}", ran.stdout, ran.stderr);
        assert!(ran.stdout.contains("[redacted]"), "{status}, {spelled}: the echo was not passed on: {ran:?}");
        assert!(!text.contains(CANARY), "{status}, {spelled}: {text}");
        assert!(!ran.json().to_string().contains(CANARY), "{status}, {spelled}: {}", ran.stdout);
        assert!(!text.contains(&spelled), "{status}, {spelled}: {text}");
        no_file_holds(state.path(), CANARY);
    }
}

#[tokio::test]
async fn a_fixed_headers_value_is_kept_secret_like_the_token() {
    let account = Account::new().await;
    let value = "canary-of-a-header/9Kx4";
    for spelled in spellings(value) {
        let url = parrot(200, format!(r#"{{"id": "u1", "email": "{spelled}", "message": "{spelled} is odd"}}"#)).await;
        let state = tempfile::tempdir().unwrap();
        let mut command = command(&account, state.path());
        command.env("GHL_BASE_URL", url).env("GHL_HEADERS", format!("channel=APP\nx-key={value}"));
        command.args(["call", "get_current_user", "--log", "trace", "--timeout", "5"]);
        let ran = run(command).await;
        let text = format!("{}{}", ran.stdout, ran.stderr);
        assert!(ran.stdout.contains("[redacted]") && !text.contains(value) && !text.contains(&spelled), "{ran:?}");
        no_file_holds(state.path(), value);
    }
}

fn no_file_holds(directory: &Path, text: &str) {
    for entry in std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() {
            no_file_holds(&entry, text);
        } else {
            let bytes = std::fs::read(&entry).unwrap();
            assert!(!bytes.windows(text.len()).any(|part| part == text.as_bytes()), "{} holds it", entry.display());
        }
    }
}

/// Arguments with which a tool sends a request.
fn arguments(tool: &str, page: &Value) -> Value {
    match tool {
        "get_user" => json!({"userId": "u"}),
        "get_page" | "delete_page" | "publish_page" => json!({"id": page["id"]}),
        "update_page" => json!({"id": page["id"], "title": "x"}),
        "update_contact" => json!({"id": "c", "phone": "1"}),
        "update_opportunity" => json!({"id": "o", "name": "x"}),
        "create_contact" => contact("every@example.com"),
        "create_opportunity" => json!({"name": "x", "contactId": "c", "value": 1, "status": "open"}),
        "create_campaign" => json!({"name": "x", "type": "email"}),
        "create_page" => json!({"name": "x", "slug": "x"}),
        "create_webhook" => {
            json!({"url": "https://example.com/h", "events": ["contact.created"], "secret": SECRET})
        }
        _ if tool.starts_with("get_") || tool.starts_with("delete_") => json!({"id": "x"}),
        _ => json!({}),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_tool_shows_the_canary_even_when_it_fails_or_is_killed() {
    let account = Account::with(config()).await;
    let page = account.find("pages", |page| page["status"] == "draft").await;
    let tools = tool_names();
    assert_eq!(tools.len(), all_tools());
    for plan in ["", "400", "404@read;403@write", "truncate", "429:300"] {
        account.faults(plan).await;
        let state = tempfile::tempdir().unwrap();
        let mut server = command(&account, state.path());
        server.args(["--log", "trace", "--timeout", "3"]);
        let mut wire = Wire::start(server);
        let mut seen = wire.initialize("2025-11-25", json!({})).to_string();
        for tool in &tools {
            let mut given = arguments(tool, &page);
            let result = wire.call(tool, given.clone());
            seen += &result.to_string();
            // The second step of a tool with two.
            let error: Value = serde_json::from_str(result["content"][0]["text"].as_str().unwrap()).unwrap();
            if let Some(code) = error["error"]["confirmationToken"].as_str() {
                given["confirmationToken"] = code.into();
                seen += &wire.call(tool, given).to_string();
            }
        }
        if plan.is_empty() {
            // Killed during a call. (Under the other plans the server may rightly send nothing.)
            let mut hook = arguments("create_webhook", &page);
            let asked = wire.call("create_webhook", hook.clone());
            let asked: Value = serde_json::from_str(asked["content"][0]["text"].as_str().unwrap()).unwrap();
            hook["confirmationToken"] = asked["error"]["confirmationToken"].clone();
            account.faults("latency:60000").await;
            let before = account.stats().await["requests"].clone();
            wire.send("tools/call", json!({"name": "create_webhook", "arguments": hook}));
            while account.stats().await["requests"] == before {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            wire.child.kill().unwrap();
        }
        wire.close_input();
        wire.child.wait().unwrap();
        let log = wire.log();
        assert!(log.contains("DEBUG") || log.contains("TRACE"), "nothing was logged");
        for canary in [CANARY, SECRET] {
            assert!(!log.contains(canary), "{plan}: the log holds {canary}");
            assert!(!seen.contains(canary), "{plan}: an answer holds {canary}");
            no_file_holds(state.path(), canary);
        }
    }
}

#[tokio::test]
async fn no_command_shows_secrets_of_a_filled_store() {
    let account = Account::with(config()).await;
    let state = tempfile::tempdir().unwrap();
    let mut set = command(&account, state.path());
    set.env_remove("GHL_TOKEN_ID").args(["auth", "set"]);
    assert_eq!(run_with_input(set, CANARY).await.code, Some(0));
    for arguments in [&["auth", "status"][..], &["doctor"], &["tools"], &["--help"], &["call", "get_current_user"]] {
        let mut command = Command::new(BINARY);
        command.env_clear().env("HOME", state.path()).env("GHL_STATE_DIR", state.path());
        command.env("GHL_BASE_URL", account.url()).args(arguments).args(["--log", "trace"]);
        let ran = run(command).await;
        assert!(!ran.stdout.is_empty(), "{arguments:?}: {ran:?}");
        assert!(!format!("{}{}", ran.stdout, ran.stderr).contains(CANARY), "{arguments:?}: {ran:?}");
    }
}
