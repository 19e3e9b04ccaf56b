//! A fake API: a test's function answers every request.

use crate::support::{Account, Api, Era, Host, Person, command};
use serde_json::{Value, json};
use std::{
    process::Command,
    sync::{Arc, Mutex},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// A received request.
#[derive(Debug, Clone, PartialEq)]
pub struct Arrived {
    pub method: String,
    pub path: String,
    pub query: String,
    pub authorization: String,
    pub body: Value,
}

/// A reply: a status with JSON.
pub struct Reply(pub u16, pub Value);

type Handler = Arc<Mutex<dyn FnMut(&Arrived) -> Reply + Send>>;

pub struct Fake {
    url: String,
    arrived: Arc<Mutex<Vec<Arrived>>>,
    account: Account,
}

impl Fake {
    pub async fn new(api: Api, handle: impl FnMut(&Arrived) -> Reply + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (arrived, handler) = (Arc::<Mutex<Vec<Arrived>>>::default(), Arc::new(Mutex::new(handle)) as Handler);
        let seen = Arc::clone(&arrived);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&seen), Arc::clone(&handler)));
            }
        });
        // It receives no requests: the server's settings need its token and location.
        Self { url, arrived, account: Account::of(api).await }
    }

    /// The command of a server that uses this API only.
    pub fn command(&self, state: &std::path::Path) -> Command {
        let mut command = command(&self.account, state);
        command.env("GHL_BASE_URL", &self.url);
        command
    }

    pub async fn host(&self, flags: &[&str]) -> Host {
        let state = tempfile::tempdir().unwrap();
        let mut command = self.command(state.path());
        command.args(flags);
        Host::start(command, state, Era::Modern, Person::agrees()).await
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    pub fn account(&self) -> &Account {
        &self.account
    }

    pub fn arrived(&self) -> Vec<Arrived> {
        self.arrived.lock().unwrap().clone()
    }
}

async fn serve(mut stream: TcpStream, arrived: Arc<Mutex<Vec<Arrived>>>, handler: Handler) {
    let mut bytes = Vec::new();
    let head = loop {
        if let Some(end) = bytes.windows(4).position(|end| end == b"\r\n\r\n") {
            break end + 4;
        }
        if !more(&mut stream, &mut bytes).await {
            return;
        }
    };
    let text = String::from_utf8_lossy(&bytes[..head]).into_owned();
    let length = text.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length:")?.trim().parse().ok());
    while bytes.len() < head + length.unwrap_or(0) {
        if !more(&mut stream, &mut bytes).await {
            return;
        }
    }
    let header = |name: &str| {
        let line = text.lines().find(|line| line.to_lowercase().starts_with(&format!("{name}:")))?;
        line.split_once(':').map(|(_, value)| value.trim().to_owned())
    };
    let mut words = text.split_whitespace();
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let request = Arrived {
        method: method.to_owned(),
        path: target.split('?').next().unwrap_or_default().to_owned(),
        query: target.split_once('?').map_or("", |(_, query)| query).to_owned(),
        authorization: header("authorization").unwrap_or_default(),
        body: serde_json::from_slice(&bytes[head..]).unwrap_or_default(),
    };
    // The pinned location exists, and is not part of any test.
    let location = request.path.strip_prefix("/locations/").filter(|rest| !rest.contains('/'));
    let Reply(status, body) = match location {
        Some(id) => Reply(200, json!({"location": {"id": id}})),
        None => {
            arrived.lock().unwrap().push(request.clone());
            (*handler.lock().unwrap())(&request)
        }
    };
    let body = body.to_string();
    let date = httpdate::fmt_http_date(std::time::SystemTime::now());
    let length = body.len();
    let head = format!("HTTP/1.1 {status} X\r\nDate: {date}\r\nContent-Type: application/json");
    let answer = format!("{head}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}");
    // The server may have ended, which another assertion reports.
    let _ = stream.write_all(answer.as_bytes()).await;
}

async fn more(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> bool {
    let mut chunk = [0; 8192];
    match stream.read(&mut chunk).await {
        Ok(read) if read > 0 => {
            bytes.extend(&chunk[..read]);
            true
        }
        _ => false,
    }
}
