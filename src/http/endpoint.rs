//! The MCP endpoint: from a request that is let in to the client's own server.

use super::{
    App,
    access::Who,
    batch, body,
    clients::{CallerService, Served},
    limits::InFlight,
    refusal::HttpError,
    sessions::{CALLER, OpenResponse},
};
use crate::mcp::transport::{AnswerSlot, HttpBody, HttpMessage, HttpRefusal, read_body};
use axum::{
    body::Body,
    extract::{Request, State},
    http::{HeaderValue, Method, Response, StatusCode, Uri, header, request::Parts},
    response::IntoResponse,
};
use std::sync::Arc;

/// The header with the id of a session.
const SESSION: &str = "mcp-session-id";

/// The header with the revision of the protocol.
const PROTOCOL_VERSION: &str = "mcp-protocol-version";

/// The request that begins a session.
const INITIALIZE: &str = "initialize";

/// The request whose answer is a stream that lasts.
const LISTEN: &str = "subscriptions/listen";

pub(super) async fn serve(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    answer(&app, request).await.unwrap_or_else(IntoResponse::into_response)
}

async fn answer(app: &App, request: Request) -> Result<Response<Body>, HttpError> {
    if app.closing.is_cancelled() {
        return Err(closing());
    }
    let who = app.access.identify(&app.clients, request.headers()).await?;
    let (served, caller) = app.clients.served(&who).await?;
    let (mut parts, body) = request.into_parts();
    // What follows may log the headers.
    for secret in [header::AUTHORIZATION, header::PROXY_AUTHORIZATION, header::COOKIE] {
        parts.headers.remove(secret);
    }
    let session = parts.headers.get(SESSION).and_then(|id| id.to_str().ok()).map(str::to_owned);
    if session.as_deref().is_some_and(|id| !caller.sessions.touch(id, &who.owner())) {
        let message = "There is no such session of this client. Begin a new one with initialize.";
        return Err(HttpError::new(StatusCode::NOT_FOUND, message));
    }
    if let Some(caller) = &who.caller {
        parts.extensions.insert(caller.clone());
    }
    let call = Call { app, who: &who, served: &served, caller: &caller, session };
    match parts.method {
        Method::POST if body::is_json(&parts.headers) => call.post(parts, body).await,
        Method::GET => call.get(parts).await,
        // rmcp refuses what is neither.
        _ => {
            let held = app.limits.request(&caller.limits)?;
            let mut response = call.pass(parts, Body::empty(), held, None).await;
            // The end of a session. Clients take rmcp's 202 for a failure.
            if response.status() == StatusCode::ACCEPTED {
                *response.status_mut() = StatusCode::NO_CONTENT;
            }
            Ok(response)
        }
    }
}

