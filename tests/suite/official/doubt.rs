//! Creations that are answered by a doubt, and a 422 for what was done all the same.

use super::official;
use crate::support::{Account, Host};
use highlevel_mcp::sandbox::SandboxConfig;
use serde_json::json;

#[tokio::test]
async fn a_422_is_looked_into_and_stays_a_refusal_where_nothing_was_made() {
    let (account, host) = official().await;
    let contact = json!({"firstName": "A", "lastName": "B", "email": "a@b.example", "assignedTo": "x"});
    // Unknown owners are refused by us, so the API's own refusal needs another fault.
    assert_eq!(host.error("create_contact", contact).await["code"], "invalid_arguments");
    let posts = account.requests().await.iter().filter(|request| request["path"] == "/contacts/").count();
    assert_eq!(posts, 0);
}

#[tokio::test]
async fn a_creation_whose_answer_is_lost_is_found_and_not_made_twice() {
    for tool in ["create_contact", "create_opportunity"] {
        let faults = "truncate:1:POST /contact,truncate:1:POST /opportunity".parse().unwrap();
        let account = Account::with(SandboxConfig { faults, ..SandboxConfig::official() }).await;
        let host = Host::new(&account, &[]).await;
        let arguments = if tool == "create_contact" {
            json!({"firstName": "A", "lastName": "B", "email": "lost@b.example", "customFields": {"employees": 7}})
        } else {
            let contact = host.answer("list_contacts", json!({"limit": 1})).await["data"][0]["id"].clone();
            json!({"name": "Lost", "contactId": contact, "value": 3, "status": "open", "stage": "Discovery"})
        };
        let made = host.answer(tool, arguments).await;
        assert!(made["id"].is_string());
        let path = if tool == "create_contact" { "/contacts/" } else { "/opportunities/" };
        let posts = account.requests().await.iter().filter(|request| request["path"] == path).count();
        assert_eq!(posts, 1, "{tool}");
    }
}
