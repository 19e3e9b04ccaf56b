//! What a server over HTTP is told on its command line.

use std::net::SocketAddr;
use url::Url;

/// The settings of `serve` over HTTP.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct HttpOptions {
    /// Serve over HTTP on this address, such as 127.0.0.1:8931, instead of stdin and stdout
    #[arg(long = "http", value_name = "ADDR", value_parser = address)]
    pub address: Option<SocketAddr>,
    /// Let everybody on this machine in, without a token. Only on a loopback address, and never behind a proxy
    #[arg(long, requires = "address", conflicts_with = "oauth_issuer")]
    pub no_auth: bool,
    /// The address at which clients reach the server, such as `https://mcp.example.com/mcp`. Default: `http://ADDR/mcp`
    #[arg(long, value_name = "URL", requires = "address")]
    pub public_url: Option<Url>,
    /// A host that requests may be for, with or without a port, beside loopback names and that of --public-url. May be repeated
    #[arg(long = "allow-host", value_name = "HOST", requires = "address", value_delimiter = ',')]
    pub allow_hosts: Vec<String>,
    /// An origin whose pages may connect, such as `https://inspector.example.com`. May be repeated. Default: pages of this machine, if the address is loopback
    #[arg(long = "allow-origin", value_name = "ORIGIN", requires = "address", value_delimiter = ',')]
    pub allow_origins: Vec<Url>,
    /// Accept access tokens of this OAuth 2.1 or OpenID Connect issuer, beside those of clients.toml
    #[arg(long, value_name = "URL", requires = "address")]
    pub oauth_issuer: Option<Url>,
    /// What a token's `aud` has to name. May be repeated. Default: the public URL
    #[arg(long = "oauth-audience", value_name = "AUDIENCE", requires = "oauth_issuer")]
    pub oauth_audiences: Vec<String>,
    /// The scope of tokens that may only read
    #[arg(long, value_name = "SCOPE", requires = "oauth_issuer", default_value = "ghl.read", value_parser = scope)]
    pub oauth_read_scope: String,
    /// The scope of tokens that may also write
    #[arg(long, value_name = "SCOPE", requires = "oauth_issuer", default_value = "ghl.write", value_parser = scope)]
    pub oauth_write_scope: String,
    /// Serve /metrics for Prometheus on this address, without authentication
    #[arg(long, value_name = "ADDR", requires = "address", value_parser = address)]
    pub metrics_listen: Option<SocketAddr>,
    /// End a session of an older protocol after so many seconds without a request or an open stream
    #[arg(long, value_name = "SECONDS", requires = "address", default_value_t = 1800, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub session_idle: u64,
    /// How many such sessions a client, or a subject of the issuer, may have. Beyond that, its longest idle one ends
    #[arg(long, value_name = "N", requires = "address", default_value_t = 256, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub max_sessions: u32,
    /// How many requests of a client, or a subject of the issuer, may be under way
    #[arg(long, value_name = "N", requires = "address", default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub max_requests: u32,
}

fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "it takes an IP address and a port, such as 127.0.0.1:8931 or [::1]:8931".to_owned())
}

/// A scope as RFC 6749 has it: it stands in quotes in challenges.
fn scope(text: &str) -> Result<String, String> {
    let is_allowed = |c: char| c.is_ascii_graphic() && !matches!(c, '"' | '\\');
    let is_scope = !text.is_empty() && text.chars().all(is_allowed);
    is_scope.then(|| text.to_owned()).ok_or_else(|| "a scope is one word of ASCII without quotes".to_owned())
}
