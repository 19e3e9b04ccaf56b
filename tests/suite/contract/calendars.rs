//! Calendars and appointments, which only the official API has.

use super::Contract;
use crate::support::{Api, Manners, in_both_manners};
use serde_json::{Value, json};

in_both_manners!(an_appointment_is_booked_listed_moved_and_cancelled);

async fn an_appointment_is_booked_listed_moved_and_cancelled(manners: Manners) {
    let contract = Contract::of(Api::Official, manners).await;
    let stored = contract.account.objects("calendars").await;
    let calendar = stored.iter().find(|one| one["name"] == "Strategy session").unwrap();
    let free =
        contract.call("list_free_slots", json!({"calendar": "Strategy session", "timeZone": "Asia/Tokyo"}), &[]).await;
    assert_eq!((&free["id"], &free["calendar"]), (&calendar["id"], &json!("Strategy session")));
    let slots: Vec<&str> = free["slots"].as_array().unwrap().iter().map(|slot| slot.as_str().unwrap()).collect();
    assert!(slots.iter().all(|slot| slot.ends_with("+09:00")), "{slots:?}");

    let contact = contract.account.objects("contacts").await[3]["id"].clone();
    let booking = json!({"calendar": calendar["id"], "contactId": contact, "startTime": slots[0], "title": "Talk"});
    let body = |request: &Value| serde_json::from_str::<Value>(request["body"].as_str().unwrap()).unwrap();
    let made = contract.call("book_appointment", booking, &[("POST", "", "", None)]).await;
    let sent = contract.account.requests().await.into_iter().find(|one| one["method"] == "POST").unwrap();
    assert_eq!(
        (&sent["path"], &sent["headers"]["version"]),
        (&json!("/calendars/events/appointments"), &json!("2021-04-15"))
    );
    assert_eq!(
        body(&sent),
        json!({"calendarId": calendar["id"], "contactId": contact, "startTime": slots[0], "title": "Talk",
            "toNotify": false, "locationId": contract.account.location_id()})
    );
    let listed = contract.call("list_appointments", json!({"contactId": contact}), &[]).await;
    if contract.manners == Manners::plain() {
        let found = listed["data"].as_array().unwrap().iter().find(|one| one["id"] == made["id"]).unwrap();
        assert_eq!((&found["startTime"], &found["title"]), (&made["startTime"], &json!("Talk")));
    }

    // A slot may be free for another member of the team alone.
    let own = json!({"calendar": calendar["id"], "timeZone": "Asia/Tokyo", "assignedTo": made["assignedTo"]});
    let own = contract.call("list_free_slots", own, &[]).await;
    let later = own["slots"].as_array().unwrap().last().unwrap().as_str().unwrap();
    let moving = json!({"id": made["id"], "startTime": later});
    let moved = contract.call("update_appointment", moving, &[("PUT", "", "", None)]).await;
    let sent = contract.account.requests().await.into_iter().find(|one| one["method"] == "PUT").unwrap();
    assert_eq!(sent["path"], format!("/calendars/events/appointments/{}", made["id"].as_str().unwrap()).as_str());
    let sent = body(&sent);
    let members: Vec<&String> = sent.as_object().unwrap().keys().collect();
    assert_eq!(members, ["startTime", "endTime", "toNotify"]);
    assert_eq!((&sent["startTime"], &sent["toNotify"]), (&json!(later), &json!(false)));
    assert_eq!(moved["id"], made["id"]);
    let off = json!({"id": made["id"], "status": "cancelled"});
    let off = contract.call("update_appointment", off, &[("PUT", "", "", None)]).await;
    assert_eq!(off["status"], "cancelled");
    let now = contract.truth("appointments", &made["id"]).await;
    assert_eq!((&now["appointmentStatus"], now.get("notified")), (&json!("cancelled"), None));
}
