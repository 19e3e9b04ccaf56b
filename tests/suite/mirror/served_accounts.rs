//! One statement over the accounts of `accounts.toml`, asked of server processes.

use super::*;
use crate::support::{Agency, Era, Person};

const COUNT: &str = "select account, count(*) from contacts group by account order by account";

fn small() -> SandboxConfig {
    SandboxConfig { api: Api::Session, contacts: 20, rate_limit: 100_000, ..SandboxConfig::default() }
}

async fn counts(host: &Host) -> Value {
    host.answer("query_crm", json!({"account": "all", "sql": COUNT})).await["rows"].clone()
}

async fn create(host: &Host, account: &str, number: usize) -> Value {
    let email = format!("new{number}@example.test");
    let contact = json!({"account": account, "firstName": "New", "lastName": "Comer", "email": email});
    host.answer("create_contact", contact).await["id"].clone()
}

#[tokio::test]
async fn writes_in_several_accounts_are_seen_by_the_next_question() {
    let agency = Agency::with(&["North", "South", "West"], small()).await;
    let host = agency.host_with(&[], Era::Modern, Person::agrees()).await;
    assert_eq!(counts(&host).await, json!([["North", 20], ["South", 20], ["West", 20]]));
    for (_, account) in &agency.accounts {
        account.forget_requests().await;
    }
    let id = create(&host, "North", 1).await;
    create(&host, "South", 2).await;
    host.answer("update_contact", json!({"account": "North", "id": id, "companyName": "Fresh Inc"})).await;
    let answer = host.answer("query_crm", json!({"account": "all", "sql": COUNT})).await;
    assert_eq!(answer["rows"], json!([["North", 21], ["South", 21], ["West", 20]]));
    assert_eq!(answer["note"], "There are also 2 of this machine's own writes since asOf.", "{answer}");
    let sql = "select account, id from contacts where companyName = 'Fresh Inc'";
    let found = host.answer("query_crm", json!({"account": ["North", "South"], "sql": sql})).await;
    assert_eq!(found["rows"], json!([["North", id]]));
    for (name, account) in &agency.accounts {
        let path = account.list_path("/contact");
        let is_list = |request: &Value| request["path"] == path && request["method"] == "GET";
        let lists = account.requests().await.iter().filter(|request| is_list(request)).count();
        // A check that a new contact is not there yet looks for its address.
        assert!(lists <= 2, "{name} was read again: {lists} lists");
    }
}

/// Each writes, folds and asks at the same time as the others, in one file.
#[tokio::test]
async fn servers_of_one_state_directory_answer_alike() {
    let agency = Agency::with(&["North", "South"], small()).await;
    let mut hosts = Vec::new();
    for _ in 0..3 {
        hosts.push(agency.host_with(&[], Era::Modern, Person::agrees()).await);
    }
    let first = futures::future::join_all(hosts.iter().map(counts)).await;
    assert_eq!(first, vec![json!([["North", 20], ["South", 20]]); 3]);
    let rounds = hosts.iter().enumerate().map(|(at, host)| async move {
        for round in 0..6 {
            let account = ["North", "South"][round % 2];
            create(host, account, at * 10 + round).await;
            let seen = counts(host).await;
            let count = seen[round % 2][1].as_u64().unwrap();
            // Its own writes at least.
            assert!(count >= 20 + 1 + round as u64 / 2 && seen.as_array().unwrap().len() == 2, "{seen}");
        }
    });
    futures::future::join_all(rounds).await;
    let last = futures::future::join_all(hosts.iter().map(counts)).await;
    assert_eq!(last, vec![json!([["North", 29], ["South", 29]]); 3]);
    for (name, account) in &agency.accounts {
        let sql = format!("select id from contacts where account = '{name}'");
        let found = hosts[0].answer("query_crm", json!({"account": "all", "sql": sql})).await;
        let ids: BTreeSet<String> =
            found["rows"].as_array().unwrap().iter().map(|row| row[0].as_str().unwrap().to_owned()).collect();
        assert_eq!(ids, true_ids(account, "contacts").await, "{name}");
    }
}

#[tokio::test]
async fn an_account_with_a_new_name_is_not_read_again_and_a_removed_one_is_not_shown() {
    let mut agency = Agency::with(&["North", "South", "West"], small()).await;
    assert_eq!(counts(&agency.host(&[]).await).await, json!([["North", 20], ["South", 20], ["West", 20]]));
    agency.accounts[0].0 = "Nord GmbH".to_owned();
    agency.accounts.pop();
    agency.store("Nord GmbH", agency.accounts[0].1.token()).await;
    agency.write("", |_| String::new());
    agency.account("Nord GmbH").forget_requests().await;
    let host = agency.host(&[]).await;
    assert_eq!(counts(&host).await, json!([["Nord GmbH", 20], ["South", 20]]));
    assert_eq!(requests_to(agency.account("Nord GmbH"), "/contact").await, 0);
    let gone = "select count(*) from contacts where account in ('North', 'West')";
    assert_eq!(host.answer("query_crm", json!({"account": "all", "sql": gone})).await["rows"], json!([[0]]));
}

/// Hundreds of accounts would have more open files than a process may.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_question_over_many_accounts_leaves_few_files_open() {
    use crate::support::Wire;
    let names: Vec<String> = (0..20).map(|number| format!("Client {number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let agency = Agency::with(&names, SandboxConfig { contacts: 3, ..small() }).await;
    let mut wire = Wire::start(agency.command());
    tokio::task::spawn_blocking(move || {
        wire.initialize("2025-11-25", json!({}));
        let ask = |wire: &mut Wire| {
            let id =
                wire.send("tools/call", json!({"name": "query_crm", "arguments": {"account": "all", "sql": COUNT}}));
            wire.answer_to(id)["result"]["structuredContent"].clone()
        };
        let open = |wire: &Wire| {
            let files = std::fs::read_dir(format!("/proc/{}/fd", wire.child.id())).unwrap();
            let names = files.filter_map(|file| std::fs::read_link(file.ok()?.path()).ok());
            names.filter(|name| name.to_string_lossy().contains("/mirror-")).count()
        };
        for _ in 0..2 {
            let answer = ask(&mut wire);
            assert_eq!(answer["rows"].as_array().unwrap().len(), 20, "{answer}");
            let files = open(&wire);
            assert!(files < 12, "{files} files of mirrors are open");
            assert_eq!(answer["asOf"].as_object().unwrap().len(), 4, "{answer}");
        }
    })
    .await
    .unwrap();
}
