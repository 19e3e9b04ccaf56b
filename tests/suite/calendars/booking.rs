//! Bookings: by names, at local times, once.

use super::{
    ALWAYS, HOME, ZONES, account, at, book, calendar_id, changes, contact, instant, monday, move_to, requests, shown,
    stored, truth,
};
use crate::support::{Era, Host, Manners, Person, command, error_of, in_both_manners, structured};
use chrono::Duration;
use serde_json::{Value, json};
use std::collections::BTreeSet;

in_both_manners!(
    names_and_local_times_are_resolved_and_nobody_is_told,
    a_time_that_the_clocks_skip_or_show_twice_is_refused_with_both_readings,
    a_taken_slot_is_refused_with_free_ones,
    a_booking_that_notifies_is_asked_about,
    eight_processes_book_one_slot_once,
);

async fn names_and_local_times_are_resolved_and_nobody_is_told(manners: Manners) {
    let account = account(manners).await;
    let host = Host::new(&account, &[]).await;
    let (day, contact) = (monday(), contact(&account).await);
    let start = at(day, 10, 0, HOME);
    let booked = host
        .answer(
            "book_appointment",
            json!({"calendar": "strategy session", "contactId": contact, "startTime": format!("{day} 10:00"),
                "assignedTo": "keisha bryant", "title": "First talk", "address": "Zoom"}),
        )
        .await;
    assert_eq!(booked.get("notApplied"), None, "{booked}");
    let found = truth(&account, &booked["id"]).await;
    assert_eq!((&found["startTime"], &found["endTime"]), (&stored(start), &stored(start + Duration::hours(1))));
    assert_eq!((&found["contactId"], &found["title"]), (&json!(contact), &json!("First talk")));
    assert_eq!(found["calendarId"], json!(calendar_id(&account, "Strategy session").await));
    assert_eq!((&found["appointmentStatus"], found.get("notified")), (&json!("confirmed"), None));
    assert_eq!((&booked["status"], &booked["calendar"]), (&json!("confirmed"), &json!("Strategy session")));
    assert_eq!(
        (&booked["assignedToName"], &booked["startTime"]),
        (&json!("Keisha Bryant"), &json!(shown(start, HOME)))
    );
    // A local time of another zone, and one with an offset, are the same moment.
    let berlin = chrono_tz::Europe::Berlin;
    let later = at(day, 11, 0, HOME);
    let local = later.with_timezone(&berlin).format("%Y-%m-%dT%H:%M").to_string();
    let other =
        json!({"calendar": "Strategy session", "contactId": contact, "startTime": local, "timeZone": "Europe/Berlin"});
    assert_eq!(truth(&account, &host.answer("book_appointment", other).await["id"]).await["startTime"], stored(later));
    let last = at(day, 14, 0, HOME);
    let exact = book(&account, &host, "Onboarding", &shown(at(day + Duration::days(1), 9, 0, HOME), berlin)).await;
    // Its calendar has one member and does not confirm by itself.
    assert_eq!((&exact["status"], &exact["assignedToName"]), (&json!("new"), &json!("Miguel Torres")));
    let exact = book(&account, &host, "Strategy session", &shown(last, berlin)).await;
    assert_eq!(instant(&exact["startTime"]), last);
    assert_eq!(requests(&account, "POST").await, 4);
}

