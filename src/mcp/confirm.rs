//! The three ways of a confirmation on the wire.

use crate::guard::{Answer, Ask, Confirmation, PATIENCE, Preview, Ticket};
use futures::future::BoxFuture;
use highlevel_catalog::Entry;
use highlevel_core::context::CallContext;
use highlevel_core::error::{Code, Error, Result};
use rmcp::{
    RoleServer,
    model::{
        CallToolRequestParams, ElicitRequest, ElicitRequestParams, ElicitResult, ElicitationAction, ElicitationSchema,
        InputRequest, InputRequests, InputRequiredResult, JsonObject, ProtocolVersion, RequestStateCodec, SealOptions,
    },
    service::{Peer, RequestContext, ServiceError},
};
use serde_json::Value;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// The name of the one input request, and of the form's one field.
const CONFIRM: &str = "confirm";

/// Seals what goes through the host and comes back.
#[derive(Debug)]
pub(super) struct Seal(RequestStateCodec);

impl Seal {
    /// A seal that this process alone can open.
    pub(super) fn new() -> Result<Self> {
        let mut key = [0; 32];
        getrandom::fill(&mut key)
            .map_err(|error| Error::new(Code::Internal, format!("No random numbers from the system: {error}.")))?;
        RequestStateCodec::try_new(key).map(Self).map_err(|error| Error::new(Code::Internal, error.to_string()))
    }

    /// The answer that asks for a person's word, with the ticket sealed for this tool and these arguments.
    pub(super) fn input_request(
        &self,
        entry: &Entry,
        arguments: &JsonObject,
        ticket: &Ticket,
        preview: &Preview,
    ) -> InputRequiredResult {
        let bound = bound_to(entry, arguments);
        let options = SealOptions::new().associated_data(&bound).ttl(PATIENCE);
        let state = self.0.seal_with(ticket.as_str().as_bytes(), &options);
        let ask = InputRequest::Elicitation(ElicitRequest::new(form(preview)));
        InputRequiredResult::new(Some(InputRequests::from([(CONFIRM.to_owned(), ask)])), Some(state))
    }

    /// The second round of a call: the ticket in its sealed state, and what the person said.
    fn open(&self, entry: &Entry, request: &CallToolRequestParams, state: &str) -> Result<(Ticket, Answer)> {
        let arguments = request.arguments.clone().unwrap_or_default();
        let opened = self.0.open_with(state, &bound_to(entry, &arguments)).ok();
        let ticket = opened.and_then(|bytes| String::from_utf8(bytes).ok()).ok_or_else(|| {
            Error::new(
                Code::ConfirmationInvalid,
                "This answer belongs to another call, or came after more than five minutes. Nothing was done; call again without it.",
            )
        })?;
        let response = request.input_responses.as_ref().and_then(|all| all.get(CONFIRM)).cloned();
        let answer = match response.map(serde_json::from_value::<ElicitResult>) {
            Some(Ok(result)) => answer(&result),
            Some(Err(_)) | None => Answer::Declined,
        };
        Ok((Ticket::from_text(ticket), answer))
    }
}

fn bound_to(entry: &Entry, arguments: &JsonObject) -> Vec<u8> {
    format!("{} {}", entry.name, Value::Object(arguments.clone())).into_bytes()
}

fn form(preview: &Preview) -> ElicitRequestParams {
    let schema = ElicitationSchema::builder().required_bool_property(CONFIRM, |field| {
        field.title(preview.sentence.clone()).description("Only a yes acts; anything else leaves everything as it is.")
    });
    ElicitRequestParams::FormElicitationParams {
        meta: None,
        message: preview.question(),
        requested_schema: schema.build_unchecked(),
    }
}

/// Only an accepted form whose one field is true is a yes.
fn answer(result: &ElicitResult) -> Answer {
    let yes = result.content.as_ref().and_then(|content| content.get(CONFIRM)) == Some(&Value::Bool(true));
    if result.action == ElicitationAction::Accept && yes { Answer::Accepted } else { Answer::Declined }
}

