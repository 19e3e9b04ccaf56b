//! Appointments of the whole location, a contact, a user, a calendar and a day.

use super::{ALWAYS, HOME, ZONES, account, at, calendar_id, changes, instant, move_to, shown, stored};
use crate::support::{Host, Manners, in_both_manners};
use chrono::Duration;
use serde_json::{Value, json};
use std::collections::BTreeSet;

in_both_manners!(
    without_a_filter_every_calendar_is_listed,
    a_contacts_appointments_have_their_offset_also_around_a_change_of_the_clocks,
    a_day_a_user_and_a_calendar_filter,
);

fn ids(items: &[Value]) -> BTreeSet<String> {
    items.iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect()
}

async fn list(host: &Host, arguments: Value) -> Vec<Value> {
    let mut all = Vec::new();
    loop {
        let mut page = arguments.clone();
        page["offset"] = json!(all.len());
        page["limit"] = json!(40);
        let answer = host.answer("list_appointments", page).await;
        all.extend(answer["data"].as_array().unwrap().iter().cloned());
        if answer["meta"].get("nextOffset").is_none() {
            assert_eq!(answer["meta"]["total"], all.len(), "{}", answer["meta"]);
            return all;
        }
    }
}

async fn without_a_filter_every_calendar_is_listed(manners: Manners) {
    let account = account(manners).await;
    let host = Host::new(&account, &[]).await;
    let expected = account.objects("appointments").await;
    let found = list(&host, json!({})).await;
    assert_eq!(ids(&found), ids(&expected));
    for one in &found {
        let truth = expected.iter().find(|other| other["id"] == one["id"]).unwrap();
        assert_eq!(one["status"], truth["appointmentStatus"], "{one}");
        assert_eq!(stored(instant(&one["startTime"])), truth["startTime"]);
        assert_eq!(one["assignedTo"], truth["assignedUserId"]);
        assert!(
            one["calendar"].is_string() && one["assignedToName"].is_string() && one["contactId"].is_string(),
            "{one}"
        );
        assert!(instant(&one["createdAt"]) <= instant(&one["updatedAt"]), "{one}");
    }
    let starts: Vec<_> = found.iter().map(|one| instant(&one["startTime"])).collect();
    assert!(starts.is_sorted_by(|one, next| one >= next), "the newest come first");
    let note = host.answer("list_appointments", json!({"limit": 1})).await["note"].as_str().unwrap().to_owned();
    assert!(note.starts_with("Appointments that start from "), "{note}");
    // The range can be widened.
    let calendar = calendar_id(&account, ALWAYS).await;
    let mut old = expected[0].clone();
    let long_ago = at((chrono::Utc::now() - Duration::days(900)).date_naive(), 12, 0, HOME);
    old["calendarId"] = json!(calendar);
    old["startTime"] = stored(long_ago);
    old["endTime"] = stored(long_ago + Duration::minutes(30));
    let old = account.add("appointments", old).await;
    assert!(!ids(&list(&host, json!({})).await).contains(&old));
    let from = (long_ago - Duration::days(1)).date_naive().to_string();
    assert!(ids(&list(&host, json!({"from": from})).await).contains(&old));
    let calendars = host.answer("list_calendars", json!({})).await;
    assert_eq!(calendars["data"].as_array().unwrap().len(), account.objects("calendars").await.len());
}

