//! A slot is given back if nothing was sent, and only then.

use super::{account, deal, deals, flags, greeted, greeting, host};
use serde_json::json;

/// What the API does to a call, and whether the call keeps its slot.
const FAULTS: [(&str, bool); 9] = [
    ("500-after@POST /opportunities/", true),
    ("drop-after@POST /opportunities/", true),
    ("drop@POST /opportunities/", true),
    ("truncate@POST /opportunities/", true),
    ("malformed@POST /opportunities/", true),
    // This API has been seen to refuse what it did.
    ("422@POST /opportunities/", true),
    ("400@POST /opportunities/", false),
    ("403@POST /opportunities/", false),
    ("block@POST /opportunities/", false),
];

#[tokio::test]
async fn after_a_doubt_a_call_still_counts() {
    for (fault, keeps) in FAULTS {
        let account = account().await;
        let state = tempfile::tempdir().unwrap();
        let host = host(&account, state.path(), &flags("start_deal", "1", "1")).await;
        let contacts = account.objects("contacts").await;
        let (first, second) = (deal(&host, &contacts[0], "First").await, deal(&host, &contacts[1], "Second").await);
        account.faults(fault).await;
        let error = host.error("start_deal", first).await;
        assert_eq!(error["code"] == "outcome_unknown", keeps, "{fault}: {error}");
        account.faults("").await;
        let second = host.call("start_deal", second).await;
        assert_eq!(second.is_error == Some(true), keeps, "{fault}: {error} {:?}", second.content);
        assert!(deals(&account, "First").await + deals(&account, "Second").await <= 1, "{fault}");
    }
}

#[tokio::test]
async fn a_refusal_of_the_account_itself_gives_the_slot_back() {
    let account = account().await;
    let state = tempfile::tempdir().unwrap();
    let host = host(&account, state.path(), &flags("start_deal,greet_lead", "1", "1")).await;
    let contact = account.objects("contacts").await.remove(0);
    let mut wrong = deal(&host, &contact, "Wrong").await;
    wrong["pipelineId"] = json!("nopipeline");
    let error = host.error("start_deal", wrong).await;
    assert_ne!(error["code"], "outcome_unknown", "{error}");
    assert_ne!(error["code"], "confirmation_required", "{error}");
    // Before anything is sent.
    let error = host.error("start_deal", json!({"contactId": contact["id"]})).await;
    assert_eq!(error["code"], "invalid_arguments", "{error}");
    host.answer("greet_lead", greeting(1)).await;
    assert_eq!(greeted(&account).await, 1);
    assert_eq!(host.error("greet_lead", greeting(2)).await["code"], "confirmation_required");
}