async fn a_time_that_the_clocks_skip_or_show_twice_is_refused_with_both_readings(manners: Manners) {
    for zone in ZONES {
        let account = account(manners.clone()).await;
        move_to(&account, zone).await;
        let host = Host::new(&account, &[]).await;
        let contact = contact(&account).await;
        let (spring, fall) = changes(zone);
        let twice = if zone == chrono_tz::Europe::Berlin { "02:30" } else { "01:30" };
        for (local, reason) in
            [(format!("{spring}T02:30"), "does not exist"), (format!("{fall}T{twice}"), "comes twice")]
        {
            let call = json!({"calendar": ALWAYS, "contactId": contact, "startTime": local});
            let error = host.error("book_appointment", call).await;
            assert_eq!((&error["code"], &error["field"]), (&json!("invalid_arguments"), &json!("startTime")));
            assert!(error["message"].as_str().unwrap().contains(reason), "{error}");
            let choices = error["choices"].as_array().unwrap().clone();
            assert_eq!(choices.len(), 2, "{error}");
            assert_eq!((instant(&choices[0]) - instant(&choices[1])).num_hours().abs(), 1);
            assert_eq!(requests(&account, "POST").await, 0);
            account.forget_requests().await;
            // Both can be booked, one after the other.
            for choice in &choices {
                let booked = book(&account, &host, ALWAYS, choice.as_str().unwrap()).await;
                assert_eq!(truth(&account, &booked["id"]).await["startTime"], stored(instant(choice)));
                let length = instant(&booked["endTime"]) - instant(&booked["startTime"]);
                assert_eq!(length, Duration::minutes(30), "across the change too");
            }
            account.forget_requests().await;
        }
        // The day before and the day after have the offsets of their days.
        for day in [spring - Duration::days(1), spring + Duration::days(1), fall + Duration::days(1)] {
            let booked = book(&account, &host, ALWAYS, &format!("{day}T09:00")).await;
            assert_eq!(truth(&account, &booked["id"]).await["startTime"], stored(at(day, 9, 0, zone)), "{day}");
        }
    }
}

async fn a_taken_slot_is_refused_with_free_ones(manners: Manners) {
    let account = account(manners.clone()).await;
    let host = Host::new(&account, &[]).await;
    let start = at(monday(), 9, 0, HOME);
    book(&account, &host, ALWAYS, &shown(start, HOME)).await;
    let other = account.objects("contacts").await[1]["id"].clone();
    let call = json!({"calendar": ALWAYS, "contactId": other, "startTime": shown(start, HOME)});
    // Live lists still show the slot as free, and the own booking of a moment ago is in the way.
    let error = host.error("book_appointment", call.clone()).await;
    assert_eq!(error["code"], "conflict", "{error}");
    account.manners("plain").await;
    account.forget_requests().await;
    let error = host.error("book_appointment", call).await;
    assert_eq!(error["code"], "conflict", "{error}");
    let free: Vec<_> = error["free"].as_array().unwrap().iter().map(instant).collect();
    assert!(free.len() == 5 && !free.contains(&start), "{error}");
    assert_eq!(requests(&account, "POST").await, 0);
    // Neither off the grid, nor outside of the open hours, nor in the past, nor in a calendar that takes nothing.
    for (calendar, time) in [
        (ALWAYS, start + Duration::minutes(10)),
        ("Discovery call", at(monday(), 20, 0, HOME)),
        (ALWAYS, start - Duration::days(60)),
        ("Holiday office hours", at(monday(), 9, 0, HOME)),
    ] {
        let call = json!({"calendar": calendar, "contactId": contact(&account).await, "startTime": shown(time, HOME)});
        assert_eq!(host.error("book_appointment", call).await["code"], "conflict", "{calendar} {time}");
    }
    assert_eq!(requests(&account, "POST").await, 0);
}

async fn a_booking_that_notifies_is_asked_about(manners: Manners) {
    let account = account(manners).await;
    let alone = Host::new(&account, &[]).await;
    let start = shown(at(monday(), 15, 0, HOME), HOME);
    let call = json!({"calendar": ALWAYS, "contactId": contact(&account).await, "startTime": start, "notify": true});
    assert_eq!(alone.error("book_appointment", call.clone()).await["code"], "confirmation_required");
    let declines = Host::with(&account, &[], Era::Modern, Person::declines()).await;
    assert_eq!(declines.error("book_appointment", call.clone()).await["code"], "declined");
    assert_eq!(requests(&account, "POST").await, 0);
    let agrees = Host::with(&account, &[], Era::Modern, Person::agrees()).await;
    let booked = agrees.answer("book_appointment", call).await;
    assert_eq!(truth(&account, &booked["id"]).await["notified"], 1);
}