/// The metadata of RFC 9728, at its path and at that of the endpoint below it.
pub(super) async fn metadata(State(app): State<Arc<App>>, uri: Uri) -> Response<Body> {
    let Some(issuer) = app.access.issuer() else { return StatusCode::NOT_FOUND.into_response() };
    match issuer.metadata_at(uri.path()).await {
        Some(metadata) => ([(header::CONTENT_TYPE, "application/json")], metadata.to_string()).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// One request of a known client.
struct Call<'a> {
    app: &'a App,
    who: &'a Who,
    served: &'a Arc<Served>,
    caller: &'a Arc<CallerService>,
    session: Option<String>,
}

impl Call<'_> {
    /// A stream on which the server speaks. It ends with the server.
    async fn get(&self, parts: Parts) -> Result<Response<Body>, HttpError> {
        let held = self.app.limits.stream(&self.caller.limits)?;
        let open = self.session.as_deref().map(|session| self.caller.sessions.listen(session));
        let response = self.pass(parts, Body::empty(), held, open).await;
        Ok(body::ending(response, self.served.closing.clone()))
    }

    async fn post(&self, parts: Parts, body: Body) -> Result<Response<Body>, HttpError> {
        let held = self.app.limits.request(&self.caller.limits)?;
        let read = {
            // The semaphore is never closed.
            let _turn = self.caller.bodies.acquire().await;
            tokio::select! {
                read = body::read(&parts.headers, body) => read?,
                // Nothing of it is done, and it may never come.
                () = self.app.closing.cancelled() => return Err(closing()),
            }
        };
        match read_body(read) {
            Ok(HttpBody::Message(message)) => {
                self.check_write(&message)?;
                self.message(parts, *message, held).await
            }
            Ok(HttpBody::Batch(messages)) => self.batch(parts, messages, held).await,
            Ok(HttpBody::Nothing) => Ok(StatusCode::ACCEPTED.into_response()),
            Err(refusal) => Ok(json(refusal)),
        }
    }

    fn check_write(&self, message: &HttpMessage) -> Result<(), HttpError> {
        match &message.tool {
            Some(tool) if self.served.server.writes(tool) => self.app.access.check_write(self.who),
            _ => Ok(()),
        }
    }

    async fn message(
        &self,
        mut parts: Parts,
        mut message: HttpMessage,
        held: InFlight,
    ) -> Result<Response<Body>, HttpError> {
        let is_stream = message.method.as_deref() == Some(LISTEN);
        let held = if is_stream { self.app.limits.stream(&self.caller.limits)? } else { held };
        let open = match self.open(&message).await? {
            Ok(open) => open,
            Err(refusal) => return Ok(json(refusal)),
        };
        let slot = AnswerSlot::new(Arc::clone(&self.caller.slots));
        parts.extensions.insert(slot.clone());
        message.attach(&mut parts.extensions);
        parts.headers.remove(header::CONTENT_LENGTH);
        let written = message.written_id.take();
        let response = self.pass(parts, Body::from(message.body), held, open).await;
        let response = body::with_end(response, move || slot.release());
        let response = if is_stream { body::ending(response, self.served.closing.clone()) } else { response };
        Ok(match written {
            Some((from, to)) => body::rewriting(response, from, to),
            None => response,
        })
    }

    /// Takes each message of a batch as if it stood alone. Their answers come in one stream, each when it is there.
    async fn batch(
        &self,
        mut parts: Parts,
        messages: Vec<Result<HttpMessage, HttpRefusal>>,
        held: InFlight,
    ) -> Result<Response<Body>, HttpError> {
        let takes_batches = |session: &String| self.caller.sessions.takes_batches(session);
        if !self.session.as_ref().is_some_and(takes_batches) {
            return Ok(json(HttpRefusal::batch()));
        }
        // That revision does not have the header.
        parts.headers.remove(PROTOCOL_VERSION);
        messages.iter().flatten().try_for_each(|message| self.check_write(message))?;
        let mut answers = Vec::new();
        for message in messages {
            let refusal = match message {
                Ok(message) if message.stands_alone => HttpRefusal::not_in_batch(message.id.as_ref()),
                Ok(message) => {
                    let is_request = message.id.is_some();
                    let response = self.message(parts.clone(), message, held.another()).await?;
                    if is_request {
                        answers.push(batch::events(response).await);
                    }
                    continue;
                }
                Err(refusal) => refusal,
            };
            answers.push(batch::events(json(refusal)).await);
        }
        if answers.is_empty() {
            return Ok(StatusCode::ACCEPTED.into_response());
        }
        Ok(body::with_end(batch::merged(answers), move || held.release()))
    }

    /// Registers a request with its session, or makes room for the session that it begins.
    async fn open(&self, message: &HttpMessage) -> Result<Result<Option<OpenResponse>, HttpRefusal>, HttpError> {
        match (&self.session, &message.id) {
            (Some(session), Some(id)) => match self.caller.sessions.open(session, id) {
                Some(open) => Ok(Ok(Some(open))),
                None => Ok(Err(HttpRefusal::repeated_id(id))),
            },
            (None, Some(_)) if message.method.as_deref() == Some(INITIALIZE) => {
                if self.app.clients.make_room(self.caller).await {
                    return Ok(Ok(None));
                }
                let message = "Each session of this client has a request under way, and it has as many as it may have.";
                Err(HttpError::new(StatusCode::TOO_MANY_REQUESTS, message).retry_after(5))
            }
            _ => Ok(Ok(None)),
        }
    }

    /// Hands the request to rmcp. `held` is held until its call and its response have ended, `open` until the latter has.
    async fn pass(
        &self,
        mut parts: Parts,
        body: Body,
        held: InFlight,
        mut open: Option<OpenResponse>,
    ) -> Response<Body> {
        parts.extensions.insert(held.clone());
        let handled = self.caller.mcp.handle(Request::from_parts(parts, body));
        let response = CALLER.scope(self.who.owner(), handled).await;
        body::with_end(response, move || {
            held.release();
            drop(open.take());
        })
    }
}

fn closing() -> HttpError {
    let message = "The server is about to end. Connect again later.";
    HttpError::new(StatusCode::SERVICE_UNAVAILABLE, message).retry_after(5).last()
}

fn json(refusal: HttpRefusal) -> Response<Body> {
    let mut response = Response::new(Body::from(refusal.body));
    *response.status_mut() = refusal.status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
