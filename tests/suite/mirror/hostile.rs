//! SQL that does more than read is refused or stopped, and the server keeps running.

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

/// Statements that take long: an endless loop, or one SQLite step without a call of the progress handler.
const LONG: &[&str] = &[
    "with recursive bomb(n) as (select 1 union all select n + 1 from bomb) select count(*) from bomb",
    "select count(*) from contacts a, contacts b, contacts c, contacts d",
    ENDLESS,
    "select count(*) from contacts where instr(hex(zeroblob(400000)), hex(zeroblob(200000)) || id) > 0",
    "select max(length(replace(hex(zeroblob(400000)), hex(zeroblob(200000)) || a.id, b.id))) from contacts a, contacts b",
];

/// One step that takes minutes.
pub const ENDLESS: &str = "select trim(replace(hex(zeroblob(400000)), '0', '1') || '2', hex(zeroblob(40000)) || '1')";

/// Statements that take much memory or disk space.
pub const LARGE: &[&str] = &[
    "with recursive bomb(t) as (select 'x' union all select t || t from bomb) select max(length(t)) from bomb",
    "with recursive n(x) as (select 1 union all select x + 1 from n) select json_group_array(hex(zeroblob(100000))) from n",
    "with recursive n(x) as (select 1 union all select x + 1 from n) select json_group_object(x, hex(zeroblob(100000))) from n",
    "with recursive n(x) as (select 1 union all select x + 1 from n) select group_concat(hex(zeroblob(1000))) from n",
    "select a.*, b.*, c.* from contacts a, contacts b, contacts c order by a.email || b.email || c.email",
    "with recursive n(x) as (select 1 union all select x + 1 from n) select count(*) from (select distinct hex(randomblob(10000)) from n)",
    "with recursive n(x) as (select 1 union all select x + 1 from n) select hex(randomblob(10000)) h, count(*) from n group by h",
    "with recursive n(x) as (select 1 union all select x + 1 from n), t as materialized (select hex(randomblob(10000)) from n) select count(*) from t a, t b",
    "select row_number() over (order by h) from (with recursive n(x) as (select 1 union all select x + 1 from n) select hex(randomblob(10000)) h from n)",
    "select zeroblob(1000000000)",
    "select randomblob(1000000000)",
    "select hex(zeroblob(900000))",
    "select printf('%.*c', 100000000, 'x')",
    "select printf('%1000000000d', 1)",
    "select quote(zeroblob(900000))",
    "select replace(hex(zeroblob(1000)), '0', hex(zeroblob(1000)))",
    "select hex(zeroblob(450000)), hex(zeroblob(450001)), hex(zeroblob(450002)), hex(zeroblob(450003)), hex(zeroblob(450004))",
];

#[tokio::test]
async fn statements_that_do_not_only_read_are_refused() {
    let account = account(Api::Session, 300).await;
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
async fn statements_that_take_too_much_time_or_memory_are_stopped() {
    let account = account(Api::Session, 300).await;
    let host = Host::new(&account, &[]).await;
    assert_eq!(cell(&host, "select count(*) from contacts").await, 300);
    // Side by side: each is stopped by itself, and delays the others only briefly.
    let long = LONG.iter().map(|sql| host.error("query_crm", json!({"sql": sql})));
    let (errors, alive) = tokio::join!(futures::future::join_all(long), cell(&host, "select count(*) from contacts"));
    for (sql, error) in LONG.iter().zip(errors) {
        let stopped = error["message"].as_str().unwrap().starts_with("The statement ran for 5 s and was stopped");
        assert!(error["code"] == "timeout" && stopped, "{sql}: {error}");
    }
    assert_eq!(alive, 300);
    for sql in LARGE {
        let error = host.error("query_crm", json!({"sql": sql})).await;
        // A slowly growing statement reaches the time limit first.
        assert!(["timeout", "too_large"].contains(&error["code"].as_str().unwrap()), "{sql}: {error}");
    }
    assert_eq!(cell(&host, "select count(*) from contacts").await, 300);
}

#[tokio::test]
async fn a_long_statement_does_not_delay_other_calls() {
    use crate::support::{Wire, command};
    /// Each takes about a second: one with many steps, one with a single step.
    const SLOW: &[&str] = &[
        "with recursive n(x) as (select 1 union all select x + 1 from n where x < 3000000) select count(*) from n",
        "select instr(hex(zeroblob(150000)), hex(zeroblob(75000)) || '1')",
    ];
    let account = account(Api::Session, 300).await;
    let state = tempfile::tempdir().unwrap();
    let mut wire = Wire::start(command(&account, state.path()));
    tokio::task::spawn_blocking(move || {
        let ask = |wire: &mut Wire, sql: &str| {
            wire.send("tools/call", json!({"name": "query_crm", "arguments": {"sql": sql}}))
        };
        wire.initialize("2025-11-25", json!({}));
        let read = ask(&mut wire, "select count(*) from contacts");
        wire.answer_to(read);
        for sql in SLOW {
            let (long, short) = (ask(&mut wire, sql), ask(&mut wire, "select count(*) from contacts"));
            let mut answers = std::iter::repeat_with(|| wire.line()).filter(|line| line.get("method").is_none());
            let order = [answers.next(), answers.next()].map(|answer| answer.map(|answer| answer["id"].clone()));
            assert_eq!(order, [Some(json!(short)), Some(json!(long))], "{sql}");
        }
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn cte_names_json_functions_and_windows_are_allowed() {
    let account = account(Api::Session, 120).await;
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
