//! Connections: how many, how large and how slow their headers may be, and how they end.

use super::stall::Stall;
use axum::{Router, body::Body, extract::ConnectInfo};
use highlevel_store::open_files_limit;
use hyper::{body::Incoming, server::conn::http1};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use std::{net::SocketAddr, pin::pin, sync::Arc, time::Duration};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

/// How many connections there may be, if half of the open files of the process suffice. Further ones wait in the system's
/// queue: calls need files, too.
const MAX_CONNECTIONS: usize = 4096;

/// The most bytes of a request's headers. Larger ones are answered with 431.
const MAX_HEADERS_BYTES: usize = 32 * 1024;

/// The most headers of a request.
const MAX_HEADERS: usize = 64;

/// How long a client may take to send a request's headers; also how long a connection may be idle. Longer than proxies keep an idle
/// connection (nginx a minute, Caddy two): otherwise one sends a request while this end closes, and its client gets a 502.
const HEADERS_TIME: Duration = Duration::from_secs(130);

/// How long a client may leave what is written for it unread.
const READ_TIME: Duration = Duration::from_secs(60);

/// Accepts connections until `closing` is cancelled. Returns those that are still open.
pub(super) async fn accept(listener: TcpListener, router: Router, closing: &CancellationToken) -> JoinSet<()> {
    let mut connections = JoinSet::new();
    let half = open_files_limit().and_then(|limit| usize::try_from(limit / 2).ok());
    let places = Arc::new(Semaphore::new(half.map_or(MAX_CONNECTIONS, |half| half.min(MAX_CONNECTIONS))));
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
            Ok((stream, peer)) => {
                let (router, closing) = (router.clone(), closing.clone());
                connections.spawn(async move {
                    serve(stream, peer, router, closing).await;
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

async fn serve(stream: TcpStream, peer: SocketAddr, router: Router, closing: CancellationToken) {
    // Without it an answer waits for the acknowledgement of the one before it.
    drop(stream.set_nodelay(true));
    let service = TowerToHyperService::new(router.map_request(move |mut request: http::Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        request.map(Body::new)
    }));
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(HEADERS_TIME)
        .max_headers(MAX_HEADERS)
        .max_header_size(MAX_HEADERS_BYTES)
        .max_buf_size(2 * MAX_HEADERS_BYTES);
    let mut connection = pin!(http.serve_connection(TokioIo::new(Stall::new(stream, READ_TIME)), service));
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

/// Clients that are slow, against the real bounds: the clock goes on when nobody has anything to do.
#[cfg(test)]
mod tests {
    use super::super::body;
    use super::*;
    use axum::{
        extract::Request,
        response::{IntoResponse, Response},
        routing::post,
    };
    use bytes::Bytes;
    use futures::{StreamExt, stream};
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        time::timeout,
    };

    /// Longer than every bound.
    const PATIENCE: Duration = Duration::from_secs(3600);

    /// A client of a server that reads bodies as the MCP endpoint does.
    async fn client(router: Router) -> TcpStream {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { accept(listener, router, &CancellationToken::new()).await });
        TcpStream::connect(address).await.unwrap()
    }

    async fn read(request: Request) -> Response {
        let (parts, body) = request.into_parts();
        body::read(&parts.headers, body).await.map_or_else(IntoResponse::into_response, IntoResponse::into_response)
    }

    /// What the server says until it closes.
    async fn rest(mut client: TcpStream) -> String {
        let mut said = Vec::new();
        timeout(PATIENCE, client.read_to_end(&mut said)).await.expect("the connection ends").unwrap();
        String::from_utf8(said).unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_does_not_come_is_answered_with_408() {
        for head in ["Content-Length: 10\r\n\r\n12345", "Transfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n"] {
            let mut client = client(Router::new().route("/", post(read))).await;
            client.write_all(format!("POST / HTTP/1.1\r\nHost: x\r\n{head}").as_bytes()).await.unwrap();
            let said = rest(client).await;
            assert!(said.starts_with("HTTP/1.1 408 ") && said.contains("within 30 seconds"), "{head}: {said}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_in_small_pieces_has_no_more_time() {
        let mut client = client(Router::new().route("/", post(read))).await;
        client.write_all(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n").await.unwrap();
        let (mut said, mut write) = client.into_split();
        let writing = tokio::spawn(async move {
            for _ in 0..1000 {
                tokio::time::sleep(Duration::from_secs(1)).await;
                if write.write_all(b"x").await.is_err() {
                    return;
                }
            }
        });
        let mut text = [0; 16];
        said.read_exact(&mut text).await.unwrap();
        assert_eq!(&text, b"HTTP/1.1 408 Req");
        writing.abort();
    }

    #[tokio::test(start_paused = true)]
    async fn headers_that_do_not_come_end_the_connection() {
        for sent in ["", "POST / HTTP/1.1\r\nHost: x\r\nX-Long: "] {
            let mut client = client(Router::new().route("/", post(read))).await;
            client.write_all(sent.as_bytes()).await.unwrap();
            let said = rest(client).await;
            assert!(!said.contains(" 200 "), "{sent}: {said}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_outlives_the_patience_of_a_proxy() {
        let mut client = client(Router::new().route("/", post(read))).await;
        for _ in 0..3 {
            client.write_all(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nok").await.unwrap();
            let mut said = Vec::new();
            while !said.ends_with(b"\r\n\r\nok") {
                assert_ne!(client.read_buf(&mut said).await.unwrap(), 0, "it has closed");
            }
            tokio::time::sleep(Duration::from_secs(120)).await;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_response_that_nobody_reads_is_given_up() {
        let places = Arc::new(Semaphore::new(1));
        let of_response = Arc::clone(&places);
        let endless = move || async move {
            let place = of_response.try_acquire_owned().unwrap();
            // Dropped with the response.
            let page = move |()| {
                let _held = &place;
                Ok::<_, std::io::Error>(Bytes::from_static(&[b'x'; 4096]))
            };
            Body::from_stream(stream::repeat(()).map(page))
        };
        let mut client = client(Router::new().route("/", post(endless))).await;
        client.write_all(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n").await.unwrap();
        let mut head = [0; 12];
        client.read_exact(&mut head).await.unwrap();
        assert_eq!((&head, places.available_permits()), (b"HTTP/1.1 200", 0));
        assert!(timeout(PATIENCE, places.acquire()).await.is_ok(), "the response is dropped");
    }
}
