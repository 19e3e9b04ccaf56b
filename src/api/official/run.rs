//! The run of an operation: its request, its turn where it needs one, and the meaning of the response.

use super::{
    Official,
    endpoint::{Author, Endpoint, RequestBuilder},
    finished, invoices, message_forms,
    name_cache::NameList,
    nowhere,
    own_bookings::takes_a_time,
    request, row, sent, workflows, wrapper,
};
use crate::api::{Done, Flaw, Page, refusal, session};
use highlevel_api_client::{Fate, Request, Response, SendError};
use highlevel_catalog::{
    Answer, AnswerShape, Effect, Invocation, ListAnswer, ListPaging,
    conversations::SendMessage,
    list::part,
    users::GetUser,
    workflows::{AddToWorkflow, RemoveFromWorkflow},
};
use highlevel_core::{
    context::CallContext,
    error::{Code, Error, Result},
};
use serde_json::Value;
use std::{borrow::Cow, sync::Arc};

/// The turn of new invoices, which take consecutive numbers.
const NUMBERS: &str = "invoice numbers";

impl Official {
    /// Runs one operation.
    pub(in crate::api) async fn run(&self, invocation: &Invocation, context: &CallContext) -> Result<Done, SendError> {
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
        self.answered(endpoint, invocation, (request, response), context).await
    }

    /// The answer of an operation on one object, from the API's response.
    async fn answered(
        &self,
        endpoint: &Endpoint,
        invocation: &Invocation,
        (request, response): (Request, Response),
        context: &CallContext,
    ) -> Result<Done, SendError> {
        let spec = invocation.spec;
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
            message_forms::complete(invocation, &mut object);
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
