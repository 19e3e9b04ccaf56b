//! The two-step way: a preview and a token, then the same call with the token. Also the settings that change it.

use super::{effects, id, page};
use crate::support::{Account, Era, Host, Person, all_tools};
use serde_json::{Value, json};

/// The first step: returns the error with the preview and the token.
async fn first_step(host: &Host, tool: &'static str, id: &str) -> Value {
    let error = host.error(tool, json!({"id": id})).await;
    assert_eq!(error["code"], "confirmation_required", "{error}");
    assert!(error["confirmationToken"].as_str().is_some_and(|token| token.len() >= 20), "{error}");
    error
}

#[tokio::test]
async fn the_second_call_with_the_token_acts_once() {
    let account = Account::new().await;
    let draft = page(&account, "draft").await;
    let host = Host::with(&account, &[], Era::Older, Person::Absent).await;
    let first = first_step(&host, "delete_page", id(&draft)).await;
    assert_eq!(first["preview"]["object"]["name"], draft["name"]);
    assert_eq!(first["preview"]["object"]["status"], "draft");
    assert_eq!(first["preview"]["irreversible"], true);
    assert!(first["message"].as_str().unwrap().contains("cannot be undone"), "{first}");
    assert_eq!(effects(&account).await, 0);
    let with_token = json!({"id": id(&draft), "confirmationToken": first["confirmationToken"]});
    assert_eq!(host.answer("delete_page", with_token.clone()).await["deleted"], true);
    let replayed = host.error("delete_page", with_token).await;
    assert_eq!(replayed["code"], "not_found", "the page is gone: {replayed}");
    assert_eq!(effects(&account).await, 1);
}

#[tokio::test]
async fn a_token_is_valid_for_its_tool_arguments_and_object_as_shown() {
    let account = Account::new().await;
    let drafts: Vec<Value> =
        account.objects("pages").await.into_iter().filter(|page| page["status"] == "draft").collect();
    let [first, second, ..] = drafts.as_slice() else { panic!("the account has two drafts") };
    let host = Host::with(&account, &[], Era::Handshake, Person::Absent).await;
    let token = first_step(&host, "delete_page", id(first)).await["confirmationToken"].clone();

    let mut refused = Vec::new();
    refused
        .push(("another page", host.error("delete_page", json!({"id": id(second), "confirmationToken": token})).await));
    refused
        .push(("another tool", host.error("publish_page", json!({"id": id(first), "confirmationToken": token})).await));
    refused.push((
        "made up",
        host.error("delete_page", json!({"id": id(first), "confirmationToken": "AAAAAAAAAAAAAAAAAAAAAA"})).await,
    ));
    account.change("pages", id(first), json!({"slug": "another-slug"})).await;
    refused.push(("changed", host.error("delete_page", json!({"id": id(first), "confirmationToken": token})).await));
    for (case, error) in &refused {
        assert_eq!(error["code"], "confirmation_invalid", "{case}: {error}");
        assert!(error["preview"]["object"].is_object(), "{case}: a new preview comes along: {error}");
        assert!(error["confirmationToken"].is_string(), "{case}: and a new token: {error}");
    }
    assert_eq!(effects(&account).await, 0);
    // The new token for the changed page works.
    let fresh = refused.last().unwrap().1["confirmationToken"].clone();
    assert_eq!(host.answer("delete_page", json!({"id": id(first), "confirmationToken": fresh})).await["deleted"], true);
}

#[tokio::test]
async fn a_token_is_used_up_before_the_request_and_expires() {
    let account = Account::new().await;
    let draft = page(&account, "draft").await;
    let host = Host::with(&account, &[], Era::Modern, Person::Absent).await;
    let arguments = |token: &Value| json!({"id": id(&draft), "confirmationToken": token});

    let token = first_step(&host, "delete_page", id(&draft)).await["confirmationToken"].clone();
    account.faults("500@DELETE /page/{id}").await;
    let failed = host.error("delete_page", arguments(&token)).await;
    assert!(failed["code"] == "outcome_unknown" || failed["code"] == "upstream_error", "{failed}");
    account.faults("").await;
    let again = host.error("delete_page", arguments(&token)).await;
    assert_eq!(again["code"], "confirmation_invalid", "{again}");

    let token = first_step(&host, "delete_page", id(&draft)).await["confirmationToken"].clone();
    // The test does not wait for five minutes, but changes the time in the database.
    let db = rusqlite::Connection::open(host.state.path().join("state.db")).unwrap();
    assert!(db.execute("UPDATE approvals SET expires_at = 1", []).unwrap() > 0);
    let expired = host.error("delete_page", arguments(&token)).await;
    assert_eq!(expired["code"], "confirmation_invalid", "{expired}");
    assert_eq!(effects(&account).await, 0);
}

