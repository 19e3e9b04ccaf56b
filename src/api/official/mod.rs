//! The official API. Each resource has a file with its operations, their requests and the conversion of their answers.
//! Some operations take several requests.

mod appointments;
mod booking;
mod calendars;
mod campaigns;
mod catalogue;
mod contacts;
mod conversations;
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

use super::{Done, Flaw, Page, refusal, session};
use endpoint::{Account, Author, Endpoint, Names, RequestBuilder};
use highlevel_api_client::{Client, Fate, Request, Response, SendError};
use highlevel_catalog::{
    Answer, AnswerShape, Catalog, Effect, Id, Invocation, ListAnswer, ListPaging, OperationSpec,
    conversations::SendMessage,
    list::part,
    users::GetUser,
    workflows::{AddToWorkflow, RemoveFromWorkflow},
};
use highlevel_core::{
    context::CallContext,
    error::{Code, Error, Result},
    folders::Folders,
};
use highlevel_store::Store;
use name_cache::{NameCache, NameList};
use own_bookings::takes_a_time;
use serde_json::{Map, Value};
use std::{borrow::Cow, sync::Arc};

/// The turn of new invoices, which take consecutive numbers.
const NUMBERS: &str = "invoice numbers";

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
    zone: tokio::sync::Mutex<Option<(Option<chrono_tz::Tz>, chrono::DateTime<chrono::Utc>)>>,
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

    /// Runs one operation.
    pub(super) async fn run(&self, invocation: &Invocation, context: &CallContext) -> Result<Done, SendError> {
        if let Some(form) = &invocation.spec.passthrough {
            return self.pass_through(invocation, form, context).await;
        }
        if invocation.spec.is_list() {
            return self.list(invocation, context).await;
        }
        let spec = invocation.spec;
        let endpoint = self.registry.endpoint(spec).ok_or_else(|| SendError::not_sent(nowhere(spec)))?;
        let mut booking = None;
        let _turn = match &endpoint.requests {
            RequestBuilder::FreeSlots => return self.list_free_slots(invocation, context).await,
            RequestBuilder::Booking(_) => {
                let (turn, checked) = self.booking_turn(invocation, context).await.map_err(SendError::not_sent)?;
                booking = Some(checked);
                Some(turn)
            }
            _ if takes_a_time(invocation) => {
                Some(self.move_turn(invocation, context).await.map_err(SendError::not_sent)?)
            }
            _ => None,
        };
        let invocation = booking.as_ref().unwrap_or(invocation);
        let (request, response) = self.exchange(endpoint, invocation, context).await?;
        let sent_at = response.sent_at;
        let status = response.status;
        let after_doubt = response.repeated_after_doubt;
        let fail = |error, fate| SendError { error, fate, sent_at: Some(sent_at) };
        let fate = match status.is_success() {
            true => Fate::Unknown,
            // This attempt was refused, but an earlier attempt of the same request may have taken effect.
            false if after_doubt => Fate::Unknown,
            false => refusal::fate(spec, status, &response.body, sent(&request)),
        };
        if spec.answer == AnswerShape::Deleted && status.is_success() {
            let id = invocation.id.as_ref().map(ToString::to_string);
            return Ok(Done { answer: Answer::Object(serde_json::json!({"id": id, "deleted": true})), sent_at });
        }
        let body = request::body(response).map_err(|error| fail(error, fate))?;
        if session::has_no_object(&body, wrapper(spec)) {
            let (error, fate) = session::no_object(spec, &body);
            return Err(fail(error, fate));
        }
        // The answer to an upsert says whether it created the object.
        let created = body.get("new").and_then(Value::as_bool);
        let mut object = request::object(body, wrapper(spec));
        if spec.effect == Effect::Update && !object.contains_key("id") {
            // The answer has no object. The service reads it afterwards.
            object.retain(|name, _| name == "tags");
            object.extend(invocation.id.as_ref().map(|id| ("id".to_owned(), id.as_str().into())));
        }
        object.extend(created.map(|created| ("created".to_owned(), created.into())));
        if spec.is::<AddToWorkflow>() || spec.is::<RemoveFromWorkflow>() {
            workflows::complete(invocation, &mut object);
        } else if spec.is::<SendMessage>() {
            conversations::complete(invocation, &mut object);
        }
        match endpoint.requests {
            RequestBuilder::Authored(_) => self.note_author(&request, context).await,
            RequestBuilder::Booking(_) => self.note_booking(&Value::Object(object.clone())).await,
            _ if takes_a_time(invocation) => self.note_booking(&Value::Object(object.clone())).await,
            _ => {}
        }
        let value = self.converted(endpoint, object, context).await;
        let value = finished(spec, value).ok_or_else(|| {
            let message = format!("The API's answer to {} has no object with an id.", spec.name);
            fail(Error::new(Code::UpstreamError, message), Fate::Unknown)
        })?;
        let fate = if spec.effect == Effect::Read { Fate::NotExecuted } else { Fate::Unknown };
        self.check_location(&value).map_err(|error| fail(error, fate))?;
        Ok(Done { answer: Answer::Object(value), sent_at })
    }

    /// Sends the request of an operation on one object.
    async fn exchange(
        &self,
        endpoint: &Endpoint,
        invocation: &Invocation,
        context: &CallContext,
    ) -> Result<(Request, Response), SendError> {
        let takes_number = matches!(endpoint.requests, RequestBuilder::NewInvoice);
        // The next number is free until another new invoice takes it.
        let _turn = match takes_number {
            true => Some(self.client.write_lock(NUMBERS, context).await.map_err(SendError::not_sent)?),
            false => None,
        };
        let request = self.request(endpoint, invocation, context).await.map_err(SendError::not_sent)?;
        let response = self.client.send(&request, context).await.map_err(|failed| missing_user(invocation, failed))?;
        if !(takes_number && invoices::is_number_taken(&response)) {
            return Ok((request, response));
        }
        // Somebody else took the number meanwhile, and the API refused this invoice.
        let request = self.request(endpoint, invocation, context).await.map_err(SendError::not_sent)?;
        let response = self.client.send(&request, context).await?;
        Ok((request, response))
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

    /// Runs a list operation.
    async fn list(&self, list: &Invocation, context: &CallContext) -> Result<Done, SendError> {
        let window = list.window();
        let page = self.page(list, window.offset, window.limit, context).await?;
        let Page { mut items, total, sent_at, whole, end, flaw, note, .. } = page;
        let mut paging = ListPaging::default();
        paging.reported.extend(total.map(|total| ("total".to_owned(), total.into())));
        let here = items.len() as u64;
        if whole {
            paging.counted = Some(here);
            items = part(items, window.offset, window.limit);
        } else if end {
            paging.counted = Some(window.offset + here);
        }
        let flaw = flaw.filter(|flaw| *flaw != Flaw::Fewer);
        let flaw = flaw.map(|flaw| format!("The list is incomplete: {}.", flaw.as_str()));
        let notes = note.map(Cow::into_owned).into_iter().chain(flaw).collect();
        Ok(Done { answer: Answer::List(ListAnswer { items, paging, notes, unreadable: Vec::new() }), sent_at })
    }

    /// The request of an operation on one object.
    async fn request(&self, endpoint: &Endpoint, invocation: &Invocation, context: &CallContext) -> Result<Request> {
        let account = self.account();
        match &endpoint.requests {
            RequestBuilder::Object(request) | RequestBuilder::Booking(request) => Ok(request(invocation, &account)),
            RequestBuilder::WithFields(request) => Ok(request(invocation, &account, &self.fields_of(invocation).await)),
            RequestBuilder::Authored(request) => {
                let user = self.author(context).await?;
                let time_zone = self.time_zone(context).await?;
                Ok(request(invocation, &account, &Author { user: &user, time_zone: &time_zone }))
            }
            RequestBuilder::NewInvoice => self.new_invoice(invocation, context).await,
            RequestBuilder::InvoiceSend => self.invoice_send(invocation, context).await,
            RequestBuilder::Row => row::request(invocation, &account),
            RequestBuilder::List(_) | RequestBuilder::FreeSlots => Err(nowhere(invocation.spec)),
        }
    }

    /// The dictionary by which a write's custom fields were just resolved.
    async fn fields_of(&self, write: &Invocation) -> Arc<Vec<Value>> {
        match write.arguments.has("customFields") {
            true => self.last(NameList::CustomFields).await.unwrap_or_default(),
            false => Arc::default(),
        }
    }

    /// Converts an object to the tools' form, with names in place of ids.
    async fn converted(&self, endpoint: &Endpoint, object: Map<String, Value>, context: &CallContext) -> Value {
        let mut names = Names::default();
        let has_fields = object.get("customFields").and_then(Value::as_array).is_some_and(|all| !all.is_empty());
        // The answers of a submission are under the ids of custom fields.
        let has_answers = object.get("others").is_some_and(Value::is_object);
        if endpoint.names.contains(&NameList::CustomFields) && (has_fields || has_answers) {
            names.fields = self.names(NameList::CustomFields, context).await;
        }
        if endpoint.names.contains(&NameList::Pipelines) {
            names.pipelines = self.names(NameList::Pipelines, context).await;
        }
        if endpoint.names.contains(&NameList::Forms) {
            names.forms = self.names(NameList::Forms, context).await;
        }
        if endpoint.names.contains(&NameList::Surveys) {
            names.surveys = self.names(NameList::Surveys, context).await;
        }
        if endpoint.needs_today {
            names.today = self.today(context).await;
        }
        if endpoint.names.contains(&NameList::Calendars) {
            names.calendars = self.names(NameList::Calendars, context).await;
        }
        let mut value = (endpoint.convert)(object, &names);
        // The list of users takes a request, so it is only read for objects with an owner.
        if let Some(owner) = value.get("assignedTo").and_then(Value::as_str).map(str::to_owned) {
            let name = names::user_name(&self.names(NameList::Users, context).await, &owner);
            if let (Some(name), Some(object)) = (name, value.as_object_mut()) {
                object.insert("assignedToName".to_owned(), name.into());
            }
        }
        value
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

    /// The id of the user who becomes the author of a campaign: an admin, if there is one.
    async fn author(&self, context: &CallContext) -> Result<String> {
        let users = self.users(context).await?;
        let is_admin = |user: &&Value| user.get("role").and_then(Value::as_str) == Some("admin");
        let author = users.iter().find(is_admin).or(users.first()).and_then(|user| user.get("id")?.as_str());
        author.map(str::to_owned).ok_or_else(|| {
            Error::new(
                Code::Conflict,
                "HighLevel's official API needs a user as the author of a campaign, but the location has no users.",
            )
        })
    }

    async fn note_author(&self, request: &Request, context: &CallContext) {
        let user = request.body.as_ref().and_then(|body| body.get("userId")?.as_str()).unwrap_or_default();
        let users = self.names(NameList::Users, context).await;
        let name = names::user_name(&users, user).unwrap_or_else(|| user.to_owned());
        context.note(format!("Created as a draft in the name of {name}. Sending it is done in HighLevel."));
    }

    async fn time_zone(&self, context: &CallContext) -> Result<String> {
        let request = locations::location(&self.location);
        let response = self.client.send(&request, context).await.map_err(|failed| failed.error)?;
        let location = request::object(request::body(response)?, "location");
        Ok(request::text(&location, "timezone").unwrap_or("UTC").to_owned())
    }
}

/// The member that holds the object in an answer.
fn wrapper(spec: &OperationSpec) -> &str {
    match &spec.answer {
        AnswerShape::One(name) => name,
        AnswerShape::Many | AnswerShape::Deleted => "data",
    }
}

/// Replaces `unauthorized` by `not_found` for an unknown user. The API returns 401 for unknown users
/// (highlevel-api-docs#205).
fn missing_user(invocation: &Invocation, failed: SendError) -> SendError {
    let is_missing = invocation.spec.is::<GetUser>()
        && failed.error.code == Code::Unauthorized
        && failed.error.message.contains("does not exist");
    if is_missing {
        let error = Error::new(Code::NotFound, "The account has no such user.");
        return SendError { error, ..failed };
    }
    failed
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
