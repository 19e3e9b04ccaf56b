//! The HTTP clients, built at first need, and the reading of bodies within bounds.

use super::secrets::Secrets;
use highlevel_core::clean;
use highlevel_core::error::{Code, Error, Result};
use reqwest::{redirect, retry};
use std::{error::Error as _, fmt, io, sync::Arc, time::Duration};
use tokio::sync::OnceCell;

/// The time after which a host that does not accept the connection counts as unreachable.
const CONNECT: Duration = Duration::from_secs(10);

/// The most characters of one cause.
const LONGEST_CAUSE: usize = 200;

/// Idle connections are kept this long: shorter than servers commonly do, so that few are found closed.
const IDLE: Duration = Duration::from_secs(55);

/// One client for https, and one for plain http to loopback that knows no certificates.
#[derive(Debug)]
pub(crate) struct Http {
    connect_timeout: Duration,
    secure: OnceCell<reqwest::Client>,
    plain: OnceCell<reqwest::Client>,
}

impl Http {
    /// Builds nothing yet.
    pub(crate) fn new(attempt_timeout: Duration) -> Self {
        // Shorter than the attempt, so that a connection which takes too long is known to have sent nothing.
        let connect_timeout = CONNECT.min(attempt_timeout.mul_f64(0.9));
        Self { connect_timeout, secure: OnceCell::new(), plain: OnceCell::new() }
    }

    /// The client for this scheme.
    ///
    /// # Errors
    /// `internal` when the platform's certificates cannot be read.
    pub(crate) async fn client(&self, scheme: &str) -> Result<&reqwest::Client> {
        if scheme == "http" {
            return self.plain.get_or_try_init(|| async { plain(self.builder()) }).await;
        }
        let builder = self.builder();
        // The platform's certificates are read from disk.
        let build = || async move {
            tokio::task::spawn_blocking(move || secure(builder)).await.unwrap_or_else(|fault| {
                Err(Error::new(Code::Internal, "Setting up TLS was interrupted.").caused_by(fault))
            })
        };
        self.secure.get_or_try_init(build).await
    }

    fn builder(&self) -> reqwest::ClientBuilder {
        reqwest::Client::builder()
            .user_agent(concat!("highlevel-mcp/", env!("CARGO_PKG_VERSION")))
            // The token would travel with a redirect.
            .redirect(redirect::Policy::none())
            .referer(false)
            // By measurement (docs/performance.md, "Connections"): at the API's distance HTTP/2 saves a call nothing,
            // and when a server ends its one connection, calls under way on it fail, where HTTP/1.1 loses none.
            .http1_only()
            // `retry` decides what may be repeated; this turns off reqwest's own repetitions. hyper-util below it always repeats
            // a request that a reused connection returned before its first byte was written. That request never left, so
            // that a create is safe and the quota does not count it.
            .retry(retry::never())
            .connect_timeout(self.connect_timeout)
            .pool_idle_timeout(IDLE)
            .tcp_nodelay(true)
    }
}

fn secure(builder: reqwest::ClientBuilder) -> Result<reqwest::Client> {
    // An error means that one is installed already, which is as good.
    drop(rustls::crypto::ring::default_provider().install_default());
    builder.https_only(true).build().map_err(build_error)
}

/// Plain http needs no certificates, but reqwest reads the platform's unless it is given a configuration. This one trusts
/// nobody. Loopback needs no proxy, and none is used.
fn plain(builder: reqwest::ClientBuilder) -> Result<reqwest::Client> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let nothing = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|fault| Error::new(Code::Internal, format!("TLS cannot be set up: {fault}")).caused_by(fault))?
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    builder.no_proxy().tls_backend_preconfigured(nothing).build().map_err(build_error)
}

fn build_error(fault: reqwest::Error) -> Error {
    let why = fault.source().map_or_else(|| fault.to_string(), ToString::to_string);
    Error::new(Code::Internal, format!("The HTTP client cannot be set up: {why}")).caused_by(fault)
}

/// A body as far as it was read.
#[derive(Debug)]
pub(crate) enum Read {
    /// All of it.
    Whole(Vec<u8>),
    /// Its beginning: it is larger than allowed.
    TooLarge(Vec<u8>),
    /// Its beginning: the connection broke, or the compression is damaged.
    Broken(Vec<u8>),
}

impl Read {
    /// What was read, however it ended: for answers whose status is enough.
    pub(crate) fn any(self) -> Vec<u8> {
        match self {
            Self::Whole(bytes) | Self::TooLarge(bytes) | Self::Broken(bytes) => bytes,
        }
    }
}

/// Reads at most `limit` bytes, counted after decompression.
pub(crate) async fn read(mut response: reqwest::Response, limit: usize) -> Read {
    let announced = response.content_length().and_then(|length| usize::try_from(length).ok());
    if announced.is_some_and(|length| length > limit) {
        return Read::TooLarge(Vec::new());
    }
    let mut bytes = Vec::with_capacity(announced.unwrap_or_default());
    loop {
        match response.chunk().await {
            Ok(None) => return Read::Whole(bytes),
            Ok(Some(chunk)) if bytes.len() + chunk.len() > limit => {
                bytes.extend(chunk.iter().take(limit - bytes.len()));
                return Read::TooLarge(bytes);
            }
            Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
            Err(_) => return Read::Broken(bytes),
        }
    }
}

/// Why there is no connection, in words; never more than the kind, since some sources quote what was sent.
pub(crate) fn connect_fault(fault: &reqwest::Error) -> &'static str {
    let mut source = fault.source();
    while let Some(cause) = source {
        if let Some(kind) = kind_of(cause) {
            return kind;
        }
        source = cause.source();
    }
    if fault.is_timeout() { "the connection took too long" } else { "no connection came about" }
}

/// A link in the chain of a failure's causes, as text without secrets.
#[derive(Debug)]
struct SafeCause {
    text: String,
    next: Option<Box<SafeCause>>,
}

impl fmt::Display for SafeCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for SafeCause {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.next.as_deref().map(|next| next as &(dyn std::error::Error + 'static))
    }
}

/// The chain of a failed exchange without its address, whose query may hold people's data, and without tokens: a link may
/// quote what was sent.
pub(crate) fn safe_cause(
    fault: reqwest::Error,
    secrets: &Secrets,
) -> impl std::error::Error + Send + Sync + use<> + 'static {
    fn link(cause: &(dyn std::error::Error + 'static), secrets: &Secrets) -> SafeCause {
        let text = clean::line(&secrets.scrub(&cause.to_string()), LONGEST_CAUSE);
        SafeCause { text, next: cause.source().map(|next| Box::new(link(next, secrets))) }
    }
    link(&fault.without_url(), secrets)
}

/// Whether the server sent something else than HTTP.
pub(crate) fn is_no_http(fault: &reqwest::Error) -> bool {
    let mut source = fault.source();
    while let Some(cause) = source {
        if cause.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_parse) {
            return true;
        }
        source = cause.source();
    }
    false
}

fn kind_of(cause: &(dyn std::error::Error + 'static)) -> Option<&'static str> {
    if cause.is::<rustls::Error>() {
        return Some("the TLS connection failed");
    }
    if cause.to_string().starts_with("dns error") {
        return Some("its name could not be resolved (DNS)");
    }
    let io = cause.downcast_ref::<io::Error>()?;
    match io.kind() {
        io::ErrorKind::ConnectionRefused => Some("the connection was refused"),
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => Some("there is no route to it"),
        // An io error's own source skips what it wraps, and TLS errors come wrapped more than once.
        _ => io.get_ref().and_then(|inner| kind_of(inner)),
    }
}
