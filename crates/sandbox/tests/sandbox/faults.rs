//! Every fault as a client sees it, and whether the write took effect.

use crate::support::{Peer, Reply, send};
use serde_json::{Value, json};
use std::time::Duration;

const SLUG: &str = "fault";

/// Creates a page under a fault plan. Returns the answer and the number of such pages.
async fn create(peer: &Peer) -> (Result<Reply, reqwest::Error>, usize) {
    let reply = peer.try_post("/page", json!({ "name": "F", "slug": SLUG })).await;
    (reply, landed(peer).await)
}

async fn landed(peer: &Peer) -> usize {
    peer.objects("pages").await.iter().filter(|page| page["slug"] == SLUG).count()
}

#[tokio::test]
async fn statuses_before_and_after_the_effect() {
    for (spec, status, pages) in [
        ("500@POST /page*1", 500, 0),
        ("500-after@POST /page*1", 500, 1),
        ("401@write*1", 401, 0),
        ("403@any*1", 403, 0),
        ("429*1", 429, 0),
        ("html@write", 502, 0),
        ("html-after@write", 502, 1),
        ("422-after@POST /page*1", 422, 1),
        ("409-after@POST /page*1", 409, 1),
        ("block@write", 403, 0),
        ("block-after@write", 403, 1),
        ("no-route@write", 404, 0),
        ("no-route:400@write", 400, 0),
    ] {
        let peer = Peer::with_faults(spec).await;
        let (reply, count) = create(&peer).await;
        assert_eq!((reply.unwrap().status.as_u16(), count), (status, pages), "{spec}");
        let name = spec.split(['@', '*', ':']).next().unwrap();
        assert_eq!(peer.stats().await["faults"], json!({ name: 1 }), "{spec}");
        assert_eq!(peer.get("/users/me").await.status, 200, "{spec}: it befalls no other");
    }
}

#[tokio::test]
async fn html_is_html_and_retry_after_comes_in_both_forms() {
    let peer = Peer::with_faults("html*1;429:7*1;429-date:7*1;429*1").await;
    let html = peer.get("/users/me").await;
    assert!(html.headers["content-type"].to_str().unwrap().starts_with("text/html") && html.text.contains("<html>"));
    assert_eq!(peer.get("/users/me").await.number("retry-after"), 7);
    let dated = peer.get("/users/me").await;
    assert!(httpdate::parse_http_date(dated.headers["retry-after"].to_str().unwrap()).is_ok());
    let silent = peer.get("/users/me").await;
    assert_eq!((silent.status.as_u16(), silent.headers.get("retry-after")), (429, None));
}

#[tokio::test]
async fn a_block_is_a_page_and_a_missing_route_names_its_path() {
    let peer = Peer::with_faults("block*1;no-route:400*1").await;
    let page = peer.get("/users/me").await;
    assert!(page.headers["content-type"].to_str().unwrap().starts_with("text/html") && page.text.contains("blocked"));
    assert_eq!(peer.get("/users/me").await.message(), "Cannot GET /users/me");
    for spec in ["no-route:200", "block:5", "block-before"] {
        assert!(spec.parse::<highlevel_sandbox::FaultPlan>().is_err(), "{spec}");
    }
}

#[tokio::test]
async fn dropped_connections_send_not_one_byte() {
    for (spec, pages) in [("drop", 0), ("drop-after", 1)] {
        let peer = Peer::with_faults(spec).await;
        let body = json!({ "name": "F", "slug": SLUG }).to_string();
        let head = format!("POST /page HTTP/1.1\nhost: x\nversion: 1.0\ntoken-id: {}\n", peer.token);
        let length = body.len();
        let rest = format!("content-type: application/json\ncontent-length: {length}\n\n{body}");
        assert_eq!(peer.raw(&format!("{head}{rest}")).await, "", "{spec}");
        assert_eq!(landed(&peer).await, pages, "{spec}");
        assert!(peer.try_get("/users/me").await.is_err(), "{spec}");
        let stats = peer.stats().await;
        assert_eq!((&stats["byStatus"], &stats["faults"]), (&json!({ "dropped": 2 }), &json!({ spec: 2 })));
    }
}