/// What holds of anything that comes back in a confirmation, for the fuzz target and its test.
#[cfg(any(test, fuzzing))]
pub(super) fn holds(data: &[u8]) {
    use highlevel_catalog::find;
    let (Ok(seal), Some(entry), Some(other)) = (Seal::new(), find("delete_page"), find("publish_page")) else { return };
    let text = String::from_utf8_lossy(data).into_owned();
    let with = |id: &str| JsonObject::from_iter([("id".to_owned(), Value::from(id))]);
    let options = SealOptions::new().ttl(PATIENCE);
    let bound = bound_to(entry, &with("p1"));
    let sealed = seal.0.seal_with(b"ticket", &options.associated_data(&bound));
    let call = |id: &str| CallToolRequestParams::new(entry.name).with_arguments(with(id));
    // Sealed here, for this call: it opens. For another call, or touched: it does not.
    let opens = |entry, id: &str, state: &str| seal.open(entry, &call(id), state).is_ok();
    assert!(opens(entry, "p1", &sealed) && !opens(other, "p1", &sealed) && !opens(entry, "p2", &sealed));
    assert!(!opens(entry, "p1", &text) || text == sealed);
    let place = data.first().map_or(0, |byte| usize::from(*byte)) % sealed.len().max(1);
    let touched: String = sealed.chars().enumerate().map(|(at, c)| if at == place { '~' } else { c }).collect();
    assert!(touched == sealed || !opens(entry, "p1", &touched));
    // Only an accepted form whose one field is true is a yes.
    if let Ok(result) = serde_json::from_slice::<ElicitResult>(data)
        && answer(&result) == Answer::Accepted
    {
        let value = serde_json::to_value(&result).unwrap_or_default();
        assert_eq!(value.get("action").and_then(Value::as_str), Some("accept"));
        assert_eq!(value.get("content").and_then(|content| content.get(CONFIRM)), Some(&true.into()));
    }
}

/// A form that the host shows, asked for and waited for (`elicitation/create`, before 2026-07-28).
pub(super) struct Form {
    peer: Peer<RoleServer>,
    closing: CancellationToken,
}

impl Form {
    pub(super) fn new(request: &RequestContext<RoleServer>, closing: &CancellationToken) -> Self {
        Self { peer: request.peer.clone(), closing: closing.clone() }
    }
}

impl Ask for Form {
    fn ask<'a>(&'a self, preview: &'a Preview, context: &'a CallContext) -> BoxFuture<'a, Result<Answer>> {
        Box::pin(async move {
            context.report("waiting for a person's answer");
            let shown = Instant::now();
            let asked = self.peer.create_elicitation_with_timeout(form(preview), Some(PATIENCE));
            let result = tokio::select! {
                result = asked => result,
                () = context.cancel.cancelled() => return Err(Error::new(Code::Cancelled, "The call was cancelled. Nothing was done.")),
                () = self.closing.cancelled() => return Err(Error::new(Code::Declined, "The host closed before anybody answered. Nothing was done.")),
            };
            match result {
                Ok(result) => Ok(answer(&result).after(shown.elapsed())),
                Err(ServiceError::Timeout { .. }) => Ok(Answer::Silent),
                Err(error) => Err(Error::new(
                    Code::Declined,
                    format!(
                        "The host could not ask the person ({error}). Nothing was done. If it never can, start the server with `--confirm two-step`."
                    ),
                )),
            }
        })
    }
}

/// How this request's person can be reached, best way first.
pub(super) fn way<'a>(
    seal: &Seal,
    entry: &Entry,
    request: &CallToolRequestParams,
    context: &RequestContext<RoleServer>,
    form: &'a Form,
) -> Result<Confirmation<'a>> {
    let modern = context.protocol_version().is_some_and(|version| version >= ProtocolVersion::V_2026_07_28);
    // A capability that names neither mode means forms.
    let shows_forms = context
        .client_capabilities()
        .and_then(|capabilities| capabilities.elicitation)
        .is_some_and(|elicitation| elicitation.form.is_some() || elicitation.url.is_none());
    Ok(match &request.request_state {
        Some(state) => {
            let (ticket, answer) = seal.open(entry, request, state)?;
            Confirmation::InputResponse(ticket, answer)
        }
        None if modern && shows_forms => Confirmation::InputRequest,
        None if shows_forms => Confirmation::Ask(form),
        None => Confirmation::None,
    })
}
