//! Routes: how each API serves an operation.

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
    /// PATCH.
    Patch,
    /// DELETE.
    Delete,
}

impl Method {
    /// Every method.
    const ALL: [Self; 5] = [Self::Get, Self::Post, Self::Put, Self::Patch, Self::Delete];

    /// The method of this name, in any case.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.as_str().eq_ignore_ascii_case(name))
    }

    /// The method's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// How one API serves an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route {
    /// The API does not have the operation.
    Absent,
    /// The local mirror answers it, without a request.
    Mirror,
    /// The jobs of the state directory: it plans them, runs them or tells of them.
    Jobs,
    /// The catalogue of operations answers it, or says which request to send.
    Catalogue,
    /// An HTTP request.
    Http(HttpRoute),
}

/// The method and path of an operation's request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpRoute {
    /// The HTTP method.
    pub method: Method,
    /// The path. `{name}` is replaced by the argument of that name.
    pub path: Cow<'static, str>,
    /// Whether the endpoint takes query parameters. If not, the request has no query.
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

    /// `GET path`, for an endpoint that takes no query parameters.
    pub const fn get_without_query(path: &'static str) -> Self {
        Self::Http(HttpRoute { method: Method::Get, path: Cow::Borrowed(path), takes_query: false })
    }

    const fn http(method: Method, path: &'static str) -> Self {
        Self::Http(HttpRoute { method, path: Cow::Borrowed(path), takes_query: true })
    }

    /// The HTTP route, or `None` for an operation without a request.
    pub const fn as_http(&self) -> Option<&HttpRoute> {
        match self {
            Self::Http(route) => Some(route),
            Self::Absent | Self::Mirror | Self::Jobs | Self::Catalogue => None,
        }
    }
}

impl HttpRoute {
    /// The path's parameters: the names in braces, in order.
    pub fn parameters(&self) -> impl Iterator<Item = &str> {
        self.path.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name)
    }

    /// Whether this is the route of `method` and `path`. The names of the path's parameters do not count.
    pub fn is(&self, method: Method, path: &str) -> bool {
        self.method == method && path_shape(&self.path).eq(path_shape(path))
    }
}

/// The segments of a path, with `{}` for each parameter. Paths of one route have the same. A parameter is `{name}`, or
/// `:name` as people write it. A slash at the end does not count.
pub fn path_shape(path: &str) -> impl Iterator<Item = &str> {
    let segments = path.trim_end_matches('/').split('/');
    segments.map(|segment| if segment.starts_with(['{', ':']) { "{}" } else { segment })
}

/// How an API pages a list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PagingStyle {
    /// No paging: the answer is not a list, or holds the whole list.
    #[default]
    None,
    /// `limit` and `offset` (or `skip`).
    Offset,
    /// Page numbers, then the cursor of the last item for items that page numbers do not reach.
    PageThenCursor,
}

/// Whether a path has a parameter in braces.
pub(crate) const fn has_parameter(path: &str) -> bool {
    let bytes = path.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        // Slices have no const `get`.
        #[expect(
            clippy::indexing_slicing,
            reason = "the loop condition bounds the index, and this runs at compile time"
        )]
        if bytes[at] == b'{' {
            return true;
        }
        at += 1;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_parameters_do_not_tell_routes_apart() {
        let route = Route::post("/contacts/{contactId}/notes");
        let route = route.as_http().unwrap();
        for path in ["/contacts/{contactId}/notes", "/contacts/{id}/notes/", "/contacts/:id/notes"] {
            assert!(route.is(Method::Post, path), "{path}");
            assert!(!route.is(Method::Get, path), "{path}");
        }
        for path in ["/contacts/{id}", "/contacts/notes/{id}", "/contacts/{id}/notes/{noteId}", "/contacts/1/notes"] {
            assert!(!route.is(Method::Post, path), "{path}");
        }
    }

    #[test]
    fn methods_are_named_in_any_case() {
        assert_eq!(Method::ALL.map(|method| Method::named(&method.as_str().to_lowercase())), Method::ALL.map(Some));
        assert_eq!(Method::named("HEAD"), None);
    }
}
