//! The official API: the catalogue's operations on HighLevel's published one, some of them by several requests. What is
//! asked and how it is read are pure functions, a file a resource.

mod ask;
mod campaigns;
mod contacts;
mod deep;
mod fields;
mod funnels;
mod known;
mod lists;
mod names;
mod opportunities;
mod places;
mod scopes;
mod table;
#[cfg(test)]
mod tests;
mod understand;
mod values;
mod window;

pub(super) use contacts::parts;
pub(super) use fields::to_map;
pub(super) use table::{form_of, how};

use super::{Done, Page, refusal, session};
use crate::{answer::COUNT, api::Flaw};
use highlevel_api_client::{Client, Fate, Request, SendError};
use highlevel_catalog::{
    Effect, Entry, Invocation, Operation, Shape, Toolset,
    campaigns::{CreateCampaign, GetCampaign},
    contacts::{CreateContact, GetContact, UpdateContact},
    list::{DEFAULT_LIMIT, listing, part},
    locations::{GetDefaultLocation, GetLocation},
    opportunities::{CreateOpportunity, GetOpportunity, ListPipelines, UpdateOpportunity},
    users::{GetCurrentUser, GetUser},
};
use highlevel_core::context::CallContext;
use highlevel_core::error::{Code, Error, Result};
use highlevel_store::Store;
use known::{Kind, Known};
use serde_json::{Map, Value};
use std::sync::Arc;

/// The official API for one location.
#[derive(Debug)]
pub(super) struct Official {
    client: Client,
    /// The location that every request is for.
    location: String,
    /// Who logged in; a private integration is nobody.
    user: Option<String>,
    store: Arc<Store>,
    known: Known,
    cursors: deep::Cursors,
}

impl Official {
    pub(super) fn new(client: Client, location: String, user: Option<String>, store: Arc<Store>) -> Self {
        Self { client, location, user, store, known: Known::default(), cursors: deep::Cursors::default() }
    }

    /// Whether this credential has an operation that the API has.
    pub(super) fn has(&self, entry: &Entry) -> bool {
        entry.name != GetCurrentUser::NAME || self.user.is_some()
    }

    /// Runs one operation.
    pub(super) async fn run(&self, invocation: &Invocation, context: &CallContext) -> Result<Done, SendError> {
        if invocation.entry.shape == Shape::Many {
            return self.list(invocation, context).await;
        }
        let request = self.request(invocation, context).await.map_err(SendError::not_sent)?;
        let response = self.client.send(&request, context).await.map_err(|failed| missing_user(invocation, failed))?;
        let (sent_at, status, after_doubt) = (response.sent_at, response.status, response.repeated_after_doubt);
        let fail = |error, fate| SendError { error, fate, sent_at: Some(sent_at) };
        let fate = match status.is_success() {
            true => Fate::Unknown,
            // This attempt was refused; an earlier one of the same request may have taken effect.
            false if after_doubt => Fate::Unknown,
            false => refusal::fate(invocation.entry, status, &response.body, &object_of(&request)),
        };
        let body = ask::body(response).map_err(|error| fail(error, fate))?;
        if session::is_void(&body, wrapped(invocation)) {
            let (error, fate) = session::nothing(invocation.entry, &body);
            return Err(fail(error, fate));
        }
        let mut object = ask::object(body, wrapped(invocation));
        if invocation.entry.effect == Effect::Update && !object.contains_key("id") {
            // The update was taken, and what became of the object has to be read.
            object.retain(|name, _| name == "tags");
            object.extend(invocation.id.as_ref().map(|id| ("id".to_owned(), id.as_str().into())));
        }
        if invocation.entry.name == CreateCampaign::NAME {
            let user = ask::text(&object_of(&request), "userId").unwrap_or_default().to_owned();
            object.insert("note".to_owned(), self.whose(&user, context).await.into());
        }
        let value = self.shown(invocation.entry, object, context).await;
        let value = finished(invocation.entry, value).ok_or_else(|| {
            let message = format!("The API's answer to {} holds no object with an id.", invocation.entry.name);
            fail(Error::new(Code::UpstreamError, message), Fate::Unknown)
        })?;
        let held = self.hold(&value);
        held.map_err(|error| {
            fail(error, if invocation.entry.effect == Effect::Read { Fate::NotExecuted } else { Fate::Unknown })
        })?;
        Ok(Done { value, sent_at })
    }

