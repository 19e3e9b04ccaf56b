//! Appointments that are moved, reassigned, marked and cancelled.

use super::{
    ALWAYS, HOME, ZONES, account, at, book, changes, contact, instant, monday, move_to, requests, shown, stored, truth,
};
use crate::support::{Era, Host, Manners, Person, closed_journal, command, in_both_manners};
use chrono::Duration;
use serde_json::json;

in_both_manners!(
    a_moved_appointment_keeps_its_length,
    a_cancelled_appointment_frees_its_slot,
    an_appointment_is_reassigned_and_marked,
    a_move_to_a_taken_slot_is_refused,
);

async fn a_moved_appointment_keeps_its_length(manners: Manners) {
    for zone in ZONES {
        let account = account(manners.clone()).await;
        move_to(&account, zone).await;
        let host = Host::new(&account, &[]).await;
        let (spring, fall) = changes(zone);
        // From the day before the clocks change to hours around the change.
        for day in [spring, fall] {
            let before = day - Duration::days(1);
            let call = json!({"calendar": ALWAYS, "contactId": contact(&account).await,
                "startTime": format!("{before}T00:30"), "endTime": format!("{before}T02:30")});
            let booked = host.answer("book_appointment", call).await;
            let moved = host
                .answer("update_appointment", json!({"id": booked["id"], "startTime": format!("{day}T00:30")}))
                .await;
            let start = at(day, 0, 30, zone);
            let found = truth(&account, &booked["id"]).await;
            assert_eq!(found["startTime"], stored(start), "{day}");
            assert_eq!(found["endTime"], stored(start + Duration::hours(2)), "two hours, whatever the clocks show");
            assert_eq!((instant(&moved["endTime"]) - instant(&moved["startTime"])).num_minutes(), 120);
            assert_eq!(found.get("notified"), None);
            // An end that is given counts.
            let end = shown(start + Duration::minutes(45), zone);
            let later = json!({"id": booked["id"], "startTime": shown(start, zone), "endTime": end});
            host.answer("update_appointment", later).await;
            assert_eq!(truth(&account, &booked["id"]).await["endTime"], stored(start + Duration::minutes(45)));
        }
    }
}

/// The journal has the appointment before each change and after it, by the names that undo takes.
#[tokio::test]
async fn the_journal_has_the_appointment_before_and_after() {
    let account = account(Manners::plain()).await;
    let host = Host::new(&account, &[]).await;
    let (one, other) = (at(monday(), 9, 0, HOME), at(monday(), 11, 0, HOME));
    let booked = book(&account, &host, ALWAYS, &shown(one, HOME)).await;
    host.answer("update_appointment", json!({"id": booked["id"], "startTime": shown(other, HOME)})).await;
    host.answer("update_appointment", json!({"id": booked["id"], "status": "cancelled"})).await;
    let entries = closed_journal(|| command(&account, host.state.path())).await;
    let seen: Vec<_> =
        entries.iter().map(|entry| (&entry["before"]["startTime"], &entry["after"]["startTime"])).collect();
    let [at_one, at_other] = [one, other].map(|time| json!(shown(time, HOME)));
    assert_eq!(seen, [(&json!(null), &at_one), (&at_one, &at_other), (&at_other, &at_other)]);
    assert_eq!(
        (&entries[2]["before"]["status"], &entries[2]["after"]["status"]),
        (&json!("confirmed"), &json!("cancelled"))
    );
}

async fn a_cancelled_appointment_frees_its_slot(manners: Manners) {
    let account = account(manners).await;
    let host = Host::new(&account, &[]).await;
    let start = shown(at(monday(), 9, 0, HOME), HOME);
    let booked = book(&account, &host, ALWAYS, &start).await;
    let off = host.answer("update_appointment", json!({"id": booked["id"], "status": "cancelled"})).await;
    assert_eq!((&off["status"], off.get("notApplied")), (&json!("cancelled"), None));
    let found = truth(&account, &booked["id"]).await;
    assert_eq!(
        (&found["appointmentStatus"], &found["startTime"]),
        (&json!("cancelled"), &stored(instant(&json!(start))))
    );
    account.manners("plain").await;
    let again = book(&account, &host, ALWAYS, &start).await;
    assert_ne!(again["id"], booked["id"]);
    // The slot is taken again, so the first one cannot come back.
    let error = host.error("update_appointment", json!({"id": booked["id"], "status": "confirmed"})).await;
    assert_eq!(error["code"], "conflict", "{error}");
}

