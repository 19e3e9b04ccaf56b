//! How the file follows the accounts' own mirrors.

use super::*;
use crate::mirror::tests::make_older;
use rusqlite::Connection;

/// Every row of every table, as the mirror and as the file of all accounts has it.
async fn is_equal(state: &State, account: &str) {
    let mirror = state.mirror(account);
    for (name, columns) in readable() {
        let columns = columns.join(", ");
        let types: Vec<_> = columns.split(", ").map(|column| format!("typeof({column})")).collect();
        let sql = format!("select {columns}, {} from {name} order by 1, 2, 3", types.join(", "));
        let own = mirror.query(question(&sql), |_| true).await.unwrap();
        let QueryOutcome::Answered(own) = own else { panic!("not answered") };
        assert_eq!(own.rows, state.rows(&[state.account(account)], &sql).await, "{name} of {account}");
    }
}

#[tokio::test]
async fn what_changed_in_a_mirror_is_folded_in() {
    let state = State::new();
    for name in ["one", "two"] {
        let mirror = state.mirror(name);
        let contacts = (0..50).map(|at| contact(&format!("c{at}"), "Ann", &["lead", "vip"])).collect();
        fill(&mirror, "contacts", contacts).await;
        let pages = json!([{"id": "p1", "name": "a", "order": 1}, {"id": "p2", "name": "b", "order": 2}]);
        fill(&mirror, "funnels", vec![json!({"id": "f1", "name": "f", "pages": pages})]).await;
        is_equal(&state, name).await;
    }
    let mirror = state.mirror("one");
    let steps = [
        json!({"id": "c7", "firstName": "Bob"}),
        json!({"id": "c8", "tags": ["hot", "lead", "lead"]}),
        json!({"id": "c9", "tags": []}),
        json!({"id": "c50", "firstName": "New", "customFields": {"size": 1, "shoe": "x"}}),
        // For SQLite 1 and 1.0 are equal.
        json!({"id": "c50", "customFields": {"size": 1.0, "shoe": 2}}),
        json!({"id": "c50", "extra": {"a": [1, 2]}}),
    ];
    for step in steps {
        wrote(&mirror, "contacts", step).await;
        is_equal(&state, "one").await;
    }
    let contacts = Table::named("contacts").unwrap();
    mirror.removed(contacts, "c3", ToolWrite::default()).await.unwrap();
    is_equal(&state, "one").await;
    // A complete reading that meets fewer.
    fill(&mirror, "contacts", vec![contact("c1", "Ann", &["lead"]), contact("c99", "Zoe", &[])]).await;
    is_equal(&state, "one").await;
    is_equal(&state, "two").await;
}

#[tokio::test]
async fn an_unchanged_table_is_not_written_again() {
    let state = State::new();
    fill(&state.mirror("one"), "contacts", vec![contact("c1", "Ann", &[])]).await;
    let accounts = [state.account("one")];
    let file = || {
        let db = Connection::open(state.union.path()).unwrap();
        // What a fold would put right.
        db.execute("UPDATE all_contacts SET firstName = 'marked'", []).unwrap();
    };
    let sql = "select firstName from contacts";
    assert_eq!(json!(state.rows(&accounts, sql).await), json!([["Ann"]]));
    file();
    assert_eq!(json!(state.rows(&accounts, sql).await), json!([["marked"]]), "no revision, no copying");
    // A reading that finds nothing new is no change either.
    fill(&state.mirror("one"), "contacts", vec![contact("c1", "Ann", &[])]).await;
    assert_eq!(json!(state.rows(&accounts, sql).await), json!([["marked"]]));
    wrote(&state.mirror("one"), "contacts", contact("c2", "Bob", &[])).await;
    assert_eq!(json!(state.rows(&accounts, sql).await), json!([["Ann"], ["Bob"]]));
}

/// A mirror's file may be deleted, and begin again with as many changes.
#[tokio::test]
async fn a_mirror_that_was_rebuilt_is_folded_again() {
    let state = State::new();
    let accounts = [state.account("one")];
    for person in ["Ann", "Bob"] {
        let mirror = state.mirror("one");
        fill(&mirror, "contacts", vec![contact("c1", person, &[])]).await;
        assert_eq!(json!(state.rows(&accounts, "select firstName from contacts").await), json!([[person]]));
        mirror.close_idle().await;
        std::fs::remove_file(mirror.path()).unwrap();
    }
}

