//! What both APIs' operations have in common: labels, routing, and the result of a handler.

use crate::response::ApiResponse;
use chrono::{DateTime, SecondsFormat};
use percent_encoding::percent_decode_str;
use std::time::Duration;

/// The effect of an operation on the account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    Read,
    Write,
    Refresh,
}

/// An operation of either API, as faults, scopes and the request log see it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OperationLabel {
    pub(crate) name: &'static str,
    /// The session API's operation that does the same, if this is an official one: a fault plan fits both APIs.
    #[cfg_attr(not(feature = "faults"), expect(dead_code, reason = "only the filters of faults read it"))]
    pub(crate) session_name: Option<&'static str>,
    pub(crate) effect: Effect,
}

/// The route of a method and a path.
pub(crate) enum RouteMatch<R: 'static> {
    /// An operation, and the decoded ids in its path.
    Route(&'static R, Vec<String>),
    /// The path exists, but not with this method.
    WrongMethod,
    /// There is no such path.
    NoSuchPath,
}

/// Finds the route of a raw path in a table.
pub(crate) fn find_route<R>(
    routes: &'static [R],
    name: impl Fn(&R) -> &'static str,
    method: &str,
    path: &str,
) -> RouteMatch<R> {
    let mut path_exists = false;
    for route in routes {
        let Some((verb, pattern)) = name(route).split_once(' ') else { continue };
        let Some(ids) = match_path(pattern, path) else { continue };
        if verb == method {
            return RouteMatch::Route(route, ids);
        }
        path_exists = true;
    }
    if path_exists { RouteMatch::WrongMethod } else { RouteMatch::NoSuchPath }
}

/// The decoded ids in a path, if it matches the pattern.
fn match_path(pattern: &str, path: &str) -> Option<Vec<String>> {
    let (mut wanted, mut given) = (pattern.split('/'), path.split('/'));
    let mut ids = Vec::new();
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return Some(ids),
            (Some(name), Some(segment)) if name.starts_with('{') && !segment.is_empty() => {
                ids.push(percent_decode_str(segment).decode_utf8_lossy().into_owned());
            }
            (Some(name), Some(segment)) if name == segment => {}
            _ => return None,
        }
    }
}

/// The kinds of writes, as the request log counts them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WriteKind {
    Create,
    Update,
    Delete,
    Publish,
    /// A message, invoice or request that reaches a person.
    Send,
    /// A workflow, campaign or bot that begins or ceases to act.
    Start,
}

/// The answer of an operation, and the object that it wrote.
pub(crate) struct Completed {
    pub(crate) response: ApiResponse,
    pub(crate) write: Option<(WriteKind, String)>,
}

impl Completed {
    /// An answer of a read.
    pub(crate) fn read(response: ApiResponse) -> Self {
        Self { response, write: None }
    }

    /// The answer to a write of an object.
    pub(crate) fn written(response: ApiResponse, write: WriteKind, id: impl Into<String>) -> Self {
        Self { response, write: Some((write, id.into())) }
    }
}

/// The result of an operation. The error is the answer that refuses it.
pub(crate) type HandlerResult = Result<Completed, ApiResponse>;

/// A time since 1970 in the form of answers.
pub(crate) fn timestamp(now: Duration) -> String {
    let millis = i64::try_from(now.as_millis()).unwrap_or_default();
    DateTime::from_timestamp_millis(millis).unwrap_or_default().to_rfc3339_opts(SecondsFormat::Millis, true)
}
