//! `export`: any path that the person names.

use super::{account, last, ran};
use serde_json::json;
use std::fs;

#[tokio::test]
async fn a_table_and_a_statement_become_files() {
    let account = account().await;
    let state = tempfile::tempdir().unwrap();
    let file = state.path().join("contacts.csv");
    let path = file.to_str().unwrap();
    let table = ran(&account, state.path(), &["export", "contacts", path]).await;
    assert_eq!((table.code, &last(&table)["rows"]), (Some(0), &json!(250)), "{table:?}");
    assert_eq!(last(&table)["path"], path);
    assert!(table.stderr.contains("contacts: as of 20"), "{}", table.stderr);
    assert_eq!(fs::read_to_string(&file).unwrap().lines().count(), 251);
    let taken = ran(&account, state.path(), &["export", "contacts", path]).await;
    assert!(taken.code == Some(9) && taken.stderr.contains("--overwrite"), "{taken:?}");
    let sql = "select id from contacts where email = ? or 1 limit 2";
    let again = ran(&account, state.path(), &["export", sql, path, "--overwrite", "--param", "x"]).await;
    assert_eq!((again.code, fs::read_to_string(&file).unwrap().lines().count()), (Some(0), 3), "{again:?}");
    for (name, code) in [("a.pdf", 2), ("missing/a.csv", 1)] {
        let wrong = state.path().join(name);
        let wrong = ran(&account, state.path(), &["export", "contacts", wrong.to_str().unwrap()]).await;
        assert_eq!(wrong.code, Some(code), "{name}: {wrong:?}");
    }
}

/// More rows than any answer holds: they go through, and none is lost or doubled.
#[tokio::test]
async fn many_rows_go_through() {
    let account = account().await;
    let state = tempfile::tempdir().unwrap();
    let file = state.path().join("numbers.jsonl");
    let sql = "with recursive n(i) as (select 1 union all select i + 1 from n where i < 150000)
        select i, 'row ' || i as text from n";
    let ran = ran(&account, state.path(), &["export", sql, file.to_str().unwrap()]).await;
    assert_eq!(last(&ran)["rows"], 150_000, "{ran:?}");
    let text = fs::read_to_string(&file).unwrap();
    for (at, line) in (1..).zip(text.lines()) {
        assert_eq!(line, format!("{{\"i\":{at},\"text\":\"row {at}\"}}"));
    }
    assert_eq!(text.lines().count(), 150_000);
}
