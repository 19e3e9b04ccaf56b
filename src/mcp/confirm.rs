//! How a person's confirmation comes from the host: a form or an address in the answer and the call's second round
//! (2026-07-28), a form or an address that the server asks to show (earlier revisions), or a token.

use super::transport::attached;
use crate::guard::{ANSWER_TIMEOUT, ApprovalTicket, Ask, Confirmation, OpenPage, PAGE_TIMEOUT, PersonAnswer, Preview};
use futures::future::BoxFuture;
use highlevel_catalog::OperationSpec;
use highlevel_core::context::{CallContext, Caller};
use highlevel_core::error::{Code, Error, Result};
use highlevel_store::Store;
use rmcp::{
    RoleServer,
    model::{
        CallToolRequestParams, ElicitRequest, ElicitRequestParams, ElicitResult, ElicitationAction, ElicitationSchema,
        InputRequest, InputRequests, InputRequiredResult, JsonObject, ProtocolVersion, RequestStateCodec, SealOptions,
    },
    service::{Peer, RequestContext, ServiceError},
};
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};
use tokio::{sync::OnceCell, time::Instant};
use tokio_util::sync::CancellationToken;

/// The name of the input request and of the form's only field.
const CONFIRM: &str = "confirm";

/// The key that seals a ticket into the state that a host returns with the second round of its call.
#[derive(Debug)]
pub struct StateKey(RequestStateCodec);

impl StateKey {
    /// A random key, which only this process has.
    ///
    /// # Errors
    /// `internal` if the system has no random numbers.
    pub fn new() -> Result<Self> {
        let mut key = [0; 32];
        getrandom::fill(&mut key)
            .map_err(|error| Error::new(Code::Internal, format!("The system has no random numbers: {error}.")))?;
        Self::of(key)
    }

    fn of(key: [u8; 32]) -> Result<Self> {
        RequestStateCodec::try_new(key).map(Self).map_err(|error| Error::new(Code::Internal, error.to_string()))
    }

    /// The result that asks a person, with the ticket sealed for this caller, this tool and these arguments.
    pub(super) fn input_request(
        &self,
        caller: Option<&Caller>,
        spec: &OperationSpec,
        arguments: &JsonObject,
        ticket: &ApprovalTicket,
        preview: &Preview,
    ) -> InputRequiredResult {
        let life = if preview.page.is_some() { PAGE_TIMEOUT } else { ANSWER_TIMEOUT };
        let state = self.seal(caller, spec, arguments, ticket, life);
        InputRequiredResult::new(Some(InputRequests::from([question(preview)])), Some(state))
    }

    /// The ticket as state that opens for this caller and this tool with these arguments alone, and as long as
    /// `life`.
    pub fn seal(
        &self,
        caller: Option<&Caller>,
        spec: &OperationSpec,
        arguments: &JsonObject,
        ticket: &ApprovalTicket,
        life: Duration,
    ) -> String {
        self.seal_text(caller, &spec.name, arguments, ticket.as_str(), life)
    }

    pub(super) fn seal_text(
        &self,
        caller: Option<&Caller>,
        tool: &str,
        arguments: &JsonObject,
        text: &str,
        life: Duration,
    ) -> String {
        let call = associated_data(caller, tool, arguments);
        let options = SealOptions::new().associated_data(&call).ttl(life);
        self.0.seal_with(text.as_bytes(), &options)
    }

    pub(super) fn open_text(
        &self,
        caller: Option<&Caller>,
        tool: &str,
        arguments: &JsonObject,
        state: &str,
    ) -> Option<String> {
        let opened = self.0.open_with(state, &associated_data(caller, tool, arguments)).ok();
        opened.and_then(|bytes| String::from_utf8(bytes).ok())
    }

    /// The ticket of a call's second round, and the person's answer.
    ///
    /// # Errors
    /// `confirmation_invalid` for state that this key did not seal for this call, or that is too old.
    pub fn open(
        &self,
        caller: Option<&Caller>,
        spec: &OperationSpec,
        request: &CallToolRequestParams,
        state: &str,
    ) -> Result<(ApprovalTicket, PersonAnswer)> {
        let arguments = request.arguments.clone().unwrap_or_default();
        let ticket = self.open_text(caller, &spec.name, &arguments, state).ok_or_else(|| {
            Error::new(
                Code::ConfirmationInvalid,
                "This answer belongs to another call, or came too late. Nothing was done. Call again without it.",
            )
        })?;
        let response = request.input_responses.as_ref().and_then(|all| all.get(CONFIRM)).cloned();
        Ok((ApprovalTicket::from_text(ticket), answer_in(response)))
    }
}

/// The input request that asks a person, with its name.
pub(super) fn question(preview: &Preview) -> (String, InputRequest) {
    (
        CONFIRM.to_owned(),
        InputRequest::Elicitation(ElicitRequest::new(page(preview, "").unwrap_or_else(|| form(preview)))),
    )
}

/// The person's answer to an input request.
pub(super) fn answer_in(response: Option<Value>) -> PersonAnswer {
    match response.map(serde_json::from_value::<ElicitResult>) {
        Some(Ok(result)) => answer_of(&result),
        Some(Err(_)) | None => PersonAnswer::Declined,
    }
}

