//! Which hosts requests may be for and which pages may send them; CORS for those; headers of every response.

use super::{HttpOptions, MCP, refusal::HttpError};
use anyhow::{Context, bail};
use axum::{
    extract::{Request, State},
    http::{
        HeaderMap, HeaderName, HeaderValue, Method, StatusCode,
        header::{self, ORIGIN},
        uri::Authority,
    },
    middleware::Next,
    response::{IntoResponse, Response},
};
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tower_http::cors::{AllowHeaders, AllowOrigin, CorsLayer};
use url::{Host, Url};

/// How long a browser may keep the answer to a preflight.
const PREFLIGHT_KEPT: Duration = Duration::from_secs(3600);

/// The paths that probes ask for by whatever address they have.
const PROBES: [&str; 2] = ["/healthz", "/readyz"];

/// Where a protected resource has its metadata (RFC 9728).
pub(super) const RESOURCE_METADATA: &str = "/.well-known/oauth-protected-resource";

/// The address of the MCP endpoint as clients know it.
#[derive(Debug, Clone)]
pub(super) struct PublicUrl(Url);

impl PublicUrl {
    pub(super) fn new(given: Option<&Url>, address: SocketAddr) -> anyhow::Result<Self> {
        let url = match given {
            Some(url) => url.clone(),
            None => format!("http://{address}{MCP}").parse().context("the address is no URL")?,
        };
        let is_web = matches!(url.scheme(), "http" | "https") && url.host().is_some();
        if !is_web || url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() {
            bail!("--public-url: {url} must be http or https with a host, and without user, query and fragment");
        }
        Ok(Self(url))
    }

    pub(super) fn as_url(&self) -> &Url {
        &self.0
    }

    pub(super) fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The path of the endpoint, as clients see it.
    pub(super) fn path(&self) -> &str {
        self.0.path().trim_end_matches('/')
    }

    /// Where the metadata of RFC 9728 is, as clients see it.
    pub(super) fn metadata_url(&self) -> String {
        let mut url = self.0.clone();
        url.set_path(&format!("{RESOURCE_METADATA}{}", self.path()));
        url.into()
    }
}

/// The hosts and origins that requests may come with.
#[derive(Debug)]
pub(super) struct Callers {
    hosts: Vec<(String, Option<u16>)>,
    origins: Vec<Url>,
    /// Whether pages of this machine may connect.
    local_pages: bool,
    /// Whether everybody is let in, so that nobody may come through a proxy.
    is_open: bool,
}

impl Callers {
    pub(super) fn new(options: &HttpOptions, address: SocketAddr, public: &PublicUrl) -> anyhow::Result<Self> {
        let mut hosts: Vec<(String, Option<u16>)> =
            ["localhost", "127.0.0.1", "[::1]"].iter().map(|name| ((*name).to_owned(), None)).collect();
        if !address.ip().is_unspecified() {
            hosts.push((host_of(address), None));
        }
        hosts.extend(public.0.host_str().map(|host| (host.to_lowercase(), public.0.port())));
        for given in &options.allow_hosts {
            let parsed: Option<Authority> = given.parse().ok();
            let Some(host) = parsed.filter(|host| !host.host().is_empty() && !given.contains(['@', '*'])) else {
                bail!("--allow-host: {given} is no host, such as mcp.example.com or mcp.example.com:8443");
            };
            hosts.push((host.host().to_lowercase(), host.port_u16()));
        }
        let mut origins = vec![public.0.clone()];
        for given in &options.allow_origins {
            if !given.origin().is_tuple() || given.path() != "/" {
                bail!("--allow-origin: {given} is no origin, such as https://inspector.example.com");
            }
            origins.push(given.clone());
        }
        Ok(Self { hosts, origins, local_pages: address.ip().is_loopback(), is_open: options.no_auth })
    }

