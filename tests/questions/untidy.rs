//! Makes the sample account as untidy as a real one: empty fields, owners who left, deals of deleted contacts, dates around
//! today. The objects are changed before the mirror reads anything.

use super::truth::written;
use crate::support::Account;
use chrono::{Duration, Utc};
use serde_json::{Value, json};

/// The number of contacts, and of deals, that are changed.
const MANY: usize = 60;

/// The id of a user that no longer exists.
pub const LEFT: &str = "left0000000000000000";

/// The id of a contact that no longer exists.
pub const GONE: &str = "gone0000000000000000";

/// Makes the account as untidy as a real one.
pub async fn make(account: &Account) {
    for (number, contact) in spread(account.objects("contacts").await) {
        account.change("contacts", id(&contact), untidy_contact(number)).await;
    }
    let users = account.objects("users").await;
    for (number, deal) in spread(account.objects("opportunities").await) {
        let owner = id(&users[usize::try_from(number).unwrap() % users.len()]).to_owned();
        account.change("opportunities", id(&deal), untidy_deal(number, &owner)).await;
    }
    let pages = account.objects("pages").await;
    let page = |status: &str| id(pages.iter().find(|page| page["status"] == status).unwrap()).to_owned();
    account.change("pages", &page("published"), json!({"description": null})).await;
    account.change("pages", &page("draft"), json!({"updatedAt": days_ago(3)})).await;
}

/// A time half a day off a whole number of days, so that no day ends between it and the test.
fn days_ago(days: i64) -> String {
    let time = Utc::now() - Duration::days(days) - Duration::hours(12);
    format!("{}Z", written(time).replace(' ', "T"))
}

fn untidy_contact(number: i64) -> Value {
    match number % 6 {
        0 => json!({"email": null}),
        1 => json!({"assignedTo": LEFT}),
        2 => json!({"address": {
            "street": "Sendlinger Str. 8", "city": "München", "state": "Bayern", "postalCode": "80331",
            "country": "Germany",
        }}),
        3 => json!({"customFields": {"employees": "75"}}),
        4 => json!({"createdAt": days_ago(number), "updatedAt": days_ago(number)}),
        _ => json!({"companyName": "", "phone": ""}),
    }
}

fn untidy_deal(number: i64, owner: &str) -> Value {
    match number % 6 {
        0 => json!({
            "status": "open", "currency": "USD", "value": 9_000 + 250 * number, "updatedAt": days_ago(number),
        }),
        1 => json!({"expectedCloseDate": null}),
        2 => json!({"contactId": GONE}),
        3 => json!({"value": 1234.56 + number as f64, "currency": "GBP"}),
        4 => {
            let date = (Utc::now() + Duration::days(number - 30)).date_naive();
            json!({"status": "open", "expectedCloseDate": date.to_string()})
        }
        _ => json!({"assignedTo": owner, "value": 0}),
    }
}

/// `MANY` objects spread evenly over the list, with their number.
fn spread(objects: Vec<Value>) -> impl Iterator<Item = (i64, Value)> {
    let step = (objects.len() / MANY).max(1);
    (0..).zip(objects.into_iter().step_by(step).take(MANY))
}

fn id(object: &Value) -> &str {
    object["id"].as_str().unwrap()
}
