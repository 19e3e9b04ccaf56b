//! What goes over the wire, and what is sent again.

use crate::{upstream::*, *};
use highlevel_api_client::{Body, Fate, Moment};
use highlevel_core::error::Code;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

fn names(seen: &Seen) -> Vec<&str> {
    let mut names: Vec<_> = seen.headers.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    names
}

#[tokio::test]
async fn the_headers_are_exactly_these() {
    let upstream = Upstream::scripted([ok(), ok(), ok()]).await;
    let mut config = config(&upstream);
    config.api.api_version = "2021-07-28".into();
    config.api.headers = vec![(http::HeaderName::from_static("channel"), http::HeaderValue::from_static("APP"))];
    let Fixture { client, dir: _dir } = fixture(config);
    let publish = request(Method::POST, "/page/p1/publish", None, Repeat::IfNotExecuted);
    for request in [get("/users/me"), post("/contact"), publish] {
        client.send(&request, &call()).await.unwrap();
    }
    let seen = upstream.seen();
    let common = ["accept", "accept-encoding", "channel", "host", "token-id", "user-agent", "version"];
    assert_eq!(names(&seen[0]), common);
    assert_eq!(seen[0].header("token-id"), Some(TOKEN));
    assert_eq!(seen[0].header("version"), Some("2021-07-28"));
    assert_eq!(seen[0].header("accept"), Some("application/json"));
    assert_eq!(seen[0].header("accept-encoding"), Some("gzip"));
    assert_eq!(seen[0].header("user-agent"), Some(concat!("highlevel-mcp/", env!("CARGO_PKG_VERSION"))));
    assert_eq!(seen[1].header("content-type"), Some("application/json"));
    assert_eq!(seen[1].body, r#"{"name":"n"}"#);
    assert_eq!(names(&seen[1]).len(), common.len() + 2);
    assert_eq!(seen[2].header("content-length"), Some("0"));
    assert_eq!(seen[2].header("content-type"), None);
    assert_eq!(seen[2].connection, 0, "the connection is kept");
}

#[tokio::test]
async fn path_and_query_arrive_exactly_under_the_bases_prefix() {
    let upstream = Upstream::scripted([ok()]).await;
    let base = upstream.url().join("/prefix/").unwrap();
    let mut config = config(&upstream);
    config.api.urls = ServiceUrls::all("GHL_BASE_URL", &base).unwrap();
    let Fixture { client, dir: _dir } = fixture(config);
    let mut ask = get("/contact/a%2fb%20c");
    ask.query = vec![("tags".into(), "a,b c".into()), ("q".into(), "ä&=".into())];
    client.send(&ask, &call()).await.unwrap();
    assert_eq!(upstream.seen()[0].target, "/prefix/contact/a%2fb%20c?tags=a%2Cb+c&q=%C3%A4%26%3D");
    for path in ["/contact/../users/me", "/contact/%2E%2e/users/me", "contact"] {
        let error = client.send(&get(path), &call()).await.unwrap_err();
        assert_eq!((error.error.code, error.fate, error.sent_at), (Code::Internal, Fate::NotExecuted, None));
    }
}

#[tokio::test]
async fn each_service_has_its_own_address() {
    let (backend, location) = (Upstream::scripted([ok()]).await, Upstream::scripted([ok()]).await);
    let mut config = config(&backend);
    let (one, other) = (backend.url(), location.url());
    config.api.urls = ServiceUrls::new(("b", one.clone()), ("l", other), ("p", one)).unwrap();
    let Fixture { client, dir: _dir } = fixture(config);
    client.send(&Request { service: Service::Location, ..get("/location") }, &call()).await.unwrap();
    client.send(&Request { service: Service::PageBuilder, ..get("/page") }, &call()).await.unwrap();
}

#[tokio::test]
async fn answers_are_read_as_they_come() {
    let text = Reply::Answer { status: 200, headers: vec![], body: b"deleted".to_vec() };
    let upstream = Upstream::scripted([
        json(200, "[1]"),
        json(204, ""),
        text,
        json(404, r#"{"message":"No such"}"#),
        json(403, "no"),
    ])
    .await;
    let Fixture { client, dir: _dir } = fixture(config(&upstream));
    let delete = Request { expect: Expect::Anything, ..request(Method::DELETE, "/page/p", None, Repeat::Freely) };
    let mut bodies = Vec::new();
    for request in [&get("/a"), &delete, &delete, &get("/b"), &get("/c")] {
        let response = client.send(request, &call()).await.unwrap();
        assert!(!response.repeated_after_doubt);
        bodies.push((response.status.as_u16(), response.body));
    }
    assert_eq!(
        bodies,
        [
            (200, Body::Json(json!([1]))),
            (204, Body::Empty),
            (200, Body::Text("deleted".into())),
            (404, Body::Json(json!({"message": "No such"}))),
            (403, Body::Text("no".into())),
        ]
    );
}

#[tokio::test]
async fn a_read_is_sent_again_after_every_kind_of_failure() {
    let failures = [
        json(500, r#"{"message":"boom"}"#),
        Reply::Drop,
        Reply::Truncated,
        Reply::Hang,
        json(200, "<html>"),
        json(200, ""),
    ];
    let all = failures.into_iter().map(|failure| async move {
        let upstream = Upstream::scripted([failure.clone(), failure.clone(), ok()]).await;
        let mut config = config(&upstream);
        config.attempt_timeout = Duration::from_millis(500);
        let Fixture { client, dir: _dir } = fixture(config);
        let response =
            client.send(&get("/contact"), &call()).await.unwrap_or_else(|error| panic!("{failure:?}: {error:?}"));
        assert!(response.repeated_after_doubt, "{failure:?}");
    });
    futures::future::join_all(all).await;
}

#[tokio::test]
async fn after_three_attempts_the_failure_is_told() {
    let boom = json(503, "{\"message\":\"boom\\u0007\\n\\u001b[31m bang\"}");
    let upstream = Upstream::scripted([boom.clone(), boom.clone(), boom]).await;
    let Fixture { client, dir: _dir } = fixture(config(&upstream));
    let failed = client.send(&get("/contact"), &call()).await.unwrap_err();
    assert_eq!((failed.error.code, failed.fate), (Code::UpstreamError, Fate::AnsweredFailure));
    assert_eq!(failed.error.message, "The API answered 503 Service Unavailable: boom [31m bang");
    assert_eq!(failed.error.details["status"], 503);
}

#[tokio::test]
async fn a_create_is_never_sent_twice_when_it_may_have_happened() {
    let cases = [
        (json(500, "{}"), Code::UpstreamError, Fate::AnsweredFailure),
        (Reply::Drop, Code::UpstreamError, Fate::Unknown),
        (Reply::Truncated, Code::UpstreamError, Fate::Unknown),
        (Reply::Hang, Code::Timeout, Fate::Unknown),
        (json(200, "oops"), Code::UpstreamError, Fate::Unknown),
        (json(201, ""), Code::UpstreamError, Fate::Unknown),
    ];
    for (reply, code, fate) in cases {
        // On a fresh connection, and on one that is kept from a request before.
        for before in [0, 1] {
            let replies = std::iter::repeat_n(ok(), before).chain([reply.clone()]);
            let upstream = Upstream::scripted(replies).await;
            let mut config = config(&upstream);
            config.attempt_timeout = Duration::from_millis(300);
            let Fixture { client, dir: _dir } = fixture(config);
            for _ in 0..before {
                client.send(&get("/contact"), &call()).await.unwrap();
            }
            let failed = client.send(&post("/contact"), &call()).await.unwrap_err();
            assert_eq!((failed.error.code, failed.fate), (code, fate), "{reply:?}");
            assert!(failed.sent_at.is_some());
            assert_eq!(upstream.counts()["POST /contact"], 1, "{reply:?}");
        }
    }
}

#[tokio::test]
async fn a_connection_that_the_server_closed_meanwhile_costs_no_create() {
    for _ in 0..20 {
        let upstream = Upstream::scripted([Reply::AnswerThenClose("{}".into()), ok()]).await;
        let Fixture { client, dir: _dir } = fixture(config(&upstream));
        client.send(&get("/contact"), &call()).await.unwrap();
        // Long enough for the closing to arrive; without it the fate would be unknown, which is right as well.
        tokio::time::sleep(Duration::from_millis(20)).await;
        client.send(&post("/contact"), &call()).await.unwrap();
        assert_eq!(upstream.counts()["POST /contact"], 1);
        assert_eq!(upstream.seen()[1].connection, 1);
    }
}

#[tokio::test]
async fn nobody_there_is_unreachable_and_nothing_was_executed() {
    let port = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap().local_addr().unwrap().port();
    let url = format!("http://127.0.0.1:{port}").parse().unwrap();
    let Fixture { client, dir: _dir } = fixture(ClientConfig::new(ServiceUrls::all("u", &url).unwrap()));
    let failed = client.send(&post("/contact"), &call()).await.unwrap_err();
    assert_eq!((failed.error.code, failed.fate), (Code::UpstreamUnreachable, Fate::NotExecuted));
    assert!(failed.error.message.contains("127.0.0.1") && failed.error.message.contains("refused"), "{}", failed.error);
}

#[tokio::test]
async fn a_name_that_is_not_known_and_a_tls_failure_are_told_apart() {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            drop(stream.read(&mut [0; 4096]).await);
            drop(stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await);
        }
    });
    for (url, word) in [(format!("https://127.0.0.1:{port}"), "TLS"), ("https://nobody.invalid".to_owned(), "DNS")] {
        let urls = ServiceUrls::all("u", &url.parse().unwrap()).unwrap();
        let Fixture { client, dir: _dir } = fixture(ClientConfig::new(urls));
        let failed = client.send(&post("/contact"), &call()).await.unwrap_err();
        assert_eq!((failed.error.code, failed.fate), (Code::UpstreamUnreachable, Fate::NotExecuted));
        assert!(failed.error.message.contains(word), "{}", failed.error);
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = Upstream::scripted([]).await;
    let target = elsewhere.url().join("/secret-path").unwrap();
    for (status, fate) in [(307, Fate::NotExecuted), (302, Fate::AnsweredFailure)] {
        let upstream = Upstream::scripted([json(status, "").with("location", target.as_str())]).await;
        let Fixture { client, dir: _dir } = fixture(config(&upstream));
        let failed = client.send(&get("/contact"), &call()).await.unwrap_err();
        assert_eq!((failed.error.code, failed.fate), (Code::UpstreamError, fate));
        assert!(failed.error.message.contains("127.0.0.1") && !failed.error.message.contains("secret-path"));
        assert!(failed.error.message.contains("not followed"));
    }
}

#[tokio::test]
async fn the_servers_clock_is_learned() {
    let upstream = Upstream::scripted([ok().with("date", "Tue, 24 Oct 2023 14:30:00 GMT")]).await;
    let Fixture { client, dir: _dir } = fixture(config(&upstream));
    assert_eq!(client.server_time_at(Moment::now()), None);
    let sent_at = client.send(&get("/contact"), &call()).await.unwrap().sent_at;
    let time = client.server_time_at(sent_at).unwrap();
    let date = chrono::DateTime::from_timestamp(1_698_157_800, 0).unwrap();
    assert!(time.earliest <= date && date <= time.latest, "{time:?}");
    assert_eq!(time.latest, date + chrono::TimeDelta::seconds(1));
}
