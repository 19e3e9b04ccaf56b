//! An upstream in trouble: every kind of it has a clear error within the call's time, and a lasting one is left alone.

use crate::{upstream::*, *};
use highlevel_api_client::{Fate, SendError};
use highlevel_core::error::Code;
use std::sync::{
    Mutex,
    atomic::{AtomicUsize, Ordering},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// A server that does the same to every connection.
async fn server<F: Future<Output = ()> + Send + 'static>(act: impl Fn(TcpStream) -> F + Send + 'static) -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(act(stream));
        }
    });
    port
}

/// A server that writes `head`, then `again` for ever.
async fn dripping(head: &'static str, again: &[u8], pause: Duration) -> u16 {
    let again: Arc<[u8]> = again.into();
    let drip = move |mut stream: TcpStream| {
        let again = Arc::clone(&again);
        async move {
            drop(stream.read(&mut [0; 4096]).await);
            drop(stream.write_all(head.as_bytes()).await);
            while stream.write_all(&again).await.is_ok() {
                tokio::time::sleep(pause).await;
            }
        }
    };
    server(drip).await
}

/// A create against this address: sent once, so that one attempt is what the error tells of.
async fn create(url: &str) -> SendError {
    let mut config = ClientConfig::new(ServiceUrls::all("u", &url.parse().unwrap()).unwrap());
    config.attempt_timeout = Duration::from_millis(700);
    // Little, so that an endless body passes it well before the attempt is over, however busy the machine is.
    config.api.max_body = 100_000;
    let Fixture { client, dir: _dir } = fixture(config);
    // Far longer than the attempt may take: what ends the call is the bound of the attempt.
    client.send(&post("/contact"), &CallContext::new(Duration::from_secs(600))).await.unwrap_err()
}

const TICK: Duration = Duration::from_millis(20);

#[tokio::test]
async fn a_body_that_trickles_ends_with_the_attempts_time() {
    let port = dripping("HTTP/1.1 200 OK\r\ncontent-length: 9000\r\n\r\n", b" ", TICK).await;
    let failed = create(&format!("http://127.0.0.1:{port}")).await;
    assert_eq!((failed.error.code, failed.fate), (Code::Timeout, Fate::Unknown));
}

#[tokio::test]
async fn headers_that_trickle_end_with_the_attempts_time() {
    let port = dripping("HTTP/1.1 200 OK\r\n", b"x-a: b\r\n", TICK).await;
    let failed = create(&format!("http://127.0.0.1:{port}")).await;
    assert_eq!((failed.error.code, failed.fate), (Code::Timeout, Fate::Unknown));
}

#[tokio::test]
async fn a_body_without_end_is_given_up_at_its_bound() {
    // A chunk of 64 bytes, which is as good as text.
    let again = format!("40\r\n{}\r\n", "x".repeat(64)).repeat(1000);
    for head in ["HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"] {
        let port = dripping(head, again.as_bytes(), Duration::ZERO).await;
        let failed = create(&format!("http://127.0.0.1:{port}")).await;
        assert_eq!((failed.error.code, failed.fate), (Code::TooLarge, Fate::Unknown), "{head}");
        assert!(failed.error.message.contains("--max-body"));
    }
}

#[tokio::test]
async fn giant_headers_are_no_answer() {
    let port = dripping("HTTP/1.1 200 OK\r\nx-giant: ", &[b'a'; 64 * 1024], Duration::ZERO).await;
    let failed = create(&format!("http://127.0.0.1:{port}")).await;
    assert_eq!((failed.error.code, failed.fate), (Code::UpstreamError, Fate::Unknown));
    assert!(failed.error.message.contains("no HTTP answer"), "{}", failed.error);
}

#[tokio::test]
async fn what_is_no_http_is_no_answer() {
    let port = dripping("SSH-2.0-OpenSSH_9.6\r\n", b"hm\r\n", TICK).await;
    let failed = create(&format!("http://127.0.0.1:{port}")).await;
    assert_eq!((failed.error.code, failed.fate), (Code::UpstreamError, Fate::Unknown));
    assert!(failed.error.message.contains("no HTTP answer"), "{}", failed.error);
}

#[tokio::test]
async fn tls_that_never_comes_about_executes_nothing() {
    // Silent, broken off in the middle of the handshake, and rubbish.
    let silent = server(|s| async move {
        let _kept = s;
        std::future::pending().await
    });
    let broken = server(|mut s| async move { drop(s.read(&mut [0; 64]).await) });
    let rubbish = dripping("\x16\x03\x03\x7f\x7f", b"rubbish", TICK);
    for port in [silent.await, broken.await, rubbish.await] {
        let failed = create(&format!("https://127.0.0.1:{port}")).await;
        assert_eq!(
            (failed.error.code, failed.fate),
            (Code::UpstreamUnreachable, Fate::NotExecuted),
            "{}",
            failed.error
        );
        assert!(failed.error.message.contains("127.0.0.1 cannot be reached: "), "{}", failed.error);
    }
}

