//! What a request may be: how large, of which type, how many at once; and what is repaired as on standard input.

use super::{Web, add, hello, until, web_command};
use crate::support::Account;
use reqwest::Method;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

#[tokio::test]
async fn what_is_too_large_or_of_another_type_has_its_status() {
    let account = Account::new().await;
    let state = tempfile::tempdir().unwrap();
    let token = add(web_command(&account, state.path()), "claude", &[]).await;
    let web = Web::start(web_command(&account, state.path()), &[]).await;
    let large = format!("{{\"x\": \"{}\"}}", "a".repeat(5 * 1024 * 1024));
    let wrong_type = web.request(Method::POST, &token).header("content-type", "text/plain").body(hello());
    let json_only = web.http.post(&web.url).bearer_auth(&token).header("content-type", "application/json");
    for (request, status, part) in [
        (web.post(&token, "", large), 413, "at most"),
        (web.post(&token, "", hello()).header("x-long", "a".repeat(64 * 1024)), 431, ""),
        (wrong_type, 415, "application/json"),
        (json_only.header("accept", "application/json").body(hello()), 406, "text/event-stream"),
        (web.post(&token, "", "{\"jsonrpc\": "), 400, "-32700"),
        (web.post(&token, "", ""), 400, "-32600"),
        (web.post(&token, "", "[]"), 400, "1 to 64 messages"),
        (web.post(&token, "", json!({"jsonrpc": "2.0", "id": 1, "method": "ping"}).to_string()), 400, "Session"),
        (web.request(Method::PUT, &token), 405, ""),
        (web.http.get(web.at("/nothing")), 404, ""),
        (web.http.post(web.at("/mcp/")), 404, ""),
    ] {
        let said = web.send(request).await;
        assert!(said.status == status && said.text.contains(part), "{status}: {said:?}");
    }
    let chunked = in_chunks(&web, &token).await;
    assert!(chunked.starts_with("HTTP/1.1 413 "), "without a length: {chunked}");
    assert!(!web.tools(&token).await.is_empty(), "it serves on");
}

