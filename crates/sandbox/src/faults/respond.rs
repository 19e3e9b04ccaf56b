//! Serves a request with its faults.

use super::inject::DrawnFaults;
use super::rule::{FaultKind, FaultRule};
use crate::response::{ApiResponse, ResponseBody, full};
use crate::server::{SharedState, lock};
use crate::state::{RawRequest, Target};
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

/// The size of one piece of a huge body.
const CHUNK: usize = 64 * 1024;

/// Performs an operation with the faults that the plan draws for it. `None` drops the connection.
pub(crate) async fn serve(state: &SharedState, raw: &RawRequest, target: Target) -> Option<Response<ResponseBody>> {
    let DrawnFaults { before, after, fault, .. } = lock(state).draw_faults(&target);
    wait(before).await;
    let fault = match fault {
        Some(FaultRule { name, kind, after: false, .. }) => {
            lock(state).log.fault(target.owner, &name);
            if let FaultKind::Late(delay) = kind {
                perform_later(state, raw, target, delay);
            }
            return fault_response(&kind, raw, None);
        }
        fault => fault,
    };
    let answer = lock(state).perform(raw, &target);
    wait(after).await;
    match fault {
        Some(rule) if answer.status.is_success() => {
            lock(state).log.fault(target.owner, &rule.name);
            fault_response(&rule.kind, raw, Some(answer))
        }
        _ => Some(answer.into_response()),
    }
}

fn perform_later(state: &SharedState, raw: &RawRequest, target: Target, delay: Duration) {
    let (state, raw) = (state.clone(), raw.clone());
    tokio::spawn(async move {
        tokio::time::sleep(delay).await;
        lock(&state).perform(&raw, &target);
    });
}

/// Sleeps, unless the time is zero: even a sleep of zero takes a tick of the timer.
async fn wait(time: Duration) {
    if !time.is_zero() {
        tokio::time::sleep(time).await;
    }
}

/// The response that a fault puts in the place of the operation's own, if the operation was performed. `None` drops the
/// connection.
fn fault_response(kind: &FaultKind, raw: &RawRequest, own: Option<ApiResponse>) -> Option<Response<ResponseBody>> {
    let own = own.unwrap_or_else(|| ApiResponse::ok(serde_json::Value::Null));
    Some(match kind {
        FaultKind::Drop | FaultKind::Late(_) => return None,
        FaultKind::Status(status) => injected(StatusCode::from_u16(*status).unwrap_or_default()).into_response(),
        FaultKind::RetryAfter { seconds, as_date } => {
            let value = if *as_date {
                httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(*seconds))
            } else {
                seconds.to_string()
            };
            injected(StatusCode::TOO_MANY_REQUESTS).with_header(header::RETRY_AFTER, value).into_response()
        }
        FaultKind::Html => injected(StatusCode::BAD_GATEWAY).with_payload("text/html", full(HTML)),
        FaultKind::Block => injected(StatusCode::FORBIDDEN).with_payload("text/html; charset=UTF-8", full(BLOCKED)),
        FaultKind::NoRoute(status) => {
            let status = StatusCode::from_u16(*status).unwrap_or_default();
            ApiResponse::error(status, format!("Cannot {} {}", raw.method, raw.path)).into_response()
        }
        FaultKind::Redirect(to) => {
            let address = if to.contains("://") { to.clone() } else { format!("http://{to}{}", raw.path) };
            injected(StatusCode::FOUND).with_header(header::LOCATION, address).into_response()
        }
        FaultKind::Malformed => {
            let text = own.body.to_string();
            let payload = full(half(&text).to_owned());
            own.with_payload("application/json", payload)
        }
        FaultKind::Truncate => {
            let (content_type, bytes) = own.content();
            let payload = StreamBody::new(breaking_off(bytes.slice(..bytes.len() / 2))).boxed_unsync();
            let mut response = own.with_payload(content_type, payload);
            response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(bytes.len()));
            response
        }
        FaultKind::Huge(bytes) => own.with_payload("application/json", StreamBody::new(huge(*bytes)).boxed_unsync()),
        // Delays are not responses: `serve` has waited already.
        FaultKind::Latency(_) => own.into_response(),
    })
}

fn injected(status: StatusCode) -> ApiResponse {
    ApiResponse::error(status, "injected by the sandbox's fault plan")
}

/// The first half of a text, up to a character boundary.
fn half(text: &str) -> &str {
    text.get(..text.floor_char_boundary(text.len() / 2)).unwrap_or_default()
}

type Frames = io::Result<Frame<Bytes>>;

fn breaking_off(bytes: Bytes) -> impl Stream<Item = Frames> {
    let broken = async {
        // Yielding once lets hyper send what it has before the connection breaks.
        tokio::task::yield_now().await;
        Err(io::Error::other("the answer breaks off"))
    };
    stream::iter([Ok(Frame::data(bytes))]).chain(stream::once(broken))
}

/// A JSON string of this many bytes including the quotes, or an endless one.
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
