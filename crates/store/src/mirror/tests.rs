//! Scans that were left lying, on a real file.

use super::*;
use serde_json::{Value, json};
use std::time::Duration;

fn page(drifted: bool) -> MirrorPage {
    MirrorPage {
        items: vec![json!({"id": "a"})],
        sent_at: chrono::Utc::now(),
        offset: 1,
        place: Some("a".to_owned()),
        total: Some(2),
        drifted,
        unnamed: Vec::new(),
        spent: Duration::ZERO,
    }
}

/// Who goes on does not know what was lost, and would call the reading complete.
#[tokio::test]
async fn a_scan_whose_list_moved_is_not_gone_on_with() {
    let dir = tempfile::tempdir().unwrap();
    let contacts = Table::named("contacts").unwrap();
    for (account, drifted, next) in [("still", false, 1), ("moved", true, 0)] {
        let mirror = Mirror::open(dir.path(), account);
        mirror.begin_scan(contacts, "one", false).await.unwrap();
        assert!(mirror.keep_page(contacts, "one", page(drifted)).await.unwrap());
        mirror.leave_scan(contacts, "one").await.unwrap();
        let place = (next == 1).then(|| "a".to_owned());
        assert_eq!(
            mirror.begin_scan(contacts, "other", false).await.unwrap(),
            ScanLock::Acquired { offset: next, place, since: None }
        );
    }
}

fn query() -> SqlQuery {
    SqlQuery {
        sql: String::new(),
        params: Vec::new(),
        hidden: Vec::new(),
        most_rows: 10,
        most_bytes: 1000,
        accounts: None,
        streams: false,
        rows_to: None,
        cancel: tokio_util::sync::CancellationToken::new(),
    }
}

/// SQLite does not report the columns of USING and NATURAL to the authorizer.
#[tokio::test]
async fn a_table_that_is_only_joined_by_a_common_column_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let mirror = Mirror::open(dir.path(), "one");
    let query = |sql: &str, hidden: &[&str]| SqlQuery {
        sql: sql.to_owned(),
        hidden: hidden.iter().map(|name| (*name).to_owned()).collect(),
        ..query()
    };
    for join in ["join {} using (id)", "natural join {}", "cross join {} using (id)", "natural full join {}"] {
        let sql = format!("select count(*) from campaigns {}", join.replace("{}", "webhooks"));
        let QueryOutcome::Answered(answer) = mirror.query(query(&sql, &[]), |_| true).await.unwrap() else {
            panic!("not answered")
        };
        let tables: Vec<_> = answer.states.iter().map(|(table, _)| table.name).collect();
        assert_eq!(tables, ["campaigns", "webhooks"], "{sql}");
        let error = mirror.query(query(&sql, &["webhooks"]), |_| true).await.unwrap_err();
        assert_eq!(error.code, highlevel_core::error::Code::PolicyDenied, "{sql}: {error:?}");
    }
    for internal in ["scans", "scanning", "touched", "changes", "searchable"] {
        let sql = format!("select count(*) from campaigns join {internal} using (name)");
        let error = mirror.query(query(&sql, &[]), |_| true).await.unwrap_err();
        assert_eq!(error.code, highlevel_core::error::Code::InvalidArguments, "{sql}: {error:?}");
    }
}

/// Makes a file one that was written before there were clients, the tables of the daily jobs, and recent readings.
pub(super) fn make_older(path: &std::path::Path) {
    let daily = schema::daily_jobs();
    let tables = daily.split("CREATE TABLE ").skip(1).map(|rest| rest.split(' ').next().unwrap());
    let dropped: String = tables.map(|name| format!("DROP TABLE {name};")).collect();
    let older = format!(
        "{dropped} DROP INDEX changes_name; ALTER TABLE scans DROP COLUMN since; ALTER TABLE scans DROP COLUMN full_at;
         ALTER TABLE changes DROP COLUMN client; ALTER TABLE touched DROP COLUMN client; PRAGMA user_version = 4"
    );
    Connection::open(path).unwrap().execute_batch(&older).unwrap();
}

/// What a fresh file and a migrated one contain has to be the same.
#[tokio::test]
async fn a_migrated_file_has_what_a_fresh_one_has() {
    let dir = tempfile::tempdir().unwrap();
    let schema = async |name: &str| {
        let mirror = Mirror::open(dir.path(), name);
        mirror.exist().await.unwrap();
        let read = "SELECT coalesce(group_concat(type || ' ' || name || ' ' || tbl_name, '; '), '')
                    FROM (SELECT * FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY type, name)";
        mirror.read(move |db| db.query_row(read, [], |row| row.get::<_, String>(0))).await.unwrap()
    };
    let fresh = schema("fresh").await;
    assert_eq!(schema("older").await, fresh);
    make_older(Mirror::open(dir.path(), "older").path());
    assert_eq!(schema("older").await, fresh);
}

