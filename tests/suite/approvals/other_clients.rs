//! What is one client's is no other client's: its confirmations, over HTTP, even with its token of the confirmation.

use super::{Browser, KEY, add_approver};
use crate::{
    confirmations::{effects, id, page},
    http::{Web, add, web_command},
    support::{Account, run},
};
use serde_json::{Value, json};

fn error_of(result: &Value) -> Value {
    let text = result["content"][0]["text"].as_str().unwrap_or_else(|| panic!("no text: {result}"));
    serde_json::from_str::<Value>(text).unwrap()["error"].clone()
}

#[tokio::test]
async fn a_token_of_another_clients_question_is_worth_nothing() {
    for (mode, code) in [("two-step", "confirmation_invalid"), ("page", "confirmation_invalid")] {
        let account = Account::new().await;
        let draft = page(&account, "draft").await;
        let state = tempfile::tempdir().unwrap();
        let command = || web_command(&account, state.path());
        let (claude, other) = (add(command(), "claude", &[]).await, add(command(), "other", &[]).await);
        add_approver(state.path(), "Ana", KEY, &[]).await;
        let web = Web::start(command(), &["--confirm", mode]).await;
        let (of_claude, of_other) = (web.initialize(&claude).await, web.initialize(&other).await);
        let asked = error_of(&web.call(&claude, &of_claude, "delete_page", json!({"id": id(&draft)})).await);
        if mode == "page" {
            let ana = Browser::at(&web.url);
            ana.log_in(KEY).await;
            let shown = ana.get("/approvals").await;
            assert!(ana.decide(&shown, "agree", "").await.has("Agreed."));
        }
        let confirmed = json!({"id": id(&draft), "confirmationToken": asked["confirmationToken"]});
        let stolen = error_of(&web.call(&other, &of_other, "delete_page", confirmed.clone()).await);
        assert_eq!(stolen["code"], code, "{mode}: {stolen}");
        assert!(stolen["message"].as_str().unwrap().contains("issued to another client"), "{mode}: {stolen}");
        assert_eq!(effects(&account).await, 0, "{mode}");
        let done = web.call(&claude, &of_claude, "delete_page", confirmed).await;
        assert_eq!(done["isError"], false, "{mode}: the right one has it still: {done}");
    }
}

#[tokio::test]
async fn a_yes_to_a_client_that_was_removed_since_is_nobodys() {
    let account = Account::new().await;
    let draft = page(&account, "draft").await;
    let state = tempfile::tempdir().unwrap();
    let command = || web_command(&account, state.path());
    let (claude, other) = (add(command(), "claude", &[]).await, add(command(), "other", &[]).await);
    add_approver(state.path(), "Ana", KEY, &[]).await;
    let web = Web::start(command(), &["--public-url", "https://mcp.example.com/mcp"]).await;
    let session = web.initialize(&claude).await;
    let asked = error_of(&web.call(&claude, &session, "delete_page", json!({"id": id(&draft)})).await);
    let mut remove = command();
    remove.args(["clients", "remove", "claude"]);
    assert_eq!(run(remove).await.code, Some(0));

    let ana = Browser::at(&web.url);
    let sent = ana.log_in(KEY).await;
    // Behind TLS, no other host of the domain can put its own cookie in the place of this one.
    let cookie = sent.headers["set-cookie"].to_str().unwrap();
    let (name, flags) = (cookie.split('=').next().unwrap(), cookie.split_once(';').unwrap().1);
    assert_eq!(name, "__Host-highlevel_approver");
    assert_eq!(flags, " Path=/; HttpOnly; SameSite=Strict; Max-Age=28800; Secure");
    let shown = ana.get("/approvals").await;
    assert!(ana.decide(&shown, "agree", "").await.has("Agreed."), "the request outlives its client");
    let confirmed = json!({"id": id(&draft), "confirmationToken": asked["confirmationToken"]});
    let call = json!({"name": "delete_page", "arguments": confirmed});
    assert_eq!(web.send(web.modern(&claude, "tools/call", call)).await.status, 401);
    let session = web.initialize(&other).await;
    let stolen = error_of(&web.call(&other, &session, "delete_page", confirmed).await);
    assert_eq!(stolen["code"], "confirmation_invalid", "{stolen}");
    let own = error_of(&web.call(&other, &session, "delete_page", json!({"id": id(&draft)})).await);
    assert_eq!(own["code"], "confirmation_required", "it has to ask itself: {own}");
    assert_eq!(effects(&account).await, 0);
}

#[tokio::test]
async fn a_client_whose_calls_all_wait_takes_no_place_of_another() {
    let account = Account::new().await;
    let state = tempfile::tempdir().unwrap();
    let command = || web_command(&account, state.path());
    let (busy, other) = (add(command(), "busy", &[]).await, add(command(), "other", &[]).await);
    let web = Web::start(command(), &["--confirm", "page"]).await;
    let (of_busy, of_other) = (web.initialize(&busy).await, web.initialize(&other).await);
    let hook = |number| json!({"url": format!("https://example.com/{number}"), "events": ["contact.created"]});
    for number in 0..200 {
        let asked = error_of(&web.call(&busy, &of_busy, "create_webhook", hook(number)).await);
        assert_eq!(asked["code"], "confirmation_required", "{number}: {asked}");
    }
    assert_eq!(error_of(&web.call(&busy, &of_busy, "create_webhook", hook(200)).await)["code"], "policy_denied");
    assert_eq!(error_of(&web.call(&busy, &of_busy, "create_webhook", hook(0)).await)["code"], "confirmation_required");
    assert_eq!(
        error_of(&web.call(&other, &of_other, "create_webhook", hook(200)).await)["code"],
        "confirmation_required"
    );
}
