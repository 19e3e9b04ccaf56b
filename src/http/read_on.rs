//! What becomes of a body that a refused request still sends: it is read on for a while before the connection closes. A
//! client that still sends when it closes may not see why it was refused, such as that its token has expired.

use super::body::{BODY_TIME, MAX_BODY};
use axum::{
    body::{Body, HttpBody},
    extract::Request,
    http::{Method, header},
    middleware::Next,
    response::Response,
};
use bytes::Bytes;
use futures::StreamExt;
use hyper::body::{Frame, SizeHint};
use std::{
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

/// How many bytes of such a body are read and thrown away.
const MAX_DISCARDED: usize = 4 * MAX_BODY;

/// How long it may pause.
const PAUSE: Duration = Duration::from_millis(200);

/// A body of which whoever keeps a clone reads what others have left.
#[derive(Debug, Clone)]
struct SharedBody(Arc<Mutex<Body>>);

impl SharedBody {
    fn body(&self) -> MutexGuard<'_, Body> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl HttpBody for SharedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut *self.body()).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body().is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body().size_hint()
    }
}

/// Reads on after a refusal. A client that expects `100 Continue` has sent nothing yet.
pub(super) async fn read_on(request: Request, next: Next) -> Response {
    if *request.method() != Method::POST || request.headers().contains_key(header::EXPECT) {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    let left = SharedBody(Arc::new(Mutex::new(body)));
    let response = next.run(Request::from_parts(parts, Body::new(left.clone()))).await;
    let is_refused = response.status().is_client_error() || response.status().is_server_error();
    if is_refused && !left.is_end_stream() {
        drop(tokio::time::timeout(BODY_TIME, discard(left)).await);
    }
    response
}

async fn discard(left: SharedBody) {
    let mut pieces = Body::new(left).into_data_stream();
    let mut size = 0;
    while size < MAX_DISCARDED
        && let Ok(Some(Ok(piece))) = tokio::time::timeout(PAUSE, pieces.next()).await
    {
        size += piece.len();
    }
}