fn associated_data(caller: Option<&Caller>, tool: &str, arguments: &JsonObject) -> Vec<u8> {
    let caller = caller.map(|caller| json!([caller.client, caller.subject]).to_string()).unwrap_or_default();
    format!("{tool} {}{caller}", Value::Object(arguments.clone())).into_bytes()
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

/// What brings a person to the approval page, if the preview has its address.
fn page(preview: &Preview, request: &str) -> Option<ElicitRequestParams> {
    let url = preview.page.clone()?;
    let message = format!("{}\nAgree or decline on the page that opens.", preview.question());
    Some(ElicitRequestParams::UrlElicitationParams { meta: None, message, url, elicitation_id: request.to_owned() })
}

/// A person's answer in a form. Only an accepted form whose one field is true is a yes.
pub fn answer_of(result: &ElicitResult) -> PersonAnswer {
    let content = result.content.as_ref();
    let yes = content.and_then(|content| content.get(CONFIRM)) == Some(&Value::Bool(true));
    match (result.action == ElicitationAction::Accept, content) {
        (true, _) if yes => PersonAnswer::Accepted,
        (true, None) => PersonAnswer::Opened,
        _ => PersonAnswer::Declined,
    }
}

/// Asks by a form that the server sends to the host (`elicitation/create`, before 2026-07-28).
pub(super) struct Elicitation {
    peer: Peer<RoleServer>,
    closing: CancellationToken,
}

impl Elicitation {
    pub(super) fn new(request: &RequestContext<RoleServer>, closing: &CancellationToken) -> Self {
        Self { peer: request.peer.clone(), closing: closing.clone() }
    }

    async fn elicit(&self, params: ElicitRequestParams, context: &CallContext) -> Result<PersonAnswer> {
        let shown = Instant::now();
        let asked = self.peer.create_elicitation_with_timeout(params, Some(ANSWER_TIMEOUT));
        let result = tokio::select! {
            result = asked => result,
            () = context.cancel.cancelled() => return Err(Error::new(Code::Cancelled, "The call was cancelled. Nothing was done.")),
            () = self.closing.cancelled() => return Err(Error::new(Code::Declined, "The host closed before anybody answered. Nothing was done.")),
        };
        match result {
            Ok(result) => Ok(answer_of(&result).after(shown.elapsed())),
            Err(ServiceError::Timeout { .. }) => Ok(PersonAnswer::TimedOut),
            Err(error) => Err(Error::new(
                Code::Declined,
                format!(
                    "The host could not ask the person ({error}). Nothing was done. If it never can, start the server with `--confirm two-step`."
                ),
            )),
        }
    }
}

impl Ask for Elicitation {
    fn ask<'a>(&'a self, preview: &'a Preview, context: &'a CallContext) -> BoxFuture<'a, Result<PersonAnswer>> {
        Box::pin(async move {
            context.report("waiting for a person's answer");
            self.elicit(form(preview), context).await
        })
    }
}

impl OpenPage for Elicitation {
    fn open<'a>(
        &'a self,
        preview: &'a Preview,
        request: &'a str,
        context: &'a CallContext,
    ) -> BoxFuture<'a, Result<PersonAnswer>> {
        Box::pin(async move {
            let Some(page) = page(preview, request) else { return Ok(PersonAnswer::TimedOut) };
            self.elicit(page, context).await
        })
    }
}

/// The state directory's key, read when a person is first asked. A server that starts again on the directory takes the
/// answers to what its predecessor asked.
#[derive(Debug)]
pub(super) struct KeptKey {
    store: Arc<Store>,
    key: OnceCell<StateKey>,
}

impl KeptKey {
    pub(super) fn new(store: Arc<Store>) -> Self {
        Self { store, key: OnceCell::new() }
    }

    /// # Errors
    /// `internal` when the state directory cannot be used.
    pub(super) async fn get(&self) -> Result<&StateKey> {
        self.key.get_or_try_init(|| async { StateKey::of(self.store.sealing_key().await?) }).await
    }
}

/// How this request's person can be asked. The first of these that the host supports is the one. `on_page`: whether they
/// can be asked on the approval page; `Some(true)`: they are asked nowhere else.
pub(super) async fn confirmation<'a>(
    key: &KeptKey,
    on_page: Option<bool>,
    spec: &OperationSpec,
    request: &CallToolRequestParams,
    context: &RequestContext<RoleServer>,
    elicitation: &'a Elicitation,
) -> Result<Confirmation<'a>> {
    let modern = context.protocol_version().is_some_and(|version| version >= ProtocolVersion::V_2026_07_28);
    let elicitation_modes = context.client_capabilities().and_then(|capabilities| capabilities.elicitation);
    // A capability that names no mode means forms.
    let shows_forms = on_page != Some(true)
        && elicitation_modes.as_ref().is_some_and(|modes| modes.form.is_some() || modes.url.is_none());
    let opens_pages = on_page.is_some() && elicitation_modes.is_some_and(|modes| modes.url.is_some());
    Ok(match &request.request_state {
        Some(state) => {
            let (ticket, answer) = key.get().await?.open(attached::<Caller>(context), spec, request, state)?;
            Confirmation::InputResponse(ticket, answer)
        }
        None if modern && shows_forms => Confirmation::InputRequest,
        None if shows_forms => Confirmation::Ask(elicitation),
        None if modern && opens_pages => Confirmation::PageRequest,
        None if opens_pages => Confirmation::Page(elicitation),
        None => Confirmation::None,
    })
}
