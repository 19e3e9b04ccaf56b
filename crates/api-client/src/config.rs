//! How requests are made, before the first one is.

use super::{ServiceUrls, quota::QuotaSettings};
use highlevel_core::error::{Error, Result};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use std::time::Duration;

/// How requests show who sends them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Scheme {
    /// The session API's: `token-id` and one `version`; the token is refreshed.
    #[default]
    TokenId,
    /// The official API's: `Authorization: Bearer`, and each request's own `Version`. The token is a private integration's,
    /// which is never refreshed, or an OAuth login's.
    Bearer,
}

/// Headers that the client sets itself, so that no fixed header may.
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

/// How one of HighLevel's APIs is spoken to.
#[derive(Debug, Clone, PartialEq)]
pub struct ApiConfig {
    /// Where requests go.
    pub urls: ServiceUrls,
    /// How requests show who sends them.
    pub scheme: Scheme,
    /// The header `version` of [`Scheme::TokenId`].
    pub api_version: String,
    /// Headers added to every request.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// Requests of one account in one window, as an upper bound; `None`: the API's usual limit until answers give another.
    pub rate_limit: Option<u32>,
    /// The window; `None`: the API's usual one until answers give another.
    pub rate_window: Option<Duration>,
    /// The percentage of an account's quota that this process may use.
    pub rate_share: u32,
    /// The largest answer in bytes, counted after decompression.
    pub max_body: usize,
}

/// What [`Client::new`](super::Client::new) starts from.
#[derive(Debug, Clone)]
pub struct ClientConfig {
    /// How the API is spoken to.
    pub api: ApiConfig,
    /// The location that is pinned: it stands for the account among the processes that share its quota. Without one the
    /// first token does.
    pub location: Option<String>,
    /// The longest that one attempt may take, besides the call's deadline.
    pub attempt_timeout: Duration,
}

impl ClientConfig {
    /// The defaults: no pinned location, 30 s, and those of [`ApiConfig::new`].
    pub fn new(urls: ServiceUrls) -> Self {
        Self { api: ApiConfig::new(urls), location: None, attempt_timeout: Duration::from_secs(30) }
    }
}

impl ApiConfig {
    /// The defaults: the session API with version 1.0, no further headers, the quota as the answers give it, 8 MiB.
    pub fn new(urls: ServiceUrls) -> Self {
        Self {
            urls,
            scheme: Scheme::TokenId,
            api_version: "1.0".to_owned(),
            headers: Vec::new(),
            rate_limit: None,
            rate_window: None,
            rate_share: 100,
            max_body: 8 * 1024 * 1024,
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
    /// `invalid_arguments` for a version that no header can carry, or a fixed header that the client sets itself.
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