    /// Pages of a list as a caller sees them.
    async fn list(&self, list: &Invocation, context: &CallContext) -> Result<Done, SendError> {
        let limit = list.number("limit").unwrap_or(DEFAULT_LIMIT);
        let offset = list.number("offset").unwrap_or(0);
        let Page { mut items, total, sent_at, whole, end, flaw, note, .. } =
            self.page(list, offset, limit, context).await?;
        let mut meta = Map::new();
        meta.extend(total.map(|total| ("total".to_owned(), total.into())));
        if whole || end {
            let here = items.len() as u64;
            meta.insert(COUNT.to_owned(), if whole { here } else { offset + here }.into());
        }
        if whole {
            items = part(items, offset, limit);
        }
        let flaw =
            flaw.filter(|flaw| *flaw != Flaw::Fewer).map(|flaw| format!("Not all of it is here: {}.", flaw.as_str()));
        let note: Vec<String> = note.map(str::to_owned).into_iter().chain(flaw).collect();
        let mut answer = listing(items, meta);
        if !note.is_empty() {
            answer.insert("note".to_owned(), note.join(" ").into());
        }
        Ok(Done { value: answer.into(), sent_at })
    }

    /// The request of an operation on one object.
    async fn request(&self, invocation: &Invocation, context: &CallContext) -> Result<Request> {
        let location = self.location.as_str();
        let id = invocation.id.as_ref().map_or("", |id| id.as_str());
        Ok(match invocation.entry.name {
            GetCurrentUser::NAME => places::user(self.user.as_deref().unwrap_or_default()),
            GetUser::NAME => places::user(id),
            GetDefaultLocation::NAME => places::location(location),
            GetLocation::NAME => places::location(id),
            GetContact::NAME => contacts::get(invocation),
            UpdateContact::NAME if contacts::changes_tags(invocation) => contacts::tags(invocation),
            CreateContact::NAME | UpdateContact::NAME => {
                contacts::write(invocation, location, &self.fields_of(invocation).await)
            }
            GetOpportunity::NAME => opportunities::get(invocation),
            CreateOpportunity::NAME | UpdateOpportunity::NAME => {
                opportunities::write(invocation, location, &self.fields_of(invocation).await)
            }
            GetCampaign::NAME => campaigns::get(invocation, location),
            CreateCampaign::NAME => {
                let (user, zone) = (self.author(context).await?, self.time_zone(context).await?);
                campaigns::create(invocation, location, &user, &zone)
            }
            name => {
                let message = format!("HighLevel's official API has no {name}.");
                return Err(Error::new(Code::Internal, message));
            }
        })
    }

    /// The dictionary that a write's custom fields were named by a moment ago.
    async fn fields_of(&self, write: &Invocation) -> Arc<Vec<Value>> {
        match write.arguments.contains_key("customFields") {
            true => self.last(Kind::CustomFields).await.unwrap_or_default(),
            false => Arc::default(),
        }
    }

