//! Sizes, deadlines, cancellation.

use crate::{upstream::*, *};
use flate2::{Compression, write::GzEncoder};
use highlevel_api_client::{Body, Fate};
use highlevel_core::error::Code;
use std::{io::Write, time::Instant};
use tokio_util::sync::CancellationToken;

pub(crate) fn gzip(bytes: &[u8]) -> Reply {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    Reply::Answer {
        status: 200,
        headers: vec![("content-encoding".into(), "gzip".into())],
        body: encoder.finish().unwrap(),
    }
}

#[tokio::test]
async fn what_is_larger_than_allowed_is_not_read() {
    let large = format!("\"{}\"", "x".repeat(100_000));
    for reply in [json(200, &large), gzip(&vec![b'0'; 50_000_000])] {
        let upstream = Upstream::scripted([reply.clone(), reply]).await;
        let mut config = config(&upstream);
        config.api.max_body = 60_000;
        let Fixture { client, dir: _dir } = fixture(config);
        for request in [get("/contact"), post("/contact")] {
            let failed = client.send(&request, &call()).await.unwrap_err();
            assert_eq!((failed.error.code, failed.fate), (Code::TooLarge, Fate::Unknown));
        }
    }
}

#[tokio::test]
async fn what_is_allowed_is_read_compressed_or_not() {
    let body = format!("\"{}\"", "x".repeat(9_998));
    let upstream = Upstream::scripted([json(200, &body), gzip(body.as_bytes())]).await;
    let mut config = config(&upstream);
    config.api.max_body = 10_000;
    let Fixture { client, dir: _dir } = fixture(config);
    for _ in 0..2 {
        let answer = client.send(&get("/contact"), &call()).await.unwrap();
        assert_eq!(answer.body, Body::Json("x".repeat(9_998).into()));
    }
}

#[tokio::test]
async fn a_large_failure_is_still_that_failure() {
    let upstream = Upstream::scripted([json(404, &format!("{:?}", "x".repeat(500_000)))]).await;
    let Fixture { client, dir: _dir } = fixture(config(&upstream));
    assert_eq!(client.send(&get("/contact"), &call()).await.unwrap().status, 404);
}

#[tokio::test]
async fn the_deadline_ends_a_request_under_way() {
    let upstream = Upstream::scripted([Reply::Hang, Reply::Hang]).await;
    let Fixture { client, dir: _dir } = fixture(config(&upstream));
    for request in [get("/contact"), post("/contact")] {
        let failed = client.send(&request, &CallContext::new(Duration::from_millis(1_500))).await.unwrap_err();
        assert_eq!((failed.error.code, failed.fate), (Code::Timeout, Fate::Unknown));
    }
}

#[tokio::test]
async fn a_repetition_that_would_not_start_in_time_is_not_waited_for() {
    let upstream = Upstream::scripted([json(503, "{}").with("retry-after", "120")]).await;
    let Fixture { client, dir: _dir } = fixture(config(&upstream));
    let start = Instant::now();
    let failed = client.send(&get("/contact"), &call()).await.unwrap_err();
    assert_eq!(failed.error.code, Code::UpstreamError);
    assert!(start.elapsed() < Duration::from_secs(10));
}

#[tokio::test]
async fn cancelling_says_whether_the_request_was_under_way() {
    let upstream = Upstream::scripted([Reply::Hang]).await;
    let mut config = config(&upstream);
    config.api.rate_limit = Some(1);
    let Fixture { client, dir: _dir } = fixture(config);
    let update = request(Method::PUT, "/contact", Some(serde_json::json!({"name": "n"})), Repeat::Freely);
    for (ask, fate, sent) in [(update, Fate::Unknown, true), (post("/contact"), Fate::NotExecuted, false)] {
        let cancel = CancellationToken::new();
        let context = CallContext::new(Duration::from_secs(600)).cancelled_by(cancel.clone());
        let (failed, ()) = tokio::join!(client.send(&ask, &context), async {
            // The first has to have arrived; the second waits for the quota, which nobody can see from here.
            while upstream.seen().is_empty() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
            cancel.cancel();
        });
        let failed = failed.unwrap_err();
        assert_eq!((failed.error.code, failed.fate, failed.sent_at.is_some()), (Code::Cancelled, fate, sent));
    }
}
