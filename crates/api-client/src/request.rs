//! A request as the layers above describe it, and the answer as they read it. Knows no operation.

use super::Moment;
use highlevel_core::{error::Error, folders::WriteFolder};
use http::{Method, StatusCode};
use serde_json::Value;
use std::path::PathBuf;

/// Which of the API's services a request goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Service {
    /// `backend.leadconnectorhq.com`: everything that is not below, and the token refresh.
    Backend,
    /// The Location API: locations.
    Location,
    /// The Page Builder: pages and funnels.
    PageBuilder,
}

/// Whether a request may be sent again after an attempt whose fate is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeat {
    /// Doing it twice is as good as once: reads, updates, deletes.
    Freely,
    /// Only when the earlier attempt was surely not executed: creates and publishes.
    IfNotExecuted,
}

/// What a 2xx answer's body has to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expect {
    /// JSON; anything else is unreadable.
    Json,
    /// JSON, text, nothing (deletes) or a file.
    Anything,
}

/// One request, without credentials and headers: those are the client's.
#[derive(Debug, Clone)]
pub struct Request {
    /// The HTTP method.
    pub method: Method,
    /// The service it goes to.
    pub service: Service,
    /// The path, percent-encoded, with its leading slash.
    pub path: String,
    /// The version that this operation's API has, where each has its own.
    pub version: Option<&'static str>,
    /// The scope that a token needs for it, where that is known.
    pub scope: Option<&'static str>,
    /// Query parameters in order, not yet encoded.
    pub query: Vec<(String, String)>,
    /// The JSON body, if there is one.
    pub body: Option<Value>,
    /// The files of a multipart form, whose other parts are the members of `body`. `None` for a JSON body.
    pub files: Option<Vec<FilePart>>,
    /// Whether it may be repeated.
    pub repeat: Repeat,
    /// What its answer has to be.
    pub expect: Expect,
    /// Where the answer is saved, for a request whose answer is a file.
    pub save: Option<SaveFile>,
}

/// Where the file of an answer is saved.
#[derive(Debug, Clone)]
pub struct SaveFile {
    /// The folder.
    pub folder: WriteFolder,
    /// The file's name. The answer says the extension.
    pub name: String,
    /// The largest file.
    pub max_bytes: u64,
}

/// A file in a multipart form.
#[derive(Debug, Clone)]
pub struct FilePart {
    /// The name of the part.
    pub name: String,
    /// The file's name.
    pub file_name: String,
    /// The file's media type.
    pub content_type: &'static str,
    /// The file's content.
    pub content: bytes::Bytes,
}

/// A body as it was read.
#[derive(Debug, Clone, PartialEq)]
pub enum Body {
    /// Parsed JSON.
    Json(Value),
    /// Text that is no JSON.
    Text(String),
    /// A file.
    File(AnswerFile),
    /// Nothing.
    Empty,
}

/// A file that the API answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerFile {
    /// Where it was saved. `None` for an answer that was not to be a file: it is not kept.
    pub path: Option<PathBuf>,
    /// Its size.
    pub bytes: u64,
    /// Its media type, as the API says.
    pub content_type: String,
}

impl Body {
    /// A body from its text: JSON where it parses as JSON, else the text itself.
    pub fn parse(text: &str) -> Self {
        if text.trim().is_empty() {
            return Self::Empty;
        }
        serde_json::from_str(text).map_or_else(|_| Self::Text(text.to_owned()), Self::Json)
    }
}

/// A definite answer: 2xx, or a 4xx that is neither 401 nor 429.
#[derive(Debug, Clone)]
pub struct Response {
    /// The status.
    pub status: StatusCode,
    /// The body.
    pub body: Body,
    /// When the attempt that got this answer was sent.
    pub sent_at: Moment,
    /// An earlier attempt of the same request may have taken effect.
    pub repeated_after_doubt: bool,
}

/// What is known of the effect of a request that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It was surely not executed: never connected, refused, or no time left to send it.
    NotExecuted,
    /// The server refused it. Servers have been seen to refuse requests that they had executed.
    Refused,
    /// The server answered with a failure (5xx): it has finished the request, with or without effect.
    AnsweredFailure,
    /// The request was written and no readable answer came, or a 2xx that could not be read: the effect may be there or still come.
    Unknown,
}

/// A request that got no definite answer.
#[derive(Debug, Clone)]
pub struct SendError {
    /// What to report to the caller.
    pub error: Error,
    /// What is known of the effect.
    pub fate: Fate,
    /// When the last attempt was sent; `None` if none was.
    pub sent_at: Option<Moment>,
}

impl SendError {
    /// A failure before anything was sent.
    pub fn not_sent(error: Error) -> Self {
        Self { error, fate: Fate::NotExecuted, sent_at: None }
    }
}
