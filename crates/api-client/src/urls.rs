//! Where requests go, exactly.

use super::{Repeat, Request, SaveFile, Scheme, Service, multipart};
use highlevel_core::error::{Code, Error, Result};
use http::Method;
use percent_encoding::percent_decode_str;
use std::{borrow::Cow, net::IpAddr, sync::LazyLock};
use url::{Host, Url};

/// The base addresses of the three services that requests go to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceUrls {
    backend: Url,
    location: Url,
    page_builder: Url,
}

impl ServiceUrls {
    /// The given addresses, each with the name of the setting it comes from.
    ///
    /// # Errors
    /// `invalid_arguments`, naming the setting, for an address that could carry the token where it must not go: plain
    /// http to anything but loopback, another scheme, credentials in it; or one with a query or fragment.
    pub fn new(backend: (&str, Url), location: (&str, Url), page_builder: (&str, Url)) -> Result<Self> {
        Ok(Self { backend: checked(backend)?, location: checked(location)?, page_builder: checked(page_builder)? })
    }

    /// One address for all services, and the name of its setting.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn all(setting: &str, url: &Url) -> Result<Self> {
        let base = checked((setting, url.clone()))?;
        Ok(Self { backend: base.clone(), location: base.clone(), page_builder: base })
    }

    /// The base address of a service.
    pub fn of(&self, service: Service) -> &Url {
        match service {
            Service::Backend => &self.backend,
            Service::Location => &self.location,
            Service::PageBuilder => &self.page_builder,
        }
    }

    /// The address that a request goes to, with its query.
    ///
    /// # Errors
    /// `internal` for a path that would not arrive as it is: without a leading slash, with dot segments, or with
    /// characters that have to be percent-encoded.
    pub fn address_of(&self, request: &Request) -> Result<Url> {
        join(self.of(request.service), &request.path, &request.query)
    }
}

fn checked((setting, url): (&str, Url)) -> Result<Url> {
    let refuse = |why: &str| Err(Error::invalid(setting, format!("{setting} {why}")));
    if !url.username().is_empty() || url.password().is_some() {
        return refuse("must hold no user name or password.");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return refuse("must be an address without query and fragment.");
    }
    match url.scheme() {
        "https" if url.has_host() => Ok(url),
        "http" if is_loopback(&url) => Ok(url),
        "http" => refuse(
            "must be an https address: over plain http the token could be read on the way. Plain http is for loopback only (127.0.0.0/8, ::1, localhost).",
        ),
        _ => refuse("must be an https address."),
    }
}

pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => IpAddr::V4(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::V6(address).is_loopback(),
        Some(Host::Domain(name)) => name.trim_end_matches('.').eq_ignore_ascii_case("localhost"),
        None => false,
    }
}

/// A request that is ready but for its token.
#[derive(Debug, Clone)]
pub(crate) struct Outgoing {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) body: Option<bytes::Bytes>,
    /// What the body is.
    pub(crate) content_type: Cow<'static, str>,
    pub(crate) version: Option<&'static str>,
    /// Where the answer is saved, if it is a file.
    pub(crate) save: Option<SaveFile>,
    /// Whether it may be repeated.
    pub(crate) repeat: Repeat,
}

impl Outgoing {
    /// # Errors
    /// `internal` for a path that would not arrive as it is.
    pub(crate) fn new(request: &Request, urls: &ServiceUrls) -> Result<Self> {
        let url = urls.address_of(request)?;
        let (content_type, body) = match &request.files {
            None => (Cow::Borrowed("application/json"), request.body.as_ref().map(|body| body.to_string().into())),
            Some(files) => {
                let (content_type, body) = multipart::encode(request.body.as_ref(), files);
                (Cow::Owned(content_type), Some(body))
            }
        };
        let (method, version) = (request.method.clone(), request.version);
        Ok(Self { method, url, body, content_type, version, save: request.save.clone(), repeat: request.repeat })
    }

