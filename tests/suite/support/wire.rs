//! The protocol without a library: lines of JSON to and from a server process.

use super::watch::Watch;
use serde_json::{Value, json};
use std::{
    io::{BufRead, BufReader, Read, Write},
    process::{Child, Command, Stdio},
    sync::mpsc::{Receiver, channel},
    time::Duration,
};

/// How long a test waits for a line before it fails.
const PATIENCE: Duration = Duration::from_secs(30);

/// A server process with its input and its output lines.
pub struct Wire {
    pub child: Child,
    input: Option<Box<dyn Write + Send>>,
    lines: Receiver<Value>,
    next_id: i64,
    watch: Watch,
}

impl Wire {
    /// Starts the command over pipes and watches it.
    pub fn start(mut command: Command) -> Self {
        let watch = Watch::logging(&mut command);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let input = child.stdin.take().unwrap();
        let output = child.stdout.take().unwrap();
        Self::of(child, Box::new(input), output, watch)
    }

    /// The same over Unix socket pairs, as Node's hosts use them.
    #[cfg(unix)]
    pub fn over_sockets(mut command: Command) -> Self {
        use std::os::{fd::OwnedFd, unix::net::UnixStream};
        let watch = Watch::logging(&mut command);
        let (input, their_input) = UnixStream::pair().unwrap();
        let (output, their_output) = UnixStream::pair().unwrap();
        let child = command.stdin(OwnedFd::from(their_input)).stdout(OwnedFd::from(their_output)).spawn().unwrap();
        // The command holds the child's ends, which would keep the output open.
        drop(command);
        Self::of(child, Box::new(input), output, watch)
    }

    fn of(child: Child, input: Box<dyn Write + Send>, output: impl Read + Send + 'static, watch: Watch) -> Self {
        let (send, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                let value =
                    serde_json::from_str(&line).unwrap_or_else(|_| panic!("stdout has a line that is no JSON: {line}"));
                if send.send(value).is_err() {
                    return;
                }
            }
        });
        Self { child, input: Some(input), lines, next_id: 0, watch }
    }

    /// Writes one line unchanged.
    pub fn write(&mut self, line: &str) {
        let input = self.input.as_mut().expect("the input is open");
        input.write_all(format!("{line}\n").as_bytes()).unwrap();
        input.flush().unwrap();
    }

    /// Sends a request and returns its id, for [`Wire::answer_to`].
    pub fn send(&mut self, method: &str, params: Value) -> i64 {
        self.next_id += 1;
        let id = self.next_id;
        self.write(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}).to_string());
        id
    }

    pub fn notify(&mut self, method: &str, params: Value) {
        self.write(&json!({"jsonrpc": "2.0", "method": method, "params": params}).to_string());
    }

    /// Sends a request and waits for its answer.
    pub fn ask(&mut self, method: &str, params: Value) -> Value {
        let id = self.send(method, params);
        self.answer_to(id)
    }

    /// Calls a tool and waits for its result.
    pub fn call(&mut self, tool: &str, arguments: Value) -> Value {
        self.ask("tools/call", json!({"name": tool, "arguments": arguments}))["result"].clone()
    }

    /// The answer to a request. Earlier lines are dropped.
    pub fn answer_to(&mut self, id: i64) -> Value {
        loop {
            let line = self.line();
            if line["id"] == id && line.get("method").is_none() {
                return line;
            }
        }
    }

    /// The next line.
    pub fn line(&mut self) -> Value {
        self.line_within(PATIENCE).expect("a line from the server")
    }

    /// The next line, or `None` after this time.
    pub fn line_within(&mut self, time: Duration) -> Option<Value> {
        let line = self.lines.recv_timeout(time).ok();
        line.iter().for_each(|line| self.watch.said(line));
        line
    }

    /// The handshake of the older protocols.
    pub fn initialize(&mut self, version: &str, capabilities: Value) -> Value {
        let info = json!({"name": "wire", "version": "1"});
        let answer = self
            .ask("initialize", json!({"protocolVersion": version, "capabilities": capabilities, "clientInfo": info}));
        self.notify("notifications/initialized", json!({}));
        answer
    }

    /// The log so far.
    pub fn log(&self) -> String {
        self.watch.log()
    }

    /// Closes the input.
    pub fn close_input(&mut self) {
        self.input = None;
    }

    /// Waits for the process to end, and returns its exit code.
    pub fn exit_code(&mut self) -> Option<i32> {
        let deadline = std::time::Instant::now() + PATIENCE;
        while std::time::Instant::now() < deadline {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("the process did not end");
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
