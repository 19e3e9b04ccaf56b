//! The approval page over HTTP: the default for hosts without forms, and what the journal has of who asked and who agreed.

use super::{Web, add, web_command};
use crate::{
    approvals::{Browser, KEY, add_approver},
    confirmations::{effects, id, page},
    support::{Account, closed_journal},
};
use reqwest::StatusCode;
use serde_json::{Value, json};

fn error_of(result: &Value) -> Value {
    let text = result["content"][0]["text"].as_str().unwrap_or_else(|| panic!("no text: {result}"));
    serde_json::from_str::<Value>(text).unwrap()["error"].clone()
}

#[tokio::test]
async fn without_forms_the_person_decides_on_the_page_and_with_forms_in_the_host() {
    let account = Account::new().await;
    let draft = page(&account, "draft").await;
    let state = tempfile::tempdir().unwrap();
    let token = add(web_command(&account, state.path()), "claude", &[]).await;
    add_approver(state.path(), "Ana", KEY, &[]).await;
    let public = ["--public-url", "https://mcp.example.com/mcp"];
    let web = Web::start(web_command(&account, state.path()), &public).await;
    let session = web.initialize(&token).await;
    let arguments = json!({"id": id(&draft)});
    let asked = error_of(&web.call(&token, &session, "delete_page", arguments.clone()).await);
    assert_eq!(asked["code"], "confirmation_required", "{asked}");
    let link = asked["approvalPage"].as_str().unwrap();
    assert!(link.starts_with("https://mcp.example.com/approvals/"), "{asked}");
    let with_token = json!({"id": id(&draft), "confirmationToken": asked["confirmationToken"]});
    let spent = error_of(&web.call(&token, &session, "delete_page", with_token.clone()).await);
    assert_eq!(spent["code"], "confirmation_required", "a model cannot spend it: {spent}");
    // A host with forms is asked there.
    let formed =
        web.send(web.modern(&token, "tools/call", json!({"name": "delete_page", "arguments": arguments}))).await;
    assert!(formed.text.contains("inputRequests") && !formed.text.contains("mcp.example.com"), "{formed:?}");

    // Past the proxy: the page takes forms of the address that people know, and sets a cookie for TLS alone.
    let browser = Browser::at(&web.url);
    let proxied = [("origin", "https://mcp.example.com"), ("sec-fetch-site", "same-origin")];
    let sent = browser.post_with("/approvals/login", &[("key", KEY)], &proxied).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{sent:?}");
    assert!(sent.headers["set-cookie"].to_str().unwrap().ends_with("; Secure"), "{sent:?}");
    let shown = browser.get("/approvals").await;
    assert!(shown.has(draft["name"].as_str().unwrap()) && shown.has(">claude<"), "{}", shown.html);
    let policy = shown.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("sha256-"), "the page has its own policy: {policy}");
    let evil = [("origin", "http://evil.example"), ("sec-fetch-site", "cross-site")];
    assert_eq!(browser.post_with("/approvals/login", &[("key", KEY)], &evil).await.status, StatusCode::FORBIDDEN);
    assert!(browser.decide(&shown, "agree", "").await.has("Agreed."));

    let done = web.call(&token, &session, "delete_page", with_token).await;
    assert_eq!(done["structuredContent"]["deleted"], true, "{done}");
    assert_eq!(effects(&account).await, 1);
    let entries = closed_journal(|| web_command(&account, state.path())).await;
    let entry = entries.last().unwrap();
    assert_eq!((&entry["confirmation"], &entry["approval"]), (&json!("page"), &json!({"person": "Ana"})), "{entry}");
    assert!(entry.to_string().contains("claude"), "who asked is there, too: {entry}");
}