async fn a_contacts_appointments_have_their_offset_also_around_a_change_of_the_clocks(manners: Manners) {
    for zone in ZONES {
        let account = account(manners.clone()).await;
        move_to(&account, zone).await;
        let host = Host::new(&account, &[]).await;
        let calendar = calendar_id(&account, ALWAYS).await;
        let contact = account.add("contacts", json!({"firstName": "Ada", "email": "ada@b.example"})).await;
        let (_, fall) = changes(zone);
        let midnight = at(fall, 0, 0, zone);
        // Every half hour of the night: two of them have the same local time as two others.
        let mut expected = BTreeSet::new();
        for half in 0..8 {
            let start = midnight + Duration::minutes(30 * half);
            let event = json!({"contactId": contact, "calendarId": calendar, "title": "Night", "appointmentStatus": "confirmed",
                "assignedUserId": "", "startTime": stored(start), "endTime": stored(start + Duration::minutes(30)),
                "createdAt": stored(chrono::Utc::now()), "updatedAt": stored(chrono::Utc::now())});
            account.add("appointments", event).await;
            expected.insert(start);
        }
        account.forget_requests().await;
        let found = list(&host, json!({"contactId": contact})).await;
        assert_eq!(found.iter().map(|one| instant(&one["startTime"])).collect::<BTreeSet<_>>(), expected, "{zone}");
        assert!(found.iter().all(|one| instant(&one["endTime"]) - instant(&one["startTime"]) == Duration::minutes(30)));
        let asked = account.requests().await;
        let of_contact = asked.iter().filter(|one| one["path"] == format!("/contacts/{contact}/appointments").as_str());
        assert_eq!(of_contact.count(), 1);
        assert_eq!(
            list(&host, json!({"contactId": contact, "from": fall.to_string(), "to": fall.to_string()})).await.len(),
            8
        );
        let error = host.error("list_appointments", json!({"contactId": "aaaaaaaaaaaaaaaaaaaa"})).await;
        assert_eq!(error["code"], "not_found");
    }
}

async fn a_day_a_user_and_a_calendar_filter(manners: Manners) {
    let account = account(manners).await;
    let host = Host::new(&account, &[]).await;
    let all = account.objects("appointments").await;
    let today = chrono::Utc::now().with_timezone(&HOME).date_naive();
    let on_day = |one: &&Value| instant(&one["startTime"]).with_timezone(&HOME).date_naive() == today;
    let expected: Vec<Value> = all.iter().filter(on_day).cloned().collect();
    assert!(expected.len() >= 3);
    let found = list(&host, json!({"from": today.to_string(), "to": today.to_string()})).await;
    assert_eq!(ids(&found), ids(&expected));
    let starts: Vec<_> = found.iter().map(|one| instant(&one["startTime"])).collect();
    assert!(starts.is_sorted(), "a day is read from its beginning");
    let calendar = calendar_id(&account, "Discovery call").await;
    let expected: Vec<Value> = all.iter().filter(|one| one["calendarId"] == json!(calendar)).cloned().collect();
    assert_eq!(ids(&list(&host, json!({"calendar": "Discovery call"})).await), ids(&expected));
    let users = account.objects("users").await;
    let tom = users.iter().find(|user| user["firstName"] == "Tom").unwrap()["id"].clone();
    let expected: Vec<Value> = all.iter().filter(|one| one["assignedUserId"] == tom).cloned().collect();
    assert_eq!(ids(&list(&host, json!({"assignedTo": "Tom Lindgren"})).await), ids(&expected));
    let both: Vec<Value> = expected.into_iter().filter(|one| one["calendarId"] == json!(calendar)).collect();
    assert_eq!(ids(&list(&host, json!({"assignedTo": "Tom Lindgren", "calendar": calendar})).await), ids(&both));
    // The request, by hand from HighLevel's file.
    account.forget_requests().await;
    let (from, to) = (at(today, 8, 0, HOME), at(today, 12, 0, HOME));
    list(&host, json!({"calendar": calendar, "from": shown(from, HOME), "to": shown(to, HOME)})).await;
    let sent = account.requests().await;
    let one = sent.iter().find(|one| one["path"] == "/calendars/events").unwrap();
    assert_eq!(one["headers"]["version"], "2021-04-15");
    let range = (from - Duration::days(1)).timestamp_millis();
    let query = format!(
        "locationId={}&calendarId={calendar}&startTime={range}&endTime={}",
        account.location_id(),
        to.timestamp_millis() + 1
    );
    assert_eq!(one["query"], query.as_str());
}
