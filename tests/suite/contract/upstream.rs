//! An API that says exactly what a test tells it to, in order. A request that was not expected fails the test.

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
    problems: Arc<Mutex<Vec<String>>>,
}

/// A whole answer: status line, headers, body.
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
                let Some(next) = lines.lock().unwrap().pop_front() else {
                    wrong.lock().unwrap().push(String::from_utf8_lossy(&request).into_owned());
                    continue;
                };
                // The host may be gone; then the test says so elsewhere.
                let _ = stream.write_all(next.as_bytes()).await;
            }
        });
        Self { url, script, problems }
    }

    pub fn says_json(&self, body: &Value) {
        self.says(answer(200, "application/json", &body.to_string()));
    }

    pub fn says(&self, answer: String) {
        self.script.lock().unwrap().push_back(answer);
    }

    /// Fails if a request came that was not expected, or one did not come that was.
    pub fn is_done(&self) {
        assert_eq!(*self.problems.lock().unwrap(), Vec::<String>::new(), "unexpected requests");
        assert!(self.script.lock().unwrap().is_empty(), "a request did not come");
    }
}
