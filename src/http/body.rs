//! Bodies: how large and how slow one may be, and what a response holds until its last byte.

use super::refusal::HttpError;
use axum::{
    BoxError,
    body::{Body, HttpBody},
    http::{HeaderMap, Response, StatusCode, header},
};
use bytes::Bytes;
use futures::{StreamExt, stream};
use std::{task::Poll, time::Duration};
use tokio_util::sync::CancellationToken;

/// The most bytes of a request's body.
pub(super) const MAX_BODY: usize = 4 * 1024 * 1024;

/// How long a client may take to send a body.
pub(super) const BODY_TIME: Duration = Duration::from_secs(30);

/// Reads the body of a request.
pub(super) async fn read(headers: &HeaderMap, body: Body) -> Result<Bytes, HttpError> {
    let length = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if length.is_some_and(|length| usize::try_from(length).is_ok_and(|length| length > MAX_BODY)) {
        return Err(too_large());
    }
    match tokio::time::timeout(BODY_TIME, collect(body)).await {
        Ok(Ok(Some(bytes))) => Ok(bytes),
        Ok(Ok(None)) => Err(too_large()),
        Ok(Err(_)) => Err(HttpError::new(StatusCode::BAD_REQUEST, "The body broke off.").last()),
        Err(_) => {
            let message = format!("The body did not arrive within {} seconds.", BODY_TIME.as_secs());
            Err(HttpError::new(StatusCode::REQUEST_TIMEOUT, message).last())
        }
    }
}

/// The whole body; `None` if it is too large.
async fn collect(body: Body) -> Result<Option<Bytes>, axum::Error> {
    let mut read = Vec::new();
    let mut pieces = body.into_data_stream();
    while let Some(piece) = pieces.next().await {
        let piece = piece?;
        if read.len() + piece.len() > MAX_BODY {
            return Ok(None);
        }
        read.extend_from_slice(&piece);
    }
    Ok(Some(read.into()))
}

fn too_large() -> HttpError {
    let message = format!("A message may have at most {MAX_BODY} bytes.");
    HttpError::new(StatusCode::PAYLOAD_TOO_LARGE, message).last()
}

/// Whether the body is said to be JSON.
pub(super) fn is_json(headers: &HeaderMap) -> bool {
    let given = headers.get(header::CONTENT_TYPE).and_then(|given| given.to_str().ok()).unwrap_or_default();
    given.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json")
}

/// The response, which runs `end` when its body has ended. What `end` holds is dropped with the body.
pub(super) fn with_end<B>(response: Response<B>, mut end: impl FnMut() + Send + 'static) -> Response<Body>
where
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    response.map(|body| {
        let ended = stream::poll_fn(move |_| {
            end();
            Poll::Ready(None)
        });
        Body::from_stream(Body::new(body).into_data_stream().chain(ended))
    })
}

/// The response, whose body ends when `closing` is cancelled.
pub(super) fn ending(response: Response<Body>, closing: CancellationToken) -> Response<Body> {
    response.map(|body| Body::from_stream(body.into_data_stream().take_until(closing.cancelled_owned())))
}

/// The response with `to` in place of `from`. Each event of a stream is one frame.
pub(super) fn rewriting(response: Response<Body>, from: String, to: String) -> Response<Body> {
    response.map(|body| {
        Body::from_stream(body.into_data_stream().map(move |frame| {
            frame.map(|bytes| match std::str::from_utf8(&bytes) {
                Ok(text) if text.contains(&from) => Bytes::from(text.replacen(&from, &to, 1)),
                _ => bytes,
            })
        }))
    })
}
