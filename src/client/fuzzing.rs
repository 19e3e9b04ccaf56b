//! Headers, bodies and tokens from outside, for the fuzz targets and their tests.

use super::{
    Body, Request, ServiceUrls,
    attempt::parse,
    auth,
    budget::headers::{AnswerHeaders, LONGEST},
    urls::Outgoing,
};
use chrono::DateTime;
use http::{HeaderMap, HeaderValue};
use url::Url;

/// Where a request would go. Fails the target if it would not arrive as it is.
pub(crate) fn address(request: &Request) -> Url {
    let base = Url::parse("https://api.example").and_then(|base| base.join("/"));
    let urls = base.ok().and_then(|base| ServiceUrls::all("base", &base).ok());
    let out = urls.and_then(|urls| Outgoing::new(request, &urls).ok());
    assert!(out.is_some(), "a path that would not arrive: {}", request.path);
    out.map_or_else(|| unreachable!(), |out| out.url)
}

pub(crate) fn body(bytes: &[u8]) -> Body {
    parse(&String::from_utf8_lossy(bytes))
}

pub(crate) fn headers(data: &[u8]) {
    const NAMES: [&str; 5] = ["retry-after", "x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset", "date"];
    let mut headers = HeaderMap::new();
    for (name, line) in NAMES.into_iter().cycle().zip(data.split(|byte| *byte == b'\n').take(15)) {
        if let Ok(value) = HeaderValue::from_bytes(line) {
            headers.append(name, value);
        }
    }
    for now in [0, 1_698_157_800, 253_402_300_799].into_iter().filter_map(|now| DateTime::from_timestamp(now, 0)) {
        let read = AnswerHeaders::read(&headers, now);
        assert_ne!(read.limit, Some(0), "a limit of nothing is not believed");
        assert!(
            read.reset.unwrap_or_default() <= LONGEST && read.retry_after.unwrap_or_default() <= LONGEST,
            "{read:?}"
        );
    }
}

pub(crate) fn token(data: &[u8]) {
    auth::token_holds(&String::from_utf8_lossy(data));
}