/// A file of an earlier version keeps its rows and its record of changes, which a rebuilt one would begin again.
#[tokio::test]
async fn a_file_of_an_earlier_version_keeps_its_rows_and_changes() {
    let dir = tempfile::tempdir().unwrap();
    let contacts = Table::named("contacts").unwrap();
    let write = |name: &str, client: &str| {
        let Value::Object(object) = json!({"id": "a", "firstName": name}) else { unreachable!() };
        let by = ToolWrite { tool: Some("update_contact"), client: Some(client.to_owned()), ..ToolWrite::default() };
        (object, by)
    };
    let mirror = Mirror::open(dir.path(), "one");
    mirror.begin_scan(contacts, "one", false).await.unwrap();
    assert!(mirror.keep_page(contacts, "one", page(false)).await.unwrap());
    mirror.end_scan(contacts, "one", None).await.unwrap();
    let (object, by) = write("Ada", "early 1.0");
    mirror.wrote(contacts, object, by).await.unwrap();
    let path = mirror.path().to_owned();
    drop(mirror);
    make_older(&path);

    let mirror = Mirror::open(dir.path(), "one");
    let (object, by) = write("Grace", "late 1.0");
    mirror.wrote(contacts, object, by).await.unwrap();
    let found = mirror.changes(chrono::DateTime::UNIX_EPOCH, vec![contacts], 10, 0).await.unwrap();
    let clients: Vec<_> = found.changes.iter().map(|change| change.client.as_deref()).collect();
    assert_eq!(clients, [Some("late 1.0"), None], "{found:?}");
    assert!(mirror.state(contacts).await.unwrap().is_complete(), "its rows are there and need no other reading");
}

/// One page of messages with these ids.
fn messages(ids: &[&str]) -> MirrorPage {
    let items = ids.iter().map(|id| json!({"id": id, "status": "sent", "body": format!("Hello {id}")})).collect();
    MirrorPage { items, offset: ids.len() as u64, total: Some(ids.len() as u64), ..page(false) }
}

/// Reads the table's list once, and returns since when.
async fn read(mirror: &Mirror, table: &'static Table, full: bool, ids: &[&str]) -> Option<i64> {
    let ScanLock::Acquired { offset: 0, since, .. } = mirror.begin_scan(table, "one", full).await.unwrap() else {
        panic!("the scan is another process's")
    };
    assert!(mirror.keep_page(table, "one", messages(ids)).await.unwrap());
    mirror.end_scan(table, "one", None).await.unwrap();
    since.map(|at| at.timestamp_millis())
}

async fn ids(mirror: &Mirror) -> String {
    let sql = "SELECT group_concat(id, ' ') FROM (SELECT id FROM messages ORDER BY id)";
    mirror.read(move |db| db.query_row(sql, [], |row| row.get(0))).await.unwrap()
}

/// After a reading in full, the next ones read what is recent: that adds and changes rows, and removes none.
#[tokio::test]
async fn a_reading_of_what_is_recent_removes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (mirror, table) = (Mirror::open(dir.path(), "one"), Table::named("messages").unwrap());
    assert_eq!(read(&mirror, table, false, &["a", "b"]).await, None);
    let first = mirror.state(table).await.unwrap();
    let since = read(&mirror, table, false, &["c"]).await.unwrap();
    let overlap = first.complete_at.unwrap().timestamp_millis() - since;
    assert_eq!(overlap, 3 * 24 * 3_600_000);
    assert_eq!(ids(&mirror).await, "a b c");
    let state = mirror.state(table).await.unwrap();
    assert!(state.is_complete() && state.complete_at > first.complete_at, "{state:?}");
    assert_eq!(state.total, Some(2), "the list has more than what is recent");

    assert_eq!(read(&mirror, table, true, &["a", "c"]).await, None, "as wanted");
    assert_eq!(ids(&mirror).await, "a c");
    // Each day what is older is read too.
    let day = "UPDATE scans SET full_at = full_at - 24 * 3600 * 1000";
    mirror.write(move |db| db.execute(day, []).map(drop)).await.unwrap();
    assert_eq!(read(&mirror, table, false, &["c"]).await, None);
    assert_eq!(ids(&mirror).await, "c");
}

