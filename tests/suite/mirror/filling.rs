//! The mirror has everything that the account has.

use super::*;
use highlevel_store::TABLES;
use std::collections::BTreeMap;

on_both_apis!(
    every_object_of_the_account_is_there,
    a_contact_is_stored_with_all_its_fields,
    only_the_tables_of_the_statement_are_read_and_only_once,
    parameters_are_values_and_never_sql,
    too_many_rows_are_cut_and_reported,
);

async fn every_object_of_the_account_is_there(api: Api) {
    let account = account(api, 730).await;
    let host = Host::new(&account, &["--max-answer", "4000000"]).await;
    host.answer("describe_crm", json!({})).await;
    until(&host, json!({"sql": "select count(*) from contacts"}), |answer| answer["complete"] == true).await;
    for table in TABLES.iter().filter(|table| table.name != "users" && account.has(table.tool)) {
        let kept = rows(&host, &format!("select id from {}", table.name)).await;
        let kept: BTreeSet<String> = kept.iter().map(|row| row[0].as_str().unwrap().to_owned()).collect();
        let mut there = BTreeSet::new();
        for kind in kinds(table.name) {
            there.extend(true_ids(&account, kind).await);
        }
        assert_eq!(kept, there, "{}", table.name);
    }
}

/// The sandbox's kinds of objects that are in a table.
fn kinds(table: &'static str) -> Vec<&'static str> {
    match table {
        "forms" => vec!["forms", "surveys"],
        "submissions" => vec!["formSubmissions", "surveySubmissions"],
        "custom_fields" => vec!["customFields"],
        "custom_values" => vec!["customValues"],
        table => vec![table],
    }
}

async fn a_contact_is_stored_with_all_its_fields(api: Api) {
    let account = account(api, 200).await;
    let host = Host::new(&account, &["--max-answer", "4000000"]).await;
    let kept =
        rows(&host, "select id, firstName, email, phone, companyName, city, assignedTo, createdAt from contacts").await;
    let tags = rows(&host, "select contactId, tag from contact_tags order by rowid").await;
    let fields = rows(&host, "select contactId, key, value from contact_fields order by rowid").await;
    let of = |rows: &[Value], id: &Value| -> Vec<Value> {
        rows.iter().filter(|row| row[0] == *id).map(|row| json!(row.as_array().unwrap()[1..])).collect()
    };
    let by_id: BTreeMap<String, &Value> = kept.iter().map(|row| (row[0].to_string(), row)).collect();
    let contacts = account.objects("contacts").await;
    assert_eq!(by_id.len(), contacts.len());
    for contact in contacts {
        let row = by_id[&contact["id"].to_string()];
        for (at, field) in [
            (1, "/firstName"),
            (2, "/email"),
            (3, "/phone"),
            (4, "/companyName"),
            (5, "/address/city"),
            (6, "/assignedTo"),
        ] {
            assert_eq!(&row[at], contact.pointer(field).unwrap_or(&Value::Null), "{field} of {contact}");
        }
        let created = contact["createdAt"].as_str().unwrap().replace('T', " ");
        assert!(created.starts_with(row[7].as_str().unwrap()), "{created}, {}", row[7]);
        let tag_rows: Vec<Value> = contact["tags"].as_array().into_iter().flatten().map(|tag| json!([tag])).collect();
        assert_eq!(of(&tags, &contact["id"]), tag_rows);
        let own = contact["customFields"].as_object().into_iter().flatten();
        let own: Vec<Value> = own.map(|(key, value)| json!([key, value])).collect();
        assert_eq!(of(&fields, &contact["id"]), own, "{contact}");
    }
}

async fn only_the_tables_of_the_statement_are_read_and_only_once(api: Api) {
    let account = account(api, 250).await;
    let host = Host::new(&account, &[]).await;
    // The requests that a server with a pinned location makes once.
    host.answer("get_default_location", json!({})).await;
    account.forget_requests().await;
    let count = cell(&host, "select count(*) from campaigns where status <> 'x'").await;
    assert_eq!(count, account.reported("campaigns").await.len());
    let (requests, path) = (account.requests().await, account.list_path("/campaigns"));
    assert!(!requests.is_empty() && requests.iter().all(|request| request["path"] == path), "{requests:?}");
    account.forget_requests().await;
    rows(&host, "select name from campaigns").await;
    assert_eq!(account.requests().await.len(), 0);
}

#[tokio::test]
async fn an_invalid_statement_costs_no_request() {
    let account = account(Api::Session, 10).await;
    let host = Host::new(&account, &[]).await;
    for (sql, said) in [
        ("select first_name from contacts", "firstName (of contacts)"),
        ("select name from opportunity", "opportunities"),
        ("selec 1", "syntax error"),
        ("", "must not be empty"),
        ("-- only a remark", "no statement"),
        ("select * from contacts where id = ?", "1 parameter"),
    ] {
        let error = host.error("query_crm", json!({"sql": sql})).await;
        assert_eq!(error["code"], "invalid_arguments", "{error}");
        assert!(error["message"].as_str().unwrap().contains(said), "{sql}: {error}");
    }
    let error = host.error("query_crm", json!({"sql": "select 1", "params": ["x"]})).await;
    assert_eq!(error["field"], "params");
    // The number of parameters is known only when the statement runs, after its tables are read.
    assert_eq!(requests_to(&account, "/opportunity").await, 0);
}

async fn parameters_are_values_and_never_sql(api: Api) {
    let account = account(api, 120).await;
    let host = Host::new(&account, &[]).await;
    let contact = account.find("contacts", |contact| contact["lastName"].is_string()).await;
    let found = answer(&host, json!({"sql": "select id from contacts where id = ?1 and lastName = ?2", "params": [contact["id"], contact["lastName"]]})).await;
    assert_eq!(found["rows"], json!([[contact["id"]]]));
    let none = answer(&host, json!({"sql": "select id from contacts where id = ?", "params": ["' or 1=1 --"]})).await;
    assert_eq!(none["rows"], json!([]));
    let big =
        answer(&host, json!({"sql": "select count(*) from opportunities where value > ?", "params": ["10000"]})).await;
    let truth = account.objects("opportunities").await;
    let truth = truth.iter().filter(|deal| deal["value"].as_f64().unwrap() > 10_000.0).count();
    assert_eq!(big["rows"], json!([[truth]]));
}

#[tokio::test]
async fn a_sum_over_several_currencies_says_so() {
    let account = account(Api::Session, 250).await;
    let host = Host::new(&account, &[]).await;
    for (sql, warned) in [
        ("select sum(value) from opportunities", true),
        ("with d as (select value v from opportunities) select avg(v) from d", true),
        ("select count(*) from opportunities", false),
        ("select sum(probability) from opportunities", false),
    ] {
        let note = answer(&host, json!({"sql": sql})).await["note"].as_str().unwrap_or_default().to_owned();
        assert_eq!(note.contains("several currencies (EUR, USD)"), warned, "{sql}: {note}");
    }
    let contact = account.objects("contacts").await[0]["id"].clone();
    let deal = json!({"name": "Abroad", "contactId": contact, "value": 5, "currency": "GBP", "status": "open"});
    host.answer("create_opportunity", deal).await;
    let note = answer(&host, json!({"sql": "select sum(value) from opportunities"})).await["note"].clone();
    assert!(note.as_str().unwrap().contains("(EUR, GBP, USD)"), "one that came just now: {note}");
}

async fn too_many_rows_are_cut_and_reported(api: Api) {
    let account = account(api, 1500).await;
    let host = Host::new(&account, &[]).await;
    until(&host, json!({"sql": "select count(*) from contacts"}), |answer| answer["complete"] == true).await;
    let cut = answer(&host, json!({"sql": "select id from contacts"})).await;
    assert_eq!(cut["rows"].as_array().unwrap().len(), 1000);
    assert!(cut["note"].as_str().unwrap().contains("first 1000 rows"), "{}", cut["note"]);
    // The limit of bytes also keeps whole rows.
    let cut = answer(&host, json!({"sql": "select *, hex(zeroblob(400)) from contacts"})).await;
    let shown = cut["rows"].as_array().unwrap();
    assert!(
        shown.len() > 10 && shown.len() < 100 && shown.iter().all(|row| row.as_array().unwrap().len() == 17),
        "{}",
        shown.len()
    );
}
