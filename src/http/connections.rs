//! Connections: how many, how large and how slow their headers may be, and how they end.

use axum::{Router, body::Body};
use hyper::{body::Incoming, server::conn::http1};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use std::{pin::pin, sync::Arc, time::Duration};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

/// How many connections there may be. Further ones wait in the system's queue.
const MAX_CONNECTIONS: usize = 4096;

/// The most bytes of a request's headers. Larger ones are answered with 431.
const MAX_HEADERS_BYTES: usize = 32 * 1024;

/// The most headers of a request.
const MAX_HEADERS: usize = 64;

/// How long a client may take to send a request's headers; also how long a connection may be idle.
const HEADERS_TIME: Duration = Duration::from_secs(60);

/// Accepts connections until `closing` is cancelled. Returns those that are still open.
pub(super) async fn accept(listener: TcpListener, router: Router, closing: &CancellationToken) -> JoinSet<()> {
    let mut connections = JoinSet::new();
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        let next = async {
            // The semaphore is never closed.
            let place = Arc::clone(&places).acquire_owned().await;
            (place, listener.accept().await)
        };
        let (place, accepted) = tokio::select! {
            accepted = next => accepted,
            Some(_) = connections.join_next() => continue,
            () = closing.cancelled() => return connections,
        };
        match accepted {
            Ok((stream, _)) => {
                let (router, closing) = (router.clone(), closing.clone());
                connections.spawn(async move {
                    serve(stream, router, closing).await;
                    drop(place);
                });
            }
            Err(error) => {
                // Usually too many open files: wait for other connections to close.
                tracing::warn!(%error, "a connection was not accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

async fn serve(stream: TcpStream, router: Router, closing: CancellationToken) {
    // Without it an answer waits for the acknowledgement of the one before it.
    drop(stream.set_nodelay(true));
    let service =
        TowerToHyperService::new(router.map_request(|request: http::Request<Incoming>| request.map(Body::new)));
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(HEADERS_TIME)
        .max_headers(MAX_HEADERS)
        .max_header_size(MAX_HEADERS_BYTES)
        .max_buf_size(2 * MAX_HEADERS_BYTES);
    let mut connection = pin!(http.serve_connection(TokioIo::new(stream), service));
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = closing.cancelled() => {
            // The request under way is answered; no other one is read.
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early");
    }
}
