//! What a client needs to know.

use super::{ServiceUrls, quota::QuotaSettings};
use highlevel_core::error::{Error, Result};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use std::time::Duration;

/// How requests show who sends them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Scheme {
    /// The document's: `token-id` and one `version`; the token is renewed.
    #[default]
    TokenId,
    /// The official API's: `Authorization: Bearer`, and each request's own `Version`. The token is what a person made in
    /// the account's settings, which nothing renews, or an OAuth login's.
    Bearer,
}

/// What no fixed header may replace.
const OWN_HEADERS: [&str; 10] = [
    "token-id",
    "version",
    "accept",
    "accept-encoding",
    "user-agent",
    "host",
    "content-type",
    "content-length",
    "transfer-encoding",
    "connection",
];

/// What a client needs to know.
#[derive(Debug, Clone)]
pub struct ClientConfig {
    /// Where requests go.
    pub urls: ServiceUrls,
    /// How requests show who sends them.
    pub scheme: Scheme,
    /// The header `version` of [`Scheme::TokenId`].
    pub api_version: String,
    /// Headers added to every request.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// Requests in one window, as an upper bound; `None`: what is usual until the answers say otherwise.
    pub rate_limit: Option<u32>,
    /// The window; `None`: what is usual until the answers say otherwise.
    pub rate_window: Option<Duration>,
    /// How many percent of the quota this process may use.
    pub rate_share: u32,
    /// The location that is pinned: it stands for the account among the processes that share its quota. Without one
    /// the first token does.
    pub location: Option<String>,
    /// The largest answer in bytes, counted after decompression.
    pub max_body: usize,
    /// The longest that one attempt may take, besides the call's deadline.
    pub attempt_timeout: Duration,
}

impl ClientConfig {
    /// The defaults: version 1.0, no further headers, the quota as the answers tell it, 8 MiB, 30 s.
    pub fn new(urls: ServiceUrls) -> Self {
        Self {
            urls,
            scheme: Scheme::TokenId,
            api_version: "1.0".to_owned(),
            headers: Vec::new(),
            rate_limit: None,
            rate_window: None,
            rate_share: 100,
            location: None,
            max_body: 8 * 1024 * 1024,
            attempt_timeout: Duration::from_secs(30),
        }
    }

    /// What the quota of an account starts from.
    pub(super) fn quota_settings(&self) -> QuotaSettings {
        let usual = match self.scheme {
            Scheme::TokenId => (highlevel_store::LIMIT, highlevel_store::WINDOW),
            Scheme::Bearer => (100, 10_000),
        };
        QuotaSettings { limit: self.rate_limit, window: self.rate_window, share: self.rate_share, usual }
    }

    /// The headers that every request has, besides the token's.
    ///
    /// # Errors
    /// `invalid_arguments` for a version that no header can carry, or a fixed header that is the client's own.
    pub(super) fn fixed_headers(&self) -> Result<HeaderMap> {
        let version = HeaderValue::from_str(&self.api_version)
            .map_err(|_| Error::invalid("api-version", "The API version holds characters that no header can carry."))?;
        let mut headers = HeaderMap::new();
        for (name, value) in &self.headers {
            let own = OWN_HEADERS.contains(&name.as_str())
                || (self.scheme == Scheme::Bearer && *name == header::AUTHORIZATION);
            if own {
                return Err(Error::invalid("header", format!("The header {name} is set by the client itself.")));
            }
            let mut value = value.clone();
            value.set_sensitive(true); // It may be a credential too.
            headers.append(name.clone(), value);
        }
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        if self.scheme == Scheme::TokenId {
            headers.insert("version", version);
        }
        Ok(headers)
    }
}
