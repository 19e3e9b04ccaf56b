//! Sends whose answer is lost. A message goes out at most once: it is found in the conversation, or the outcome is
//! unknown.

use super::{MANNERS, account, contact, count, effects, host, text};
use crate::support::{Account, Era, Host, Person, error_of, structured};
use futures::future::join_all;
use serde_json::{Value, json};
use std::collections::HashSet;

const SEND: &str = "POST /conversations/messages";

/// What happens to a request, and whether it takes effect.
const FAULTS: [(&str, bool); 9] = [
    ("500-after", true),
    ("drop-after", true),
    ("truncate", true),
    ("malformed", true),
    ("504-after", true),
    ("drop", false),
    ("500", false),
    ("429:1", true),
    ("400", false),
];

async fn reachable(account: &Account) -> Value {
    contact(account, json!({"phone": "+15125550123", "email": "ada@x.example"})).await
}

fn messages(ada: &Value) -> [Value; 2] {
    [
        json!({"contactId": ada["id"], "channel": "SMS", "body": " Are you  in? "}),
        json!({"contactId": ada["id"], "channel": "Email", "subject": "Offer", "body": "Dear Ada,\n5 > 4 & so on"}),
    ]
}

#[tokio::test]
async fn a_lost_answer_is_looked_up_and_nothing_is_sent_twice() {
    for manners in MANNERS {
        let account = account(manners).await;
        let ada = reachable(&account).await;
        let host = Host::with(&account, &["--timeout", "6"], Era::Modern, Person::agrees()).await;
        let cases = FAULTS.iter().flat_map(|fault| messages(&ada).map(|call| (fault, call)));
        let mut found = 0;
        for ((fault, takes_effect), call) in cases {
            let (sends, posts) = (effects(&account).await.0, count(&account, SEND).await);
            account.faults(&format!("{fault}@{SEND}*1")).await;
            let result = host.call("send_message", call.clone()).await;
            account.faults("").await;
            let case = format!("{manners}, {fault}: {call} {result:?}");
            let sent = effects(&account).await.0 - sends;
            assert_eq!(sent, u64::from(*takes_effect), "{case}");
            let again = u64::from(*fault == "429:1");
            assert_eq!(count(&account, SEND).await, posts + 1 + again, "{case}");
            if result.is_error == Some(true) {
                let code = error_of(&result)["code"].clone();
                assert!(code == "outcome_unknown" || sent == 0, "{case}");
                continue;
            }
            let answer = structured(&result);
            let kind = if call["channel"] == "Email" { "emails" } else { "messages" };
            let stored = account.find(kind, |object| object["id"] == answer["id"]).await;
            assert_eq!((&stored["contactId"], sent), (&ada["id"], 1), "{case}");
            found += 1;
        }
        // Every message that went out was found.
        assert_eq!(found, 2 * FAULTS.iter().filter(|(_, takes_effect)| *takes_effect).count(), "{manners}");
    }
}

#[tokio::test]
async fn an_earlier_or_an_inbound_message_with_the_same_text_is_not_taken_for_it() {
    for manners in MANNERS {
        let account = account(manners).await;
        let ada = reachable(&account).await;
        let host = Host::with(&account, &["--timeout", "6"], Era::Modern, Person::agrees()).await;
        let call = json!({"contactId": ada["id"], "channel": "SMS", "body": "Yes"});
        let first = host.answer("send_message", call.clone()).await;
        let stored = account.find("messages", |message| message["id"] == first["id"]).await;
        account.faults(&format!("drop@{SEND}*1")).await;
        let running = host.call("send_message", call);
        // While the answer is looked for, the contact writes the same.
        let inbound = async {
            while count(&account, SEND).await < 2 {
                tokio::task::yield_now().await;
            }
            let mut inbound = stored.clone();
            inbound["direction"] = json!("inbound");
            inbound["dateAdded"] = json!(chrono::Utc::now().to_rfc3339());
            account.add("messages", inbound).await;
        };
        let (result, ()) = tokio::join!(running, inbound);
        assert_eq!(error_of(&result)["code"], "outcome_unknown", "{manners}: {result:?}");
        assert_eq!(effects(&account).await.0, 1, "{manners}");
    }
}

#[tokio::test]
async fn eight_identical_sends_at_once_are_eight_messages() {
    for (manners, fault) in
        [("plain", ""), ("live,lag:300", ""), ("plain", "500-after"), ("live,lag:300", "drop-after%50")]
    {
        let account = account(manners).await;
        let ada = reachable(&account).await;
        let host = host(&account).await;
        if !fault.is_empty() {
            let (kind, share) =
                fault.split_once('%').map_or((fault, String::new()), |(kind, share)| (kind, format!("%{share}")));
            account.faults(&format!("{kind}@{SEND}{share}")).await;
        }
        let call = json!({"contactId": ada["id"], "channel": "SMS", "body": "On my way"});
        let results = join_all((0..8).map(|_| host.call("send_message", call.clone()))).await;
        let (sends, posts) = (effects(&account).await.0, count(&account, SEND).await);
        assert_eq!((sends, posts), (8, 8), "{manners} {fault}: one request each");
        let mut ids = HashSet::new();
        for result in &results {
            if result.is_error == Some(true) {
                assert_eq!(error_of(result)["code"], "outcome_unknown", "{manners} {fault}: {result:?}");
                assert!(!fault.is_empty());
            } else {
                assert!(ids.insert(text(&structured(result), "id").to_owned()), "{manners} {fault}: one for two calls");
            }
        }
    }
}

#[tokio::test]
async fn a_conversation_that_cannot_be_read_leaves_the_outcome_unknown() {
    let account = account("plain").await;
    let ada = reachable(&account).await;
    let host = Host::with(&account, &["--timeout", "4"], Era::Modern, Person::agrees()).await;
    account.faults(&format!("500-after@{SEND};500@GET /conversations/search")).await;
    let error = host.error("send_message", json!({"contactId": ada["id"], "channel": "SMS", "body": "Hi"})).await;
    assert_eq!((&error["code"], &error["check"]), (&json!("outcome_unknown"), &json!("list_messages")), "{error}");
    assert_eq!((effects(&account).await.0, count(&account, SEND).await), (1, 1));
}