    /// A form, as OAuth takes it. Not for debug output: its fields are secrets.
    pub(crate) fn form(path: &str, version: Option<&'static str>, fields: &[(&str, &str)], base: &Url) -> Result<Self> {
        let body: String = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let content_type = Cow::Borrowed("application/x-www-form-urlencoded");
        Ok(Self {
            method: Method::POST,
            url: join(base, path, &[])?,
            body: Some(body.into()),
            content_type,
            version,
            save: None,
            // A refresh token is for one use.
            repeat: Repeat::IfNotExecuted,
        })
    }
}

fn join(base: &Url, path: &str, query: &[(String, String)]) -> Result<Url> {
    let fault = || {
        Error::new(
            Code::Internal,
            "A request path was built wrong. This is a fault of highlevel-mcp; please report it.",
        )
    };
    let whole = format!("{}{path}", base.path().trim_end_matches('/'));
    if !path.starts_with('/') || path.split('/').any(is_dots) {
        return Err(fault());
    }
    let mut url = base.clone();
    url.set_path(&whole);
    // `set_path` mends what it is given; a path that needs it is not the one that was meant.
    if url.path() != whole {
        return Err(fault());
    }
    if !query.is_empty() {
        url.query_pairs_mut().extend_pairs(query);
    }
    Ok(url)
}

/// A segment that a server or proxy may take for `.` or `..`, encoded or not.
fn is_dots(segment: &str) -> bool {
    let decoded = percent_decode_str(segment).decode_utf8_lossy();
    decoded == "." || decoded == ".."
}

/// The default base address of all services.
pub fn default_base_url(scheme: Scheme) -> Result<Url> {
    static BASES: LazyLock<[Result<Url, url::ParseError>; 2]> = LazyLock::new(|| {
        [Url::parse("https://backend.leadconnectorhq.com"), Url::parse("https://services.leadconnectorhq.com")]
    });
    let [session, official] = &*BASES;
    let base = if scheme == Scheme::Bearer { official } else { session };
    base.clone().map_err(|fault| Error::new(Code::Internal, fault.to_string()).caused_by(fault))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn plain_http_goes_to_loopback_only() {
        for good in
            ["https://example.com", "http://127.0.0.1:9", "http://127.8.8.8", "http://[::1]:9/x", "http://LOCALHOST"]
        {
            assert!(ServiceUrls::all("GHL_BASE_URL", &url(good)).is_ok(), "{good}");
        }
        for bad in [
            "http://example.com",
            "http://10.0.0.1",
            "http://localhost.example.com",
            "http://[::2]",
            "http://0.0.0.0",
            "ftp://127.0.0.1",
            "data:x",
            "https://user:secret@example.com",
            "https://example.com/?a=b",
        ] {
            let error = ServiceUrls::all("GHL_BASE_URL", &url(bad)).unwrap_err();
            assert_eq!(error.code, Code::InvalidArguments, "{bad}");
            assert!(error.message.contains("GHL_BASE_URL") && !error.message.contains("secret"), "{error}");
        }
    }

    #[test]
    fn the_path_arrives_as_it_is() {
        let base = url("https://example.com/proxy/");
        let joined = |path: &str| join(&base, path, &[]).map(String::from).ok();
        assert_eq!(joined("/contact/a%2Fb").as_deref(), Some("https://example.com/proxy/contact/a%2Fb"));
        assert_eq!(
            joined("/a/%c3%a9~!$&'()*+,;=:@").as_deref(),
            Some("https://example.com/proxy/a/%c3%a9~!$&'()*+,;=:@")
        );
        for bad in [
            "contact",
            "/a/../b",
            "/a/%2e%2E/b",
            "/a/.%2e",
            "/.",
            "/a?b",
            "/a#b",
            "/a b",
            "/a\\b",
            "/a\nb",
            "/ä",
            "/a/\t../b",
        ] {
            assert_eq!(joined(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn the_query_is_encoded_in_order() {
        let query = [("b".to_owned(), "1 2&3".to_owned()), ("a".to_owned(), "ä".to_owned())];
        let joined = join(&url("http://127.0.0.1:1"), "/x", &query).unwrap();
        assert_eq!(joined.as_str(), "http://127.0.0.1:1/x?b=1+2%263&a=%C3%A4");
    }
}
