//! Statements that try to get around the views.

use super::*;
use highlevel_core::error::Code;

/// Two accounts, of which only the first is shown, and its contacts are hidden.
async fn guarded() -> (State, Vec<ShownAccount>) {
    let state = State::new();
    for name in ["open", "secret"] {
        fill(&state.mirror(name), "contacts", vec![contact("c1", name, &[name])]).await;
        fill(&state.mirror(name), "campaigns", vec![json!({"id": "x1", "name": name})]).await;
    }
    let all = [Table::named("contacts").unwrap(), Table::named("campaigns").unwrap()];
    let accounts = vec![state.account("open"), state.account("secret")];
    let folded = state.union.fold(accounts, &all).await.unwrap();
    let tables = vec!["campaigns".to_owned()];
    let shown =
        folded.into_iter().take(1).map(|account| ShownAccount { tables: tables.clone(), ..shown(account, &all) });
    let shown = shown.collect();
    (state, shown)
}

#[tokio::test]
async fn the_files_own_tables_cannot_be_named() {
    let (state, shown) = guarded().await;
    for name in [
        "all_contacts",
        "main.all_contacts",
        "\"main\".\"ALL_CONTACTS\"",
        "[all_contacts]",
        "temp.all_contacts",
        "temp.shown",
        "shown",
        "main.copies",
        "copies",
        "folded",
        "sqlite_schema",
        "main.sqlite_schema",
        "temp.sqlite_schema",
        "sqlite_temp_schema",
        "sqlite_master",
        "pragma_table_list",
        "dbstat",
        "source.contacts",
    ] {
        for sql in [
            format!("select * from {name}"),
            format!("select count(*) from {name}"),
            format!("select 1 from campaigns where id in {name}"),
            format!("select (select count(*) from {name})"),
            format!("select count(*) from campaigns left join {name}"),
            // SQLite names the WITH term as the one that reads, as it does for a view.
            format!("with contacts as (select * from {name}) select * from contacts"),
            format!("with contacts as (select count(*) from {name}) select * from contacts"),
            format!("with recursive contacts as (select 1 union all select 2 from {name}) select * from contacts"),
            format!("with campaigns as materialized (select * from {name}) select * from campaigns"),
            format!("with all_contacts as (select * from {name}) select * from all_contacts where 1"),
            format!("select * from (select * from {name}) contacts"),
            format!("select * from campaigns contacts where exists (select 1 from {name})"),
            format!("values ((select count(*) from {name}))"),
            format!("explain select * from {name}"),
        ] {
            if sql.contains("with all_contacts") && name.eq_ignore_ascii_case("all_contacts") {
                continue;
            }
            let error = state.union.query(question(&sql), shown.clone()).await.unwrap_err();
            assert_eq!((error.code, error.field.as_deref()), (Code::InvalidArguments, Some("sql")), "{sql}: {error:?}");
        }
    }
}

#[tokio::test]
async fn what_does_more_than_read_is_refused() {
    let (state, shown) = guarded().await;
    for sql in [
        "attach database '/tmp/x.db' as x",
        "detach database main",
        "pragma query_only = off",
        "pragma temp_store_directory",
        "select * from pragma_database_list",
        "delete from campaigns",
        "delete from temp.shown",
        "insert into shown values ('contacts', 1, 'x')",
        "insert into temp.shown values ('contacts', 2, 'x')",
        "update main.all_contacts set id = 1",
        "create temp view v as select * from main.all_contacts",
        "create temp table t as select * from main.all_contacts",
        "create temp trigger t instead of delete on campaigns begin select 1; end",
        "drop view campaigns",
        "vacuum into '/tmp/x.db'",
        "begin",
        "rollback",
        "select 1; select 2",
        "select load_extension('x')",
    ] {
        let error = state.union.query(question(sql), shown.clone()).await.unwrap_err();
        assert_eq!((error.code, error.field.as_deref()), (Code::InvalidArguments, Some("sql")), "{sql}: {error:?}");
    }
    let rows = state.union.query(question("select account, name from campaigns"), shown).await.unwrap().rows;
    assert_eq!(json!(rows), json!([["open", "open"]]));
}

/// No statement that is allowed shows a row of the other account or of a hidden table.
#[tokio::test]
async fn no_allowed_statement_shows_what_is_not_shown() {
    let (state, shown) = guarded().await;
    for sql in [
        "select * from campaigns where account = 'secret' or 1 = 1",
        "select * from campaigns where account <> 'open' union all select * from campaigns",
        "select *, (select group_concat(name) from campaigns) from campaigns",
        "select a.*, b.* from campaigns a, campaigns b",
        "select a.*, b.* from campaigns a left join campaigns b on b.id <> 'none'",
        "select a.*, b.* from campaigns a full join campaigns b on 0",
        "select a.*, b.* from campaigns a right join campaigns b on a.account <> b.account",
        "select distinct name from campaigns left join contacts using (account)",
        "select * from contacts",
        "select * from contact_tags",
        "select count(*), group_concat(tag) from contact_tags",
        "select group_concat(firstName) from contacts",
        "with contacts as (select * from contacts) select * from contacts",
        "with campaigns as (select * from campaigns) select * from campaigns",
        "select * from campaigns where id in (select id from contacts union select 'x1')",
        "select json_group_array(json_object('n', name)) from campaigns",
        "select name, row_number() over (order by name), max(name) over () from campaigns",
        "select name from campaigns group by account having max(name) > ''",
        "select * from campaigns order by (select max(firstName) from contacts)",
        "select place from campaigns limit 1",
        "select rowid from campaigns limit 1",
        "explain query plan select * from campaigns",
    ] {
        match state.union.query(question(sql), shown.clone()).await {
            Ok(answer) => assert!(!json!(answer.rows).to_string().contains("secret"), "{sql}: {:?}", answer.rows),
            Err(error) => assert_eq!(error.code, Code::InvalidArguments, "{sql}: {error:?}"),
        }
    }
    let counts =
        "select (select count(*) from campaigns), (select count(*) from contacts), (select count(*) from contact_tags)";
    let rows = state.union.query(question(counts), shown.clone()).await.unwrap().rows;
    assert_eq!(json!(rows), json!([[1, 0, 0]]));
    let hidden = SqlQuery { hidden: vec!["contacts".to_owned()], ..question("select count(*) from contact_tags") };
    let error = state.union.query(hidden, shown.clone()).await.unwrap_err();
    assert_eq!(error.code, Code::PolicyDenied, "{error:?}");
    // What one question shows, the next does not.
    let rows = state.union.query(question("select count(*) from campaigns"), Vec::new()).await.unwrap().rows;
    assert_eq!(json!(rows), json!([[0]]));
}

/// A question about rows that another process deleted has no answer, rather than one that lacks them.
#[tokio::test]
async fn an_account_whose_rows_are_gone_is_no_empty_account() {
    let (state, shown) = guarded().await;
    rusqlite::Connection::open(state.union.path()).unwrap().execute("DELETE FROM copies", []).unwrap();
    let error = state.union.query(question("select count(*) from campaigns"), shown).await.unwrap_err();
    assert_eq!(error.code, Code::Conflict, "{error:?}");
}
