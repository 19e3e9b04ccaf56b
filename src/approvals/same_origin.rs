//! A form counts only if it was sent by this page, and no other page may show this one. Forms are bounded in size and time.

use super::{App, page};
use axum::{
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use std::{sync::Arc, time::Duration};
use url::Url;

/// The most bytes of a form.
const FORM_BYTES: usize = 16 * 1024;

/// How long a browser may take to send a form.
const FORM_TIME: Duration = Duration::from_secs(30);

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
    let mut response = if !changes {
        next.run(request).await
    } else if !app.origin.allows(request.headers()) {
        let message =
            "This form was not sent by the approval page, so that nothing was done. Open the page and try again.";
        (StatusCode::FORBIDDEN, page::message("Not done", message)).into_response()
    } else {
        match read(request).await {
            Ok(request) => next.run(request).await,
            Err(refused) => refused,
        }
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

/// The request with its whole form. Anybody may begin to send one.
async fn read(request: Request) -> Result<Request, Response> {
    let (parts, body) = request.into_parts();
    let (status, message) = match tokio::time::timeout(FORM_TIME, to_bytes(body, FORM_BYTES)).await {
        Ok(Ok(form)) => return Ok(Request::from_parts(parts, Body::from(form))),
        Ok(Err(_)) => (StatusCode::PAYLOAD_TOO_LARGE, "This form is too large, so that nothing was done."),
        Err(_) => (StatusCode::REQUEST_TIMEOUT, "This form did not arrive in time, so that nothing was done."),
    };
    Err((status, [(header::CONNECTION, "close")], page::message("Not done", message)).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(pairs: &[(&'static str, &'static str)]) -> bool {
        let origin = OwnOrigin::new(&"https://mcp.example.com/mcp".parse().unwrap());
        let pairs = pairs.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
        origin.allows(&pairs.collect())
    }

    #[tokio::test(start_paused = true)]
    async fn a_form_that_does_not_come_or_is_too_large_is_refused() {
        let pending = Body::from_stream(futures::stream::pending::<std::io::Result<bytes::Bytes>>());
        for (body, status) in [
            (pending, Some(StatusCode::REQUEST_TIMEOUT)),
            (Body::from("x".repeat(FORM_BYTES + 1)), Some(StatusCode::PAYLOAD_TOO_LARGE)),
            (Body::from("key=x"), None),
        ] {
            let refused = read(Request::new(body)).await.err();
            assert_eq!(refused.map(|refused| refused.status()), status);
        }
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