#[tokio::test]
async fn a_copy_is_deleted_with_its_mirror_or_when_nobody_asks() {
    let state = State::new();
    let names = ["asked", "gone", "forgotten", "rested"];
    let accounts = names.map(|name| state.account(name));
    for name in names {
        fill(&state.mirror(name), "contacts", vec![contact("c1", "Ann", &["lead"])]).await;
    }
    let sql = "select count(*) from contacts";
    assert_eq!(json!(state.rows(&accounts, sql).await), json!([[4]]));
    std::fs::remove_file(&accounts[1].mirror).unwrap();
    let file = Connection::open(state.union.path()).unwrap();
    let age = "UPDATE copies SET asked_at = asked_at - ?2 * 86400000 WHERE account = ?1";
    for (name, days) in [("asked", 100), ("forgotten", 91), ("rested", 89)] {
        file.execute(age, rusqlite::params![name, days]).unwrap();
    }
    for _ in 0..2 {
        assert_eq!(json!(state.rows(&accounts[..1], sql).await), json!([[1]]));
        let kept = "SELECT (SELECT group_concat(account) FROM (SELECT account FROM copies ORDER BY 1)),
            (SELECT count(*) FROM all_contacts), (SELECT count(*) FROM all_contact_tags), (SELECT count(*) FROM folded)";
        let kept: (String, i64, i64, i64) =
            file.query_row(kept, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))).unwrap();
        assert_eq!(kept, ("asked,rested".to_owned(), 2, 2, 2));
    }
}

/// Not migrated but rebuilt: its record of changes would begin again.
#[tokio::test]
async fn a_mirror_of_the_version_before_keeps_its_changes_and_is_folded() {
    let state = State::new();
    let contacts = Table::named("contacts").unwrap();
    let mirror = state.mirror("one");
    fill(&mirror, "contacts", vec![contact("c1", "Ann", &[])]).await;
    wrote(&mirror, "contacts", contact("c1", "Bob", &[])).await;
    mirror.close_idle().await;
    make_older(mirror.path());
    let file = Connection::open(mirror.path()).unwrap();
    file.execute_batch("DROP TABLE revisions; PRAGMA user_version = 3").unwrap();
    drop(file);
    let accounts = [state.account("one")];
    let sql = "select firstName from contacts";
    assert_eq!(json!(state.rows(&accounts, sql).await), json!([["Bob"]]));
    let mirror = state.mirror("one");
    let changes = mirror.changes(chrono::DateTime::UNIX_EPOCH, vec![contacts], 10, 0).await.unwrap();
    assert_eq!(changes.total, 1, "{changes:?}");
    wrote(&mirror, "contacts", contact("c1", "Eve", &[])).await;
    assert_eq!(json!(state.rows(&accounts, sql).await), json!([["Eve"]]));
}

#[tokio::test]
async fn a_file_of_another_version_is_rebuilt() {
    let state = State::new();
    fill(&state.mirror("one"), "contacts", vec![contact("c1", "Ann", &[])]).await;
    let accounts = [state.account("one")];
    state.rows(&accounts, "select 1 from contacts").await;
    let file = Connection::open(state.union.path()).unwrap();
    file.execute_batch("DROP TABLE all_contacts; PRAGMA user_version = 99").unwrap();
    drop(file);
    let state = State { union: UnionMirror::open(state.dir.path(), None), ..state };
    assert_eq!(json!(state.rows(&accounts, "select firstName from contacts").await), json!([["Ann"]]));
}

#[tokio::test]
async fn a_mirror_that_cannot_be_read_stops_no_other() {
    let state = State::new();
    for name in ["fine", "broken"] {
        fill(&state.mirror(name), "contacts", vec![contact("c1", "Ann", &[])]).await;
    }
    let accounts = vec![state.account("broken"), state.account("fine"), state.account("without a file")];
    std::fs::write(&accounts[0].mirror, "this is no database, but it is long enough to be one ".repeat(100)).unwrap();
    let contacts = Table::named("contacts").unwrap();
    let folded = state.union.fold(accounts, &[contacts]).await.unwrap();
    let (broken, fine, absent) = (&folded[0], &folded[1], &folded[2]);
    assert!(broken.states.as_ref().is_err_and(|error| error.message.contains("not a database")), "{broken:?}");
    let is_complete = |(table, state): &(&Table, crate::TableState)| table.name == "contacts" && state.is_complete();
    assert!(fine.states.as_ref().unwrap().iter().any(is_complete));
    assert!(!absent.states.as_ref().unwrap().iter().any(is_complete));
}

/// The file of a mirror is attached by its address.
#[tokio::test]
async fn the_state_directory_may_have_any_name() {
    let parent = tempfile::tempdir_in(".").unwrap();
    let relative = std::path::Path::new(parent.path().file_name().unwrap());
    for dir in [parent.path().join("a b?mode=memory#c%20d&é"), relative.join("x%2fy"), relative.join("file:z")] {
        let mirror = Mirror::open(&dir, "one");
        fill(&mirror, "contacts", vec![contact("c1", "Ann", &[])]).await;
        let account = UnionAccount { name: "one".to_owned(), mirror: mirror.path().to_owned() };
        let state = State { dir: tempfile::tempdir().unwrap(), union: UnionMirror::open(&dir, None) };
        let rows = state.rows(&[account], "select account, firstName from contacts").await;
        assert_eq!(json!(rows), json!([["one", "Ann"]]), "{}", dir.display());
    }
}
