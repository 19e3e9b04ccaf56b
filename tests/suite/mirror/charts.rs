//! Questions with a picture as the answer.

use super::*;
use crate::support::{command, run};
use base64::{Engine, prelude::BASE64_STANDARD as BASE64};

#[tokio::test]
async fn a_chart_is_an_image_and_its_numbers() {
    let account = account(Api::Session, 120).await;
    let host = Host::new(&account, &[]).await;
    let sql = "select stage, count(*) n from opportunities group by stage order by n desc";
    let asked = json!({"sql": sql, "kind": "bar", "title": "Deals by stage", "theme": "dark"});
    let result = host.call("chart_crm", asked).await;
    let numbers = crate::support::structured(&result);
    assert_eq!(numbers["rows"], answer(&host, json!({"sql": sql})).await["rows"]);
    let image = result.content[1].as_image().unwrap();
    assert_eq!((image.mime_type.as_str(), result.content.len()), ("image/png", 2));
    let png = BASE64.decode(&image.data).unwrap();
    let decoder = png::Decoder::new(std::io::Cursor::new(&png)).read_info().unwrap();
    assert_eq!(decoder.info().width, 1600);
}

#[tokio::test]
async fn rows_that_cannot_be_drawn_are_an_error() {
    let account = account(Api::Session, 120).await;
    let host = Host::new(&account, &[]).await;
    for (sql, kind, field) in [
        ("select id, email from contacts", "bar", "sql"),
        ("select id from contacts", "line", "sql"),
        ("select 'a', -1", "pie", "kind"),
        ("select id, 1 from contacts", "bar", "sql"),
        ("select nonsense", "bar", "sql"),
        ("select 'a', 1", "donut", "kind"),
    ] {
        let error = host.error("chart_crm", json!({"sql": sql, "kind": kind})).await;
        assert_eq!((&error["code"], &error["field"]), (&json!("invalid_arguments"), &json!(field)), "{sql}: {error}");
    }
}

#[tokio::test]
async fn the_command_line_writes_a_file() {
    let account = account(Api::Session, 120).await;
    let state = tempfile::tempdir().unwrap();
    let file = state.path().join("deals.png");
    let mut chart = command(&account, state.path());
    chart.args([
        "chart",
        "select stage, sum(value) from opportunities where currency = 'USD' group by 1",
        "--kind",
        "funnel",
        "-o",
    ]);
    chart.arg(&file);
    let ran = run(chart).await;
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(std::fs::read(file).unwrap()[..8], *b"\x89PNG\r\n\x1a\n");
}
