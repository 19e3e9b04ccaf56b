//! Free slots: in the zone that is asked for, and on the days on which the clocks change.

use super::{ALWAYS, HOME, ZONES, account, at, calendar_id, changes, instant, monday, move_to, shown};
use crate::support::{Host, Manners, in_both_manners};
use chrono::Duration;
use serde_json::{Value, json};
use std::collections::BTreeSet;

in_both_manners!(
    slots_are_in_the_zone_that_is_asked_for,
    a_day_on_which_the_clocks_change_has_an_hour_less_or_more,
    a_name_of_several_calendars_is_refused_with_their_ids,
);

fn texts(slots: &Value) -> Vec<String> {
    slots["slots"]
        .as_array()
        .map(|all| all.iter().map(|one| one.as_str().unwrap().to_owned()).collect())
        .unwrap_or_default()
}

async fn slots_are_in_the_zone_that_is_asked_for(manners: Manners) {
    let account = account(manners).await;
    let host = Host::new(&account, &[]).await;
    let day = monday();
    let asked = json!({"calendar": "discovery CALL", "from": day.to_string(), "to": day.to_string()});
    let home = host.answer("list_free_slots", asked.clone()).await;
    assert_eq!((&home["calendar"], &home["timeZone"]), (&json!("Discovery call"), &json!(HOME.name())));
    assert_eq!(home["id"], json!(calendar_id(&account, "Discovery call").await));
    let home = texts(&home);
    assert_eq!((home.len(), &home[0]), (16, &shown(at(day, 9, 0, HOME), HOME)));
    let zone = chrono_tz::Asia::Kolkata;
    // In Kolkata, the day ends before the office opens, so its slots are on the evening and the next morning.
    let days = json!({"calendar": "Discovery call", "from": shown(at(day, 0, 0, HOME), HOME),
        "to": shown(at(day, 23, 59, HOME), HOME), "timeZone": "asia/kolkata"});
    let there = texts(&host.answer("list_free_slots", days).await);
    let expected: Vec<String> = home.iter().map(|slot| shown(instant(&json!(slot)), zone)).collect();
    assert_eq!(there, expected);
    // A member's own slots.
    let owned = host.answer("list_free_slots", json!({"calendar": "Discovery call", "assignedTo": "Tom Lindgren", "from": day.to_string(), "to": day.to_string()})).await;
    assert_eq!(texts(&owned).len(), 16);
    // More than a month takes several requests, and more than a quarter is refused.
    account.forget_requests().await;
    let to = (day + Duration::days(32)).to_string();
    let month = host
        .answer("list_free_slots", json!({"calendar": ALWAYS, "from": day.to_string(), "to": to, "timeZone": "UTC"}))
        .await;
    assert_eq!(texts(&month).iter().collect::<BTreeSet<_>>().len(), 33 * 48);
    let asked =
        account.requests().await.iter().filter(|one| one["path"].as_str().unwrap().ends_with("free-slots")).count();
    assert_eq!(asked, 2);
    let to = (day + Duration::days(100)).to_string();
    let error = host.error("list_free_slots", json!({"calendar": ALWAYS, "from": day.to_string(), "to": to})).await;
    assert_eq!((&error["code"], &error["field"]), (&json!("invalid_arguments"), &json!("to")));
    let error = host.error("list_free_slots", json!({"calendar": ALWAYS, "timeZone": "Europe/Berlim"})).await;
    assert!(error["message"].as_str().unwrap().contains("Did you mean `Europe/Berlin`?"), "{error}");
}

async fn a_day_on_which_the_clocks_change_has_an_hour_less_or_more(manners: Manners) {
    for zone in ZONES {
        let account = account(manners.clone()).await;
        move_to(&account, zone).await;
        let host = Host::new(&account, &[]).await;
        let (spring, fall) = changes(zone);
        for (day, count) in [(spring, 46), (fall, 50)] {
            let asked = json!({"calendar": ALWAYS, "from": day.to_string(), "to": day.to_string()});
            let slots = texts(&host.answer("list_free_slots", asked).await);
            assert_eq!(slots.iter().collect::<BTreeSet<_>>().len(), count, "{zone} {day}");
            assert!(slots.iter().all(|slot| slot.starts_with(&day.to_string())), "{slots:?}");
            let offsets: BTreeSet<&str> = slots.iter().map(|slot| &slot[19..]).collect();
            assert_eq!(offsets.len(), 2, "before the change and after it");
            let gaps = slots.windows(2).map(|two| instant(&json!(two[1])) - instant(&json!(two[0])));
            assert!(gaps.into_iter().all(|gap| gap == Duration::minutes(30)));
        }
    }
}

async fn a_name_of_several_calendars_is_refused_with_their_ids(manners: Manners) {
    let account = account(manners).await;
    let mut twin = account.objects("calendars").await.into_iter().find(|one| one["name"] == "Onboarding").unwrap();
    let first = twin["id"].as_str().unwrap().to_owned();
    twin["isActive"] = json!(false);
    let second = account.add("calendars", twin).await;
    let host = Host::new(&account, &[]).await;
    let error = host.error("list_free_slots", json!({"calendar": "Onboarding"})).await;
    assert_eq!((&error["code"], &error["field"]), (&json!("invalid_arguments"), &json!("calendar")));
    let message = error["message"].as_str().unwrap();
    assert!(message.contains(&first) && message.contains(&format!("{second} (inactive)")), "{message}");
    assert_eq!(host.answer("list_free_slots", json!({"calendar": first})).await["id"], json!(first));
    let error = host.error("list_free_slots", json!({"calendar": "Onbording"})).await;
    assert!(error["message"].as_str().unwrap().contains("Did you mean `Onboarding`?"), "{error}");
}
