//! What the page refuses: forms of other pages, other people's accounts, hosts that are not its own; and what strangers wrote
//! in the account.

use super::{add_approver, browser, browser::Browser, host};
use crate::{
    confirmations::{effects, id, page},
    support::{Account, Agency, Api, Era, Host, Person},
};
use reqwest::StatusCode;
use serde_json::{Value, json};

#[tokio::test]
async fn forms_from_elsewhere_are_refused_and_hostile_data_stays_text() {
    let account = Account::new().await;
    let hostile = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>\u{202e}\u{200b}txt";
    let draft = page(&account, "draft").await;
    account.change("pages", id(&draft), json!({"name": hostile})).await;
    let host = host(&account, &[], Era::Modern, Person::Absent).await;
    let asked = host.error("delete_page", json!({"id": id(&draft)})).await;
    let browser = browser(&asked).await;
    let shown = browser.get("/approvals").await;
    assert!(!shown.has("<script>alert") && !shown.has("<img") && !shown.html.contains('\u{202e}'), "{}", shown.html);
    assert!(shown.has("&lt;script&gt;alert(1)"), "{}", shown.html);
    let policy = shown.headers["content-security-policy"].to_str().unwrap();
    for part in
        ["default-src 'none'", "style-src 'sha256-", "script-src 'sha256-", "frame-ancestors 'none'", "base-uri 'none'"]
    {
        assert!(policy.contains(part) && !policy.contains("unsafe"), "{policy}");
    }
    for (name, value) in
        [("cache-control", "no-store"), ("x-content-type-options", "nosniff"), ("referrer-policy", "same-origin")]
    {
        assert_eq!(shown.headers[name], value);
    }

    let (request, seen, token) = (shown.hidden("request"), shown.hidden("seen"), shown.hidden("token"));
    let form = |token: &'static str| {
        [
            ("request", request.clone()),
            ("seen", seen.clone()),
            ("token", token.to_owned()),
            ("decision", "agree".to_owned()),
        ]
    };
    let own = browser.origin.clone();
    for (case, headers) in [
        ("no browser", vec![]),
        ("another site", vec![("origin", own.as_str()), ("sec-fetch-site", "cross-site")]),
        ("another origin", vec![("origin", "https://evil.example")]),
        ("an opaque origin", vec![("origin", "null"), ("sec-fetch-site", "same-origin")]),
    ] {
        let fields: [(&str, &str); 4] =
            [("request", &request), ("seen", &seen), ("token", &token), ("decision", "agree")];
        assert_eq!(
            browser.post_with("/approvals/decide", &fields, &headers).await.status,
            StatusCode::FORBIDDEN,
            "{case}"
        );
    }
    let fields = form("0000");
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(
        browser.post("/approvals/decide", &fields).await.status,
        StatusCode::FORBIDDEN,
        "another session's form"
    );
    assert!(browser.get("/approvals").await.has("Agree</button>"), "it waits on");

    // A page elsewhere may have a name that leads here.
    let rebound = reqwest::Client::new().get(format!("{own}/approvals")).header("host", "evil.example");
    assert_eq!(rebound.send().await.unwrap().status(), StatusCode::MISDIRECTED_REQUEST);
    // A link from a chat comes without the cookie, and the page loads itself again.
    let from_chat = reqwest::Client::new().get(format!("{own}/approvals")).header("sec-fetch-site", "cross-site");
    let from_chat = from_chat.send().await.unwrap().bytes().await.unwrap();
    assert!(String::from_utf8_lossy(&from_chat).contains("http-equiv=\"refresh\""));

    // Logged out is logged out, in every tab.
    let tab = browser.another_tab();
    browser.post("/approvals/logout", &[("token", &token)]).await;
    assert!(tab.get("/approvals").await.has("Your approval key"));
    assert_eq!(effects(&account).await, 0);
}

#[tokio::test]
async fn approvers_see_their_accounts_alone() {
    let agency = Agency::new(Api::Session, &["North", "South"]).await;
    agency.write("", |_| "confirm = \"page\"\n".to_owned());
    let host: Host = agency.host(&[]).await;
    let state = agency.state.path();
    add_approver(state, "Nora", "north-key", &["North"]).await;
    add_approver(state, "Both", "both-key", &[]).await;
    let mut asked: Vec<Value> = Vec::new();
    for name in ["North", "South"] {
        let webhook = agency.account(name).objects("webhooks").await.remove(0);
        asked.push(host.error("delete_webhook", json!({"account": name, "id": webhook["id"]})).await);
        assert_eq!(asked.last().unwrap()["code"], "confirmation_required", "{asked:?}");
    }
    let nora = Browser::at(asked[0]["approvalPage"].as_str().unwrap());
    nora.log_in("north-key").await;
    let shown = nora.get("/approvals").await;
    assert!(shown.has(">North<") && !shown.has(">South<"), "{}", shown.html);
    // The other account's request is not hers, even with its id.
    let (other, token) =
        (asked[1]["approvalPage"].as_str().unwrap().rsplit('/').next().unwrap(), shown.hidden("token"));
    let form = [("request", other), ("seen", ""), ("token", &*token), ("decision", "decline")];
    assert!(nora.post("/approvals/decide", &form).await.location().ends_with("notice=gone"));
    let both = Browser::at(&nora.origin);
    both.log_in("both-key").await;
    let shown = both.get("/approvals").await;
    assert!(shown.has(">North<") && shown.has(">South<"), "{}", shown.html);
}
