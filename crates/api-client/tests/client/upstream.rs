//! A server that answers as scripted, and fails the test on any request that is not in the script.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex},
};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    task::AbortHandle,
};
use url::Url;

/// A request as it arrived.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) method: String,
    /// Path and query, exactly.
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
    /// Which connection it came on, counted from 0.
    pub(crate) connection: usize,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn line(&self) -> String {
        format!("{} {}", self.method, self.target)
    }
}

/// What the server does with a request.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    Answer {
        status: u16,
        headers: Vec<(String, String)>,
        body: Vec<u8>,
    },
    /// Answers, and closes the connection although it did not say so.
    AnswerThenClose(String),
    /// Closes the connection without a word.
    Drop,
    /// Announces more than it sends, and closes.
    Truncated,
    /// Never answers.
    Hang,
}

pub(crate) fn json(status: u16, body: &str) -> Reply {
    Reply::Answer { status, headers: vec![("content-type".into(), "application/json".into())], body: body.into() }
}

pub(crate) fn ok() -> Reply {
    json(200, r#"{"id":"x"}"#)
}

pub(crate) fn renewed(token: &str) -> Reply {
    json(200, &format!(r#"{{"tokenId":"{token}","expiresIn":1200}}"#))
}

impl Reply {
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        if let Self::Answer { headers, .. } = &mut self {
            headers.push((name.to_owned(), value.to_owned()));
        }
        self
    }
}

type Script = Box<dyn FnMut(&Seen) -> Option<Reply> + Send>;

struct Shared {
    script: Mutex<Script>,
    seen: Mutex<Vec<Seen>>,
    unexpected: Mutex<Vec<String>>,
}

/// The server; it ends, and judges, when dropped.
pub(crate) struct Upstream {
    port: u16,
    shared: Arc<Shared>,
    left: Arc<Mutex<usize>>,
    task: AbortHandle,
}

impl Upstream {
    /// One reply for each request, in order; all of them have to be asked for.
    pub(crate) async fn scripted(replies: impl IntoIterator<Item = Reply>) -> Self {
        let mut replies: VecDeque<_> = replies.into_iter().collect();
        let left = Arc::new(Mutex::new(replies.len()));
        let counter = Arc::clone(&left);
        let script = move |_: &Seen| {
            let reply = replies.pop_front();
            *counter.lock().unwrap() = replies.len();
            reply
        };
        Self::start(Box::new(script), left).await
    }

    /// A reply by the request; `None` is a request that must not come.
    pub(crate) async fn with(script: impl FnMut(&Seen) -> Option<Reply> + Send + 'static) -> Self {
        Self::start(Box::new(script), Arc::default()).await
    }

    async fn start(script: Script, left: Arc<Mutex<usize>>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared =
            Arc::new(Shared { script: Mutex::new(script), seen: Mutex::default(), unexpected: Mutex::default() });
        let server = Arc::clone(&shared);
        let task = tokio::spawn(async move {
            for connection in 0.. {
                let Ok((stream, _)) = listener.accept().await else { return };
                tokio::spawn(serve(stream, connection, Arc::clone(&server)));
            }
        });
        Self { port, shared, left, task: task.abort_handle() }
    }

    pub(crate) fn url(&self) -> Url {
        format!("http://127.0.0.1:{}", self.port).parse().unwrap()
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.shared.seen.lock().unwrap().clone()
    }

    /// How often each `METHOD /target` came.
    pub(crate) fn counts(&self) -> HashMap<String, usize> {
        self.seen().iter().fold(HashMap::new(), |mut counts, seen| {
            *counts.entry(seen.line()).or_default() += 1;
            counts
        })
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.task.abort();
        if !std::thread::panicking() {
            let unexpected = self.shared.unexpected.lock().unwrap();
            assert!(unexpected.is_empty(), "unexpected requests: {unexpected:?}");
            assert_eq!(*self.left.lock().unwrap(), 0, "replies that nobody asked for");
        }
    }
}

async fn serve(stream: TcpStream, connection: usize, shared: Arc<Shared>) {
    let mut stream = BufReader::new(stream);
    while let Some(seen) = read(&mut stream, connection).await {
        shared.seen.lock().unwrap().push(seen.clone());
        let reply = (shared.script.lock().unwrap())(&seen);
        let reply = reply.unwrap_or_else(|| {
            shared.unexpected.lock().unwrap().push(seen.line());
            json(400, r#"{"message":"unexpected"}"#)
        });
        let (text, stays) = match reply {
            Reply::Answer { status, headers, body } => {
                let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
                let length = if status == 204 { String::new() } else { format!("content-length: {}\r\n", body.len()) };
                let head = format!("HTTP/1.1 {status} Scripted\r\n{headers}{length}\r\n");
                ([head.into_bytes(), body].concat(), true)
            }
            Reply::AnswerThenClose(body) => {
                (format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len()).into_bytes(), false)
            }
            Reply::Drop => (Vec::new(), false),
            Reply::Truncated => (b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"id\":".to_vec(), false),
            Reply::Hang => std::future::pending().await,
        };
        if stream.get_mut().write_all(&text).await.is_err() || !stays {
            return;
        }
    }
}

async fn read(stream: &mut BufReader<TcpStream>, connection: usize) -> Option<Seen> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        match line.trim_end() {
            "" => break,
            text => lines.push(text.to_owned()),
        }
    }
    let mut first = lines[0].split(' ');
    let (method, target) = (first.next()?.to_owned(), first.next()?.to_owned());
    let headers: Vec<_> = lines[1..].iter().filter_map(|line| line.split_once(": ")).collect();
    let headers: Vec<_> = headers.iter().map(|(name, value)| (name.to_lowercase(), (*value).to_owned())).collect();
    let length =
        headers.iter().find(|(name, _)| name == "content-length").map_or(0, |(_, value)| value.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    Some(Seen { method, target, headers, body: String::from_utf8(body).unwrap(), connection })
}
