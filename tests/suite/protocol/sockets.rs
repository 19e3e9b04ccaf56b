//! Unix sockets instead of pipes, which Node's hosts pass.

use super::talk;
use crate::support::{Account, Wire, all_tools, command};
use serde_json::json;

#[tokio::test]
async fn a_session_over_sockets_works_like_one_over_pipes() {
    let account = Account::new().await;
    let state = tempfile::tempdir().unwrap();
    let wire = Wire::over_sockets(command(&account, state.path()));
    let (mut wire, ()) = talk(wire, |wire| {
        wire.initialize("2025-11-25", json!({}));
        let tools = wire.ask("tools/list", json!({}));
        assert_eq!(tools["result"]["tools"].as_array().unwrap().len(), all_tools());
        // Many calls at once, with more bytes of answers than a socket buffers.
        let asked: Vec<_> = (0..40)
            .map(|_| wire.send("tools/call", json!({"name": "list_contacts", "arguments": {"limit": 100}})))
            .collect();
        let mut left = asked.len();
        while left > 0 {
            let line = wire.line();
            assert_eq!(line["result"]["isError"], false, "{line}");
            left -= 1;
        }
        let last = wire.send("tools/call", json!({"name": "get_current_user", "arguments": {}}));
        wire.close_input();
        assert!(wire.answer_to(last)["result"]["structuredContent"]["id"].is_string(), "the end drains");
    })
    .await;
    assert_eq!(wire.exit_code(), Some(0));
}

/// No thread waits for the host: a server that has nothing to do with the disk has one in all.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn no_thread_blocks_on_the_host() {
    let account = Account::new().await;
    for sockets in [false, true] {
        let state = tempfile::tempdir().unwrap();
        let mut server = command(&account, state.path());
        server.args(["--journal", "off"]);
        let wire = if sockets { Wire::over_sockets(server) } else { Wire::start(server) };
        let (wire, ()) = talk(wire, |wire| drop(wire.initialize("2025-11-25", json!({})))).await;
        let threads = std::fs::read_dir(format!("/proc/{}/task", wire.child.id())).unwrap().count();
        assert_eq!(threads, 1, "sockets: {sockets}");
    }
}
