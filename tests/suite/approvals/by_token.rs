//! Hosts that open no pages: the answer has a link and a token, a person agrees at the link, and the call is repeated.

use super::{KEY, browser, browser::Browser, host, restarted};
use crate::{
    confirmations::{effects, id, page},
    support::{Account, Era, Person, closed_journal, command},
};
use reqwest::StatusCode;
use serde_json::{Value, json};

fn with_token(arguments: &Value, error: &Value) -> Value {
    let mut arguments = arguments.clone();
    arguments["confirmationToken"] = error["confirmationToken"].clone();
    arguments
}

#[tokio::test]
async fn a_person_agrees_at_the_link_to_what_they_saw_and_nobody_else_can() {
    let account = Account::new().await;
    let draft = page(&account, "draft").await;
    // The host has forms. The setting asks on the page all the same.
    let host = host(&account, &[], Era::Handshake, Person::agrees()).await;
    let arguments = json!({"id": id(&draft)});
    let asked = host.error("delete_page", arguments.clone()).await;
    assert_eq!(asked["code"], "confirmation_required", "{asked}");
    assert_eq!(asked["expiresInSeconds"], 24 * 60 * 60, "{asked}");
    assert_eq!(asked["preview"]["object"]["name"], draft["name"], "{asked}");
    assert!(host.asked().is_empty(), "a form was shown");

    // The model has the token and the link. Neither is enough, together or repeated.
    let name = draft["name"].as_str().unwrap();
    let model = Browser::at(asked["approvalPage"].as_str().unwrap());
    let seen = model.get(asked["approvalPage"].as_str().unwrap()).await;
    assert!(seen.has("Your approval key") && !seen.has(name), "{}", seen.html);
    let request = asked["approvalPage"].as_str().unwrap().rsplit('/').next().unwrap();
    let forged = [("request", request), ("seen", ""), ("token", ""), ("decision", "agree"), ("note", "")];
    let refused = model.post("/approvals/decide", &forged).await;
    assert!(refused.location().ends_with("notice=logged-out"), "{refused:?}");
    let token = asked["confirmationToken"].as_str().unwrap();
    assert_eq!(model.post("/approvals/login", &[("key", token)]).await.status, StatusCode::FORBIDDEN);
    assert_eq!(model.post("/approvals/open", &[("key", token)]).await.status, StatusCode::FORBIDDEN);
    let waiting = host.error("delete_page", with_token(&arguments, &asked)).await;
    assert_eq!(waiting["code"], "confirmation_required", "{waiting}");
    assert_eq!(waiting["confirmationToken"], asked["confirmationToken"], "the same request waits on: {waiting}");
    let again = host.error("delete_page", arguments.clone()).await;
    assert_eq!(again["approvalPage"], asked["approvalPage"], "a repeated call makes no second request: {again}");

    // Ana logs in on her way to the request.
    let browser = Browser::at(&browser(&again).await.origin);
    let sent = browser.post("/approvals/login", &[("key", KEY), ("request", request)]).await;
    assert_eq!(sent.location(), format!("/approvals?request={request}"));
    let cookie = sent.headers["set-cookie"].to_str().unwrap();
    for part in ["HttpOnly", "SameSite=Strict", "Path=/approvals", "Max-Age=28800"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    let shown = browser.get(sent.location()).await;
    assert!(shown.has(name) && shown.has("Cannot be taken back") && shown.has("test-host 1"), "{}", shown.html);

    // What was shown is not what is there any more: her yes does not count, and she sees how it is now.
    account.change("pages", id(&draft), json!({"name": "Renamed meanwhile"})).await;
    let changed = browser.decide(&shown, "agree", "").await;
    assert!(changed.has("Not agreed") && changed.has("Renamed meanwhile") && !changed.has(name), "{}", changed.html);
    let still = host.error("delete_page", with_token(&arguments, &again)).await;
    assert_eq!(still["code"], "confirmation_required", "{still}");

    let tab = browser.another_tab();
    let agreed = browser.decide(&changed, "agree", "As discussed <today>").await;
    assert!(agreed.has("Agreed.") && agreed.has("As discussed &lt;today&gt;"), "{}", agreed.html);
    let late = tab.decide(&changed, "decline", "too late").await;
    assert!(late.has("somebody has decided about it already"), "{}", late.html);
    assert_eq!(effects(&account).await, 0, "only the call acts");

    let done = host.answer("delete_page", with_token(&arguments, &again)).await;
    assert_eq!(done["deleted"], true, "{done}");
    assert_eq!(effects(&account).await, 1);
    let entries = closed_journal(|| command(&account, host.state.path())).await;
    let entry = entries.last().unwrap();
    assert_eq!(entry["confirmation"], "page", "{entry}");
    assert_eq!(entry["approval"], json!({"person": "Ana", "note": "As discussed <today>"}), "{entry}");
}

#[tokio::test]
async fn what_changes_after_the_yes_is_asked_again_and_a_no_reaches_the_model() {
    let account = Account::new().await;
    let draft = page(&account, "draft").await;
    let host = host(&account, &[], Era::Modern, Person::Absent).await;
    let arguments = json!({"id": id(&draft)});
    let asked = host.error("publish_page", arguments.clone()).await;
    let browser = browser(&asked).await;
    let shown = browser.get("/approvals").await;
    assert!(browser.decide(&shown, "agree", "").await.has("Agreed."));
    account.change("pages", id(&draft), json!({"slug": "another-slug"})).await;
    let again = host.error("publish_page", with_token(&arguments, &asked)).await;
    assert_eq!(again["code"], "confirmation_invalid", "{again}");
    let lost = host.error("publish_page", arguments.clone()).await;
    assert_eq!(lost["code"], "confirmation_required", "the yes was for the page as it was: {lost}");
    let again = host.error("publish_page", with_token(&arguments, &lost)).await;
    let shown = browser.get("/approvals").await;
    assert!(shown.has("another-slug") && shown.has("It changed"), "{}", shown.html);
    let declined = browser.decide(&shown, "decline", "Not this\u{202e} week").await;
    assert!(declined.has("Declined. Nothing is done."), "{}", declined.html);
    let answer = host.error("publish_page", with_token(&arguments, &again)).await;
    assert_eq!((&answer["code"], &answer["note"]), (&json!("declined"), &json!("Not this week")), "{answer}");
    assert!(answer["message"].as_str().unwrap().starts_with("Ana declined."), "{answer}");
    assert_eq!(effects(&account).await, 0);

    // A host that lost its token does what was agreed to, once.
    let asked = host.error("delete_page", arguments.clone()).await;
    let link = asked["approvalPage"].as_str().unwrap();
    let shown = browser.get(&link.replace(&browser.origin, "")).await;
    assert!(browser.decide(&shown, "agree", "").await.has("Agreed."));
    assert_eq!(host.answer("delete_page", arguments).await["deleted"], true);
    assert_eq!(effects(&account).await, 1);
}

#[tokio::test]
async fn requests_outlive_a_restart_and_show_old_and_new_values_and_no_secret() {
    let account = Account::new().await;
    let contact = account.find("contacts", |contact| contact["firstName"].is_string()).await;
    let host = host(&account, &["--confirm-tools", "update_contact"], Era::Modern, Person::Absent).await;
    let update = json!({"id": id(&contact), "firstName": "Zenobia", "customFields": {"plan": "pro"}});
    let asked = host.error("update_contact", update.clone()).await;
    let webhook =
        json!({"url": "https://example.com/hook", "events": ["contact.created"], "secret": "canary-secret-7261"});
    let asked_webhook = host.error("create_webhook", webhook.clone()).await;
    assert_eq!(asked_webhook["code"], "confirmation_required", "{asked_webhook}");

    let host = restarted(&account, host, &["--confirm-tools", "update_contact"]).await;
    // The page is at another port now: a call that waits names it.
    let waiting = host.error("create_webhook", with_token(&webhook, &asked_webhook)).await;
    assert_ne!(waiting["approvalPage"], asked_webhook["approvalPage"], "{waiting}");
    let again = host.error("update_contact", with_token(&update, &asked)).await;
    let browser = browser(&waiting).await;
    let shown = browser.get("/approvals").await;
    let old = contact["firstName"].as_str().unwrap();
    assert!(shown.has(&format!("<bdi class=\"value\">{old}</bdi></del>")), "{}", shown.html);
    assert!(
        shown.has("<bdi class=\"value\">Zenobia</bdi></ins>") && shown.has("Custom fields: Plan"),
        "{}",
        shown.html
    );
    assert!(!shown.has("canary-secret-7261") && shown.has("example.com"), "{}", shown.html);
    for file in std::fs::read_dir(host.state.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap_or_default();
        assert!(!String::from_utf8_lossy(&bytes).contains("canary-secret-7261"), "a secret is stored");
    }
    let made_known =
        [(waiting, "create_webhook", &webhook, &asked_webhook), (again, "update_contact", &update, &asked)];
    for (waiting, tool, arguments, asked) in made_known {
        let link = waiting["approvalPage"].as_str().unwrap();
        let only = browser.get(&link.replace(&browser.origin, "")).await;
        assert!(browser.decide(&only, "agree", "").await.has("Agreed."), "{tool}");
        let done = host.answer(tool, with_token(arguments, asked)).await;
        assert!(done["url"] == webhook["url"] || done["firstName"] == "Zenobia", "{done}");
    }
}