#[tokio::test]
async fn a_client_that_still_sends_learns_why_it_is_refused() {
    let account = Account::new().await;
    let state = tempfile::tempdir().unwrap();
    let token = add(web_command(&account, state.path()), "claude", &[]).await;
    let web = Web::start(web_command(&account, state.path()), &[]).await;
    let host = web.url.trim_start_matches("http://").trim_end_matches("/mcp");
    let (json, text) = ("application/json", "text/plain");
    for (host_header, token, content, status) in [
        (host, "hlmcp_expired", json, "401"),
        ("evil.example.com", token.as_str(), json, "403"),
        (host, token.as_str(), text, "415"),
    ] {
        let mut stream = TcpStream::connect(host).await.unwrap();
        let length = 3 * 1024 * 1024;
        let head = format!(
            "POST /mcp HTTP/1.1\r\nHost: {host_header}\r\nAuthorization: Bearer {token}\r\nContent-Type: {content}\r\nAccept: application/json, text/event-stream\r\nContent-Length: {length}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(&vec![b' '; length]).await.expect("the whole body is taken");
        let mut said = vec![0; 1024];
        let read = stream.read(&mut said).await.unwrap();
        let said = String::from_utf8_lossy(&said[..read]);
        assert!(said.starts_with(&format!("HTTP/1.1 {status} ")), "{status}: {said}");
    }
    // One that waits for `100 Continue` has sent nothing, and is not asked for it.
    let mut stream = TcpStream::connect(host).await.unwrap();
    let head = format!("POST /mcp HTTP/1.1\r\nHost: {host}\r\nExpect: 100-continue\r\nContent-Length: 1000000\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut said = [0; 12];
    stream.read_exact(&mut said).await.unwrap();
    assert_eq!(&said, b"HTTP/1.1 401");
}

/// The response to a body of 5 MiB whose length nobody knows before.
async fn in_chunks(web: &Web, token: &str) -> String {
    let host = web.url.trim_start_matches("http://").trim_end_matches("/mcp");
    let (mut read, mut write) = TcpStream::connect(host).await.unwrap().into_split();
    let head = format!(
        "POST /mcp HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    );
    tokio::spawn(async move {
        write.write_all(head.as_bytes()).await.unwrap();
        let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
        for _ in 0..80 {
            // The server closes when it has seen enough.
            if write.write_all(chunk.as_bytes()).await.is_err() {
                return;
            }
        }
    });
    let mut said = vec![0; 1024];
    let length = read.read(&mut said).await.unwrap();
    String::from_utf8_lossy(&said[..length]).into_owned()
}

#[tokio::test]
async fn almost_right_messages_are_repaired_and_wrong_ones_answered_as_over_stdio() {
    let account = Account::new().await;
    let state = tempfile::tempdir().unwrap();
    let token = add(web_command(&account, state.path()), "claude", &[]).await;
    let web = Web::start(web_command(&account, state.path()), &[]).await;
    let session = web.initialize(&token).await;
    let call = |id: &str, arguments: &str| {
        format!(
            r#"{{"jsonrpc":"2.0","id":{id},"method":"tools/call","params":{{"name":"list_contacts","arguments":{arguments}}}}}"#
        )
    };
    let said =
        web.send(web.post(&token, &session, call("123456789012345678901234567890", r#""{\"limit\": 1}""#))).await;
    assert!(said.text.contains(r#""id":123456789012345678901234567890"#), "the id as it was written: {said:?}");
    assert!(said.answer()["result"]["structuredContent"].is_object(), "arguments as text: {said:?}");
    let said = web.send(web.post(&token, &session, call("2", "[1]"))).await.answer();
    assert!(said["result"]["isError"] == true && said.to_string().contains("must be one JSON object"), "{said}");
    let deep = format!("{}1{}", r#"{"a":["#.repeat(200), "]}".repeat(200));
    let said = web.send(web.post(&token, &session, call("3", &deep))).await.answer();
    assert!(said["result"]["isError"] == true && said.to_string().contains("nested deeper"), "{said}");
    let wrong = json!({"jsonrpc": "2.0", "id": 4, "method": "tools/call", "params": {"name": 5}}).to_string();
    assert_eq!(web.send(web.post(&token, &session, wrong)).await.answer()["error"]["code"], -32602);
}

#[tokio::test]
async fn requests_at_once_and_repeated_ids_are_refused() {
    let account = Account::new().await;
    account.faults("latency:4000@GET /users/me").await;
    let state = tempfile::tempdir().unwrap();
    let token = add(web_command(&account, state.path()), "claude", &[]).await;
    let other = add(web_command(&account, state.path()), "other", &[]).await;
    let web = Web::start(web_command(&account, state.path()), &["--max-requests", "2"]).await;
    let session = web.initialize(&token).await;
    let call = json!({"jsonrpc": "2.0", "id": 7, "method": "tools/call",
        "params": {"name": "get_current_user", "arguments": {}}})
    .to_string();
    let slow = tokio::spawn(web.post(&token, &session, call.clone()).send());
    until("the call is under way", || async { account.stats().await["requests"] != 0 }).await;
    let repeated = web.send(web.post(&token, &session, call.clone())).await;
    assert!(repeated.status == 400 && repeated.text.contains("not answered yet"), "{repeated:?}");
    // One of two more takes the second place, and the other has none.
    let more = [8, 9].map(|id| web.send(web.post(&token, &session, call.replace(":7", &format!(":{id}")))));
    let (more, tools) = tokio::join!(futures::future::join_all(more), web.tools(&other));
    assert!(!tools.is_empty(), "another client is not held up");
    let (refused, answered): (Vec<_>, Vec<_>) = more.into_iter().partition(|said| said.status == 429);
    assert!(refused.len() == 1 && refused[0].header("retry-after") == "1", "{refused:?}");
    let slow = slow.await.unwrap().unwrap().text().await.unwrap();
    for text in [&slow, &answered[0].text] {
        assert!(text.contains("structuredContent"), "{text}");
    }
    assert_eq!(web.call(&token, &session, "list_contacts", json!({"limit": 1})).await["isError"], false);
}

#[cfg(unix)]
#[tokio::test]
async fn idle_connections_leave_files_for_calls() {
    let account = Account::new().await;
    let state = tempfile::tempdir().unwrap();
    let token = add(web_command(&account, state.path()), "claude", &[]).await;
    let served = web_command(&account, state.path());
    let mut command = std::process::Command::new("sh");
    command.args(["-c", "ulimit -n 120 && exec \"$0\" \"$@\""]).arg(served.get_program()).env_clear();
    command.envs(served.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let web = Web::start(command, &[]).await;
    let session = web.initialize(&token).await;
    let host = web.url.trim_start_matches("http://").trim_end_matches("/mcp");
    let mut idle = Vec::new();
    for _ in 0..150 {
        idle.push(TcpStream::connect(host).await.unwrap());
    }
    // On the connection that is there.
    let new = json!({"firstName": "New", "lastName": "Person", "email": "new@example.com"});
    let created = web.call(&token, &session, "create_contact", new).await;
    assert_eq!(created["isError"], false, "{created}");
    drop(idle);
    assert!(!web.tools(&token).await.is_empty());
}
