//! Requests that Prism judges: it serves HighLevel's files with validation. This needs npm, which installs Prism.

mod documents;
mod operations;
mod tools;

use serde_json::Value;
use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};
use tempfile::TempDir;

const PRISM: &str = "@stoplight/prism-cli@5.14.2";

/// The location in most of HighLevel's examples.
const LOCATION: &str = "ve9EPM428h8vShlRW1KT";

/// A Prism process that serves a document, with its output.
struct Prism {
    process: Child,
    directory: TempDir,
    url: String,
    marks: AtomicU32,
}

/// A request as Prism judged it.
#[derive(Debug)]
struct Judged {
    method: String,
    path: String,
    /// What is wrong in the request. Empty if it passed.
    faults: Vec<String>,
}

impl Prism {
    /// Serves a document. With `--errors` among the flags, an answer that its schema refuses is a 500.
    async fn serve(document: &Value, flags: &[&str]) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let directory = tempfile::tempdir().unwrap();
        let (files, log) = (directory.path().join("files.json"), directory.path().join("log"));
        fs::write(&files, document.to_string()).unwrap();
        // A port that was free just now; Prism cannot choose one itself.
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
        let mut command = Command::new(program());
        command.args(["mock", "--host", "127.0.0.1", "--port", &port]).args(flags).arg(files);
        let process = command.stdout(File::create(log).unwrap()).stderr(Stdio::null()).spawn().unwrap();
        let url = format!("http://127.0.0.1:{port}");
        let mut prism = Self { process, directory, url, marks: AtomicU32::new(0) };
        while !prism.log().contains("Prism is listening") {
            assert!(prism.process.try_wait().unwrap().is_none(), "Prism ended: {}", prism.log());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        prism
    }

    fn log(&self) -> String {
        fs::read_to_string(self.directory.path().join("log")).unwrap()
    }

    /// The requests since the last call of this. The log may lag behind the answers, so a request of our own marks its end.
    async fn judged(&self) -> Vec<Judged> {
        let mark = |number: u32| format!("/mark-{number} ");
        let number = self.marks.fetch_add(1, Ordering::Relaxed);
        reqwest::get(format!("{}/mark-{}", self.url, number + 1)).await.unwrap();
        loop {
            let log = self.log();
            if let Some(end) = log.find(&mark(number + 1)) {
                let start = log.find(&mark(number)).unwrap_or_default();
                return judged(&log[start..end]);
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

impl Drop for Prism {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

/// The requests in a part of Prism's log, without those that are marks.
fn judged(log: &str) -> Vec<Judged> {
    let mut all: Vec<Judged> = Vec::new();
    for line in log.lines() {
        if let Some((_, request)) = line.split_once("[HTTP SERVER] ").filter(|_| line.ends_with("Request received")) {
            let mut words = request.split(' ');
            let mut word = || words.next().unwrap_or_default().to_owned();
            all.push(Judged { method: word().to_uppercase(), path: word(), faults: Vec::new() });
        } else if let (Some((_, fault)), Some(last)) = (line.split_once(" error "), all.last_mut()) {
            let fault = fault.trim();
            if !fault.starts_with("Violation: response") && !fault.starts_with("Request terminated") {
                last.faults.push(fault.to_owned());
            }
        }
    }
    all.retain(|request| !request.path.starts_with("/mark-"));
    all
}

/// Prism's program, installed in Cargo's target directory.
fn program() -> PathBuf {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("prism");
    let program = directory.join("node_modules/.bin/prism");
    if !program.exists() {
        let mut npm = Command::new("npm");
        npm.args(["install", "--silent", "--no-audit", "--no-fund", "--prefix"]).arg(&directory).arg(PRISM);
        assert!(npm.status().unwrap().success(), "npm could not install {PRISM}");
    }
    program
}
