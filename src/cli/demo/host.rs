//! The demo's host: it starts this program as a server and speaks protocol 2026-07-28 with it, a JSON line for a message.

use super::person::Person;
use anyhow::{Context, bail};
use serde_json::{Map, Value, json};
use std::process::Stdio;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
};

pub(super) const PROTOCOL: &str = "2026-07-28";

pub(super) struct Host {
    server: Child,
    requests: ChildStdin,
    messages: Lines<BufReader<ChildStdout>>,
    last_id: u64,
    pub(super) person: Person,
}

impl Host {
    pub(super) fn start(mut command: Command) -> anyhow::Result<Self> {
        let mut server = command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true).spawn()?;
        let requests = server.stdin.take().context("the server has a stdin")?;
        let answers = server.stdout.take().context("the server has a stdout")?;
        let messages = BufReader::new(answers).lines();
        Ok(Self { server, requests, messages, last_id: 0, person: Person::default() })
    }

    /// The result of a request.
    pub(super) async fn request(&mut self, method: &str, mut params: Map<String, Value>) -> anyhow::Result<Value> {
        self.last_id += 1;
        params.insert("_meta".to_owned(), meta());
        let request = json!({"jsonrpc": "2.0", "id": self.last_id, "method": method, "params": params});
        self.requests.write_all(format!("{request}\n").as_bytes()).await?;
        loop {
            let line = self.messages.next_line().await?.context("the server ended before it answered")?;
            let message: Value = serde_json::from_str(&line)?;
            // Notifications have no id.
            if message.get("id") != Some(&self.last_id.into()) {
                continue;
            }
            match message.get("result") {
                Some(result) => return Ok(result.clone()),
                None => bail!("the server refused {method}: {message}"),
            }
        }
    }

    /// The result of a tool. Where the server asks for a person's word, the person is asked and the call goes on.
    pub(super) async fn call(&mut self, tool: &str, arguments: Value) -> anyhow::Result<Value> {
        let mut params = Map::new();
        params.insert("name".to_owned(), tool.into());
        params.insert("arguments".to_owned(), arguments);
        loop {
            let result = self.request("tools/call", params.clone()).await?;
            if result.get("resultType").and_then(Value::as_str) != Some("input_required") {
                return Ok(result);
            }
            let mut responses = Map::new();
            for (name, form) in result.get("inputRequests").and_then(Value::as_object).into_iter().flatten() {
                let question = form.pointer("/params/message").and_then(Value::as_str).unwrap_or_default();
                responses.insert(name.clone(), self.person.answer(question).await?);
            }
            params.insert("inputResponses".to_owned(), responses.into());
            params.insert("requestState".to_owned(), result.get("requestState").cloned().unwrap_or_default());
        }
    }

    /// Closes the server's input and waits for its end.
    pub(super) async fn end(mut self) -> anyhow::Result<()> {
        drop(self.requests);
        self.server.wait().await?;
        Ok(())
    }
}

/// What every request of this protocol carries.
fn meta() -> Value {
    json!({
        "io.modelcontextprotocol/protocolVersion": PROTOCOL,
        "io.modelcontextprotocol/clientInfo": {"name": "highlevel-mcp-demo", "version": env!("CARGO_PKG_VERSION")},
        "io.modelcontextprotocol/clientCapabilities": {"elicitation": {"form": {}}},
    })
}
