//! The token is seen nowhere but in its header.

use crate::{upstream::*, *};
use std::{
    io,
    sync::{Arc, Mutex},
};

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The subscriber is the whole process's: one thread's own sees nothing of a place that another thread came by first. So
/// the log holds what the tests beside this one say too, and none of it may show a token.
#[tokio::test]
async fn no_error_log_or_debug_output_shows_a_token() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    tracing::subscriber::set_global_default(subscriber).unwrap();

    let echo = |status, token: &str| json(status, &format!(r#"{{"message":"token {token} is no good"}}"#));
    let second = "canary-7f3a9c-second-token";
    let upstream = Upstream::scripted([
        echo(404, TOKEN),
        echo(200, TOKEN),
        echo(401, TOKEN),
        renewed(second),
        echo(500, TOKEN),
        echo(500, second),
        echo(500, second),
        echo(401, second),
        echo(401, second),
        Reply::Drop,
    ])
    .await;
    let Fixture { client, dir } = fixture(config(&upstream));
    let mut told = String::new();
    for request in [get("/a"), get("/b"), get("/c"), get("/d"), post("/e")] {
        told += &format!("{:?}\n", client.send(&request, &call()).await);
    }
    told += &format!("{client:?} {:?} {:?}\n", client.token_status().await, client.quota());
    told += &client.scrub(&format!("{TOKEN} {second}"));
    drop(client_in(dir.path(), config(&upstream), TOKEN).send(&post("/f"), &call()).await);

    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("sending") && log.contains("TRACE"), "the log is there");
    assert!(told.contains("token [redacted] is no good"), "{told}");
    assert!(!told.contains("canary"), "{told}");
    let shown: Vec<&str> = log.lines().filter(|line| line.contains("canary")).collect();
    assert!(shown.is_empty(), "{shown:#?}");
}

/// A broken connection is reported with its causes, which hold neither the token nor the request's address.
#[tokio::test]
async fn the_cause_of_a_failure_is_kept_without_the_address() {
    use std::error::Error as _;
    let upstream = Upstream::scripted([Reply::Drop]).await;
    let Fixture { client, dir } = fixture(config(&upstream));
    let mut ask = post("/contact");
    ask.query = vec![("email".to_owned(), "canary-ann@example.com".to_owned())];
    let broken = client.send(&ask, &call()).await.unwrap_err().error;

    let closed = ServiceUrls::all("u", &"http://127.0.0.1:9".parse().unwrap()).unwrap();
    let client = client_in(dir.path(), ClientConfig::new(closed), TOKEN);
    let refused = client.send(&ask, &call()).await.unwrap_err().error;
    for error in [broken, refused] {
        assert!(error.source().is_some() && !error.causes().is_empty(), "{error:?}");
        let all = format!("{error:?} {error:#} {}", error.causes().join(" "));
        assert!(!all.contains("canary") && !all.contains("/contact"), "{all}");
        assert!(!error.to_json().to_string().contains("cause"), "answers do not carry it");
    }
}
