//! Campaigns: the account's e-mail campaigns, which a later version of the API has. Pure.
//!
//! `GET /campaigns/` lists another, older kind, which has no object to get and none to create: what one tool makes or
//! lists the other has to find, so all three are the e-mail campaigns.

use super::ask;
use highlevel_api_client::Request;
use highlevel_catalog::Invocation;
use serde_json::{Map, Value};

/// The largest page that the list gives.
pub(super) const MOST: u64 = 20;

fn path(location: &str) -> String {
    format!("/emails/locations/{location}/campaigns/emails")
}

fn v3(request: Request) -> Request {
    Request { version: Some(ask::V3), ..request }
}

/// `GET /emails/locations/{locationId}/campaigns/emails`.
pub(super) fn list(list: &Invocation, location: &str, offset: u64, limit: u64) -> Request {
    let mut query = vec![("limit", limit.to_string()), ("offset", offset.to_string())];
    query.extend(list.text("status").map(|status| ("status", status.to_owned())));
    v3(ask::get(path(location), &query))
}

/// `GET /emails/locations/{locationId}/campaigns/emails/{campaignId}`.
pub(super) fn get(invocation: &Invocation, location: &str) -> Request {
    v3(ask::get(ask::under(&(path(location) + "/"), invocation.id.as_ref()), &[]))
}

/// `POST /emails/locations/{locationId}/campaigns/emails`, in the name of a user and in the location's time zone: the API
/// asks for both.
pub(super) fn create(invocation: &Invocation, location: &str, user: &str, time_zone: &str) -> Request {
    let mut body = Map::new();
    body.extend(invocation.arguments.get("name").map(|name| ("name".to_owned(), name.clone())));
    body.extend(invocation.arguments.get("template").map(|id| ("templateId".to_owned(), id.clone())));
    body.insert("editorType".to_owned(), "html".into());
    body.insert("timeZone".to_owned(), time_zone.into());
    body.insert("userId".to_owned(), user.into());
    v3(ask::create(path(location), body))
}

/// A campaign as the tools give it.
pub(super) fn campaign(mut campaign: Map<String, Value>) -> Value {
    campaign.insert("type".to_owned(), "email".into());
    ask::rename(&mut campaign, "templateId", "template");
    campaign.into()
}
