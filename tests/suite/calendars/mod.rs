//! Calendars and appointments: a server process over stdio, judged by what the sandbox stored.

mod booking;
mod doubt;
mod lists;
mod moves;
mod slots;

use crate::support::{Account, Api, Host, Manners};
use chrono::{DateTime, Datelike, Duration, NaiveDate, SecondsFormat, TimeZone, Utc, Weekday};
use chrono_tz::Tz;
use serde_json::{Value, json};

/// The location's zone, unless a test changes it.
const HOME: Tz = chrono_tz::America::Chicago;
/// The zones whose changes of the clocks are tested.
const ZONES: [Tz; 2] = [chrono_tz::America::New_York, chrono_tz::Europe::Berlin];
/// The calendar that is open on all days and at all hours.
const ALWAYS: &str = "Emergency line";

async fn account(manners: Manners) -> Account {
    Account::in_manners(Api::Official, manners).await
}

/// Moves the location to another time zone.
async fn move_to(account: &Account, zone: Tz) {
    account.change("locations", &account.location_id(), json!({"timezone": zone.name()})).await;
}

async fn contact(account: &Account) -> String {
    account.objects("contacts").await[0]["id"].as_str().unwrap().to_owned()
}

async fn calendar_id(account: &Account, name: &str) -> String {
    let all = account.objects("calendars").await;
    all.iter().find(|one| one["name"] == name).unwrap()["id"].as_str().unwrap().to_owned()
}

/// The next Monday at least 16 days ahead, which is beyond the sample data.
fn monday() -> NaiveDate {
    let mut day = Utc::now().with_timezone(&HOME).date_naive() + Duration::days(16);
    while day.weekday() != Weekday::Mon {
        day = day.succ_opt().unwrap();
    }
    day
}

fn at(day: NaiveDate, hour: u32, minute: u32, zone: Tz) -> DateTime<Utc> {
    zone.from_local_datetime(&day.and_hms_opt(hour, minute, 0).unwrap()).unwrap().to_utc()
}

/// A time as HighLevel stores it in the sandbox.
fn stored(time: DateTime<Utc>) -> Value {
    time.to_rfc3339_opts(SecondsFormat::Millis, true).into()
}

fn shown(time: DateTime<Utc>, zone: Tz) -> String {
    time.with_timezone(&zone).fixed_offset().to_rfc3339_opts(SecondsFormat::Secs, false)
}

fn instant(time: &Value) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(time.as_str().unwrap()).unwrap().to_utc()
}

/// The next days on which the clocks of a zone change: to daylight saving, and back. Both are beyond the sample data.
fn changes(zone: Tz) -> (NaiveDate, NaiveDate) {
    let midnight = |day: NaiveDate| zone.from_local_datetime(&day.and_hms_opt(0, 0, 0).unwrap()).unwrap();
    let (mut spring, mut fall) = (None, None);
    let first = Utc::now().with_timezone(&zone).date_naive() + Duration::days(20);
    for day in first.iter_days().take(366) {
        let hours = (midnight(day.succ_opt().unwrap()) - midnight(day)).num_hours();
        match hours {
            23 => spring = Some(day),
            25 => fall = Some(day),
            _ => {}
        }
    }
    (spring.unwrap(), fall.unwrap())
}

/// The requests with this method below `/calendars/events`.
async fn requests(account: &Account, method: &str) -> usize {
    let all = account.requests().await;
    let is_one = |request: &&Value| {
        request["method"] == method && request["path"].as_str().unwrap().starts_with("/calendars/events/appointments")
    };
    all.iter().filter(is_one).count()
}

/// A stored appointment.
async fn truth(account: &Account, id: &Value) -> Value {
    account.objects("appointments").await.into_iter().find(|one| one["id"] == *id).unwrap()
}

async fn book(account: &Account, host: &Host, calendar: &str, start: &str) -> Value {
    let contact = contact(account).await;
    host.answer("book_appointment", json!({"calendar": calendar, "contactId": contact, "startTime": start})).await
}
