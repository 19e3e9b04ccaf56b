//! Tables are recognized in every spelling: they are read first, hidden tables stay hidden, and internal ones do not exist.

use super::*;

on_both_apis!(a_table_is_read_first_however_it_is_spelled,);

/// Statements that return the number of rows of table `{}`, mostly without reading a column.
const WAYS: &[&str] = &[
    "select count(*) from {}",
    "SELECT COUNT(*) FROM main.{}",
    "select count(*) from \"MAIN\".{} as x",
    "select count(1) from/**/{}--",
    "select (select count(*) from {})",
    "select count(*) from (select 1 from {})",
    "select sum(1) from {} not indexed",
    "with x as (select * from {}) select count(*) from x",
    "with x as materialized (select 1 from {}), y as (select * from x) select count(*) from y",
    "with x(n) as (select count(*) from {}) select n from x",
    "select n from (select count(*) n from {}) where exists (select 1 from {})",
    "select count(*) from {} union all select 0 limit 1",
    "select count(*) over () from {} limit 1",
    "select count(*) from {} a left join (select 1 one) b",
    "select count(*) from ({})",
    "values ((select count(*) from {}))",
];

/// The spellings of a name.
fn spellings(name: &str) -> Vec<String> {
    let (upper, title) = (name.to_uppercase(), format!("{}{}", name[..1].to_uppercase(), &name[1..]));
    vec![name.to_owned(), upper.clone(), format!("\"{title}\""), format!("[{upper}]"), format!("`{title}`"), title]
}

async fn a_table_is_read_first_however_it_is_spelled(api: Api) {
    let account = account(api, 30).await;
    let campaigns = true_ids(&account, "campaigns").await.len();
    for (way, name) in WAYS.iter().zip(spellings("campaigns").iter().cycle()) {
        // The mirror is empty in each.
        let host = Host::new(&account, &[]).await;
        let sql = way.replace("{}", name);
        let answer = answer(&host, json!({"sql": sql})).await;
        assert_eq!(answer["rows"], json!([[campaigns]]), "{sql}");
        assert!(answer["asOf"]["campaigns"].is_string() && answer["complete"] == true, "{sql}: {answer}");
        assert_eq!(answer["asOf"].as_object().unwrap().len(), 1, "{sql}: {answer}");
    }
}

#[tokio::test]
async fn a_hidden_table_is_hidden_however_it_is_spelled() {
    let account = account(Api::Session, 30).await;
    let host = Host::new(&account, &["--exclude-tools", "list_webhooks,list_contacts"]).await;
    let mut statements = vec!["select 1 from campaigns where id in Webhooks".to_owned()];
    for name in ["webhooks", "contacts", "contact_tags"] {
        for spelled in spellings(name) {
            statements.extend(WAYS.iter().map(|way| way.replace("{}", &spelled)));
        }
        // SQLite does not report the columns that a join has in common.
        if name != "contact_tags" {
            let joins = ["join {} using (id)", "natural join {}", "natural full join {}"];
            statements.extend(joins.map(|join| format!("select count(*) from campaigns {}", join.replace("{}", name))));
        }
        // A WITH term of the same name still reads the table.
        statements.push(format!("with {name} as (select * from main.{name}) select count(*) from {name}"));
        statements.push(format!("with x as (select 1) select count(*) from {name}, x"));
    }
    for sql in statements {
        let error = host.error("query_crm", json!({"sql": sql})).await;
        assert_eq!(error["code"], "policy_denied", "{sql}: {error}");
    }
    for path in ["/webhook", "/contact"] {
        assert_eq!(requests_to(&account, path).await, 0, "{path} was read");
    }
}

#[tokio::test]
async fn internal_tables_do_not_exist_in_any_spelling() {
    let account = account(Api::Session, 5).await;
    let host = Host::new(&account, &[]).await;
    assert_eq!(cell(&host, "select count(*) from contacts").await, 5);
    let schema = ["sqlite_master", "sqlite_schema", "sqlite_temp_master", "sqlite_temp_schema", "sqlite_sequence"];
    let internal = ["scans", "scanning", "touched", "changes", "searchable", "search", "search_data", "search_idx"];
    let modules = ["dbstat", "pragma_table_list", "pragma_database_list", "pragma_module_list", "fts3tokenize"];
    for name in schema.into_iter().chain(internal).chain(modules) {
        for spelled in spellings(name) {
            for way in WAYS {
                let sql = way.replace("{}", &spelled);
                let error = host.error("query_crm", json!({"sql": sql})).await;
                let expected = (&json!("invalid_arguments"), &json!("sql"));
                assert_eq!((&error["code"], &error["field"]), expected, "{sql}: {error}");
            }
        }
    }
    for sql in [
        "select count(*) from campaigns natural join changes",
        "select count(*) from campaigns join scans using (name)",
        "select count(*) from temp.sqlite_schema",
        "select * from pragma_table_info('contacts')",
    ] {
        assert_eq!(host.error("query_crm", json!({"sql": sql})).await["code"], "invalid_arguments", "{sql}");
    }
}

/// A search does not name objects in a hidden table either.
#[tokio::test]
async fn a_search_shows_no_name_from_a_hidden_table() {
    let account = account(Api::Session, 30).await;
    let deal = account.reported("opportunities").await.into_iter().find(|deal| deal["contactId"].is_string()).unwrap();
    for (flags, shows) in [(&[][..], false), (&["--exclude-tools", "list_contacts"][..], true)] {
        let host = Host::new(&account, flags).await;
        let found = host.answer("search_crm", json!({"text": deal["id"]})).await;
        assert_eq!(found["data"][0]["contact"] == deal["contactId"], shows, "{found}");
    }
}

/// A statement may name its own terms like a table.
#[tokio::test]
async fn a_statements_own_name_is_not_a_table() {
    let account = account(Api::Session, 5).await;
    let host = Host::new(&account, &["--exclude-tools", "list_webhooks"]).await;
    for name in ["contacts", "Contacts", "webhooks", "scans", "CHANGES", "x"] {
        for sql in [
            format!("with {name} as (values (1), (2)) select count(*) from {name}"),
            format!(
                "with {name}(n) as (select 1 union all select n + 1 from {name} where n < 2) select count(*) from {name}"
            ),
            format!("select count(*) from (select 1 union all select 2) {name}"),
        ] {
            let answer = answer(&host, json!({"sql": sql})).await;
            assert_eq!((&answer["rows"], &answer["asOf"]), (&json!([[2]]), &json!({})), "{sql}");
        }
    }
    assert_eq!(requests_to(&account, "/contact").await, 0, "nothing was read for it");
}
