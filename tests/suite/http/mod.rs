//! MCP over HTTP: a server process, and requests without a library.

mod approvals;
mod batches;
mod bounds;
mod callers;
mod clients;
mod ends;
mod kept;
mod metrics;
mod oauth;
mod resumed;
mod sessions;

use crate::support::{Account, command, run, watch::Watch};
use reqwest::{Method, RequestBuilder, StatusCode, header::HeaderMap};
use serde_json::{Value, json};
use std::{
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

/// How long a test waits before it fails.
const PATIENCE: Duration = Duration::from_secs(30);

/// How often a test looks whether something is so.
const LOOK: Duration = Duration::from_millis(10);

/// The newest protocol with a handshake.
const HANDSHAKE: &str = "2025-11-25";

/// A server that serves over HTTP.
pub struct Web {
    pub child: Child,
    pub url: String,
    pub http: reqwest::Client,
    watch: Watch,
}

/// A response, read to its end.
#[derive(Debug)]
pub struct Said {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Web {
    /// Starts the server of this command on a free port.
    pub async fn start(mut command: Command, flags: &[&str]) -> Self {
        command.args(["serve", "--http", "127.0.0.1:0"]).args(flags);
        let watch = Watch::logging(&mut command);
        let child = command.stdin(Stdio::null()).spawn().unwrap();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let mut web = Self { child, url: String::new(), http, watch };
        let begun = std::time::Instant::now();
        while web.url.is_empty() {
            assert!(begun.elapsed() < PATIENCE, "no address: {}", web.log());
            tokio::time::sleep(LOOK).await;
            let log = web.log();
            let line = log.lines().find_map(|line| line.strip_prefix("MCP over HTTP on "));
            web.url = line.filter(|_| log.contains("/mcp\n")).unwrap_or_default().to_owned();
        }
        web
    }

    pub fn log(&self) -> String {
        self.watch.log()
    }

    /// A URL of the server beside the endpoint.
    pub fn at(&self, path: &str) -> String {
        self.url.replace("/mcp", path)
    }

    /// The headers of a request of a client with this token.
    pub fn request(&self, method: Method, token: &str) -> RequestBuilder {
        let request = self.http.request(method, &self.url);
        let request = request.header("accept", "application/json, text/event-stream");
        if token.is_empty() { request } else { request.bearer_auth(token) }
    }

    /// A POST of this body, whatever it is.
    pub fn post(&self, token: &str, session: &str, body: impl Into<String>) -> RequestBuilder {
        let request = self.request(Method::POST, token).header("content-type", "application/json").body(body.into());
        if session.is_empty() { request } else { request.header("mcp-session-id", session) }
    }

    pub async fn send(&self, request: RequestBuilder) -> Said {
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let bytes = response.bytes().await.unwrap();
        self.watch.text("a response", &bytes);
        Said { status, headers, text: String::from_utf8(bytes.to_vec()).unwrap() }
    }

    /// Begins a session, and returns its id.
    pub async fn initialize(&self, token: &str) -> String {
        let said = self.send(self.post(token, "", hello())).await;
        assert_eq!(said.status, 200, "{said:?}");
        let session = said.headers["mcp-session-id"].to_str().unwrap().to_owned();
        let begun = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
        let said = self.send(self.post(token, &session, begun.to_string())).await;
        assert_eq!(said.status, 202, "{said:?}");
        session
    }

    /// A request within a session, and its answer.
    pub async fn ask(&self, token: &str, session: &str, method: &str, params: Value) -> Value {
        let request = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
        let said = self.send(self.post(token, session, request.to_string())).await;
        assert_eq!(said.status, 200, "{said:?}");
        said.answer()
    }

    /// A call within a session, and its result.
    pub async fn call(&self, token: &str, session: &str, tool: &str, arguments: Value) -> Value {
        self.ask(token, session, "tools/call", json!({"name": tool, "arguments": arguments})).await["result"].clone()
    }

    /// A request of protocol 2026-07-28.
    pub fn modern(&self, token: &str, method: &str, params: Value) -> RequestBuilder {
        self.modern_with(token, method, params, json!({"elicitation": {}}))
    }

    /// The same of a host with these capabilities.
    pub fn modern_with(&self, token: &str, method: &str, mut params: Value, capabilities: Value) -> RequestBuilder {
        params["_meta"] = json!({
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientInfo": {"name": "web", "version": "1"},
            "io.modelcontextprotocol/clientCapabilities": capabilities,
        });
        let request = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
        let post = self.post(token, "", request.to_string());
        let post = post.header("mcp-protocol-version", "2026-07-28").header("mcp-method", method);
        match params["name"].as_str().or(params["taskId"].as_str()) {
            Some(name) => post.header("mcp-name", name),
            None => post,
        }
    }

    /// The names of the tools that a client sees.
    pub async fn tools(&self, token: &str) -> Vec<String> {
        let said = self.send(self.modern(token, "tools/list", json!({}))).await;
        let tools = said.answer()["result"]["tools"].clone();
        let names = tools.as_array().unwrap_or_else(|| panic!("{said:?}")).iter();
        names.map(|tool| tool["name"].as_str().unwrap().to_owned()).collect()
    }

    /// Sends a signal to the process.
    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([name, &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    /// Waits for the process to end, and returns its exit code.
    pub async fn exit_code(&mut self) -> Option<i32> {
        let begun = std::time::Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            assert!(begun.elapsed() < PATIENCE, "the process did not end: {}", self.log());
            tokio::time::sleep(LOOK).await;
        }
    }
}

impl Drop for Web {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Said {
    /// The last message of a stream, or the JSON of a body.
    pub fn answer(&self) -> Value {
        let data = self.text.lines().rev().find_map(|line| line.strip_prefix("data: ").filter(|data| !data.is_empty()));
        serde_json::from_str(data.unwrap_or(&self.text)).unwrap_or_else(|_| panic!("no answer: {self:?}"))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }
}

/// The first request of a session.
pub fn hello() -> String {
    let info = json!({"name": "web", "version": "1"});
    let params = json!({"protocolVersion": HANDSHAKE, "capabilities": {}, "clientInfo": info});
    json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": params}).to_string()
}

/// The server's command with the clients' file in its state directory.
pub fn web_command(account: &Account, state: &Path) -> Command {
    let mut command = command(account, state);
    command.env("GHL_CLIENTS_FILE", state.join("clients.toml"));
    command
}

/// Adds a client, and returns its token.
pub async fn add(mut command: Command, name: &str, flags: &[&str]) -> String {
    command.args(["clients", "add", name]).args(flags);
    let added = run(command).await;
    assert_eq!(added.code, Some(0), "{added:?}");
    added.stdout.trim().to_owned()
}

/// Waits until something is so.
pub async fn until<F: Future<Output = bool>>(what: &str, mut holds: impl FnMut() -> F) {
    let begun = std::time::Instant::now();
    while !holds().await {
        assert!(begun.elapsed() < PATIENCE, "it never came to this: {what}");
        tokio::time::sleep(LOOK).await;
    }
}
