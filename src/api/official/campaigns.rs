//! Campaigns: the e-mail campaigns of API version `v3`. Pure functions.
//!
//! `GET /campaigns/` lists another, older kind of campaign, which the API can neither get nor create. The tools must
//! find what they create, so all of them use e-mail campaigns.

use super::{
    endpoint::{Author, List, OfficialOperation, RequestBuilder},
    request,
};
use highlevel_api_client::Request;
use highlevel_catalog::{
    ArgumentRules, Invocation, Route,
    campaigns::{CreateCampaign, GetCampaign, ListCampaigns},
};
use serde_json::{Map, Value};

/// The largest page of the list.
const MAX_PAGE: u64 = 20;

/// The operations on campaigns.
pub(super) fn operations() -> Vec<OfficialOperation> {
    vec![
        OfficialOperation::new::<ListCampaigns>(
            Route::get("/emails/locations/{locationId}/campaigns/emails"),
            "GET /emails/locations/{locationId}/campaigns/emails: e-mail campaigns only",
            RequestBuilder::List(List::Counted {
                member: "campaigns",
                most: MAX_PAGE,
                page: |list, account, offset, limit| self::list(list, account.location, offset, limit),
            }),
        )
        .version(request::V3)
        .converted_by(|object, _| campaign(object), &[])
        .arguments(ArgumentRules {
            words: &[(
                "status",
                &["draft", "scheduled", "processing", "sent", "paused", "cancelled", "failed", "archived"],
                " It calls no campaign active.",
            )],
            ..ArgumentRules::NONE
        })
        .unlisted(),
        OfficialOperation::new::<GetCampaign>(
            Route::get("/emails/locations/{locationId}/campaigns/emails/{campaignId}"),
            "GET /emails/locations/{locationId}/campaigns/emails/{campaignId}",
            RequestBuilder::Object(|get, account| self::get(get, account.location)),
        )
        .version(request::V3)
        .converted_by(|object, _| campaign(object), &[])
        .unlisted(),
        OfficialOperation::new::<CreateCampaign>(
            Route::post("/emails/locations/{locationId}/campaigns/emails"),
            "POST /emails/locations/{locationId}/campaigns/emails: a draft",
            RequestBuilder::Authored(|create, account, author| self::create(create, account.location, author)),
        )
        .version(request::V3)
        .converted_by(|object, _| campaign(object), &[])
        .unreported(&["template"])
        .arguments(ArgumentRules {
            description: Some("Create an email campaign as a draft; sending it is done in HighLevel."),
            words: &[
                ("type", &["email"], " It creates no other campaigns."),
                ("status", &["draft"], " Sending a campaign is done in HighLevel."),
            ],
            ..ArgumentRules::NONE
        })
        .unlisted(),
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

/// `POST /emails/locations/{locationId}/campaigns/emails`. The API requires a user as the author, and a time zone.
pub(super) fn create(invocation: &Invocation, location: &str, author: &Author<'_>) -> Request {
    let mut body = Map::new();
    body.extend(invocation.arguments.get("name").map(|name| ("name".to_owned(), name.clone())));
    body.extend(invocation.arguments.get("template").map(|id| ("templateId".to_owned(), id.clone())));
    body.insert("editorType".to_owned(), "html".into());
    body.insert("timeZone".to_owned(), author.time_zone.into());
    body.insert("userId".to_owned(), author.user.into());
    v3(request::create(path(location), body))
}

/// Converts a campaign to the tools' form.
pub(super) fn campaign(mut campaign: Map<String, Value>) -> Value {
    campaign.insert("type".to_owned(), "email".into());
    request::rename(&mut campaign, "templateId", "template");
    campaign.into()
}
