//! A host starts the server, sees the tools, and gets an answer, by each protocol.

use crate::support::{Account, Era, Host, Person, all_tools, run};
use serde_json::json;

#[tokio::test]
async fn every_era_lists_and_calls_the_same_tools() {
    let account = Account::new().await;
    let mut lists = Vec::new();
    for era in [Era::Modern, Era::Handshake, Era::Older] {
        let host = Host::with(&account, &[], era, Person::Absent).await;
        let tools = host.session.list_all_tools().await.unwrap();
        assert_eq!(tools.len(), all_tools());
        let contacts = host.answer("list_contacts", json!({"limit": 2, "fields": ["email"]})).await;
        assert_eq!(contacts["data"].as_array().unwrap().len(), 2, "{contacts}");
        assert_eq!(contacts["data"][0].as_object().unwrap().len(), 2, "id and email only: {contacts}");
        lists.push(tools);
    }
    assert!(lists.windows(2).all(|pair| pair[0] == pair[1]), "the eras list different tools");
}

#[tokio::test]
async fn the_command_line_runs_a_tool_and_tells_by_its_exit_status() {
    let account = Account::new().await;
    let state = tempfile::tempdir().unwrap();
    let call = |arguments: &[&str]| {
        let mut command = crate::support::command(&account, state.path());
        command.arg("call").args(arguments);
        run(command)
    };
    let user = call(&["get_current_user"]).await;
    assert_eq!(user.code, Some(0), "{user:?}");
    assert!(user.json()["id"].is_string());
    let missing = call(&["get_contact", "--id", "nobody"]).await;
    assert_eq!(missing.code, Some(3), "{missing:?}");
    assert_eq!(missing.json()["error"]["code"], "not_found");
}
