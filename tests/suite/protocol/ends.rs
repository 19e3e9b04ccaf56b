//! The end of a session, and hosts that send without reading.

use super::{talk, wire};
use crate::support::{Account, command};
use highlevel_sandbox::SandboxConfig;
use serde_json::json;
use std::{
    io::{Read, Write},
    process::{Command, Stdio},
    time::Duration,
};

/// The most resident memory that the server may use during the flood.
const MOST_KIB: u64 = 40 * 1024;

#[tokio::test]
async fn the_end_of_input_drains_what_is_in_flight() {
    let account = Account::new().await;
    account.faults("latency:1000@GET /users/me").await;
    let state = tempfile::tempdir().unwrap();
    let (mut wire, answer) = talk(wire(&account, state.path(), &[]), |wire| {
        wire.initialize("2025-11-25", json!({}));
        let slow = wire.send("tools/call", json!({"name": "get_current_user", "arguments": {}}));
        wire.close_input();
        wire.answer_to(slow)
    })
    .await;
    assert!(answer["result"]["structuredContent"]["id"].is_string(), "{answer}");
    assert_eq!(wire.exit_code(), Some(0));
}

#[cfg(unix)]
#[tokio::test]
async fn sigterm_drains_what_is_in_flight() {
    let account = Account::new().await;
    account.faults("latency:1000@GET /users/me").await;
    let state = tempfile::tempdir().unwrap();
    let (wire, slow) = talk(wire(&account, state.path(), &[]), |wire| {
        wire.initialize("2025-11-25", json!({}));
        wire.send("tools/call", json!({"name": "get_current_user", "arguments": {}}))
    })
    .await;
    while account.requests().await.is_empty() && account.stats().await["requests"] == 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let killed = Command::new("kill").args(["-TERM", &wire.child.id().to_string()]).status().unwrap();
    assert!(killed.success());
    let (mut wire, answer) = talk(wire, move |wire| wire.answer_to(slow)).await;
    assert!(answer["result"]["structuredContent"]["id"].is_string(), "{answer}");
    assert_eq!(wire.exit_code(), Some(0));
}

#[tokio::test]
async fn a_host_that_never_begins_ends_quietly() {
    let account = Account::new().await;
    let state = tempfile::tempdir().unwrap();
    let (mut wire, ()) = talk(wire(&account, state.path(), &[]), |wire| wire.close_input()).await;
    assert_eq!(wire.exit_code(), Some(0));
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_host_that_floods_and_reads_nothing_cannot_make_memory_grow() {
    const REQUESTS: usize = 50_000;
    let account = Account::with(SandboxConfig { rate_limit: 1_000_000, ..SandboxConfig::default() }).await;
    let state = tempfile::tempdir().unwrap();
    let mut command = command(&account, state.path());
    let flooded = tokio::task::spawn_blocking(move || {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut input = child.stdin.take().unwrap();
        let writer = std::thread::spawn(move || {
            let hello = json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {
                "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "flood", "version": "1"}}});
            writeln!(input, "{hello}").unwrap();
            for id in 1..=REQUESTS {
                // Every tenth request asks for the tools: a large answer without an HTTP request.
                let request = if id % 10 == 0 {
                    json!({"jsonrpc": "2.0", "id": id, "method": "tools/list", "params": {}})
                } else {
                    json!({"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": {"name": "list_contacts", "arguments": {"limit": 100}}})
                };
                if writeln!(input, "{request}").is_err() {
                    return;
                }
            }
        });
        // Once the server's memory stops growing, it has stopped reading.
        let status = format!("/proc/{}/status", child.id());
        let peak = || -> u64 {
            let status = std::fs::read_to_string(&status).unwrap();
            let kib = |name: &str| -> u64 {
                let line = status.lines().find(|line| line.starts_with(name)).unwrap();
                line.split_whitespace().nth(1).unwrap().parse().unwrap()
            };
            // Without the pages of the program's file, which an unoptimised build has many of.
            kib("VmHWM:").saturating_sub(kib("RssFile:"))
        };
        let (mut last, mut still) = (0, 0);
        while still < 10 {
            std::thread::sleep(Duration::from_millis(200));
            let now = peak();
            still = if now == last { still + 1 } else { 0 };
            last = now;
            assert!(now < MOST_KIB, "{now} KiB");
        }
        // It still runs, and answers once the host reads.
        let mut output = child.stdout.take().unwrap();
        let mut seen = vec![0; 1024 * 1024];
        output.read_exact(&mut seen).unwrap();
        let text = String::from_utf8_lossy(&seen);
        assert!(text.starts_with('{') && text.contains("\"id\":0"), "no answer to the first request");
        assert!(peak() < MOST_KIB, "{} KiB", peak());
        child.kill().unwrap();
        child.wait().unwrap();
        writer.join().unwrap();
    });
    flooded.await.unwrap();
}
