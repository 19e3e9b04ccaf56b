//! Calendars, free slots, appointments and blocked slots, by hand from the OpenAPI files.

use super::{Official, schemas::faults};
use crate::support::Reply;
use chrono::{DateTime, Datelike, Duration, NaiveDate, TimeZone, Utc};
use chrono_tz::Tz;
use serde_json::{Value, json};

const ZONE: Tz = chrono_tz::America::Chicago;

/// The calendar with this name.
async fn calendar(peer: &Official, name: &str) -> Value {
    let body = peer.get(&format!("/calendars/?locationId={}", peer.home)).await.body;
    body["calendars"].as_array().unwrap().iter().find(|one| one["name"] == name).cloned().unwrap()
}

fn id(object: &Value) -> String {
    object["id"].as_str().unwrap().to_owned()
}

async fn slots(peer: &Official, calendar: &str, from: DateTime<Utc>, to: DateTime<Utc>, rest: &str) -> Vec<String> {
    let path = format!(
        "/calendars/{calendar}/free-slots?startDate={}&endDate={}{rest}",
        from.timestamp_millis(),
        to.timestamp_millis()
    );
    let reply = peer.get(&path).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    let days = reply.body.as_object().unwrap();
    let slots = days.iter().filter(|(name, _)| *name != "traceId").flat_map(|(day, slots)| {
        slots["slots"].as_array().unwrap().iter().map(move |slot| {
            let slot = slot.as_str().unwrap();
            assert!(slot.starts_with(day.as_str()), "{slot} is not on {day}");
            slot.to_owned()
        })
    });
    slots.collect()
}

fn at(day: NaiveDate, hour: u32, minute: u32, zone: Tz) -> DateTime<Utc> {
    zone.from_local_datetime(&day.and_hms_opt(hour, minute, 0).unwrap()).unwrap().to_utc()
}

/// The next Monday that is at least two weeks ahead, beyond most of what the sample data books.
fn monday() -> NaiveDate {
    let mut day = Utc::now().with_timezone(&ZONE).date_naive() + Duration::days(16);
    while day.weekday() != chrono::Weekday::Mon {
        day = day.succ_opt().unwrap();
    }
    day
}

async fn book(peer: &Official, calendar: &str, start: &str, rest: Value) -> Reply {
    let contact = id(&peer.peer.objects("contacts").await[0]);
    let mut body = json!({ "calendarId": calendar, "locationId": peer.home, "contactId": contact, "startTime": start });
    body.as_object_mut().unwrap().extend(rest.as_object().cloned().unwrap());
    peer.send("POST", "/calendars/events/appointments", body).await
}

async fn read(peer: &Official, event: &str) -> Value {
    peer.get(&format!("/calendars/events/appointments/{event}")).await.body["event"].clone()
}

