//! A confirmation is bound to the account and to the way it was requested, besides its call and object. What invalidates
//! it.

use super::{effects, id, page};
use crate::support::{Account, Era, Host, Person, Wire, command, params};
use rmcp::model::CallToolResponse;
use serde_json::{Value, json};
use std::time::Duration;

/// A host on this account with the state directory of another.
async fn beside(account: &Account, state: &tempfile::TempDir, flags: &[&str]) -> Host {
    let mut command = command(account, state.path());
    command.args(flags);
    Host::start(command, tempfile::tempdir().unwrap(), Era::Modern, Person::Absent).await
}

async fn token(host: &Host, page: &Value) -> Value {
    host.error("delete_page", json!({"id": id(page)})).await["confirmationToken"].clone()
}

async fn refused(host: &Host, page: &Value, token: &Value) -> String {
    let error = host.error("delete_page", json!({"id": id(page), "confirmationToken": token})).await;
    assert_eq!(error["code"], "confirmation_invalid", "{error}");
    error["message"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_token_is_valid_in_its_account_only() {
    // The same seed, so both accounts have identical pages.
    let (account, twin) = (Account::new().await, Account::new().await);
    let draft = page(&account, "draft").await;
    let host = Host::new(&account, &[]).await;
    let other = beside(&twin, &host.state, &[]).await;
    let given = token(&host, &draft).await;
    assert!(refused(&other, &draft, &given).await.contains("another account"));
    assert_eq!((effects(&account).await, effects(&twin).await), (0, 0));
    // It is still valid in its own account.
    let gone = host.answer("delete_page", json!({"id": id(&draft), "confirmationToken": given})).await;
    assert_eq!(gone["deleted"], true);
    assert_eq!((effects(&account).await, effects(&twin).await), (1, 0));
}

#[tokio::test]
async fn a_token_is_valid_only_in_the_way_it_was_requested() {
    let account = Account::new().await;
    let draft = page(&account, "draft").await;
    let first = Host::new(&account, &[]).await;
    let modes = ["auto", "two-step", "human"];
    for asked in modes {
        let given = token(&beside(&account, &first.state, &["--confirm", asked]).await, &draft).await;
        for taken in modes.iter().filter(|taken| **taken != asked) {
            let host = beside(&account, &first.state, &["--confirm", taken]).await;
            let why = refused(&host, &draft, &given).await;
            assert!(why.contains("--confirm"), "{asked} taken as {taken}: {why}");
        }
    }
    assert_eq!(effects(&account).await, 0);
}

#[tokio::test]
async fn an_object_that_changed_back_needs_a_new_confirmation() {
    let account = Account::new().await;
    let draft = page(&account, "draft").await;
    let host = Host::new(&account, &[]).await;
    let given = token(&host, &draft).await;
    account.change("pages", id(&draft), json!({"title": "Another"})).await;
    assert!(refused(&host, &draft, &given).await.contains("changed"));
    account.change("pages", id(&draft), json!({"title": draft["title"], "updatedAt": draft["updatedAt"]})).await;
    assert!(refused(&host, &draft, &given).await.contains("has been used"));
    assert_eq!(effects(&account).await, 0);
}

#[tokio::test]
async fn a_decline_invalidates_the_confirmation() {
    let account = Account::new().await;
    let draft = page(&account, "draft").await;
    let host = Host::with(&account, &[], Era::Modern, Person::agrees()).await;
    let call = params("delete_page", json!({"id": id(&draft)}));
    let CallToolResponse::InputRequired(asked) = host.session.call_tool_once(call.clone()).await.unwrap() else {
        panic!("no question")
    };
    let answer = async |said: Value| {
        let mut again = call.clone();
        again.request_state = asked.request_state.clone();
        again.input_responses = Some([("confirm".to_owned(), said)].into());
        match host.session.call_tool_once(again).await.unwrap() {
            CallToolResponse::Complete(result) => crate::support::error_of(&result)["code"].clone(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(answer(json!({"action": "decline"})).await, "declined");
    let yes = json!({"action": "accept", "content": {"confirm": true}});
    assert_eq!(answer(yes).await, "confirmation_invalid", "the same question cannot be answered again");
    assert_eq!(effects(&account).await, 0);
}

#[tokio::test]
async fn a_host_that_declines_at_once_is_distinguished_from_a_person() {
    let account = Account::new().await;
    let draft = page(&account, "draft").await;
    for era in [Era::Modern, Era::Handshake, Era::Older] {
        let host = Host::with(&account, &[], era, Person::declines()).await;
        let error = host.error("delete_page", json!({"id": id(&draft)})).await;
        assert_eq!(error["code"], "declined", "{era:?}: {error}");
        let message = error["message"].as_str().unwrap();
        for part in ["answer on its own", "--confirm two-step", "--confirm human"] {
            assert!(message.contains(part), "{era:?}: no {part} in {message}");
        }
    }
    // A person takes longer than that.
    let state = tempfile::tempdir().unwrap();
    let mut wire = Wire::start(command(&account, state.path()));
    let draft_id = id(&draft).to_owned();
    let result = tokio::task::spawn_blocking(move || {
        wire.initialize("2025-11-25", json!({"elicitation": {}}));
        let call = wire.send("tools/call", json!({"name": "delete_page", "arguments": {"id": draft_id}}));
        let form = wire.line();
        std::thread::sleep(Duration::from_millis(400));
        wire.write(&json!({"jsonrpc": "2.0", "id": form["id"], "result": {"action": "decline"}}).to_string());
        wire.answer_to(call)
    });
    let text = result.await.unwrap()["result"]["content"][0]["text"].as_str().unwrap().to_owned();
    assert!(text.contains("did not agree") && !text.contains("on its own"), "{text}");
    assert_eq!(effects(&account).await, 0);
}
