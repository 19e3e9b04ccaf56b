//! Sends of invoices against an API that misbehaves, and many at once: nothing goes out twice.

use super::{agreeing, all_manners, arrived, invoice, sends};
use crate::support::{Account, Api, Era, Host, Person, command, error_of};
use futures::future::join_all;
use serde_json::json;

#[tokio::test]
async fn after_a_doubt_the_invoice_is_read_and_never_sent_again() {
    // The fault, and whether the invoice goes out under it.
    let faults = [
        ("500-after", true),
        ("503-after", true),
        ("drop-after", true),
        ("truncate", true),
        ("malformed", true),
        ("html-after", true),
        ("500", false),
        ("drop", false),
    ];
    for manners in all_manners() {
        for (fault, goes_out) in faults {
            let (account, host) = agreeing(manners.clone()).await;
            let id = invoice(&account, "draft").await;
            account.faults(&format!("{fault}@POST /invoices/{{invoiceId}}/send*1")).await;
            let result = host.call("send_invoice", json!({"id": id, "by": "email"})).await;
            assert_eq!(arrived(&account, "POST", "/send").await.len(), 1, "{fault}: the request is sent once");
            assert_eq!(sends(&account, &id).await, usize::from(goes_out), "{fault}");
            if goes_out {
                assert_eq!(crate::support::structured(&result)["status"], "sent", "{fault}");
                continue;
            }
            let error = error_of(&result);
            assert_eq!(
                (&error["code"], &error["check"]),
                (&json!("outcome_unknown"), &json!("get_invoice")),
                "{fault}"
            );
            // A repeated call does not go out either, until the caller takes the decision.
            let second = host.error("send_invoice", json!({"id": id, "by": "email"})).await;
            assert_eq!(second["code"], "conflict", "{second}");
            assert!(second["message"].as_str().unwrap().contains("may have sent"), "{second}");
            assert_eq!(arrived(&account, "POST", "/send").await.len(), 1, "{fault}");
        }
    }
}

#[tokio::test]
async fn a_second_send_whose_answer_is_lost_leaves_the_outcome_unknown() {
    let (account, host) = agreeing("plain".parse().unwrap()).await;
    let id = invoice(&account, "sent").await;
    account.faults("drop-after@POST /invoices/{invoiceId}/send*1").await;
    let error = host.error("send_invoice", json!({"id": id, "by": "email", "again": true})).await;
    assert_eq!(error["code"], "outcome_unknown", "a status that was `sent` before proves nothing: {error}");
    assert_eq!((arrived(&account, "POST", "/send").await.len(), sends(&account, &id).await), (1, 1));
}

#[tokio::test]
async fn of_eight_sends_at_once_one_goes_out() {
    for manners in all_manners() {
        for again in [false, true] {
            let account = Account::in_manners(Api::Official, manners.clone()).await;
            // Two processes that share a state directory.
            let state = tempfile::tempdir().unwrap();
            let mut hosts = Vec::new();
            for _ in 0..2 {
                let own = tempfile::tempdir().unwrap();
                hosts.push(Host::start(command(&account, state.path()), own, Era::Modern, Person::agrees()).await);
            }
            let id = invoice(&account, "draft").await;
            let arguments = json!({"id": id, "by": "email", "again": again});
            let calls = (0..8).zip(hosts.iter().cycle()).map(|(_, host)| host.call("send_invoice", arguments.clone()));
            let results = join_all(calls).await;
            let (refused, sent): (Vec<_>, Vec<_>) = results.iter().partition(|result| result.is_error == Some(true));
            assert_eq!(sent.len(), 1, "again {again}: {refused:?}");
            for result in refused {
                let error = error_of(result);
                assert!(["conflict", "confirmation_invalid"].contains(&error["code"].as_str().unwrap()), "{error}");
            }
            assert_eq!((sends(&account, &id).await, arrived(&account, "POST", "/send").await.len()), (1, 1));
        }
    }
}
