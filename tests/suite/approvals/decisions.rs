//! Decisions while the ground moves: a request that expires, two people at once, settings that changed, a login that ended.

use super::{Browser, KEY, add_approver, browser, host};
use crate::{
    confirmations::{effects, id, page},
    http::until,
    support::{Account, Agency, Api, Era, Person},
};
use reqwest::StatusCode;
use rusqlite::Connection;
use serde_json::{Value, json};
use std::path::Path;

/// Lets every request expire, as 24 hours do.
fn expire(state: &Path) {
    let db = Connection::open(state.join("state.db")).unwrap();
    let expired = db.execute("UPDATE approvals SET expires_at = asked_at", []).unwrap();
    assert!(expired > 0);
}

#[tokio::test]
async fn what_was_not_decided_is_never_told_as_decided() {
    let account = Account::new().await;
    let draft = page(&account, "draft").await;
    let host = host(&account, &[], Era::Modern, Person::Absent).await;
    let asked = host.error("delete_page", json!({"id": id(&draft)})).await;
    let browser = browser(&asked).await;
    let request = asked["approvalPage"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    // Whoever makes up an address says nothing in the page's name.
    for notice in ["agreed", "declined", "changed", "already", "gone", "logged-out"] {
        for path in [format!("/approvals?request={request}&notice={notice}"), format!("/approvals?notice={notice}")] {
            let shown = browser.get(&path).await;
            assert!(shown.has("Agree</button>") && !shown.has("class=\"notice\""), "{path}: {}", shown.html);
        }
    }

    // A login that ended: the person learns that nothing was recorded, and comes back to the request.
    let shown = browser.get("/approvals").await;
    let form = [
        ("request", request.as_str()),
        ("seen", &shown.hidden("seen")),
        ("token", &shown.hidden("token")),
        ("decision", "agree"),
    ];
    let late = Browser::at(&browser.origin);
    let sent = late.post("/approvals/decide", &form).await;
    let login = late.get(sent.location()).await;
    assert!(login.has("nothing was recorded") && login.has("Your approval key"), "{}", login.html);
    assert_eq!(login.hidden("request"), request);

    // A request that expires while it is open.
    expire(host.state.path());
    let gone = browser.decide(&shown, "agree", "").await;
    assert!(gone.has("not here any more") && gone.has("Nothing waits for you"), "{}", gone.html);
    let answer = host.error("delete_page", json!({"id": id(&draft), "confirmationToken": asked["confirmationToken"]}));
    let answer = answer.await;
    assert_eq!(answer["code"], "confirmation_invalid", "it asks anew: {answer}");
    assert_eq!(effects(&account).await, 0);
}

#[tokio::test]
async fn of_two_approvers_at_once_one_decides() {
    let account = Account::new().await;
    let host = host(&account, &[], Era::Modern, Person::Absent).await;
    add_approver(host.state.path(), "Bo", "bo-key", &[]).await;
    let webhook = account.objects("webhooks").await.remove(0);
    let asked = host.error("delete_webhook", json!({"id": id(&webhook)})).await;
    let (ana, bo) = (browser(&asked).await, Browser::at(asked["approvalPage"].as_str().unwrap()));
    bo.log_in("bo-key").await;
    let (for_ana, for_bo) = (ana.get("/approvals").await, bo.get("/approvals").await);
    let (yes, no) = tokio::join!(ana.decide(&for_ana, "agree", ""), bo.decide(&for_bo, "decline", ""));
    let late = "somebody has decided about it already";
    let outcomes = (yes.has("Agreed. Tell"), no.has("Declined. Nothing"));
    assert!(matches!(outcomes, (true, false) | (false, true)), "{}\n{}", yes.html, no.html);
    assert!(if outcomes.0 { no.has(late) } else { yes.has(late) });
    let confirmed = json!({"id": id(&webhook), "confirmationToken": asked["confirmationToken"]});
    let ran = host.call("delete_webhook", confirmed).await.is_error != Some(true);
    assert_eq!((ran, effects(&account).await), (outcomes.0, u64::from(outcomes.0)));
}

#[tokio::test]
async fn what_became_read_only_cannot_be_agreed_to_any_more() {
    let agency = Agency::new(Api::Session, &["North", "South"]).await;
    let confirms = |_: &str| "confirm = \"page\"\n".to_owned();
    agency.write("", confirms);
    let host = agency.host(&[]).await;
    add_approver(agency.state.path(), "Ana", KEY, &[]).await;
    let webhook = agency.account("North").objects("webhooks").await.remove(0);
    let asked: [(&str, Value); 2] = [
        ("delete_webhook", json!({"account": "North", "id": webhook["id"]})),
        // A call without an object, so that nothing is read again.
        ("create_webhook", json!({"account": "North", "url": "https://example.com/x", "events": ["contact.created"]})),
    ];
    let mut pages = Vec::new();
    for (tool, arguments) in &asked {
        let error = host.error(tool, arguments.clone()).await;
        assert_eq!(error["code"], "confirmation_required", "{error}");
        pages.push(error["approvalPage"].as_str().unwrap().to_owned());
    }
    agency.write("", |name| format!("{}read-only = {}\n", confirms(name), name == "North"));
    let ana = Browser::at(&pages[0]);
    ana.log_in(KEY).await;
    for page in &pages {
        // The file is taken over within two seconds. Until then nothing is agreed to by the old one.
        until("the server is read-only", async || {
            let refused = ana.decide(&ana.get(page).await, "agree", "").await;
            assert!(refused.has("Not agreed.") && refused.status == StatusCode::BAD_GATEWAY, "{}", refused.html);
            refused.has("read-only")
        })
        .await;
    }
    assert!(ana.get("/approvals").await.has("Agree</button>"), "they wait on");
    assert_eq!(effects(agency.account("North")).await, 0);
}