#[tokio::test]
async fn answers_have_the_files_shapes() {
    let peer = Official::usual().await;
    let home = peer.home.clone();
    let calendar = id(&calendar(&peer, "Discovery call").await);
    let one = peer.peer.objects("appointments").await[0].clone();
    let (event, contact) = (id(&one), one["contactId"].as_str().unwrap().to_owned());
    let now = Utc::now();
    let (from, to) = (now - Duration::days(30), now + Duration::days(1));
    let range =
        |names: [&str; 2]| format!("{}={}&{}={}", names[0], from.timestamp_millis(), names[1], to.timestamp_millis());
    let days = range(["startDate", "endDate"]);
    let times = format!("locationId={home}&calendarId={calendar}&{}", range(["startTime", "endTime"]));
    let start = at(monday(), 9, 0, ZONE).to_rfc3339();
    let block = json!({ "calendarId": calendar, "locationId": home, "title": "Lunch", "startTime": at(monday(), 12, 0, ZONE).to_rfc3339(), "endTime": at(monday(), 13, 0, ZONE).to_rfc3339() });
    let booked = book(&peer, &calendar, &start, json!({})).await;
    let appointment = format!("/calendars/events/appointments/{}", id(&booked.body));
    let blocked = peer.send("POST", "/calendars/events/block-slots", block.clone()).await;
    let block_path = format!("/calendars/events/block-slots/{}", id(&blocked.body));
    let replies = [
        ("calendars GET /calendars/", peer.get(&format!("/calendars/?locationId={home}")).await),
        ("calendars GET /calendars/groups", peer.get(&format!("/calendars/groups?locationId={home}")).await),
        ("calendars GET /calendars/{calendarId}", peer.get(&format!("/calendars/{calendar}")).await),
        (
            "calendars GET /calendars/{calendarId}/free-slots",
            peer.get(&format!("/calendars/{calendar}/free-slots?{days}")).await,
        ),
        ("calendars POST /calendars/events/appointments", booked),
        (
            "calendars PUT /calendars/events/appointments/{eventId}",
            peer.send("PUT", &appointment, json!({ "title": "T" })).await,
        ),
        ("calendars POST /calendars/events/block-slots", blocked),
        ("calendars GET /calendars/blocked-slots", peer.get(&format!("/calendars/blocked-slots?{times}")).await),
        (
            "contacts GET /contacts/{contactId}/appointments",
            peer.get(&format!("/contacts/{contact}/appointments")).await,
        ),
        ("calendars GET /calendars/events", peer.get(&format!("/calendars/events?{times}")).await),
        (
            "calendars GET /calendars/events/appointments/{eventId}",
            peer.get(&format!("/calendars/events/appointments/{event}")).await,
        ),
        // The file says that an update creates.
        ("calendars PUT /calendars/events/block-slots/{eventId}", peer.send("PUT", &block_path, block).await),
    ];
    for (operation, reply) in &replies {
        assert!(reply.status.is_success(), "{operation}: {}", reply.text);
        let mut faults = faults(operation, reply);
        // The file says that some times are objects, and gives texts as their examples.
        faults.retain(|fault| !(fault.starts_with("\"20") && fault.contains("is not of type \"object\"")));
        assert_eq!(faults, [""; 0], "{operation}: {}", reply.text);
    }
    let gone = peer.send("DELETE", &format!("/calendars/events/{event}"), json!({})).await;
    assert_eq!((gone.status.as_u16(), &gone.body), (201, &json!({ "succeeded": true })));
    assert_eq!(peer.get(&format!("/calendars/events/appointments/{event}")).await.status, 400);
}

#[tokio::test]
async fn slots_are_the_open_hours_less_what_is_booked_in_the_zone_that_was_asked_for() {
    let peer = Official::usual().await;
    let id = id(&calendar(&peer, "Emergency line").await);
    let day = monday();
    let (from, to) = (at(day, 9, 0, ZONE), at(day, 11, 0, ZONE));
    let berlin = slots(&peer, &id, from, to, "&timezone=Europe/Berlin").await;
    let local = from.with_timezone(&chrono_tz::Europe::Berlin);
    assert_eq!(berlin[0], local.format("%Y-%m-%dT%H:%M:%S%:z").to_string());
    assert_eq!(berlin.len(), 5);
    let start = slots(&peer, &id, from, to, "").await[1].clone();
    let booked = book(&peer, &id, &start, json!({ "toNotify": false })).await;
    assert_eq!((booked.status.as_u16(), &booked.body["startTime"]), (200, &json!(start)));
    let left = slots(&peer, &id, from, to, "").await;
    assert!(left.len() == 4 && !left.contains(&start), "{left:?}");
    // Nobody books it twice, nor outside the slots.
    for taken in [start.clone(), (from + Duration::minutes(10)).to_rfc3339()] {
        let refused = book(&peer, &id, &taken, json!({})).await;
        assert_eq!(refused.status, 400);
        assert_eq!(refused.message(), "The slot you have selected is no longer available.");
    }
    // Cancelled, the slot is free again.
    let event = format!("/calendars/events/appointments/{}", booked.body["id"].as_str().unwrap());
    assert_eq!(peer.send("PUT", &event, json!({ "appointmentStatus": "cancelled" })).await.status, 200);
    assert_eq!(slots(&peer, &id, from, to, "").await.len(), 5);
    assert_eq!(peer.get(&format!("/calendars/{id}/free-slots?startDate=0&endDate=2764800000")).await.status, 400);
}