/// An upstream that is ill until told otherwise, and how many requests it saw.
async fn patient(reply: Reply) -> (Upstream, Arc<AtomicUsize>, Arc<Mutex<Reply>>) {
    let (seen, reply) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(reply)));
    let (counter, answer) = (Arc::clone(&seen), Arc::clone(&reply));
    let upstream = Upstream::with(move |_| {
        counter.fetch_add(1, Ordering::Relaxed);
        Some(answer.lock().unwrap().clone())
    });
    (upstream.await, seen, reply)
}

async fn wait_until(at: chrono::DateTime<chrono::Utc>) {
    while chrono::Utc::now() < at {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Reads until the client fails fast, and gives that error.
async fn until_open(client: &Client) -> SendError {
    loop {
        let failed = client.send(&get("/contact"), &call()).await.unwrap_err();
        if failed.error.code == Code::UpstreamUnreachable {
            return failed;
        }
    }
}

#[tokio::test]
async fn an_outage_of_any_kind_is_left_alone_and_tested_with_one_call() {
    let kinds = [json(500, "{}"), json(503, "<html>"), Reply::Drop, Reply::Truncated, json(200, "half an ans")];
    let all = kinds.into_iter().map(|kind| async move {
        let (upstream, seen, reply) = patient(kind.clone()).await;
        let Fixture { client, dir: _dir } = fixture(config(&upstream));
        let opened = until_open(&client).await;
        assert!(opened.sent_at.is_none() && opened.error.retry_at.is_some(), "{kind:?}");
        let before = seen.load(Ordering::Relaxed);
        assert!(before >= 5, "{kind:?}: opened after {before} attempts");

        let (ask, write) = (get("/contact"), post("/contact"));
        for _ in 0..20 {
            let failed = client.send(&write, &call()).await.unwrap_err();
            assert_eq!((failed.error.code, failed.fate), (Code::UpstreamUnreachable, Fate::NotExecuted));
            assert!(failed.sent_at.is_none() && failed.error.retry_at.is_some());
        }
        assert_eq!(seen.load(Ordering::Relaxed), before, "{kind:?}: calls were sent to a dead API");

        wait_until(opened.error.retry_at.unwrap()).await;
        let context = call();
        let many = (0..10).map(|_| client.send(&ask, &context));
        let failed = futures::future::join_all(many).await;
        assert!(failed.iter().all(|one| one.as_ref().is_err_and(|failed| failed.error.retry_at.is_some())));
        assert_eq!(seen.load(Ordering::Relaxed), before + 1, "{kind:?}: one call tests the water");

        *reply.lock().unwrap() = ok();
        let again = client.send(&ask, &call()).await.unwrap_err().error.retry_at.unwrap();
        wait_until(again).await;
        for _ in 0..10 {
            client.send(&ask, &call()).await.unwrap();
        }
        assert_eq!(seen.load(Ordering::Relaxed), before + 11, "{kind:?}");
    });
    futures::future::join_all(all).await;
}

/// Who goes on asking while a firewall blocks it is blocked for longer.
#[tokio::test]
async fn a_block_page_is_left_alone_as_an_outage_is() {
    let (upstream, seen, reply) = patient(json(403, "<html><title>Blocked</title></html>")).await;
    let Fixture { client, dir: _dir } = fixture(config(&upstream));
    let opened = loop {
        let failed = client.send(&post("/contact"), &call()).await.unwrap_err();
        assert_eq!((failed.error.code, failed.fate), (Code::UpstreamUnreachable, Fate::NotExecuted));
        if failed.sent_at.is_none() {
            break failed.error.retry_at.unwrap();
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    let before = seen.load(Ordering::Relaxed);
    assert!(before >= 5, "one page alone is no outage: {before}");
    *reply.lock().unwrap() = ok();
    wait_until(opened).await;
    client.send(&get("/contact"), &call()).await.unwrap();
    assert_eq!(seen.load(Ordering::Relaxed), before + 1);
}

#[tokio::test]
async fn refusals_are_answers() {
    for status in [400, 403, 404, 409, 422] {
        let (upstream, seen, _) = patient(json(status, "{}")).await;
        let Fixture { client, dir: _dir } = fixture(config(&upstream));
        for round in 1..=30 {
            assert_eq!(client.send(&get("/contact"), &call()).await.unwrap().status, status);
            assert_eq!(seen.load(Ordering::Relaxed), round);
        }
    }
}

#[tokio::test]
async fn one_sick_endpoint_among_healthy_ones_does_not_open_it() {
    let upstream = Upstream::with(|seen| {
        let sick = seen.target.starts_with("/funnel");
        Some(if sick { json(500, "{}") } else { ok() })
    });
    let upstream = upstream.await;
    let Fixture { client, dir: _dir } = fixture(config(&upstream));
    for _ in 0..6 {
        let failed = client.send(&get("/funnel"), &call()).await.unwrap_err();
        assert_eq!(failed.error.code, Code::UpstreamError, "{}", failed.error);
        client.send(&get("/contact"), &call()).await.unwrap();
    }
    assert_eq!(upstream.counts()["GET /funnel"], 18, "each call had all of its attempts");
}