/// Free slots and HighLevel's own check lag: eight processes know of each other's bookings by their state directory.
#[tokio::test]
async fn eight_processes_book_one_slot_once_although_the_api_would_book_it_eight_times() {
    let account = account("live,lag:600000,late-bookings".parse().unwrap()).await;
    let state = tempfile::tempdir().unwrap();
    let start = async || {
        let own = tempfile::tempdir().unwrap();
        Host::start(command(&account, state.path()), own, Era::Modern, Person::Absent).await
    };
    let hosts = futures::future::join_all((0..8).map(|_| start())).await;
    let contacts = account.objects("contacts").await;
    let time = at(monday(), 9, 0, HOME);
    // A member of the second team of three has the booking in the first calendar.
    for (calendar, seats) in [(ALWAYS, 1), ("Discovery call", 2)] {
        let calls = hosts.iter().zip(&contacts).map(|(host, contact)| {
            let call = json!({"calendar": calendar, "contactId": contact["id"], "startTime": shown(time, HOME)});
            host.call("book_appointment", call)
        });
        let results = futures::future::join_all(calls).await;
        let booked = results.iter().filter(|result| result.is_error != Some(true)).count();
        assert_eq!(booked, seats, "{calendar}: {results:?}");
        let stored = account.objects("appointments").await;
        let id = calendar_id(&account, calendar).await;
        let there = stored.iter().filter(|one| one["calendarId"] == id && one["startTime"] == self::stored(time));
        let members: BTreeSet<&str> = there.filter_map(|one| one["assignedUserId"].as_str()).collect();
        assert_eq!(members.len(), seats, "each member once: {calendar}");
    }
    // Half an hour later nobody is in the way, and what overlaps is refused.
    let hour = json!({"calendar": ALWAYS, "contactId": contacts[9]["id"], "startTime": shown(time - Duration::minutes(30), HOME),
        "endTime": shown(time + Duration::minutes(30), HOME)});
    assert_eq!(hosts[0].error("book_appointment", hour).await["code"], "conflict");
    let next = shown(time + Duration::minutes(30), HOME);
    let booked = hosts[0]
        .answer("book_appointment", json!({"calendar": ALWAYS, "contactId": contacts[9]["id"], "startTime": next}))
        .await;
    // Cancelled, its slot is free at once.
    hosts[1].answer("update_appointment", json!({"id": booked["id"], "status": "cancelled"})).await;
    let again = json!({"calendar": ALWAYS, "contactId": contacts[10]["id"], "startTime": next});
    assert_ne!(hosts[2].answer("book_appointment", again).await["id"], booked["id"]);
}

/// Eight processes of one state directory, and of eight: what the first share is not needed for the result.
async fn eight_processes_book_one_slot_once(manners: Manners) {
    for shares_state in [true, false] {
        let account = account(manners.clone()).await;
        let state = tempfile::tempdir().unwrap();
        let host = async |_| match shares_state {
            true => {
                let own = tempfile::tempdir().unwrap();
                Host::start(command(&account, state.path()), own, Era::Modern, Person::Absent).await
            }
            false => Host::new(&account, &[]).await,
        };
        let hosts = futures::future::join_all((0..8).map(host)).await;
        let start = at(monday(), 9, 0, HOME);
        let contacts = account.objects("contacts").await;
        let calls = hosts.iter().zip(&contacts).map(|(host, contact)| {
            let call = json!({"calendar": ALWAYS, "contactId": contact["id"], "startTime": shown(start, HOME)});
            host.call("book_appointment", call)
        });
        let results = futures::future::join_all(calls).await;
        let (refused, booked): (Vec<_>, Vec<_>) = results.iter().partition(|result| result.is_error == Some(true));
        assert_eq!(booked.len(), 1, "{results:?}");
        assert!(refused.iter().all(|result| error_of(result)["code"] == "conflict"), "{refused:?}");
        let all = account.objects("appointments").await;
        let there: Vec<&Value> = all.iter().filter(|one| one["startTime"] == stored(start)).collect();
        assert_eq!(there.len(), 1);
        assert_eq!(there[0]["id"], structured(booked[0])["id"]);
    }
}