/// Who goes on reads from where the other one began.
#[tokio::test]
async fn a_reading_of_what_is_recent_is_gone_on_with() {
    let dir = tempfile::tempdir().unwrap();
    let (mirror, table) = (Mirror::open(dir.path(), "one"), Table::named("messages").unwrap());
    read(&mirror, table, false, &["a", "b"]).await;
    let began = mirror.begin_scan(table, "one", false).await.unwrap();
    let ScanLock::Acquired { since: Some(began), .. } = began else { panic!("{began:?}") };
    assert!(mirror.keep_page(table, "one", messages(&["c"])).await.unwrap());
    let state = mirror.state(table).await.unwrap();
    assert_eq!(state.under_way, Some((1, None)), "nobody knows how many there are");
    mirror.leave_scan(table, "one").await.unwrap();
    let goes_on = mirror.begin_scan(table, "other", true).await.unwrap();
    assert!(
        matches!(&goes_on, ScanLock::Acquired { offset: 1, since: Some(since), .. } if *since == began),
        "{goes_on:?}"
    );
    mirror.end_scan(table, "other", None).await.unwrap();
    assert_eq!(ids(&mirror).await, "a b c");
}

/// A table with many changes does not take the others' place in the record.
#[tokio::test]
async fn each_table_keeps_its_own_changes() {
    let dir = tempfile::tempdir().unwrap();
    let mirror = Mirror::open(dir.path(), "one");
    let [contacts, messages] = ["contacts", "messages"].map(|name| Table::named(name).unwrap());
    mirror.begin_scan(contacts, "one", false).await.unwrap();
    mirror.end_scan(contacts, "one", None).await.unwrap();
    let Value::Object(contact) = json!({"id": "a", "firstName": "Ada"}) else { unreachable!() };
    mirror.wrote(contacts, contact, ToolWrite::default()).await.unwrap();
    let many = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200100)
                INSERT INTO changes (at, name, id, change) SELECT ?1, 'messages', i, 'added' FROM n";
    let now = chrono::Utc::now().timestamp_millis();
    mirror.write(move |db| db.execute(many, [now]).map(drop)).await.unwrap();
    read(&mirror, messages, true, &["a"]).await;
    let found = async |table| mirror.changes(chrono::DateTime::UNIX_EPOCH, vec![table], 1, 0).await.unwrap().total;
    assert_eq!((found(contacts).await, found(messages).await), (1, 200_000));
}

/// What people call a thing leads to its table, or to what reads it.
#[tokio::test]
async fn an_unknown_table_is_explained() {
    let dir = tempfile::tempdir().unwrap();
    let mirror = Mirror::open(dir.path(), "one");
    for (name, part) in [("notes", "list_notes"), ("deals", "opportunities"), ("calls", "messages"), ("taks", "tasks")]
    {
        let sql = SqlQuery { sql: format!("select * from {name}"), ..query() };
        let error = mirror.query(sql, |_| true).await.unwrap_err();
        let said = error.message.split(" Tables:").next().unwrap();
        assert!(said.starts_with(&format!("There is no table {name}.")) && said.contains(part), "{error:?}");
    }
}

/// An answer without its end is not whole, so that who takes it knows.
#[tokio::test]
async fn rows_leave_as_they_come_and_only_a_whole_answer_has_its_end() {
    let dir = tempfile::tempdir().unwrap();
    let mirror = Mirror::open(dir.path(), "one");
    let rows = async |sql: &str, as_wanted: bool| {
        let (rows_to, mut rows) = tokio::sync::mpsc::channel(100);
        let sql = sql.to_owned();
        let query = SqlQuery { sql, streams: true, rows_to: Some(rows_to), most_rows: usize::MAX, ..query() };
        let asked = mirror.query(query, move |_| as_wanted).await;
        let mut all = Vec::new();
        while let Some(part) = rows.recv().await {
            all.push(part);
        }
        (asked, all)
    };
    let numbers = "with n(i) as (values (1), (2)) select i, null as none from n";
    let (asked, all) = rows(numbers, true).await;
    let QueryOutcome::Answered(answer) = asked.unwrap() else { panic!("not answered") };
    assert!(answer.rows.is_empty() && !answer.more);
    let columns = StreamedRow::Columns(vec!["i".to_owned(), "none".to_owned()]);
    let row = |number: u64| StreamedRow::Row(vec![number.into(), Value::Null]);
    assert_eq!(all, [columns, row(1), row(2), StreamedRow::End]);
    let (asked, all) = rows("select id from campaigns", false).await;
    assert!(matches!(asked.unwrap(), QueryOutcome::NotYet(_)) && all.is_empty(), "nothing leaves of what is not read");
    let (asked, all) = rows("with n(i) as (values (1), (2)) select i / (2 - i), abs(case i when 2 then -9223372036854775807 - 1 else 1 end) from n", true).await;
    assert!(asked.is_err() && !all.contains(&StreamedRow::End), "{all:?}");
    let (rows_to, rows) = tokio::sync::mpsc::channel(1);
    drop(rows);
    let query = SqlQuery { sql: numbers.to_owned(), streams: true, rows_to: Some(rows_to), ..query() };
    let error = mirror.query(query, |_| true).await.unwrap_err();
    assert_eq!(error.code, highlevel_core::error::Code::Cancelled, "nobody takes them: {error:?}");
}