async fn an_appointment_is_reassigned_and_marked(manners: Manners) {
    let account = account(manners).await;
    let host = Host::with(&account, &[], Era::Modern, Person::agrees()).await;
    let booked = book(&account, &host, "Discovery call", &shown(at(monday(), 9, 0, HOME), HOME)).await;
    let id = &booked["id"];
    let other = if booked["assignedToName"] == "Tom Lindgren" { "Keisha Bryant" } else { "Tom Lindgren" };
    let given = host.answer("update_appointment", json!({"id": id, "assignedTo": other, "title": "Call"})).await;
    assert_eq!((&given["assignedToName"], &given["title"]), (&json!(other), &json!("Call")));
    let error = host.error("update_appointment", json!({"id": id, "assignedTo": "Dana Whitlock"})).await;
    assert_eq!(error["code"], "invalid_arguments", "she is not of the calendar's team: {error}");
    assert!(host.asked().is_empty(), "nobody was asked so far");
    let marked = host.answer("update_appointment", json!({"id": id, "status": "noshow", "notify": true})).await;
    assert_eq!(marked["status"], "noshow");
    assert_eq!(host.asked().len(), 1, "what notifies is asked about");
    assert_eq!(truth(&account, id).await["notified"], 1);
    let read = host.answer("get_appointment", json!({"id": id})).await;
    assert_eq!((&read["status"], &read["calendar"]), (&json!("noshow"), &json!("Discovery call")));
    let gone = host.error("update_appointment", json!({"id": "aaaaaaaaaaaaaaaaaaaa", "status": "noshow"})).await;
    assert_eq!(gone["code"], "not_found");
}

async fn a_move_to_a_taken_slot_is_refused(manners: Manners) {
    let account = account(manners).await;
    let host = Host::new(&account, &[]).await;
    let (one, other) = (at(monday(), 9, 0, HOME), at(monday(), 11, 0, HOME));
    let first = book(&account, &host, ALWAYS, &shown(one, HOME)).await;
    // With a state directory of its own: only HighLevel knows of this booking.
    let stranger = Host::new(&account, &[]).await;
    book(&account, &stranger, ALWAYS, &shown(other, HOME)).await;
    let error = host.error("update_appointment", json!({"id": first["id"], "startTime": shown(other, HOME)})).await;
    assert_eq!(error["code"], "conflict", "{error}");
    assert_eq!(truth(&account, &first["id"]).await["startTime"], stored(one));
    assert_eq!(requests(&account, "PUT").await, 1);
}

/// A move or a return takes no slot that another process just booked, although HighLevel's own check lags.
#[tokio::test]
async fn a_slot_that_was_just_booked_is_no_place_to_move_or_return_to() {
    let account = account("live,lag:600000,late-bookings".parse().unwrap()).await;
    let host = Host::new(&account, &[]).await;
    let contacts = account.objects("contacts").await;
    let [nine, eleven, one] = [9, 11, 13].map(|hour| shown(at(monday(), hour, 0, HOME), HOME));
    let book = async |contact: usize, start: &str| {
        let call = json!({"calendar": ALWAYS, "contactId": contacts[contact]["id"], "startTime": start});
        host.answer("book_appointment", call).await["id"].clone()
    };
    let (first, second) = (book(0, &nine).await, book(1, &eleven).await);
    let refused = |error: &serde_json::Value, by: &serde_json::Value| {
        assert_eq!((&error["code"], &error["existingId"]), (&json!("conflict"), by), "{error}");
    };
    refused(&host.error("update_appointment", json!({"id": first, "startTime": eleven})).await, &second);
    // A moved appointment takes its new time, and frees the old one.
    host.answer("update_appointment", json!({"id": first, "startTime": one})).await;
    let call = json!({"calendar": ALWAYS, "contactId": contacts[2]["id"], "startTime": one});
    refused(&host.error("book_appointment", call).await, &first);
    host.answer("update_appointment", json!({"id": second, "status": "cancelled"})).await;
    let third = book(3, &eleven).await;
    refused(&host.error("update_appointment", json!({"id": second, "status": "confirmed"})).await, &third);
    // What takes no time is not held against bookings.
    host.answer("update_appointment", json!({"id": second, "title": "Later"})).await;
    host.answer("update_appointment", json!({"id": third, "status": "showed"})).await;
}