#[tokio::test]
async fn one_of_many_concurrent_uses_of_a_token_acts() {
    let account = Account::new().await;
    let webhook = account.objects("webhooks").await.remove(0);
    let host = Host::with(&account, &[], Era::Modern, Person::Absent).await;
    let token = first_step(&host, "delete_webhook", id(&webhook)).await["confirmationToken"].clone();
    let calls = (0..8).map(|_| host.call("delete_webhook", json!({"id": id(&webhook), "confirmationToken": token})));
    let done = futures::future::join_all(calls).await;
    assert_eq!(done.iter().filter(|result| result.is_error != Some(true)).count(), 1, "{done:?}");
    assert_eq!(effects(&account).await, 1);
    let deletes = account.requests().await.into_iter().filter(|request| request["method"] == "DELETE").count();
    assert_eq!(deletes, 1);
}

#[tokio::test]
async fn the_setting_two_step_applies_to_every_host() {
    let account = Account::new().await;
    let draft = page(&account, "draft").await;
    for era in [Era::Modern, Era::Handshake, Era::Older] {
        let host = Host::with(&account, &["--confirm", "two-step"], era, Person::agrees()).await;
        first_step(&host, "publish_page", id(&draft)).await;
        assert!(host.asked().is_empty(), "{era:?}: a form was shown");
    }
    assert_eq!(effects(&account).await, 0);
}

#[tokio::test]
async fn deny_lists_the_tools_and_refuses_them() {
    let account = Account::new().await;
    let draft = page(&account, "draft").await;
    let host = Host::with(&account, &["--confirm", "deny"], Era::Modern, Person::agrees()).await;
    assert_eq!(host.session.list_all_tools().await.unwrap().len(), all_tools());
    let error = host.error("delete_page", json!({"id": id(&draft)})).await;
    assert_eq!(error["code"], "policy_denied", "{error}");
    assert!(host.asked().is_empty());
    assert_eq!(account.requests().await.len(), 0);
}

#[tokio::test]
async fn more_tools_can_be_guarded_and_none_of_the_default_ones_removed() {
    let account = Account::new().await;
    let flags = ["--confirm-tools", "create_contact,update_page"];
    let host = Host::with(&account, &flags, Era::Handshake, Person::Absent).await;
    let guarded: Vec<String> = host
        .session
        .list_all_tools()
        .await
        .unwrap()
        .into_iter()
        .filter(|tool| tool.input_schema["properties"].get("confirmationToken").is_some())
        .map(|tool| tool.name.into_owned())
        .collect();
    assert_eq!(
        guarded,
        [
            "create_contact",
            "create_campaign",
            "update_page",
            "delete_page",
            "publish_page",
            "create_webhook",
            "delete_webhook",
            "run_bulk",
            "get_bulk"
        ]
    );
    let contact = json!({"firstName": "Ada", "lastName": "L", "email": "ada@example.com"});
    let first = host.error("create_contact", contact.clone()).await;
    assert_eq!(first["code"], "confirmation_required", "{first}");
    assert_eq!(first["preview"]["arguments"]["email"], "ada@example.com");
    assert_eq!(effects(&account).await, 0);
    let mut second = contact;
    second["confirmationToken"] = first["confirmationToken"].clone();
    assert_eq!(host.answer("create_contact", second).await["email"], "ada@example.com");
    assert_eq!(effects(&account).await, 1);
}

#[tokio::test]
async fn a_token_for_an_unguarded_tool_is_an_unknown_argument() {
    let account = Account::new().await;
    let host = Host::new(&account, &[]).await;
    let error = host.error("get_contact", json!({"id": "a", "confirmationToken": "t"})).await;
    assert_eq!(
        (&error["code"], &error["field"]),
        (&json!("invalid_arguments"), &json!("confirmationToken")),
        "{error}"
    );
    assert_eq!(account.requests().await.len(), 0);
}
