//! Campaigns: the account's e-mail campaigns, which a later version of the API has. Pure.
//!
//! `GET /campaigns/` lists another, older kind, which has no object to get and none to create: what one tool makes or
//! lists the other has to find, so all three are the e-mail campaigns.

use super::{
    endpoint::{Ask, Author, Described, List},
    request,
};
use highlevel_api_client::Request;
use highlevel_catalog::{
    ArgumentRules, Invocation, Route,
    campaigns::{CreateCampaign, GetCampaign, ListCampaigns},
};
use serde_json::{Map, Value};

/// The largest page that the list gives.
const MOST: u64 = 20;

/// The operations on campaigns.
pub(super) fn operations() -> Vec<Described> {
    vec![
        Described::new::<ListCampaigns>(
            Route::get("/emails/locations/{locationId}/campaigns/emails"),
            "GET /emails/locations/{locationId}/campaigns/emails: e-mail campaigns only",
            Ask::List(List::Counted {
                member: "campaigns",
                most: MOST,
                page: |list, account, offset, limit| self::list(list, account.location, offset, limit),
            }),
        )
        .version(request::V3)
        .reading(|object, _| campaign(object), &[])
        .taking(ArgumentRules {
            words: &[(
                "status",
                &["draft", "scheduled", "processing", "sent", "paused", "cancelled", "failed", "archived"],
                " It calls no campaign active.",
            )],
            ..ArgumentRules::NONE
        }),
        Described::new::<GetCampaign>(
            Route::get("/emails/locations/{locationId}/campaigns/emails/{campaignId}"),
            "GET /emails/locations/{locationId}/campaigns/emails/{campaignId}",
            Ask::Object(|get, account| self::get(get, account.location)),
        )
        .version(request::V3)
        .reading(|object, _| campaign(object), &[]),
        Described::new::<CreateCampaign>(
            Route::post("/emails/locations/{locationId}/campaigns/emails"),
            "POST /emails/locations/{locationId}/campaigns/emails: a draft",
            Ask::Authored(|create, account, author| self::create(create, account.location, author)),
        )
        .version(request::V3)
        .reading(|object, _| campaign(object), &[])
        .hiding(&["template"])
        .taking(ArgumentRules {
            description: Some("Create an email campaign as a draft; sending it is done in HighLevel."),
            words: &[
                ("type", &["email"], " It creates no other campaigns."),
                ("status", &["draft"], " Sending a campaign is done in HighLevel."),
            ],
            ..ArgumentRules::NONE
        }),
    ]
}

fn path(location: &str) -> String {
    format!("/emails/locations/{location}/campaigns/emails")
}

fn v3(request: Request) -> Request {
    Request { version: Some(request::V3), ..request }
}

/// `GET /emails/locations/{locationId}/campaigns/emails`.
pub(super) fn list(list: &Invocation, location: &str, offset: u64, limit: u64) -> Request {
    let mut query = vec![("limit", limit.to_string()), ("offset", offset.to_string())];
    query.extend(list.arguments.text("status").map(|status| ("status", status.to_owned())));
    v3(request::get(path(location), &query))
}

/// `GET /emails/locations/{locationId}/campaigns/emails/{campaignId}`.
pub(super) fn get(invocation: &Invocation, location: &str) -> Request {
    v3(request::get(request::under(&(path(location) + "/"), invocation.id.as_ref()), &[]))
}

/// `POST /emails/locations/{locationId}/campaigns/emails`, in the name of a user and in the location's time zone: the API
/// asks for both.
pub(super) fn create(invocation: &Invocation, location: &str, author: &Author<'_>) -> Request {
    let mut body = Map::new();
    body.extend(invocation.arguments.get("name").map(|name| ("name".to_owned(), name.clone())));
    body.extend(invocation.arguments.get("template").map(|id| ("templateId".to_owned(), id.clone())));
    body.insert("editorType".to_owned(), "html".into());
    body.insert("timeZone".to_owned(), author.time_zone.into());
    body.insert("userId".to_owned(), author.user.into());
    v3(request::create(path(location), body))
}

/// A campaign as the tools give it.
pub(super) fn campaign(mut campaign: Map<String, Value>) -> Value {
    campaign.insert("type".to_owned(), "email".into());
    request::rename(&mut campaign, "templateId", "template");
    campaign.into()
}
