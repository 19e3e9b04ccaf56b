//! A form counts only if it was sent by this page, and no other page may show this one.

use super::{App, page};
use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use std::sync::Arc;
use url::Url;

/// The header by which browsers say where a request comes from.
pub(super) const FETCH_SITE: &str = "sec-fetch-site";

/// The page's own origin.
#[derive(Debug)]
pub(super) struct OwnOrigin {
    text: String,
    pub(super) is_secure: bool,
}

impl OwnOrigin {
    pub(super) fn new(url: &Url) -> Self {
        Self { text: url.origin().ascii_serialization(), is_secure: url.scheme() == "https" }
    }

    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether a browser's origin is the page's own: as people know it, or as this request names it. Whoever checks the
    /// `Host` header has done so before.
    fn is_own(&self, origin: &str, host: Option<&str>) -> bool {
        let by_host = host.is_some_and(|host| origin.split_once("://").is_some_and(|(_, rest)| rest == host));
        origin == self.text || by_host
    }

    /// Whether a request that changes something was sent by the page itself. A browser says so in one header at least;
    /// what is no browser has no business here.
    fn allows(&self, headers: &HeaderMap) -> bool {
        let text = |name: HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or_default());
        let site = text(HeaderName::from_static(FETCH_SITE));
        let origin = text(header::ORIGIN);
        if site.is_none() && origin.is_none() {
            return false;
        }
        site.is_none_or(|site| site == "same-origin")
            && origin.is_none_or(|origin| self.is_own(origin, text(header::HOST)))
    }
}

pub(super) async fn check(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let changes = !matches!(*request.method(), Method::GET | Method::HEAD);
    let mut response = if changes && !app.origin.allows(request.headers()) {
        let message =
            "This form was not sent by the approval page, so that nothing was done. Open the page and try again.";
        (StatusCode::FORBIDDEN, page::message("Not done", message)).into_response()
    } else {
        next.run(request).await
    };
    let headers = response.headers_mut();
    let fixed = [
        ("cache-control", "no-store"),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        // Not `no-referrer`: with it, browsers send forms with the origin `null`.
        ("referrer-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("permissions-policy", "camera=(), geolocation=(), microphone=()"),
        ("x-robots-tag", "noindex, nofollow"),
    ];
    for (name, value) in fixed {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    headers.insert(header::CONTENT_SECURITY_POLICY, page::policy());
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(pairs: &[(&'static str, &'static str)]) -> bool {
        let origin = OwnOrigin::new(&"https://mcp.example.com/mcp".parse().unwrap());
        let pairs = pairs.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
        origin.allows(&pairs.collect())
    }

    #[test]
    fn only_the_page_itself_may_send_its_forms() {
        let own = ("origin", "https://mcp.example.com");
        assert!(allows(&[own, ("sec-fetch-site", "same-origin")]));
        assert!(allows(&[own]), "an older browser");
        assert!(allows(&[("origin", "http://127.0.0.1:8931"), ("host", "127.0.0.1:8931")]), "without the proxy");
        for (case, headers) in [
            ("no browser", &[][..]),
            ("another site", &[own, ("sec-fetch-site", "cross-site")]),
            ("a neighbour", &[own, ("sec-fetch-site", "same-site")]),
            ("typed in", &[own, ("sec-fetch-site", "none")]),
            ("another origin", &[("origin", "https://evil.example"), ("host", "mcp.example.com")]),
            ("a frame without an origin", &[("origin", "null"), ("host", "mcp.example.com")]),
            ("lies about one of them", &[("origin", "https://evil.example"), ("sec-fetch-site", "same-origin")]),
        ] {
            assert!(!allows(headers), "{case}");
        }
    }
}
