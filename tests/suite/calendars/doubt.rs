//! Bookings and updates whose answer is lost.

use super::{ALWAYS, HOME, account, at, book, contact, monday, requests, shown, stored, truth};
use crate::support::{Era, Host, Manners, Person, in_both_manners};
use chrono::Duration;
use serde_json::{Value, json};

in_both_manners!(
    a_booking_whose_answer_is_lost_is_found_and_sent_once,
    a_booking_without_a_trace_is_unknown,
    a_booking_that_notifies_and_whose_answer_is_lost_is_found,
    an_update_whose_answer_is_lost_is_read_back,
);

const POST: &str = "POST /calendars/events/appointments";
const PUT: &str = "PUT /calendars/events/appointments/{eventId}";

async fn a_booking_whose_answer_is_lost_is_found_and_sent_once(manners: Manners) {
    for (hour, fault) in (8..).zip(["500-after", "drop-after", "truncate", "malformed", "html-after", "late:300"]) {
        let account = account(manners.clone()).await;
        let host = Host::new(&account, &["--timeout", "20"]).await;
        let start = at(monday(), hour, 0, HOME);
        account.faults(&format!("{fault}@{POST}*1")).await;
        let booked = book(&account, &host, ALWAYS, &shown(start, HOME)).await;
        assert_eq!(requests(&account, "POST").await, 1, "{fault}");
        let all = account.objects("appointments").await;
        let there: Vec<&Value> = all.iter().filter(|one| one["startTime"] == stored(start)).collect();
        assert_eq!((there.len(), &there[0]["id"]), (1, &booked["id"]), "{fault}");
    }
}

async fn a_booking_without_a_trace_is_unknown(manners: Manners) {
    let account = account(manners).await;
    let host = Host::new(&account, &["--timeout", "6"]).await;
    let start = at(monday(), 9, 0, HOME);
    account.faults(&format!("500@{POST}*1")).await;
    let call = json!({"calendar": ALWAYS, "contactId": contact(&account).await, "startTime": shown(start, HOME)});
    let error = host.error("book_appointment", call.clone()).await;
    assert_eq!((&error["code"], &error["check"]), (&json!("outcome_unknown"), &json!("list_appointments")), "{error}");
    assert_eq!(requests(&account, "POST").await, 1);
    // The caller decides to repeat it, and then it is there.
    let booked = host.answer("book_appointment", call.clone()).await;
    assert_eq!(truth(&account, &booked["id"]).await["startTime"], stored(start));
    account.manners("plain").await;
    let again = host.error("book_appointment", call).await;
    assert_eq!((&again["code"], &again["existingId"]), (&json!("conflict"), &booked["id"]), "{again}");
}

/// What notifies people is looked up too, and never sent again.
async fn a_booking_that_notifies_and_whose_answer_is_lost_is_found(manners: Manners) {
    let account = account(manners).await;
    let host = Host::with(&account, &["--timeout", "20"], Era::Modern, Person::agrees()).await;
    account.faults(&format!("drop-after@{POST}*1")).await;
    let start = shown(at(monday(), 9, 0, HOME), HOME);
    let call =
        json!({"calendar": "Discovery call", "contactId": contact(&account).await, "startTime": start, "notify": true});
    let booked = host.answer("book_appointment", call).await;
    assert_eq!(truth(&account, &booked["id"]).await["notified"], 1);
    assert_eq!(requests(&account, "POST").await, 1);
}

async fn an_update_whose_answer_is_lost_is_read_back(manners: Manners) {
    let account = account(manners).await;
    let host = Host::new(&account, &["--timeout", "20"]).await;
    let booked = book(&account, &host, ALWAYS, &shown(at(monday(), 9, 0, HOME), HOME)).await;
    for (hour, fault) in (10..).zip(["500-after", "drop-after", "malformed", "500"]) {
        // The retry is refused too.
        account.faults(&format!("{fault}@{PUT}*1;400@{PUT}+1")).await;
        let start = at(monday(), hour, 0, HOME);
        let call = json!({"id": booked["id"], "startTime": shown(start, HOME)});
        let found = if fault == "500" {
            let error = host.error("update_appointment", call).await;
            assert_eq!(error["code"], "outcome_unknown", "{error}");
            continue;
        } else {
            host.answer("update_appointment", call).await
        };
        let truth = truth(&account, &booked["id"]).await;
        assert_eq!((&truth["startTime"], &truth["endTime"]), (&stored(start), &stored(start + Duration::minutes(30))));
        assert_eq!(found["startTime"], json!(shown(start, HOME)), "{fault}");
    }
    // An update that notifies is never sent twice.
    account.faults(&format!("500@{PUT}*1")).await;
    account.forget_requests().await;
    let agrees = Host::with(&account, &["--timeout", "20"], Era::Modern, Person::agrees()).await;
    let call = json!({"id": booked["id"], "status": "showed", "notify": true});
    assert_eq!(agrees.error("update_appointment", call).await["code"], "outcome_unknown");
    assert_eq!(requests(&account, "PUT").await, 1);
}
