//! Many accounts in one server, on a system whose usual limit on open files is low.

use crate::support::{Agency, Api, Era, Host, Person};
use serde_json::json;
use std::process::Command;

#[tokio::test]
async fn a_low_limit_on_open_files_is_raised() {
    let names: Vec<String> = (1..=24).map(|number| format!("Client {number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let agency = Agency::new(Api::Session, &names).await;
    let server = agency.command();
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -S -n 64 && exec \"$0\" \"$@\""]).arg(server.get_program());
    command.env_clear().envs(server.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let host = Host::start(command, tempfile::tempdir().unwrap(), Era::Modern, Person::Absent).await;
    for name in &names {
        let sql = "select count(*) from contacts";
        let answer = host.answer("query_crm", json!({"account": name, "sql": sql})).await;
        assert_eq!(answer["rows"], json!([[250]]), "{name}");
    }
    for name in &names {
        host.answer(
            "create_contact",
            json!({"account": name, "firstName": "Ada", "lastName": "L", "email": "a@b.test"}),
        )
        .await;
    }
}
