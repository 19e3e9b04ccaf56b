//! A host starts the server, lists the tools and calls one, with each protocol revision.

use crate::support::{Account, Api, Era, Host, Manners, Person, all_tools, in_all_manners, run};
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
async fn the_command_line_runs_a_tool_and_exits_with_its_status() {
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

#[tokio::test]
async fn document_is_an_alias_of_the_session_api_that_help_does_not_list() {
    let account = Account::new().await;
    let tools = async |flags: &[&str], variable: Option<&str>| {
        let state = tempfile::tempdir().unwrap();
        let mut command = crate::support::command(&account, state.path());
        // The official API needs a location.
        command.args(flags).args(["tools", "--json"]).env("GHL_LOCATION_ID", "ve9EPM428h8vShlRW1KT");
        command.envs(variable.map(|api| ("GHL_API", api)));
        let listed = run(command).await;
        assert_eq!(listed.code, Some(0), "{listed:?}");
        listed.stdout
    };
    let session = tools(&["--api", "session"], None).await;
    assert_ne!(session, tools(&["--api", "official"], None).await);
    assert_eq!(session, tools(&["--api", "document"], Some("official")).await);
    assert_eq!(session, tools(&[], Some("document")).await);
    assert_eq!(session, tools(&[], Some("session")).await);

    let mut help = std::process::Command::new(crate::support::BINARY);
    help.arg("--help");
    let help = run(help).await.stdout;
    assert!(help.contains("- session:") && help.contains("- official:") && !help.contains("document"), "{help}");
}

in_all_manners!(a_contact_is_made_read_and_found);

async fn a_contact_is_made_read_and_found(api: Api, manners: Manners) {
    let account = Account::in_manners(api, manners).await;
    let host = Host::new(&account, &[]).await;
    let email = "made@example.com";
    let made = host.answer("create_contact", json!({"firstName": "Ada", "lastName": "Byron", "email": email})).await;
    let read = host.answer("get_contact", json!({"id": made["id"]})).await;
    assert_eq!((&read["firstName"], &read["email"]), (&json!("Ada"), &json!(email)), "{read}");
    // From here on lists are complete at once.
    account.manners("plain").await;
    let found = host.answer("list_contacts", json!({"email": email})).await;
    assert_eq!(found["data"][0]["id"], made["id"], "{found}");
}
