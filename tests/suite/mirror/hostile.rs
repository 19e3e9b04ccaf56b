//! SQL that wants more than to read: it is refused or stopped, and the server lives on.

use super::*;

const REFUSED: &[&str] = &[
    "delete from contacts",
    "update contacts set email = 'x'",
    "insert into contacts (id) values ('x')",
    "drop table contacts",
    "create table x (y)",
    "create temp table x (y)",
    "create view v as select 1",
    "replace into contacts (id) values ('x')",
    "with x as (select 1) delete from contacts",
    "alter table contacts add column x",
    "attach database '/tmp/x.db' as x",
    "detach database main",
    "vacuum into '/tmp/x.db'",
    "pragma user_version",
    "pragma query_only = off",
    "select * from pragma_table_info('contacts')",
    "begin",
    "commit",
    "savepoint x",
    "reindex",
    "analyze",
    "select load_extension('/tmp/x.so')",
    "select fts3_tokenizer('x')",
    "select * from sqlite_schema",
    "select count(*) from sqlite_master",
    "select * from scans",
    "select count(*) from scans",
    "select * from search where search match 'a'",
    "select * from search_data",
    "select * from dbstat",
    "select 1; delete from contacts",
    "select 1; select 2",
    "explain delete from contacts",
];

const STOPPED: &[&str] = &[
    "with recursive bomb(n) as (select 1 union all select n + 1 from bomb) select count(*) from bomb",
    "with recursive bomb(t) as (select 'x' union all select t || t from bomb) select max(length(t)) from bomb",
    "select count(*) from contacts a, contacts b, contacts c, contacts d",
    "select a.id from contacts a, contacts b, contacts c, contacts d order by random()",
    "select zeroblob(1000000000)",
    "select hex(zeroblob(900000))",
    "select group_concat(hex(zeroblob(1000))) from contacts a, contacts b",
    "select printf('%.*c', 100000000, 'x')",
];

#[tokio::test]
async fn what_is_no_reading_is_refused() {
    let account = account(Api::Document, 300).await;
    let host = Host::new(&account, &[]).await;
    assert_eq!(cell(&host, "select count(*) from contacts").await, 300);
    for sql in REFUSED {
        let error = host.error("query_crm", json!({"sql": sql})).await;
        assert_eq!((&error["code"], &error["field"]), (&json!("invalid_arguments"), &json!("sql")), "{sql}: {error}");
    }
    let long = format!("select '{}'", "x".repeat(1024 * 1024));
    let error = host.error("query_crm", json!({"sql": long})).await;
    assert_eq!((&error["code"], &error["field"]), (&json!("invalid_arguments"), &json!("sql")));
    assert_eq!(cell(&host, "select count(*) from contacts").await, 300);
}

#[tokio::test]
async fn what_has_no_end_is_stopped() {
    let account = account(Api::Document, 300).await;
    let host = Host::new(&account, &[]).await;
    assert_eq!(cell(&host, "select count(*) from contacts").await, 300);
    // Side by side: each is stopped by itself, and none holds up the others.
    let stopped = STOPPED.iter().map(|sql| host.error("query_crm", json!({"sql": sql})));
    let (errors, alive) =
        tokio::join!(futures::future::join_all(stopped), cell(&host, "select count(*) from contacts"));
    for (sql, error) in STOPPED.iter().zip(errors) {
        assert!(["timeout", "too_large"].contains(&error["code"].as_str().unwrap()), "{sql}: {error}");
    }
    assert_eq!(alive, 300);
}

#[tokio::test]
async fn what_takes_long_holds_up_nobody() {
    use crate::support::{Wire, command};
    /// Each takes about a second: many steps, and one.
    const LONG: &[&str] = &[
        "with recursive n(x) as (select 1 union all select x + 1 from n where x < 3000000) select count(*) from n",
        "select instr(hex(zeroblob(150000)), hex(zeroblob(75000)) || '1')",
    ];
    let account = account(Api::Document, 300).await;
    let state = tempfile::tempdir().unwrap();
    let mut wire = Wire::start(command(&account, state.path()));
    tokio::task::spawn_blocking(move || {
        let ask = |wire: &mut Wire, sql: &str| {
            wire.send("tools/call", json!({"name": "query_crm", "arguments": {"sql": sql}}))
        };
        wire.initialize("2025-11-25", json!({}));
        let read = ask(&mut wire, "select count(*) from contacts");
        wire.answer_to(read);
        for sql in LONG {
            let (long, short) = (ask(&mut wire, sql), ask(&mut wire, "select count(*) from contacts"));
            let mut answers = std::iter::repeat_with(|| wire.line()).filter(|line| line.get("method").is_none());
            let order = [answers.next(), answers.next()].map(|answer| answer.map(|answer| answer["id"].clone()));
            assert_eq!(order, [Some(json!(short)), Some(json!(long))], "{sql}");
        }
    })
    .await
    .unwrap();
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn what_is_stopped_took_little_memory() {
    use crate::support::{Wire, command};
    /// With the debug build's own 20 or so.
    const MOST_KIB: u64 = 96 * 1024;
    let account = account(Api::Document, 300).await;
    let state = tempfile::tempdir().unwrap();
    let mut wire = Wire::start(command(&account, state.path()));
    let wire = tokio::task::spawn_blocking(move || {
        wire.initialize("2025-11-25", json!({}));
        for sql in ["select count(*) from contacts"].iter().chain(STOPPED) {
            let id = wire.send("tools/call", json!({"name": "query_crm", "arguments": {"sql": sql}}));
            wire.answer_to(id);
        }
        wire
    })
    .await
    .unwrap();
    let status = std::fs::read_to_string(format!("/proc/{}/status", wire.child.id())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    let most: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    assert!(most < MOST_KIB, "{most} KiB");
}

#[tokio::test]
async fn cte_names_json_functions_and_windows_are_no_trouble() {
    let account = account(Api::Document, 120).await;
    let host = Host::new(&account, &[]).await;
    for sql in [
        "with t(x) as (select 1) select count(*) from t",
        "with recursive n(x) as (select 1 union all select x + 1 from n where x < 10) select sum(x) from n",
        "select count(*) from (select 1 union select 2)",
        "select value from webhooks, json_each(events) limit 1",
        "select id, row_number() over (order by createdAt) from contacts limit 3",
        "select strftime('%Y-%m', createdAt) m, count(*) from contacts group by m",
        "explain query plan select * from contacts where id = 'x'",
        "values (1), (2)",
    ] {
        assert!(!rows(&host, sql).await.is_empty(), "{sql}");
    }
}
