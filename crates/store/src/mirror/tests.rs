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
        mirror.begin_scan(contacts, "one").await.unwrap();
        assert!(mirror.keep_page(contacts, "one", page(drifted)).await.unwrap());
        mirror.leave_scan(contacts, "one").await.unwrap();
        let place = (next == 1).then(|| "a".to_owned());
        assert_eq!(mirror.begin_scan(contacts, "other").await.unwrap(), ScanLock::Acquired { offset: next, place });
    }
}

/// SQLite does not report the columns of USING and NATURAL to the authorizer.
#[tokio::test]
async fn a_table_that_is_only_joined_by_a_common_column_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let mirror = Mirror::open(dir.path(), "one");
    let query = |sql: &str, hidden: &[&str]| SqlQuery {
        sql: sql.to_owned(),
        params: Vec::new(),
        hidden: hidden.iter().map(|name| (*name).to_owned()).collect(),
        most_rows: 10,
        most_bytes: 1000,
        accounts: None,
        cancel: tokio_util::sync::CancellationToken::new(),
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

/// A file of the version before keeps its record of changes, which a rebuilt one would begin again.
#[tokio::test]
async fn a_file_of_the_version_before_keeps_its_changes() {
    let dir = tempfile::tempdir().unwrap();
    let contacts = Table::named("contacts").unwrap();
    let write = |name: &str, client: &str| {
        let Value::Object(object) = json!({"id": "a", "firstName": name}) else { unreachable!() };
        let by = ToolWrite { tool: Some("update_contact"), client: Some(client.to_owned()), ..ToolWrite::default() };
        (object, by)
    };
    let mirror = Mirror::open(dir.path(), "one");
    mirror.begin_scan(contacts, "one").await.unwrap();
    assert!(mirror.keep_page(contacts, "one", page(false)).await.unwrap());
    mirror.end_scan(contacts, "one", None).await.unwrap();
    let (object, by) = write("Ada", "early 1.0");
    mirror.wrote(contacts, object, by).await.unwrap();
    let path = mirror.path().to_owned();
    drop(mirror);
    let older =
        "ALTER TABLE changes DROP COLUMN client; ALTER TABLE touched DROP COLUMN client; PRAGMA user_version = 4";
    Connection::open(&path).unwrap().execute_batch(older).unwrap();

    let mirror = Mirror::open(dir.path(), "one");
    let (object, by) = write("Grace", "late 1.0");
    mirror.wrote(contacts, object, by).await.unwrap();
    let found = mirror.changes(chrono::DateTime::UNIX_EPOCH, vec![contacts], 10, 0).await.unwrap();
    let clients: Vec<_> = found.changes.iter().map(|change| change.client.as_deref()).collect();
    assert_eq!(clients, [Some("late 1.0"), None], "{found:?}");
}