#[tokio::test]
async fn a_late_effect_lands_after_the_connection_was_dropped() {
    let peer = Peer::with_faults("late:150@write").await;
    let (reply, count) = create(&peer).await;
    assert!(reply.is_err());
    assert_eq!(count, 0);
    let mut tries = 0;
    while landed(&peer).await == 0 && tries < 100 {
        tries += 1;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(landed(&peer).await, 1);
    assert_eq!(peer.stats().await["effects"]["creates"], 1);
}

#[tokio::test]
async fn answers_that_cannot_be_read() {
    let peer = Peer::with_faults("truncate@write").await;
    let (reply, count) = create(&peer).await;
    assert!(reply.unwrap_err().is_decode() || count == 1);
    assert_eq!(count, 1);
    let head = format!("GET /users/me HTTP/1.1\nhost: x\nversion: 1.0\ntoken-id: {}\n\n", peer.token);
    peer.manage("POST", "faults", "truncate").await;
    let raw = peer.raw(&head).await;
    let (headers, body) = raw.split_once("\r\n\r\n").unwrap();
    let promised = headers.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
    assert!(headers.starts_with("HTTP/1.1 200") && !body.is_empty());
    assert!(body.len() < promised.parse().unwrap(), "{raw}");

    let peer = Peer::with_faults("malformed@write").await;
    let (reply, count) = create(&peer).await;
    let reply = reply.unwrap();
    assert_eq!((reply.status.as_u16(), &reply.body, count), (201, &Value::Null, 1));
    assert!(reply.text.starts_with('{'));
}

#[tokio::test]
async fn huge_and_endless_bodies() {
    let peer = Peer::with_faults("huge:300000@GET /contact;huge@GET /page").await;
    let huge = peer.get("/contact").await;
    assert_eq!(huge.text.len(), 300_000);
    assert!(huge.body.is_string());
    let mut endless = peer.plain("GET", "/page").send().await.unwrap();
    let mut read = 0;
    while read < 5_000_000 {
        read += endless.chunk().await.unwrap().unwrap().len();
    }
}

#[tokio::test]
async fn redirects_lead_where_they_are_told() {
    let peer = Peer::with_faults("redirect:127.0.0.1:9*1;redirect:http://localhost:9/trap*1").await;
    let reply = peer.get("/contact?limit=1").await;
    assert_eq!(
        (reply.status.as_u16(), reply.headers["location"].to_str().unwrap()),
        (302, "http://127.0.0.1:9/contact")
    );
    assert_eq!(peer.get("/contact").await.headers["location"], "http://localhost:9/trap");
    assert_eq!(peer.get("/contact").await.status, 200);
}

#[tokio::test]
async fn a_slow_answer_hides_an_effect_from_an_impatient_client() {
    for (spec, pages) in [("latency:5000", 0), ("latency-after:5000", 1)] {
        let peer = Peer::with_faults(spec).await;
        let body = json!({ "name": "F", "slug": SLUG }).to_string();
        let request = peer.plain("POST", "/page").header("content-type", "application/json").body(body);
        let error = send(request.timeout(Duration::from_millis(100))).await.unwrap_err();
        assert!(error.is_timeout(), "{spec}: {error:?}");
        assert_eq!(landed(&peer).await, pages, "{spec}");
    }
}

#[tokio::test]
async fn a_refused_request_keeps_its_honest_answer_from_faults_that_come_after() {
    let peer = Peer::with_faults("500-after;drop-after").await;
    assert_eq!(peer.post("/page", json!({ "name": "F" })).await.status, 400);
    assert_eq!(peer.stats().await["faults"], json!({}));
}

#[tokio::test]
async fn the_refresh_has_to_be_named() {
    let peer = Peer::with_faults("500").await;
    assert_eq!(peer.poke("/token/update").await.status, 200);
    peer.manage("POST", "faults", "401@refresh*1").await;
    assert_eq!(peer.get("/users/me").await.status, 200);
    assert_eq!(peer.poke("/token/update").await.status, 401);
    assert_eq!(peer.poke("/token/update").await.status, 200);
}

#[tokio::test]
async fn rates_come_from_the_seed() {
    let mut runs = Vec::new();
    for _ in 0..2 {
        let peer = Peer::with_faults("503%40@read").await;
        let mut statuses = Vec::new();
        for _ in 0..40 {
            statuses.push(peer.get("/users/me").await.status.as_u16());
        }
        assert!(statuses.contains(&200) && statuses.contains(&503));
        runs.push(statuses);
    }
    assert_eq!(runs[0], runs[1]);
}