#[tokio::test]
async fn a_day_on_which_the_clocks_change_has_an_hour_less_or_more() {
    for zone in [chrono_tz::America::Chicago, chrono_tz::Europe::Berlin] {
        let peer = Official::usual().await;
        let place = peer.home.clone();
        peer.peer
            .manage("PUT", &format!("objects/locations/{place}"), &json!({ "timezone": zone.name() }).to_string())
            .await;
        let id = id(&calendar(&peer, "Emergency line").await);
        let mut lengths = Vec::new();
        let mut day = Utc::now().with_timezone(&zone).date_naive() + Duration::days(20);
        for _ in 0..366 {
            let next = day.succ_opt().unwrap();
            let midnight =
                |day: NaiveDate| zone.from_local_datetime(&day.and_hms_opt(0, 0, 0).unwrap()).unwrap().to_utc();
            let length = midnight(next) - midnight(day);
            if length != Duration::hours(24) {
                let found = slots(&peer, &id, midnight(day), midnight(next) - Duration::minutes(1), "").await;
                let mut different = found.clone();
                different.dedup();
                assert_eq!(found, different, "each slot has an offset that tells it apart");
                assert_eq!(i64::try_from(found.len()).unwrap(), length.num_minutes() / 30, "{day} {zone}");
                lengths.push(found.len());
            }
            day = next;
        }
        lengths.sort_unstable();
        assert_eq!(lengths, [46, 50], "{zone}");
    }
}

#[tokio::test]
async fn a_team_shares_the_slots_and_a_member_is_in_one_place_at_a_time() {
    let peer = Official::usual().await;
    let calendar = calendar(&peer, "Discovery call").await;
    let id = id(&calendar);
    let team: Vec<&str> =
        calendar["teamMembers"].as_array().unwrap().iter().map(|one| one["userId"].as_str().unwrap()).collect();
    let start = at(monday(), 9, 30, ZONE).to_rfc3339();
    let mut taken = Vec::new();
    for _ in 0..team.len() {
        let booked = book(&peer, &id, &start, json!({})).await;
        assert_eq!(booked.status, 200, "{}", booked.text);
        taken.push(booked.body["assignedUserId"].as_str().unwrap().to_owned());
    }
    taken.sort_unstable();
    let mut all = team.clone();
    all.sort_unstable();
    assert_eq!(taken, all);
    assert_eq!(book(&peer, &id, &start, json!({})).await.status, 400);
    let other = book(&peer, &id, &start, json!({ "assignedUserId": "nobody" })).await;
    assert_eq!(other.status, 422);
    let forced = json!({ "ignoreFreeSlotValidation": true });
    assert_eq!(book(&peer, &id, &start, forced).await.status, 422, "somebody has to be named");
    let forced = json!({ "ignoreFreeSlotValidation": true, "assignedUserId": team[0] });
    assert_eq!(book(&peer, &id, &start, forced).await.status, 200);
    // A blocked slot takes one member's time, or the whole calendar's.
    let at_ten = at(monday(), 10, 0, ZONE);
    let block = |user: Option<&str>| {
        let mut body = json!({ "calendarId": id, "locationId": peer.home, "startTime": at_ten.to_rfc3339(), "endTime": (at_ten + Duration::minutes(30)).to_rfc3339() });
        if let Some(user) = user {
            body["assignedUserId"] = json!(user);
        }
        body
    };
    assert_eq!(peer.send("POST", "/calendars/events/block-slots", block(Some(team[0]))).await.status, 201);
    let refused = book(&peer, &id, &at_ten.to_rfc3339(), json!({ "assignedUserId": team[0] })).await;
    assert_eq!(refused.status, 400);
    assert_eq!(peer.send("POST", "/calendars/events/block-slots", block(None)).await.status, 201);
    assert_eq!(book(&peer, &id, &at_ten.to_rfc3339(), json!({})).await.status, 400);
}

