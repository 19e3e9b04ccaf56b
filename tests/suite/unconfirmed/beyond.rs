//! What no setting lifts, and how a person is asked beyond a ceiling.

use super::{REGISTRY, account, deal, deals, flags, greeted, greeting, host};
use crate::support::{Host, Person};
use serde_json::json;

#[tokio::test]
async fn beyond_a_ceiling_a_person_is_asked_and_told_why() {
    let account = account().await;
    let state = tempfile::tempdir().unwrap();
    let flags = flags("greet_lead", "1", "1");
    let agrees = Host::sharing(&account, state.path(), &REGISTRY, &flags, Person::agrees()).await;
    agrees.answer("greet_lead", greeting(1)).await;
    assert!(agrees.asked().is_empty());
    agrees.answer("greet_lead", greeting(2)).await;
    let asked = agrees.asked()[0]["message"].as_str().unwrap().to_owned();
    assert!(asked.contains("1 of 1 ran without one in the last hour") && asked.contains("greet.example"), "{asked}");

    let declines = Host::sharing(&account, state.path(), &REGISTRY, &flags, Person::declines()).await;
    assert_eq!(declines.error("greet_lead", greeting(3)).await["code"], "declined");

    // A call that a person confirms takes no slot.
    let absent = host(
        &account,
        state.path(),
        &[
            "--allow-unconfirmed",
            "greet_lead",
            "--max-unconfirmed-per-hour",
            "2",
            "--max-unconfirmed-per-recipient-day",
            "1",
        ],
    )
    .await;
    let error = absent.error("greet_lead", greeting(1)).await;
    assert!(error["message"].as_str().unwrap().contains("for this recipient"), "{error}");
    absent.answer("greet_lead", greeting(4)).await;
    let error = absent.error("greet_lead", greeting(5)).await;
    let mut agreed = greeting(5);
    agreed["confirmationToken"] = error["confirmationToken"].clone();
    absent.answer("greet_lead", agreed).await;
    assert_eq!(greeted(&account).await, 4);
}

/// A token is a person's answer: the call is not lifted around it.
#[tokio::test]
async fn a_wrong_token_is_refused_although_a_slot_is_free() {
    let account = account().await;
    let state = tempfile::tempdir().unwrap();
    let host = host(&account, state.path(), &flags("greet_lead", "5", "1")).await;
    let mut call = greeting(1);
    call["confirmationToken"] = json!("0123456789abcdef0123456789abcdef");
    assert_eq!(host.error("greet_lead", call).await["code"], "confirmation_invalid");
    assert_eq!(greeted(&account).await, 0);
}

#[tokio::test]
async fn nobody_is_asked_with_confirm_deny() {
    let account = account().await;
    let state = tempfile::tempdir().unwrap();
    let flags = [&["--confirm", "deny"], &flags("greet_lead", "1", "1")[..]].concat();
    let host = host(&account, state.path(), &flags).await;
    host.answer("greet_lead", greeting(1)).await;
    let error = host.error("greet_lead", greeting(2)).await;
    assert_eq!((&error["code"], greeted(&account).await), (&json!("policy_denied"), 1), "{error}");
    let message = error["message"].as_str().unwrap();
    assert!(
        message.contains("--confirm deny") && message.contains("1 of 1") && error["unconfirmedAt"].is_string(),
        "{error}"
    );
    let contact = account.objects("contacts").await.remove(0);
    let error = host.error("start_deal", deal(&host, &contact, "Unnamed").await).await;
    assert_eq!((&error["code"], error.get("unconfirmedAt")), (&json!("policy_denied"), None), "{error}");
}

#[tokio::test]
async fn what_is_not_named_or_not_liftable_is_asked() {
    let account = account().await;
    let state = tempfile::tempdir().unwrap();
    let allowed = host(&account, state.path(), &flags("greet_lead", "50", "50")).await;
    let contact = account.objects("contacts").await.remove(0);
    let error = allowed.error("start_deal", deal(&allowed, &contact, "Unnamed").await).await;
    assert_eq!((&error["code"], deals(&account, "Unnamed").await), (&json!("confirmation_required"), 0), "{error}");
    let costly = json!({"email": "lead1@greet.example", "source": "a card"});
    let error = allowed.error("greet_lead", costly).await;
    assert_eq!(error["code"], "confirmation_required", "these arguments move money: {error}");
    let several = json!({"email": "everybody"});
    let error = allowed.error("greet_lead", several).await;
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("do not tell everyone"), "no address: {error}");

    let flags = [&["--confirm-tools", "greet_lead"], &flags("greet_lead", "50", "50")[..]].concat();
    let added = host(&account, state.path(), &flags).await;
    assert_eq!(added.error("greet_lead", greeting(1)).await["code"], "confirmation_required");
    assert_eq!(greeted(&account).await, 0);
}

#[tokio::test]
async fn read_only_and_left_out_tools_stay_forbidden() {
    let account = account().await;
    let state = tempfile::tempdir().unwrap();
    for setting in [&["--read-only"][..], &["--exclude-tools", "greet_lead"], &["--toolsets", "users"]] {
        let flags = [setting, &flags("greet_lead", "50", "50")].concat();
        let host = host(&account, state.path(), &flags).await;
        let error = host.error("greet_lead", greeting(1)).await;
        assert_eq!((&error["code"], greeted(&account).await), (&json!("policy_denied"), 0), "{setting:?}: {error}");
    }
}
