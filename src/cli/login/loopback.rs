//! The listener for the redirect that brings the code. It accepts only `GET /callback` with this login's `state`.

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

/// The time limit of a request from its first byte. A connection without any stays open, since browsers open some ahead of
/// their use.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// The most connections that are open at once. The oldest is closed for a new one.
const MAX_CONNECTIONS: usize = 64;

/// The delay after a failure to accept a connection.
const ACCEPT_RETRY_DELAY: Duration = Duration::from_millis(50);

/// The most bytes of a request's head, which is more than any browser sends.
const MAX_HEAD_BYTES: u64 = 32 * 1024;

/// The listener on loopback.
pub(super) struct Loopback {
    listener: TcpListener,
    address: SocketAddr,
}

/// A redirect with this login's `state`. The browser waits for an answer.
pub(super) struct Callback {
    stream: TcpStream,
    /// The code, or the consent page's refusal.
    pub(super) code: Result<SecretString, Error>,
}

impl Loopback {
    pub(super) async fn listen(port: u16) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address })
    }

    /// The redirect URL.
    pub(super) fn address(&self) -> String {
        format!("http://{}{PATH}", self.address)
    }

    /// Waits for the redirect. Other requests are refused, and do not end the wait.
    pub(super) async fn callback(&self, state: &str) -> io::Result<Callback> {
        let mut requests = JoinSet::new();
        let mut open = VecDeque::<AbortHandle>::new();
        loop {
            tokio::select! {
                accepted = self.listener.accept() => match accepted {
                    Ok((stream, _)) => {
                        open.retain(|request| !request.is_finished());
                        if open.len() >= MAX_CONNECTIONS && let Some(oldest) = open.pop_front() {
                            oldest.abort();
                        }
                        let state = state.to_owned();
                        open.push_back(requests.spawn(async move { receive(stream, &state).await }));
                    }
                    // The connection was aborted, or too many files are open at the moment.
                    Err(fault) => {
                        tracing::debug!("a connection was not accepted: {fault}");
                        tokio::time::sleep(ACCEPT_RETRY_DELAY).await;
                    }
                },
                Some(done) = requests.join_next() => {
                    if let Ok(Some(callback)) = done {
                        return Ok(callback);
                    }
                }
            }
        }
    }
}

impl Callback {
    /// Shows the outcome in the browser.
    pub(super) async fn answer(self, problem: Option<&str>) {
        let (status, title, text) = match problem {
            None => ("200 OK", "Logged in", "You can close this page and go back to the terminal."),
            Some(problem) => ("400 Bad Request", "Not logged in", problem),
        };
        answer(self.stream, status, title, text).await;
    }
}

async fn receive(stream: TcpStream, state: &str) -> Option<Callback> {
    let mut reader = BufReader::new(stream);
    if reader.fill_buf().await.ok()?.is_empty() {
        return None;
    }
    tokio::time::timeout(REQUEST_TIMEOUT, request(reader, state)).await.ok()?
}

async fn request(mut reader: BufReader<TcpStream>, state: &str) -> Option<Callback> {
    let mut head = (&mut reader).take(MAX_HEAD_BYTES);
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
        answer(stream, "404 Not Found", "Nothing here", "This address is only used during a login.").await;
        return None;
    }
    let given = |wanted: &str| {
        let mut pairs = url::form_urlencoded::parse(query.as_bytes());
        pairs.find(|(name, _)| name == wanted).map(|(_, value)| value.into_owned())
    };
    if given("state").as_deref() != Some(state) {
        let text = "This redirect belongs to another login. Open the page that the terminal shows.";
        answer(stream, "400 Bad Request", "Not logged in", text).await;
        return None;
    }
    let refusal = || {
        let said = given("error_description").or_else(|| given("error")).unwrap_or_default();
        let said = highlevel_core::clean::line(&said, 200);
        Error::new(
            Code::Unauthorized,
            format!("The consent page refused the login: {said}. Run `highlevel-mcp auth login` again."),
        )
    };
    let code = given("code").filter(|code| !code.is_empty()).map(SecretString::from).ok_or_else(refusal);
    Some(Callback { stream, code })
}

async fn answer(mut stream: TcpStream, status: &str, title: &str, text: &str) {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    let page =
        format!("<!doctype html><meta charset=utf-8><title>highlevel-mcp</title><h1>{title}</h1><p>{text}</p>\n");
    let answer = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\nCache-Control: no-store\r\nReferrer-Policy: no-referrer\r\nConnection: close\r\n\r\n{page}",
        page.len()
    );
    // A closed browser is ignored.
    drop(stream.write_all(answer.as_bytes()).await);
    drop(stream.shutdown().await);
}