    /// CORS for the pages of allowed origins.
    pub(super) fn cors(self: &Arc<Self>) -> CorsLayer {
        let callers = Arc::clone(self);
        CorsLayer::new()
            .allow_origin(AllowOrigin::predicate(move |origin, _| callers.allows_origin(origin)))
            .allow_methods([Method::GET, Method::POST, Method::DELETE])
            .allow_headers(AllowHeaders::mirror_request())
            .expose_headers([
                HeaderName::from_static("mcp-session-id"),
                HeaderName::from_static("mcp-protocol-version"),
                header::WWW_AUTHENTICATE,
                header::RETRY_AFTER,
            ])
            .max_age(PREFLIGHT_KEPT)
    }

    fn allows_origin(&self, origin: &HeaderValue) -> bool {
        let Some(url) = origin.to_str().ok().and_then(|origin| origin.parse::<Url>().ok()) else { return false };
        let is_local = match url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        };
        // An origin of a scheme like `file` equals no other.
        let is_listed = self.origins.iter().any(|allowed| allowed.origin() == url.origin());
        is_listed || (self.local_pages && is_local && matches!(url.scheme(), "http" | "https"))
    }

    fn allows_host(&self, host: &Authority) -> bool {
        let name = host.host().to_lowercase();
        self.hosts.iter().any(|(allowed, port)| *allowed == name && (port.is_none() || *port == host.port_u16()))
    }

    fn check(&self, request: &Request) -> Result<(), HttpError> {
        let headers = request.headers();
        let is_forwarded = |name: &HeaderName| *name == header::FORWARDED || name.as_str().starts_with("x-forwarded-");
        if self.is_open && headers.keys().any(is_forwarded) {
            let message = "This server runs with --no-auth, which is for this machine alone, and the request came through a proxy. Behind a proxy the server needs clients with tokens.";
            return Err(HttpError::new(StatusCode::FORBIDDEN, message));
        }
        if !PROBES.contains(&request.uri().path()) {
            self.check_host(request)?;
        }
        let mut origins = headers.get_all(ORIGIN).iter();
        match (origins.next(), origins.next()) {
            (None, _) => Ok(()),
            (Some(origin), None) if self.allows_origin(origin) => Ok(()),
            _ => {
                let message = "Pages of this origin may not connect. The operator allows one with --allow-origin.";
                Err(HttpError::new(StatusCode::FORBIDDEN, message))
            }
        }
    }

    fn check_host(&self, request: &Request) -> Result<(), HttpError> {
        let mut given = request.headers().get_all(header::HOST).iter();
        let (Some(host), None) = (given.next(), given.next()) else {
            return Err(HttpError::new(StatusCode::BAD_REQUEST, "A request has one Host header."));
        };
        let host: Option<Authority> =
            host.to_str().ok().filter(|host| !host.contains('@')).and_then(|host| host.parse().ok());
        let is_allowed = |host: &Authority| self.allows_host(host);
        if host.as_ref().is_some_and(is_allowed) && request.uri().authority().is_none_or(is_allowed) {
            return Ok(());
        }
        let message = "This server is not for this host. The operator allows one with --allow-host or --public-url.";
        Err(HttpError::new(StatusCode::FORBIDDEN, message))
    }
}

fn host_of(address: SocketAddr) -> String {
    match address {
        SocketAddr::V4(address) => address.ip().to_string(),
        SocketAddr::V6(address) => format!("[{}]", address.ip()),
    }
}

/// Refuses requests for other hosts, from other pages, and through a proxy where nobody is asked who he is.
pub(super) async fn check(State(callers): State<Arc<Callers>>, request: Request, next: Next) -> Response {
    match callers.check(&request) {
        Ok(()) => next.run(request).await,
        Err(error) => error.into_response(),
    }
}

/// Adds what every response says to a browser, unless the response says something else itself.
pub(super) async fn secure(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers: &mut HeaderMap = response.headers_mut();
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
    ] {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}
