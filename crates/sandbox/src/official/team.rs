//! Users, locations, custom fields and pipelines: what the account is made of.

use super::super::account::{Account, Fields, Kind, Traits};
use super::super::answer::Answer;
use super::super::manners::Manners;
use super::checks::Query;
use super::errors::{foreign, unauthorized};
use serde_json::{Value, json};

/// The agency that the account's locations belong to.
pub(crate) const COMPANY: &str = "bRiGhTwAtErDiGiTaL01";

/// The id of the location that all data belong to.
pub(crate) fn home(account: &Account) -> String {
    account.first(Kind::Locations).map(|location| text(&location, "id").to_owned()).unwrap_or_default()
}

/// Every object of a kind.
pub(super) fn all(account: &Account, kind: Kind) -> Vec<Fields> {
    account.list(kind, &Traits::default(), 0, usize::MAX).0
}

/// A field that is text, or nothing.
pub(super) fn text<'a>(object: &'a Fields, name: &str) -> &'a str {
    object.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// The fields that an object has, under the names of another API.
pub(super) fn renamed(object: &Fields, names: &[(&str, &str)]) -> Fields {
    names.iter().filter_map(|(from, to)| Some(((*to).to_owned(), object.get(*from)?.clone()))).collect()
}

pub(super) fn user(account: &Account, id: &str) -> Result<Answer, Answer> {
    // The live service says 401, and its users complain of it (highlevel-api-docs#205).
    let user = account.get(Kind::Users, id).ok_or_else(|| unauthorized("The user does not exist."))?;
    Ok(Answer::ok(Value::Object(shown_user(account, &user))))
}

/// All users of the location.
pub(super) fn users(account: &Account, query: &Query, manners: &Manners) -> Result<Answer, Answer> {
    is_home(account, query.get("locationId").unwrap_or_default())?;
    let users = all(account, Kind::Users);
    let users: Vec<_> = users.iter().take(manners.capped(usize::MAX)).map(|user| shown_user(account, user)).collect();
    Ok(Answer::ok(json!({ "users": users })))
}

fn shown_user(account: &Account, user: &Fields) -> Fields {
    let same = ["id", "firstName", "lastName", "email", "phone"].map(|name| (name, name));
    let mut shown = renamed(user, &same);
    shown.insert("name".into(), format!("{} {}", text(user, "firstName"), text(user, "lastName")).into());
    shown
        .insert("roles".into(), json!({ "type": "account", "role": user.get("role"), "locationIds": [home(account)] }));
    shown
}

/// A location: its address is one text in the account, and stands as that in the street's place.
fn shown(location: &Fields, manners: &Manners) -> Fields {
    let mut shown =
        renamed(location, &["id", "name", "address", "phone", "email", "timezone"].map(|name| (name, name)));
    let settings = json!({
        "allowDuplicateContact": !manners.no_duplicates,
        "allowDuplicateOpportunity": true,
        "allowFacebookNameMerge": false,
        "disableContactTimezone": false,
    });
    shown.insert("settings".into(), settings);
    shown
}

pub(super) fn location(account: &Account, id: &str, manners: &Manners) -> Result<Answer, Answer> {
    let mut location = shown(&account.get(Kind::Locations, id).ok_or_else(foreign)?, manners);
    location.insert("companyId".into(), COMPANY.into());
    Ok(Answer::ok(json!({ "location": location })))
}

pub(super) fn locations(account: &Account, query: &Query, manners: &Manners) -> Result<Answer, Answer> {
    if query.get("companyId").is_some_and(|id| id != COMPANY) {
        return Err(foreign());
    }
    let mut locations = all(account, Kind::Locations);
    if query.get("order") == Some("desc") {
        locations.reverse();
    }
    let email = query.get("email").map(str::to_lowercase);
    let fitting =
        locations.iter().filter(|one| email.as_ref().is_none_or(|it| text(one, "email").to_lowercase() == *it));
    let (skip, limit) = (query.number("skip").unwrap_or(0), query.number("limit").unwrap_or(10));
    let page: Vec<_> = fitting.skip(skip).take(manners.capped(limit)).map(|one| shown(one, manners)).collect();
    Ok(Answer::ok(json!({ "locations": page })))
}

pub(super) fn custom_fields(account: &Account, id: &str, query: &Query, manners: &Manners) -> Result<Answer, Answer> {
    is_home(account, id)?;
    let model = query.get("model").unwrap_or("contact");
    let mut fields = all(account, Kind::CustomFields);
    fields.retain(|field| model == "all" || text(field, "model") == model);
    fields.truncate(manners.capped(usize::MAX));
    Ok(Answer::ok(json!({ "customFields": with_location(fields, id) })))
}

pub(super) fn pipelines(account: &Account, query: &Query) -> Result<Answer, Answer> {
    let id = query.get("locationId").unwrap_or_default();
    is_home(account, id)?;
    Ok(Answer::ok(json!({ "pipelines": with_location(all(account, Kind::Pipelines), id) })))
}

fn with_location(mut objects: Vec<Fields>, id: &str) -> Vec<Fields> {
    for object in &mut objects {
        object.insert("locationId".into(), id.into());
    }
    objects
}

/// Refuses every location but the one that the data belong to.
pub(super) fn is_home(account: &Account, id: &str) -> Result<(), Answer> {
    if id == home(account) { Ok(()) } else { Err(foreign()) }
}
