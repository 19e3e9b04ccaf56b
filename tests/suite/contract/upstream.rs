//! A scripted API. It sends a test's answers in order, and an unexpected request fails the test.

use serde_json::Value;
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

pub struct Upstream {
    pub url: String,
    script: Arc<Mutex<VecDeque<String>>>,
    standing: Arc<Mutex<Vec<(&'static str, String)>>>,
    seen: Arc<Mutex<Vec<String>>>,
    problems: Arc<Mutex<Vec<String>>>,
}

/// A whole response: status line, headers, body.
pub fn answer(status: u16, kind: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
}

impl Upstream {
    pub async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (script, problems) = (Arc::<Mutex<VecDeque<String>>>::default(), Arc::<Mutex<Vec<String>>>::default());
        let (lines, wrong) = (Arc::clone(&script), Arc::clone(&problems));
        let standing = Arc::<Mutex<Vec<(&'static str, String)>>>::default();
        let seen = Arc::<Mutex<Vec<String>>>::default();
        let (stands, heads) = (Arc::clone(&standing), Arc::clone(&seen));
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut request = Vec::new();
                while !request.windows(4).any(|end| end == b"\r\n\r\n") {
                    let mut chunk = [0; 4096];
                    match stream.read(&mut chunk).await {
                        Ok(read) if read > 0 => request.extend(&chunk[..read]),
                        _ => break,
                    }
                }
                let head = String::from_utf8_lossy(&request).into_owned();
                let stands = stands.lock().unwrap().iter().find(|(begin, _)| head.starts_with(begin)).cloned();
                heads.lock().unwrap().push(head.lines().next().unwrap_or_default().to_owned());
                let next = lines.lock().unwrap().pop_front();
                let Some(next) = next.or(stands.map(|(_, answer)| answer)) else {
                    wrong.lock().unwrap().push(String::from_utf8_lossy(&request).into_owned());
                    continue;
                };
                // The host may have ended, which another assertion reports.
                let _ = stream.write_all(next.as_bytes()).await;
            }
        });
        Self { url, script, standing, seen, problems }
    }

    pub fn says_json(&self, body: &Value) {
        self.says(answer(200, "application/json", &body.to_string()));
    }

    pub fn says(&self, answer: String) {
        self.script.lock().unwrap().push_back(answer);
    }

    /// Sets the answer to every request whose first line starts like this, unless another answer is scripted.
    pub fn always_says(&self, begin: &'static str, answer: String) {
        let mut standing = self.standing.lock().unwrap();
        standing.retain(|(known, _)| *known != begin);
        standing.push((begin, answer));
    }

    /// Removes these answers and forgets the requests so far.
    pub fn stays_silent(&self) {
        self.standing.lock().unwrap().clear();
        self.seen.lock().unwrap().clear();
    }

    /// The first lines of the requests since the last call of this.
    pub fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.seen.lock().unwrap())
    }

    /// Fails if an unexpected request arrived, or an expected one did not.
    pub fn is_done(&self) {
        assert_eq!(*self.problems.lock().unwrap(), Vec::<String>::new(), "unexpected requests");
        assert!(self.script.lock().unwrap().is_empty(), "a request did not come");
    }
}
