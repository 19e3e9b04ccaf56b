//! The one request that brings the code back. Nothing but `GET /callback` with the right `state` is taken.

use highlevel_core::error::{Code, Error};
use secrecy::SecretString;
use std::{
    collections::VecDeque,
    io,
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    task::{AbortHandle, JoinSet},
};

const PATH: &str = "/callback";

/// So long a request may take from its first byte on. A connection on which nothing comes is left open: a browser opens
/// some ahead, and may use them later.
const PATIENCE: Duration = Duration::from_secs(10);

/// So many connections are open at once; the oldest is closed for the next.
const MOST: usize = 64;

/// The pause after a connection that could not be accepted.
const ACCEPT_AGAIN: Duration = Duration::from_millis(50);

/// More than any browser sends ahead of an empty body.
const LONGEST: u64 = 32 * 1024;

/// The listener.
pub(super) struct Loopback {
    listener: TcpListener,
    address: SocketAddr,
}

/// A browser that came back with our `state` and waits for an answer.
pub(super) struct Visit {
    stream: TcpStream,
    /// The code, or why there is none.
    pub(super) code: Result<SecretString, Error>,
}

impl Loopback {
    pub(super) async fn listen(port: u16) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address })
    }

    /// What the consent page sends the browser to.
    pub(super) fn address(&self) -> String {
        format!("http://{}{PATH}", self.address)
    }

    /// Waits for the browser. Requests for anything else are turned away, and end nothing.
    pub(super) async fn consent(&self, state: &str) -> io::Result<Visit> {
        let (mut visits, mut open) = (JoinSet::new(), VecDeque::<AbortHandle>::new());
        loop {
            tokio::select! {
                accepted = self.listener.accept() => match accepted {
                    Ok((stream, _)) => {
                        open.retain(|visit| !visit.is_finished());
                        if open.len() >= MOST && let Some(oldest) = open.pop_front() {
                            oldest.abort();
                        }
                        let state = state.to_owned();
                        open.push_back(visits.spawn(async move { visit(stream, &state).await }));
                    }
                    // One connection that came to nothing, or too many files for a moment.
                    Err(fault) => {
                        tracing::debug!("a connection was not accepted: {fault}");
                        tokio::time::sleep(ACCEPT_AGAIN).await;
                    }
                },
                Some(visit) = visits.join_next() => {
                    if let Ok(Some(visit)) = visit {
                        return Ok(visit);
                    }
                }
            }
        }
    }
}

impl Visit {
    /// Tells the person how it ended.
    pub(super) async fn answer(self, problem: Option<&str>) {
        let (status, title, text) = match problem {
            None => ("200 OK", "Logged in", "You can close this page and go back to the terminal."),
            Some(problem) => ("400 Bad Request", "Not logged in", problem),
        };
        answer(self.stream, status, title, text).await;
    }
}

async fn visit(stream: TcpStream, state: &str) -> Option<Visit> {
    let mut reader = BufReader::new(stream);
    if reader.fill_buf().await.ok()?.is_empty() {
        return None;
    }
    tokio::time::timeout(PATIENCE, request(reader, state)).await.ok()?
}

async fn request(mut reader: BufReader<TcpStream>, state: &str) -> Option<Visit> {
    let mut head = (&mut reader).take(LONGEST);
    let mut first = String::new();
    head.read_line(&mut first).await.ok()?;
    loop {
        let mut line = String::new();
        let read = head.read_line(&mut line).await.ok()?;
        if read == 0 || line.trim().is_empty() {
            break;
        }
    }
    let stream = reader.into_inner();
    let target = first.strip_prefix("GET ").and_then(|rest| rest.split_once(' ')).map_or("", |(target, _)| target);
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    if path != PATH {
        answer(stream, "404 Not Found", "Nothing here", "This page only takes part in a login.").await;
        return None;
    }
    let given = |wanted: &str| {
        let mut pairs = url::form_urlencoded::parse(query.as_bytes());
        pairs.find(|(name, _)| name == wanted).map(|(_, value)| value.into_owned())
    };
    if given("state").as_deref() != Some(state) {
        let text = "This answer belongs to no login that is under way here. Open the page that the terminal shows.";
        answer(stream, "400 Bad Request", "Not logged in", text).await;
        return None;
    }
    let refusal = || {
        let said = given("error_description").or_else(|| given("error")).unwrap_or_default();
        let said = highlevel_core::clean::line(&said, 200);
        Error::new(Code::Unauthorized, format!("The consent page sent no code: {said}. Run `auth login` again."))
    };
    let code = given("code").filter(|code| !code.is_empty()).map(SecretString::from).ok_or_else(refusal);
    Some(Visit { stream, code })
}

async fn answer(mut stream: TcpStream, status: &str, title: &str, text: &str) {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    let page =
        format!("<!doctype html><meta charset=utf-8><title>highlevel-mcp</title><h1>{title}</h1><p>{text}</p>\n");
    let answer = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\nCache-Control: no-store\r\nReferrer-Policy: no-referrer\r\nConnection: close\r\n\r\n{page}",
        page.len()
    );
    // A browser that went away has nobody to tell.
    drop(stream.write_all(answer.as_bytes()).await);
    drop(stream.shutdown().await);
}
