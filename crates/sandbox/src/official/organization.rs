//! Users, locations, definitions of custom fields, and pipelines.

use super::checks::Query;
use super::errors::{other_location, unauthorized};
use crate::account::{Account, Fields, FilterFields, ObjectKind};
use crate::manners::Manners;
use crate::response::ApiResponse;
use serde_json::{Value, json};

/// The id of the agency that the locations belong to.
pub(crate) const COMPANY_ID: &str = "bRiGhTwAtErDiGiTaL01";

/// The id of the location that the account's objects belong to.
pub(crate) fn own_location_id(account: &Account) -> String {
    account.first(ObjectKind::Locations).map(|location| text(&location, "id").to_owned()).unwrap_or_default()
}

/// Every object of a kind.
pub(crate) fn all(account: &Account, kind: ObjectKind) -> Vec<Fields> {
    account.list(kind, &FilterFields::default(), 0, usize::MAX).0
}

/// The text in a field, or an empty text.
pub(crate) fn text<'a>(object: &'a Fields, name: &str) -> &'a str {
    object.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// The fields of an object under other names.
pub(crate) fn renamed(object: &Fields, names: &[(&str, &str)]) -> Fields {
    names.iter().filter_map(|(from, to)| Some(((*to).to_owned(), object.get(*from)?.clone()))).collect()
}

pub(crate) fn user(account: &Account, id: &str) -> Result<ApiResponse, ApiResponse> {
    // The live service answers 401, as its users report (highlevel-api-docs#205).
    let user = account.get(ObjectKind::Users, id).ok_or_else(|| unauthorized("The user does not exist."))?;
    Ok(ApiResponse::ok(Value::Object(shown_user(account, &user))))
}

/// The users of the location.
pub(crate) fn users(account: &Account, query: &Query, manners: &Manners) -> Result<ApiResponse, ApiResponse> {
    check_location(account, query.get("locationId").unwrap_or_default())?;
    let users = all(account, ObjectKind::Users);
    let users: Vec<_> =
        users.iter().take(manners.list_limit(usize::MAX)).map(|user| shown_user(account, user)).collect();
    Ok(ApiResponse::ok(json!({ "users": users })))
}

fn shown_user(account: &Account, user: &Fields) -> Fields {
    let same = ["id", "firstName", "lastName", "email", "phone"].map(|name| (name, name));
    let mut shown = renamed(user, &same);
    shown.insert("name".into(), format!("{} {}", text(user, "firstName"), text(user, "lastName")).into());
    shown.insert(
        "roles".into(),
        json!({ "type": "account", "role": user.get("role"), "locationIds": [own_location_id(account)] }),
    );
    shown
}

/// A location as answers show it. The stored address is one text, which takes the street's place.
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

pub(crate) fn location(account: &Account, id: &str, manners: &Manners) -> Result<ApiResponse, ApiResponse> {
    let mut location = shown(&account.get(ObjectKind::Locations, id).ok_or_else(other_location)?, manners);
    location.insert("companyId".into(), COMPANY_ID.into());
    Ok(ApiResponse::ok(json!({ "location": location })))
}

/// One page of the locations that the token gives access to.
pub(crate) fn locations(
    mut locations: Vec<Fields>,
    query: &Query,
    manners: &Manners,
) -> Result<ApiResponse, ApiResponse> {
    if query.get("companyId").is_some_and(|id| id != COMPANY_ID) {
        return Err(other_location());
    }
    if query.get("order") == Some("desc") {
        locations.reverse();
    }
    let email = query.get("email").map(str::to_lowercase);
    let fitting =
        locations.iter().filter(|one| email.as_ref().is_none_or(|it| text(one, "email").to_lowercase() == *it));
    let (skip, limit) = (query.number("skip").unwrap_or(0), query.number("limit").unwrap_or(10));
    let page: Vec<_> = fitting.skip(skip).take(manners.list_limit(limit)).map(|one| shown(one, manners)).collect();
    Ok(ApiResponse::ok(json!({ "locations": page })))
}

pub(crate) fn custom_fields(
    account: &Account,
    id: &str,
    query: &Query,
    manners: &Manners,
) -> Result<ApiResponse, ApiResponse> {
    check_location(account, id)?;
    let model = query.get("model").unwrap_or("contact");
    let mut fields = all(account, ObjectKind::CustomFields);
    fields.retain(|field| model == "all" || text(field, "model") == model);
    fields.truncate(manners.list_limit(usize::MAX));
    Ok(ApiResponse::ok(json!({ "customFields": with_location(fields, id) })))
}

pub(crate) fn pipelines(account: &Account, query: &Query) -> Result<ApiResponse, ApiResponse> {
    let id = query.get("locationId").unwrap_or_default();
    check_location(account, id)?;
    Ok(ApiResponse::ok(json!({ "pipelines": with_location(all(account, ObjectKind::Pipelines), id) })))
}

fn with_location(mut objects: Vec<Fields>, id: &str) -> Vec<Fields> {
    for object in &mut objects {
        object.insert("locationId".into(), id.into());
    }
    objects
}

/// Refuses every location but the one that the objects belong to.
pub(crate) fn check_location(account: &Account, id: &str) -> Result<(), ApiResponse> {
    if id == own_location_id(account) { Ok(()) } else { Err(other_location()) }
}
