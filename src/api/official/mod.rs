//! The official API. Each resource has a file with its operations, their requests and the conversion of their answers.
//! Some operations take several requests.

mod appointments;
mod author;
mod booking;
mod calendars;
mod campaigns;
mod catalogue;
mod contacts;
mod conversations;
mod converted;
mod cursor_paging;
mod endpoint;
mod fields;
mod forms;
mod funnels;
mod invoices;
mod known_scopes;
mod lists;
mod local_time;
mod locations;
mod message_forms;
mod messages;
mod name_cache;
mod names;
mod new_invoice;
mod notes;
mod opportunities;
mod own_bookings;
mod page_end;
mod page_window;
mod passthrough;
mod readings;
mod registry;
mod request;
mod resolve_calendars;
mod resolve_due;
mod resolve_names;
mod row;
mod run;
mod scopes;
mod submissions;
mod tasks;
#[cfg(test)]
mod tests;
mod users;
mod values;
mod workflows;

pub(super) use contacts::parts;
pub(super) use fields::to_map;
pub use registry::Registry;

use endpoint::Account;
use highlevel_api_client::{Client, Request};
use highlevel_catalog::{AnswerShape, Catalog, Id, Invocation, OperationSpec};
use highlevel_core::{
    context::CallContext,
    error::{Code, Error, Result},
    folders::Folders,
};
use highlevel_store::Store;
use name_cache::{NameCache, NameList};
use serde_json::Value;
use std::sync::Arc;

/// The official API for one location.
#[derive(Debug)]
pub(super) struct Official {
    registry: &'static Registry,
    client: Client,
    /// The id of the location that every request is for.
    location: String,
    /// The id of the logged-in user. `None` for a private integration.
    user: Option<String>,
    store: Arc<Store>,
    names: NameCache,
    /// The location's time zone, and when it was read.
    zone: tokio::sync::Mutex<Option<(Option<highlevel_time_zone::Tz>, chrono::DateTime<chrono::Utc>)>>,
    cursors: cursor_paging::Cursors,
    scopes: known_scopes::KnownScopes,
    submission_places: submissions::SubmissionPlaces,
    folders: Folders,
    readings: readings::Readings,
}

impl Official {
    pub(super) fn new(
        registry: &'static Registry,
        client: Client,
        location: String,
        user: Option<String>,
        store: Arc<Store>,
        folders: Folders,
    ) -> Self {
        Self {
            registry,
            client,
            location,
            user,
            store,
            names: NameCache::default(),
            zone: tokio::sync::Mutex::default(),
            cursors: cursor_paging::Cursors::default(),
            scopes: known_scopes::KnownScopes::default(),
            submission_places: submissions::SubmissionPlaces::default(),
            folders,
            readings: readings::Readings::default(),
        }
    }

    /// The API's operations.
    pub(super) fn catalog(&self) -> &'static Catalog {
        self.registry.catalog()
    }

    /// Refuses arguments that name another location in their members. Sends nothing.
    ///
    /// # Errors
    /// `policy_denied` with the member.
    pub(super) fn check(&self, invocation: &Invocation) -> Result<()> {
        passthrough::check_locations(invocation, &self.location)
    }

    /// The path of a call's request, for an operation of the catalogue.
    pub(super) fn path(&self, invocation: &Invocation) -> Result<String> {
        passthrough::path(invocation, &self.location)
    }

    /// Whether this credential can use the operation.
    pub(super) fn has(&self, name: &str) -> bool {
        self.user.is_some() || !self.registry.endpoint_named(name).is_some_and(|endpoint| endpoint.needs_user)
    }

    fn account(&self) -> Account<'_> {
        Account { location: &self.location, user: self.user.as_deref().unwrap_or_default() }
    }

    /// Reads the object of a write by the operation's own request.
    pub(super) async fn own_object(&self, write: &Invocation, id: &Id, context: &CallContext) -> Result<Value> {
        let spec = write.spec;
        let endpoint = self.registry.endpoint(spec).ok_or_else(|| nowhere(spec))?;
        let read = endpoint.read.ok_or_else(|| nowhere(spec))?;
        let response = self.client.send(&read(write, id), context).await.map_err(|failed| failed.error)?;
        let object = request::object(request::body(response)?, wrapper(spec));
        let value = finished(spec, self.converted(endpoint, object, context).await);
        let value =
            value.ok_or_else(|| Error::new(Code::UpstreamError, "The API's answer has no object with an id."))?;
        self.check_location(&value)?;
        Ok(value)
    }

    /// The id of the contact that the API matches by an e-mail address or a phone number.
    pub(super) async fn matching_contact(&self, field: &str, value: &str, context: &CallContext) -> Result<Option<Id>> {
        let request = contacts::matching(&self.location, field, value);
        let response = self.client.send(&request, context).await.map_err(|failed| failed.error)?;
        let body = request::body(response)?;
        let id = body.get("contact").and_then(|contact| contact.get("id")?.as_str());
        Ok(id.and_then(|id| id.parse().ok()))
    }

    /// All users of the location.
    pub(super) async fn users(&self, context: &CallContext) -> Result<Vec<Value>> {
        let users = self.list_of(NameList::Users, name_cache::JUST_NOW, context).await?;
        Ok(users.iter().filter_map(Value::as_object).cloned().map(users::as_user).collect())
    }

    /// Refuses an object of another location. A token may access several locations, and the server is pinned to one.
    fn check_location(&self, object: &Value) -> Result<()> {
        match object.get("locationId").and_then(Value::as_str) {
            Some(other) if other != self.location => Err(Error::new(
                Code::PolicyDenied,
                format!("This server is pinned to location {}, but the object belongs to {other}.", self.location),
            )),
            _ => Ok(()),
        }
    }
}

/// The member that holds the object in an answer.
fn wrapper(spec: &OperationSpec) -> &str {
    match &spec.answer {
        AnswerShape::One(name) => name,
        AnswerShape::Many | AnswerShape::Deleted => "data",
    }
}

fn nowhere(spec: &OperationSpec) -> Error {
    Error::new(Code::Internal, format!("HighLevel's official API has no {}.", spec.name))
}

/// The fields in a request's body.
fn sent(request: &Request) -> impl Iterator<Item = (&str, &Value)> {
    let body = request.body.as_ref().and_then(Value::as_object);
    body.into_iter().flatten().map(|(name, value)| (name.as_str(), value))
}

/// Coerces an object to the output schema. `None` for an object without an id.
pub(super) fn finished(spec: &OperationSpec, mut value: Value) -> Option<Value> {
    spec.answer_fields().fit(&mut value);
    value.get("id").is_some_and(Value::is_string).then_some(value)
}
