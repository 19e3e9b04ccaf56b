//! The response to a batch: one stream with the events of each of its answers, each when it is there.

use axum::{
    body::{Body, to_bytes},
    http::{HeaderValue, Response, header},
};
use bytes::Bytes;
use futures::{
    StreamExt,
    stream::{self, BoxStream},
};

/// What an answer to a message of a batch sends.
pub(super) type Events = BoxStream<'static, Result<Bytes, axum::Error>>;

const STREAM: &str = "text/event-stream";

/// The most bytes of an answer that is not a stream: an error.
const MAX_ERROR: usize = 64 * 1024;

/// The events of a response to one message. An error in JSON becomes an event.
pub(super) async fn events(response: Response<Body>) -> Events {
    let (is_stream, is_json) = (is(&response, STREAM), is(&response, "application/json"));
    let body = response.into_body();
    if is_stream {
        return body.into_data_stream().boxed();
    }
    match to_bytes(body, MAX_ERROR).await {
        Ok(error) if is_json => {
            let event = [b"data: ".as_slice(), &error, b"\n\n"].concat();
            stream::iter([Ok(Bytes::from(event))]).boxed()
        }
        // The session has ended.
        _ => stream::empty().boxed(),
    }
}

fn is(response: &Response<Body>, wanted: &str) -> bool {
    let given = response.headers().get(header::CONTENT_TYPE).and_then(|given| given.to_str().ok());
    given.is_some_and(|given| given.starts_with(wanted))
}

/// The response with all of these events.
pub(super) fn merged(events: Vec<Events>) -> Response<Body> {
    let mut response = Response::new(Body::from_stream(stream::select_all(events)));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(STREAM));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}
