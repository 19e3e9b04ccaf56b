//! What run_operation sends goes out once, also beside the typed tools, and leaves alone who asked for it.

use super::run;
use crate::{
    support::{Account, Api, Era, Host, Manners, Person, command, error_of, in_both_manners},
    writes::fake::{Fake, Reply},
};
use futures::future::join_all;
use serde_json::{Value, json};
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

in_both_manners!(
    an_invoice_goes_out_once_by_either_way,
    after_a_doubt_the_invoice_is_read_and_never_sent_again,
    of_eight_sends_by_both_ways_one_goes_out,
    who_is_not_to_be_disturbed_gets_no_document,
);

async fn agreeing(manners: Manners) -> (Account, Host) {
    let account = Account::in_manners(Api::Official, manners).await;
    let host = Host::with(&account, &[], Era::Modern, Person::agrees()).await;
    (account, host)
}

async fn draft(account: &Account, at: usize) -> String {
    let mut drafts = account.objects("invoices").await;
    drafts.retain(|one| one["status"] == "draft" && one["contactDetails"]["email"] != "");
    drafts[at]["id"].as_str().unwrap().to_owned()
}

async fn sends(account: &Account, id: &str) -> usize {
    let stored = account.find("invoices", |one| one["id"] == *id).await;
    stored["sends"].as_array().map_or(0, Vec::len)
}

/// The arguments of run_operation that send an invoice.
async fn send(account: &Account, id: &str, again: bool) -> Value {
    let user = account.objects("users").await[0]["id"].clone();
    let mut arguments = json!({"invoiceId": id, "userId": user, "action": "email", "liveMode": true});
    if again {
        arguments["again"] = true.into();
    }
    run("invoices.send-invoice", arguments)
}

async fn an_invoice_goes_out_once_by_either_way(manners: Manners) {
    let (account, host) = agreeing(manners).await;
    let conflict = |error: &Value| {
        assert_eq!(error["code"], "conflict", "{error}");
        assert!(error["message"].as_str().unwrap().contains("again: true"), "{error}");
    };
    let first = draft(&account, 0).await;
    host.answer("send_invoice", json!({"id": first, "by": "email"})).await;
    conflict(&host.error("run_operation", send(&account, &first, false).await).await);
    let second = draft(&account, 0).await;
    assert_ne!(first, second);
    host.answer("run_operation", send(&account, &second, false).await).await;
    conflict(&host.error("run_operation", send(&account, &second, false).await).await);
    conflict(&host.error("send_invoice", json!({"id": second, "by": "email"})).await);
    assert_eq!((sends(&account, &first).await, sends(&account, &second).await), (1, 1));
}

async fn after_a_doubt_the_invoice_is_read_and_never_sent_again(manners: Manners) {
    let (account, host) = agreeing(manners).await;
    for (fault, goes_out) in [("500-after", true), ("drop-after", true), ("500", false), ("drop", false)] {
        let id = draft(&account, 0).await;
        account.faults(&format!("{fault}@POST /invoices/{{invoiceId}}/send*1")).await;
        let result = host.call("run_operation", send(&account, &id, false).await).await;
        assert_eq!(result.is_error != Some(true), goes_out, "{fault}: {result:?}");
        assert_eq!(sends(&account, &id).await, usize::from(goes_out), "{fault}");
        if !goes_out {
            let error = error_of(&result);
            assert_eq!((&error["code"], &error["check"]), (&json!("outcome_unknown"), &json!("invoices.get-invoice")));
        }
        for second in [
            host.error("run_operation", send(&account, &id, false).await).await,
            host.error("send_invoice", json!({"id": id, "by": "email"})).await,
        ] {
            assert_eq!(second["code"], "conflict", "{fault}: {second}");
        }
        assert_eq!(sends(&account, &id).await, usize::from(goes_out), "{fault}");
        // It is no draft for the next round.
        account.change("invoices", &id, json!({"status": "void"})).await;
    }
}

async fn of_eight_sends_by_both_ways_one_goes_out(manners: Manners) {
    let account = Account::in_manners(Api::Official, manners).await;
    // Two processes that share a state directory.
    let state = tempfile::tempdir().unwrap();
    let mut hosts = Vec::new();
    for _ in 0..2 {
        let own = tempfile::tempdir().unwrap();
        hosts.push(Host::start(command(&account, state.path()), own, Era::Modern, Person::agrees()).await);
    }
    let id = draft(&account, 0).await;
    let by_operation = send(&account, &id, true).await;
    let by_tool = json!({"id": id, "by": "email", "again": true});
    let calls = (0..8).zip(hosts.iter().cycle()).map(|(number, host)| match number % 4 < 2 {
        true => host.call("run_operation", by_operation.clone()),
        false => host.call("send_invoice", by_tool.clone()),
    });
    let results = join_all(calls).await;
    let sent = results.iter().filter(|result| result.is_error != Some(true)).count();
    assert_eq!((sent, sends(&account, &id).await), (1, 1), "{results:?}");
}

