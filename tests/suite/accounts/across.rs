//! One statement over several accounts: query_crm and chart_crm with a list or `all`, and the same on the command line.

use crate::support::{Agency, Api, on_both_apis, run};
use serde_json::{Value, json};

const COUNT: &str = "select account, count(*) from contacts group by account order by account";

on_both_apis!(a_question_sees_the_accounts_that_it_asks_for);

async fn a_question_sees_the_accounts_that_it_asks_for(api: Api) {
    let agency = Agency::new(api, &["Acme", "Acme North", "Zeta"]).await;
    agency
        .account("Zeta")
        .add("contacts", json!({"firstName": "Only", "lastName": "Here", "email": "only@zeta.test"}))
        .await;
    let host = agency.host(&[]).await;
    let all = host.answer("query_crm", json!({"account": "all", "sql": COUNT})).await;
    assert_eq!(all["rows"], json!([["Acme", 250], ["Acme North", 250], ["Zeta", 251]]), "{all}");
    assert_eq!((&all["account"], &all["complete"]), (&json!("all"), &json!(true)));
    for name in ["Acme", "Acme North", "Zeta"] {
        assert!(all["asOf"][name].is_string(), "freshness of {name}: {all}");
    }
    let location = agency.account("Zeta").location_id();
    let some = host.answer("query_crm", json!({"account": ["acme north", location], "sql": COUNT})).await;
    assert_eq!(some["rows"], json!([["Acme North", 250], ["Zeta", 251]]), "{some}");
    assert_eq!(some["account"], "Acme North, Zeta");
    // Every table has the column, the parts of objects too, and no other account's rows can be reached.
    let joined = "select c.account, t.tag, count(*) from contacts c join contact_tags t
        on t.account = c.account and t.contactId = c.id group by 1, 2 order by 3 desc limit 3";
    let tags = host.answer("query_crm", json!({"account": ["Acme", "Zeta"], "sql": joined})).await;
    assert!(tags["rows"].as_array().unwrap().iter().all(|row| row[0] != "Acme North"), "{tags}");
    for hostile in [
        "select * from all_contacts",
        "select account from main.contacts union select name from sqlite_schema",
        "with contacts as (select 1) select * from main.all_contacts",
        "attach 'x' as y",
    ] {
        let error = host.error("query_crm", json!({"account": ["Acme", "Zeta"], "sql": hostile})).await;
        assert_eq!((&error["code"], &error["account"]), (&json!("invalid_arguments"), &json!("Acme, Zeta")), "{error}");
    }
    // One account alone is asked as ever: no column tells it apart.
    let one = host.answer("query_crm", json!({"account": ["Zeta"], "sql": "select count(*) from contacts"})).await;
    assert_eq!((&one["account"], &one["rows"]), (&json!("Zeta"), &json!([[251]])));
    let chart = host.call("chart_crm", json!({"account": "all", "sql": COUNT, "kind": "bar"})).await;
    assert_eq!(chart.content.len(), 2, "{chart:?}");
    let unknown = host.error("query_crm", json!({"account": ["Acme", "Nobody"], "sql": COUNT})).await;
    assert_eq!((&unknown["code"], &unknown["field"]), (&json!("invalid_arguments"), &json!("account")), "{unknown}");
    let other = host.error("search_crm", json!({"account": ["Acme", "Zeta"], "text": "x"})).await;
    assert!(other["message"].as_str().unwrap().contains("one account at a time"), "{other}");
}

#[tokio::test]
async fn accounts_that_cannot_answer_are_left_out_and_named() {
    let agency = Agency::new(Api::Official, &["Alive", "Dead", "Hidden", "Silent"]).await;
    agency.store("Dead", "pit-00000000-dead").await;
    agency.write("", |name| match name {
        "Hidden" => "exclude-tools = [\"list_contacts\"]".to_owned(),
        "Silent" => "exclude-tools = [\"query_crm\"]".to_owned(),
        _ => String::new(),
    });
    let host = agency.host(&[]).await;
    let answer = host.answer("query_crm", json!({"account": "all", "sql": COUNT})).await;
    assert_eq!((&answer["rows"], &answer["complete"]), (&json!([["Alive", 250]]), &json!(false)), "{answer}");
    let missing: Vec<&Value> = answer["missing"].as_array().unwrap().iter().map(|one| &one["account"]).collect();
    for name in ["Dead", "Hidden", "Silent"] {
        assert!(missing.contains(&&json!(name)), "{name}: {answer}");
    }
    assert!(!answer.to_string().contains("pit-"), "{answer}");
    let none = host.error("query_crm", json!({"account": ["Dead", "Silent"], "sql": COUNT})).await;
    assert_eq!(none["account"], "Dead, Silent", "{none}");
}

#[tokio::test]
async fn the_command_line_asks_all_of_them() {
    let agency = Agency::new(Api::Session, &["North", "South"]).await;
    let ask = async |arguments: &[&str]| {
        let mut command = agency.command();
        command.args(["query", COUNT, "--format", "json"]).args(arguments);
        run(command).await
    };
    let all = ask(&["--account", "all"]).await;
    assert_eq!(all.json()["rows"], json!([["North", 250], ["South", 250]]), "{all:?}");
    let both = ask(&["--account", "South", "--account", "North"]).await;
    assert_eq!(both.json()["rows"], all.json()["rows"]);
    let one = ask(&["--account", "South"]).await;
    assert!(one.code == Some(2) && one.stderr.contains("account"), "one account has no such column: {one:?}");
    let none = ask(&[]).await;
    assert!(none.code == Some(2) && none.stderr.contains("--account"), "{none:?}");
}
