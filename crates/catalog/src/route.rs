//! Where an operation is in an API.

use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// An HTTP method that the APIs use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    /// GET.
    Get,
    /// POST.
    Post,
    /// PUT.
    Put,
    /// DELETE.
    Delete,
}

impl Method {
    /// The method's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }
}

/// Where an operation is in one API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route {
    /// The API has no such operation.
    Absent,
    /// The mirror answers it, on this machine.
    Mirror,
    /// A request answers it.
    Http(HttpRoute),
}

/// The request that answers an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpRoute {
    /// The method.
    pub method: Method,
    /// The path. `{name}` stands for the argument of that name.
    pub path: Cow<'static, str>,
    /// Whether the endpoint takes query parameters. Where it takes none, none is sent.
    pub takes_query: bool,
}

impl Route {
    /// `GET path`.
    pub const fn get(path: &'static str) -> Self {
        Self::http(Method::Get, path)
    }

    /// `POST path`.
    pub const fn post(path: &'static str) -> Self {
        Self::http(Method::Post, path)
    }

    /// `PUT path`.
    pub const fn put(path: &'static str) -> Self {
        Self::http(Method::Put, path)
    }

    /// `DELETE path`.
    pub const fn delete(path: &'static str) -> Self {
        Self::http(Method::Delete, path)
    }

    /// `GET path`, of an endpoint that documents no query parameters.
    pub const fn get_without_query(path: &'static str) -> Self {
        Self::Http(HttpRoute { method: Method::Get, path: Cow::Borrowed(path), takes_query: false })
    }

    const fn http(method: Method, path: &'static str) -> Self {
        Self::Http(HttpRoute { method, path: Cow::Borrowed(path), takes_query: true })
    }

    /// The request, where one answers the operation.
    pub const fn as_http(&self) -> Option<&HttpRoute> {
        match self {
            Self::Http(route) => Some(route),
            Self::Absent | Self::Mirror => None,
        }
    }
}

impl HttpRoute {
    /// The names in braces.
    pub fn parameters(&self) -> impl Iterator<Item = &str> {
        self.path.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name)
    }
}

/// How an API pages a list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PagingStyle {
    /// The answer is no list, or all of it.
    #[default]
    None,
    /// By `limit` and `offset` (or `skip`).
    Offset,
    /// By page numbers, and by the cursor of the last item beyond the pages that have numbers.
    PageThenCursor,
}

/// Whether a path has a parameter in braces.
pub(crate) const fn has_parameter(path: &str) -> bool {
    let bytes = path.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        // `get` is not const.
        #[expect(clippy::indexing_slicing, reason = "the loop's condition bounds it, and it runs when compiling")]
        if bytes[at] == b'{' {
            return true;
        }
        at += 1;
    }
    false
}