/// A document and a payment link go to the contact whom the arguments name. A draft goes to nobody.
async fn who_is_not_to_be_disturbed_gets_no_document(manners: Manners) {
    let (account, host) = agreeing(manners).await;
    let contact = account.find("contacts", |contact| contact["email"].is_string()).await["id"].clone();
    account.change("contacts", contact.as_str().unwrap(), json!({"dnd": true})).await;
    account.forget_requests().await;
    let template = json!({"templateId": "t1", "userId": "u1", "contactId": contact});
    let mut bill = json!({"name": "Bill", "currency": "USD", "items": [{"name": "Visit", "currency": "USD", "amount": 5, "qty": 1}],
        "contactDetails": {"id": contact, "name": "Ada", "phoneNo": "+15125550101", "email": "a@x.example"},
        "issueDate": "2026-01-01", "sentTo": {"email": ["a@x.example"]}, "liveMode": true, "action": "send", "userId": "u1",
        "businessDetails": {"name": "Clinic"}, "discount": {"type": "percentage", "value": 0}});
    for (operation, arguments) in
        [("proposals.send-documents-contracts-template", template.clone()), ("invoices.text2pay-invoice", bill.clone())]
    {
        let error = host.error("run_operation", run(operation, arguments)).await;
        assert_eq!(error["code"], "policy_denied", "{operation}: {error}");
        assert!(error["doNotDisturb"].is_string(), "{operation}: {error}");
    }
    assert!(account.requests().await.iter().all(|request| request["method"] == "GET"));
    bill["action"] = "draft".into();
    let drafted = host.error("run_operation", run("invoices.text2pay-invoice", bill)).await;
    assert_eq!(drafted["doNotDisturb"], Value::Null, "{drafted}");
    assert!(account.requests().await.iter().any(|request| request["path"] == "/invoices/text2pay"), "{drafted}");
}

/// Objects that have no typed tool: found in their lists, sent once, and judged by them after a doubt.
#[tokio::test]
async fn estimates_and_documents_go_out_once() {
    for (operation, arguments, is_lost, list, shown) in [
        (
            "invoices.send-estimate",
            json!({"estimateId": "o1", "action": "email", "liveMode": true, "userId": "u1"}),
            false,
            "/invoices/estimate/list",
            "estimateStatus",
        ),
        (
            "invoices.send-estimate",
            json!({"estimateId": "o1", "action": "email", "liveMode": true, "userId": "u1"}),
            true,
            "/invoices/estimate/list",
            "estimateStatus",
        ),
        (
            "proposals.send-documents-contracts",
            json!({"documentId": "o1", "sentBy": "u1"}),
            true,
            "/proposals/document",
            "status",
        ),
    ] {
        let is_sent = Arc::new(AtomicBool::new(false));
        let known = Arc::clone(&is_sent);
        let fake = Fake::new(Api::Official, move |request| {
            if request.method == "POST" {
                known.store(true, Ordering::SeqCst);
                return if is_lost {
                    Reply(502, json!({}))
                } else {
                    Reply(201, json!({"_id": "o1", "estimateStatus": "sent"}))
                };
            }
            assert_eq!(request.path, list);
            let status = if known.load(Ordering::SeqCst) { "sent" } else { "draft" };
            let status = if shown == "status" { json!([status]) } else { json!(status) };
            let items = json!([{"_id": "o0"}, {"_id": "o1", "documentId": "o1", shown: status}]);
            Reply(200, json!({"estimates": items, "documents": items, "total": 2}))
        })
        .await;
        let host = fake.host(&[]).await;
        let posts = || fake.arrived().iter().filter(|request| request.method == "POST").count();
        host.answer("run_operation", run(operation, arguments.clone())).await;
        let error = host.error("run_operation", run(operation, arguments.clone())).await;
        assert_eq!(error["code"], "conflict", "{operation}: {error}");
        assert_eq!(posts(), 1, "{operation}");
        // The record of the send holds where the list is late.
        is_sent.store(false, Ordering::SeqCst);
        let error = host.error("run_operation", run(operation, arguments.clone())).await;
        assert!(error["sentAt"].is_string(), "{operation}: {error}");
        assert_eq!(posts(), 1, "{operation}");
        assert!(fake.arrived().iter().all(|request| request.body.get("again").is_none()));
    }
}