    /// An object as the tools give it, with names where it has ids.
    pub(super) async fn shown(&self, entry: &Entry, object: Map<String, Value>, context: &CallContext) -> Value {
        let has_fields = object.get("customFields").and_then(Value::as_array).is_some_and(|all| !all.is_empty());
        let fields = if has_fields { self.names(Kind::CustomFields, context).await } else { Arc::default() };
        let mut value = match entry.toolset {
            Toolset::Contacts => contacts::contact(object, &fields),
            Toolset::Opportunities if entry.name == ListPipelines::NAME => opportunities::pipeline(object),
            Toolset::Opportunities => {
                let pipelines = self.names(Kind::Pipelines, context).await;
                opportunities::opportunity(object, &pipelines, &fields)
            }
            Toolset::Campaigns => campaigns::campaign(object),
            Toolset::Funnels => funnels::funnel(object),
            Toolset::Pages => funnels::page(object),
            Toolset::Users => places::as_user(object),
            _ => object.into(),
        };
        // Only what owns something has one, and its list of users is one request in ten minutes.
        if let Some(owner) = value.get("assignedTo").and_then(Value::as_str).map(str::to_owned) {
            let name = names::user_name(&self.names(Kind::Users, context).await, &owner);
            if let (Some(name), Some(object)) = (name, value.as_object_mut()) {
                object.insert("assignedToName".to_owned(), name.into());
            }
        }
        value
    }

    /// Every user of the location.
    pub(super) async fn everyone(&self, context: &CallContext) -> Result<Vec<Value>> {
        let users = self.list_of(Kind::Users, known::JUST_NOW, context).await?;
        Ok(users.iter().filter_map(Value::as_object).cloned().map(places::as_user).collect())
    }

    /// Refuses an object of another location: a token may reach several, and this server is held to one.
    fn hold(&self, object: &Value) -> Result<()> {
        match object.get("locationId").and_then(Value::as_str) {
            Some(other) if other != self.location => Err(Error::new(
                Code::PolicyDenied,
                format!("This server is held to location {}, and the object belongs to {other}.", self.location),
            )),
            _ => Ok(()),
        }
    }

    /// The user in whose name a campaign is made, since the API asks for one: an admin, if there is any.
    async fn author(&self, context: &CallContext) -> Result<String> {
        let users = self.everyone(context).await?;
        let is_admin = |user: &&Value| user.get("role").and_then(Value::as_str) == Some("admin");
        let author = users.iter().find(is_admin).or(users.first()).and_then(|user| user.get("id")?.as_str());
        author.map(str::to_owned).ok_or_else(|| {
            Error::new(
                Code::Conflict,
                "HighLevel's official API makes a campaign in a user's name, and the location has no user.",
            )
        })
    }

    async fn whose(&self, user: &str, context: &CallContext) -> String {
        let users = self.names(Kind::Users, context).await;
        let name = names::user_name(&users, user).unwrap_or_else(|| user.to_owned());
        format!("Created as a draft in the name of {name}. Sending it is done in HighLevel.")
    }

    async fn time_zone(&self, context: &CallContext) -> Result<String> {
        let response =
            self.client.send(&places::location(&self.location), context).await.map_err(|failed| failed.error)?;
        let location = ask::object(ask::body(response)?, "location");
        Ok(ask::text(&location, "timezone").unwrap_or("UTC").to_owned())
    }
}

/// The member of an answer that holds the object.
fn wrapped(invocation: &Invocation) -> &'static str {
    match invocation.entry.shape {
        Shape::One(name) => name,
        Shape::Many | Shape::Deleted => "data",
    }
}

/// A user who is not there is told of with 401 (highlevel-api-docs#205), and that is no matter of the token.
fn missing_user(invocation: &Invocation, failed: SendError) -> SendError {
    let is_missing = invocation.entry.name == GetUser::NAME
        && failed.error.code == Code::Unauthorized
        && failed.error.message.contains("does not exist");
    if is_missing {
        let error = Error::new(Code::NotFound, "The account has no such user.");
        return SendError { error, ..failed };
    }
    failed
}

fn object_of(request: &Request) -> Map<String, Value> {
    request.body.as_ref().and_then(Value::as_object).cloned().unwrap_or_default()
}

/// An object as its schema promises; `None` for one without an id.
pub(super) fn finished(entry: &Entry, mut value: Value) -> Option<Value> {
    session::fit(entry, &mut value);
    value.get("id").is_some_and(Value::is_string).then_some(value)
}
