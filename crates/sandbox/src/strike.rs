//! What a client sees of a fault.

use super::answer::{Answer, Payload, full};
use super::faults::Kind;
use super::world::Call;
use bytes::Bytes;
use futures::{Stream, StreamExt, stream};
use http::{HeaderValue, Response, StatusCode, header};
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Frame;
use std::io;
use std::time::{Duration, SystemTime};

const HTML: &str = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway\
</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n";

const BLOCKED: &str = "<!DOCTYPE html>\n<html>\n<head><title>Attention Required! | Cloudflare</title></head>\n<body>\n\
<h1>Sorry, you have been blocked</h1>\n<p>You are unable to access leadconnectorhq.com</p>\n</body>\n</html>\n";

/// How much of a huge body is sent at a time.
const CHUNK: usize = 64 * 1024;

/// The answer that a fault puts in the place of the honest one, if that was reached; `None` drops the connection.
pub(super) fn answer(kind: &Kind, call: &Call, honest: Option<Answer>) -> Option<Response<Payload>> {
    let honest = honest.unwrap_or_else(|| Answer::ok(serde_json::Value::Null));
    Some(match kind {
        Kind::Drop | Kind::Late(_) => return None,
        Kind::Status(status) => injected(StatusCode::from_u16(*status).unwrap_or_default()).into_response(),
        Kind::RetryAfter { seconds, as_date } => {
            let value = if *as_date {
                httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(*seconds))
            } else {
                seconds.to_string()
            };
            injected(StatusCode::TOO_MANY_REQUESTS).with(header::RETRY_AFTER, value).into_response()
        }
        Kind::Html => injected(StatusCode::BAD_GATEWAY).with_payload("text/html", full(HTML)),
        Kind::Block => injected(StatusCode::FORBIDDEN).with_payload("text/html; charset=UTF-8", full(BLOCKED)),
        Kind::NoRoute(status) => {
            let status = StatusCode::from_u16(*status).unwrap_or_default();
            Answer::refuse(status, format!("Cannot {} {}", call.method, call.path)).into_response()
        }
        Kind::Redirect(to) => {
            let address = if to.contains("://") { to.clone() } else { format!("http://{to}{}", call.path) };
            injected(StatusCode::FOUND).with(header::LOCATION, address).into_response()
        }
        Kind::Malformed => {
            let text = honest.body.to_string();
            let payload = full(half(&text).to_owned());
            honest.with_payload("application/json", payload)
        }
        Kind::Truncate => {
            let text = honest.body.to_string();
            let payload = StreamBody::new(breaking_off(half(&text).to_owned())).boxed_unsync();
            let mut response = honest.with_payload("application/json", payload);
            response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(text.len()));
            response
        }
        Kind::Huge(bytes) => honest.with_payload("application/json", StreamBody::new(huge(*bytes)).boxed_unsync()),
        // Waits are served on the way; they replace nothing.
        Kind::Latency(_) => honest.into_response(),
    })
}

fn injected(status: StatusCode) -> Answer {
    Answer::refuse(status, "injected by the sandbox's fault plan")
}

/// The first half of a text, at a character's boundary. It is never the whole, since JSON texts are longer than 1.
fn half(text: &str) -> &str {
    text.get(..text.floor_char_boundary(text.len() / 2)).unwrap_or_default()
}

type Frames = io::Result<Frame<Bytes>>;

fn breaking_off(text: String) -> impl Stream<Item = Frames> {
    let broken = async {
        // One turn of the loop lets hyper send what it has before the connection breaks.
        tokio::task::yield_now().await;
        Err(io::Error::other("the answer breaks off"))
    };
    stream::iter([Ok(Frame::data(Bytes::from(text)))]).chain(stream::once(broken))
}

/// A JSON string that fills so many bytes, quotes included, or that never ends.
fn huge(bytes: Option<u64>) -> impl Stream<Item = Frames> {
    let chunk = Bytes::from(vec![b'x'; CHUNK]);
    let mut left = bytes.map(|bytes| usize::try_from(bytes).unwrap_or(usize::MAX).saturating_sub(2));
    let filling = stream::iter(std::iter::from_fn(move || {
        let size = left.unwrap_or(CHUNK).min(CHUNK);
        left = left.map(|left| left - size);
        (size > 0).then(|| chunk.slice(..size))
    }));
    let quote = || stream::iter([Bytes::from_static(b"\"")]);
    quote().chain(filling).chain(quote()).map(|bytes| Ok(Frame::data(bytes)))
}