#[tokio::test]
async fn a_move_without_an_end_gets_the_calendars_length_and_notifies_unless_told_not_to() {
    let peer = Official::usual().await;
    let calendar = id(&calendar(&peer, "Emergency line").await);
    let (start, later) = (at(monday(), 9, 0, ZONE), at(monday(), 14, 0, ZONE));
    let end = (start + Duration::minutes(90)).to_rfc3339();
    let booked = book(&peer, &calendar, &start.to_rfc3339(), json!({ "endTime": end, "toNotify": false })).await;
    let event = id(&booked.body);
    let path = format!("/calendars/events/appointments/{event}");
    let minutes = async || {
        let event = read(&peer, &event).await;
        let time = |name: &str| event[name].as_str().unwrap().parse::<DateTime<Utc>>().unwrap();
        (time("endTime") - time("startTime")).num_minutes()
    };
    assert_eq!(minutes().await, 90);
    let notified = async || {
        let all = peer.peer.objects("appointments").await;
        all.iter().find(|one| id(one) == event).unwrap()["notified"].as_u64().unwrap_or_default()
    };
    assert_eq!(notified().await, 0);
    assert_eq!(peer.send("PUT", &path, json!({ "startTime": later.to_rfc3339() })).await.status, 200);
    assert_eq!((minutes().await, notified().await), (30, 1));
}

#[tokio::test]
async fn lists_need_an_owner_and_a_range_and_show_writes_late() {
    let peer = Official::in_manners("lag:600000").await;
    let home = &peer.home;
    let calendar = id(&calendar(&peer, "Emergency line").await);
    let (from, to) = (at(monday(), 0, 0, ZONE).timestamp_millis(), at(monday(), 23, 0, ZONE).timestamp_millis());
    let list = format!("/calendars/events?locationId={home}&startTime={from}&endTime={to}");
    assert_eq!(peer.get(&list).await.status, 422);
    assert_eq!(peer.get(&format!("/calendars/events?locationId={home}&calendarId={calendar}")).await.status, 422);
    let start = at(monday(), 3, 0, ZONE);
    let booked = book(&peer, &calendar, &start.to_rfc3339(), json!({})).await;
    let list = format!("{list}&calendarId={calendar}");
    assert_eq!(peer.get(&list).await.body["events"].as_array().unwrap().len(), 0);
    assert_eq!(slots(&peer, &calendar, start, start, "").await.len(), 1, "free slots are as late");
    assert_eq!(book(&peer, &calendar, &start.to_rfc3339(), json!({})).await.status, 400, "a booking is not");
    peer.peer.manage("POST", "manners", "plain").await;
    let events = peer.get(&list).await.body["events"].clone();
    assert_eq!(events[0]["id"], booked.body["id"]);
    assert_eq!(events[0]["startTime"], json!(start.with_timezone(&ZONE).format("%Y-%m-%dT%H:%M:%S%:z").to_string()));
    let contact = events[0]["contactId"].as_str().unwrap();
    let of_contact = peer.get(&format!("/contacts/{contact}/appointments")).await.body["events"].clone();
    let found = of_contact.as_array().unwrap().iter().find(|one| one["id"] == booked.body["id"]).unwrap().clone();
    assert_eq!(found["startTime"], json!(start.with_timezone(&ZONE).format("%Y-%m-%d %H:%M:%S").to_string()));
}

#[tokio::test]
async fn live_answers_misspell_the_status_and_have_a_trace_id_among_the_days() {
    let peer = Official::in_manners("odd").await;
    let mut alone = 0;
    for one in peer.peer.objects("appointments").await {
        let shown = read(&peer, &id(&one)).await;
        assert_eq!(shown["appoinmentStatus"], one["appointmentStatus"]);
        alone += usize::from(shown.get("appointmentStatus").is_none());
    }
    assert!(alone > 5);
    let calendar = id(&calendar(&peer, "Discovery call").await);
    let day = at(monday(), 9, 0, ZONE).timestamp_millis();
    let days = peer.get(&format!("/calendars/{calendar}/free-slots?startDate={day}&endDate={day}")).await.body;
    assert!(days["traceId"].is_string());
}
