//! Hosts that open pages (URL elicitation): the person comes by a one-time link, in both eras of the protocol.

use super::{browser::Browser, host};
use crate::{
    confirmations::{effects, id, page},
    support::{Account, Era, Host, Person, closed_journal, command},
};
use reqwest::StatusCode;
use serde_json::{Value, json};

/// The address that the host was asked to open.
async fn opened(host: &Host) -> String {
    loop {
        if let Some(asked) = host.asked().first() {
            assert_eq!(asked["mode"], "url", "{asked}");
            return asked["url"].as_str().unwrap().to_owned();
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn the_hosts_person_decides_by_a_link_that_works_once_for_one_request() {
    for era in [Era::Modern, Era::Handshake] {
        let account = Account::new().await;
        let draft = page(&account, "draft").await;
        let webhook = account.objects("webhooks").await.remove(0);
        let host = host(&account, &[], era, Person::Opens).await;
        // Another request, which the link is not for.
        let other = Host::start(command_of(&account, &host), tempfile::tempdir().unwrap(), era, Person::Absent).await;
        other.error("delete_webhook", json!({"id": id(&webhook)})).await;
        let person = async {
            let link = opened(&host).await;
            let browser = Browser::at(&link);
            // Previews of links open it, too, and spend nothing.
            for _ in 0..2 {
                assert!(browser.get(&link).await.has("Continue</button>"), "{era:?}");
            }
            let key = browser.get(&link).await.hidden("key");
            let sent = browser.post("/approvals/open", &[("key", &key)]).await;
            let shown = browser.get(sent.location()).await;
            assert!(shown.has(draft["name"].as_str().unwrap()), "{era:?}: {}", shown.html);
            assert_eq!(shown.html.matches("<article").count(), 1, "{era:?}: {}", shown.html);
            let second = Browser::at(&link).post("/approvals/open", &[("key", &key)]).await;
            assert_eq!(second.status, StatusCode::FORBIDDEN, "{era:?}: it works once");
            assert!(browser.decide(&shown, "agree", "from my phone").await.has("Agreed."), "{era:?}");
        };
        let (done, ()) = tokio::join!(host.answer("delete_page", json!({"id": id(&draft)})), person);
        assert_eq!(done["deleted"], true, "{era:?}: {done}");
        assert_eq!(effects(&account).await, 1, "{era:?}");
        let entries = closed_journal(|| command(&account, host.state.path())).await;
        let approval: &Value = &entries.last().unwrap()["approval"];
        assert_eq!(approval["note"], "from my phone", "{era:?}: {entries:?}");
        assert!(approval["person"].as_str().unwrap().contains("test-host 1"), "{era:?}: {approval}");
    }
}

/// The same server with the state directory of another host.
fn command_of(account: &Account, host: &Host) -> std::process::Command {
    let mut command = command(account, host.state.path());
    command.args(["--confirm", "page"]);
    command
}

#[tokio::test]
async fn a_no_in_the_host_or_on_the_page_ends_the_call_and_no_answer_leaves_a_token() {
    for era in [Era::Modern, Era::Handshake] {
        let account = Account::new().await;
        let draft = page(&account, "draft").await;
        let refuses = host(&account, &[], era, Person::OpensNothing).await;
        let error = refuses.error("delete_page", json!({"id": id(&draft)})).await;
        assert_eq!(error["code"], "declined", "{era:?}: {error}");

        let declines = host(&account, &[], era, Person::Opens).await;
        let person = async {
            let link = opened(&declines).await;
            let browser = Browser::at(&link);
            let key = browser.get(&link).await.hidden("key");
            let sent = browser.post("/approvals/open", &[("key", &key)]).await;
            let shown = browser.get(sent.location()).await;
            browser.decide(&shown, "decline", "no").await
        };
        let (error, _) = tokio::join!(declines.error("delete_page", json!({"id": id(&draft)})), person);
        assert_eq!((&error["code"], &error["note"]), (&json!("declined"), &json!("no")), "{era:?}: {error}");

        let ignores = host(&account, &["--timeout", "3"], era, Person::Opens).await;
        let error = ignores.error("delete_page", json!({"id": id(&draft)})).await;
        assert_eq!(error["code"], "confirmation_required", "{era:?}: {error}");
        assert!(error["confirmationToken"].is_string() && error["approvalPage"].is_string(), "{era:?}: {error}");
        assert_eq!(effects(&account).await, 0, "{era:?}");
    }
}
