//! How many connections there are, how long they stay, and what is spoken over them.

use crate::{upstream::*, *};
use futures::future::join_all;
use highlevel_api_client::Fate;
use std::io::Cursor;
use tokio::{io::AsyncReadExt, net::TcpListener};

/// More calls at once than the server has answers under way.
const FLIGHT: usize = 48;

#[tokio::test]
async fn as_many_connections_as_calls_at_once_and_all_of_them_are_kept() {
    let upstream = Upstream::with(|_| Some(ok())).await;
    let Fixture { client, dir: _dir } = fixture(config(&upstream));
    for _ in 0..5 {
        for answer in join_all((0..FLIGHT).map(|_| async { client.send(&get("/contact"), &call()).await })).await {
            answer.unwrap();
        }
    }
    let seen = upstream.seen();
    assert_eq!(seen.len(), 5 * FLIGHT);
    let opened = seen.iter().map(|seen| seen.connection).max().unwrap() + 1;
    assert!(opened <= FLIGHT, "{opened} connections");
}

#[tokio::test]
async fn over_tls_http_1_1_is_all_that_is_offered() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let offered = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        // Others are refused, so that the client need not wait for them.
        drop(listener);
        let mut hello = rustls::server::Acceptor::default();
        loop {
            let mut bytes = [0; 4096];
            let read = stream.read(&mut bytes).await.unwrap();
            hello.read_tls(&mut Cursor::new(&bytes[..read])).unwrap();
            if let Some(accepted) = hello.accept().unwrap() {
                let protocols = accepted.client_hello().alpn().into_iter().flatten();
                return protocols.map(|name| String::from_utf8_lossy(name).into_owned()).collect::<Vec<_>>();
            }
        }
    });
    let urls = ServiceUrls::all("u", &format!("https://127.0.0.1:{port}").parse().unwrap()).unwrap();
    let Fixture { client, dir: _dir } = fixture(ClientConfig::new(urls));
    let failed = client.send(&post("/contact"), &call()).await.unwrap_err();
    assert_eq!(failed.fate, Fate::NotExecuted);
    assert_eq!(offered.await.unwrap(), ["http/1.1"]);
}
