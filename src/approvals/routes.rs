//! What the page answers.

use super::{
    App, PATH,
    page::{self, Notice},
    requests::{PageRequest, fingerprint},
    same_origin::FETCH_SITE,
    sessions::{Login, Session},
};
use crate::account::Decided;
use axum::{
    Form,
    extract::{ConnectInfo, Path, Query, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use highlevel_core::{
    clean,
    error::{Code, Error, Result},
};
use serde::Deserialize;
use std::{net::SocketAddr, sync::Arc};

/// The most characters of a person's note.
pub(super) const NOTE_CHARS: usize = 500;

/// The most characters of an id.
const ID_CHARS: usize = 64;

#[derive(Debug, Default, Deserialize)]
pub(super) struct Shown {
    /// The request that is shown first.
    request: Option<String>,
    notice: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Key {
    #[serde(default)]
    key: String,
    #[serde(default)]
    request: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Decision {
    request: String,
    /// The hash of the object as the person saw it.
    seen: String,
    token: String,
    decision: String,
    #[serde(default)]
    note: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct FormToken {
    token: String,
}

pub(super) async fn list(State(app): State<Arc<App>>, headers: HeaderMap, Query(shown): Query<Shown>) -> Response {
    answered(show(&app, &headers, shown).await)
}

pub(super) async fn one(State(app): State<Arc<App>>, headers: HeaderMap, Path(id): Path<String>) -> Response {
    answered(show(&app, &headers, Shown { request: Some(id), notice: None }).await)
}

async fn show(app: &App, headers: &HeaderMap, shown: Shown) -> Result<Response> {
    let first = shown.request.filter(|id| is_id(id));
    let notice = shown.notice.as_deref().and_then(Notice::named);
    let Some(session) = app.session(headers).await? else {
        // A link from another site comes without the cookie. Reloaded by the page itself, it has it.
        let from = headers.get(FETCH_SITE).and_then(|site| site.to_str().ok()).unwrap_or_default();
        if matches!(from, "cross-site" | "same-site") && app.cookie_of(headers).is_none() {
            return Ok(page::reload().into_response());
        }
        let logged_out = notice.filter(|notice| *notice == Notice::LoggedOut);
        return Ok(page::login(first.as_deref(), logged_out.map(Notice::words)).into_response());
    };
    let requests = app.requests(&session).await?;
    Ok(page::list(&session, &requests, first.as_deref(), notice, None).into_response())
}

/// What a one-time link leads to. It spends nothing: previews of links come here, too.
pub(super) async fn link(Query(key): Query<Key>) -> Response {
    page::link(&key.key, None).into_response()
}

pub(super) async fn open(
    State(app): State<Arc<App>>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    Form(key): Form<Key>,
) -> Response {
    answered(match app.open_link(&key.key, from.ip()).await {
        Ok(Login::In(cookie, request)) => Ok(logged_in(cookie, request.as_deref())),
        Ok(Login::Wrong) => Ok((StatusCode::FORBIDDEN, page::link("", Some(page::USED_LINK))).into_response()),
        Ok(Login::TooMany) => Ok(too_many(page::link("", Some(page::TOO_MANY)))),
        Err(error) => Err(error),
    })
}

pub(super) async fn login(
    State(app): State<Arc<App>>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    Form(key): Form<Key>,
) -> Response {
    let request = Some(key.request.as_str()).filter(|id| is_id(id));
    answered(match app.log_in(&key.key, from.ip()).await {
        Ok(Login::In(cookie, _)) => Ok(logged_in(cookie, request)),
        Ok(Login::Wrong) => Ok((StatusCode::FORBIDDEN, page::login(request, Some(page::WRONG_KEY))).into_response()),
        Ok(Login::TooMany) => Ok(too_many(page::login(request, Some(page::TOO_MANY)))),
        Err(error) => Err(error),
    })
}

fn too_many(page: impl IntoResponse) -> Response {
    (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, HeaderValue::from_static("300"))], page).into_response()
}

fn logged_in(cookie: HeaderValue, request: Option<&str>) -> Response {
    let to = request.map_or_else(|| PATH.to_owned(), |id| format!("{PATH}?request={id}"));
    ([(header::SET_COOKIE, cookie)], see_other(&to)).into_response()
}

pub(super) async fn logout(State(app): State<Arc<App>>, headers: HeaderMap, Form(form): Form<FormToken>) -> Response {
    let ended = async {
        let Some(session) = checked(&app, &headers, &form.token).await? else { return Ok(see_other(PATH)) };
        let cookie = app.log_out(&session).await?;
        Ok(([(header::SET_COOKIE, cookie)], see_other(PATH)).into_response())
    };
    answered(ended.await)
}

/// A text that changes whenever the list does, for the page's own script.
pub(super) async fn state(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    let read = async {
        let Some(session) = app.session(&headers).await? else { return Ok(StatusCode::UNAUTHORIZED.into_response()) };
        Ok(fingerprint(&app.requests(&session).await?).into_response())
    };
    answered(read.await)
}

pub(super) async fn decide(State(app): State<Arc<App>>, headers: HeaderMap, Form(form): Form<Decision>) -> Response {
    answered(decided(&app, &headers, form).await)
}

async fn decided(app: &App, headers: &HeaderMap, form: Decision) -> Result<Response> {
    let Some(session) = checked(app, headers, &form.token).await? else {
        return Ok(told(&form.request, Notice::LoggedOut));
    };
    let Some(request) = app.request(&session, &form.request).await? else {
        return Ok(told(&form.request, Notice::Gone));
    };
    let (person, note) = (session.approver.person.as_str(), note(&form.note));
    let notice = match form.decision.as_str() {
        _ if !request.waits() => Notice::Already,
        "agree" => match agree(app, &request, &form.seen, person, note.as_deref()).await {
            Ok(Decided::Agreed) => Notice::Agreed,
            Ok(Decided::Already) => Notice::Already,
            Ok(Decided::Changed) => Notice::Changed,
            Err(error) => return unreadable(app, &session, &form.request, &error).await,
        },
        "decline" => {
            let declined = app.runtime.store().decline_on_page(&form.request, person, note.as_deref());
            if declined.await?.is_some() { Notice::Declined } else { Notice::Already }
        }
        _ => return Ok(StatusCode::BAD_REQUEST.into_response()),
    };
    Ok(told(&request.id, notice))
}

async fn agree(app: &App, request: &PageRequest, seen: &str, person: &str, note: Option<&str>) -> Result<Decided> {
    let PageRequest { approval, id, account } = request;
    // The account as it is now: its settings may have been taken over since the request was found, and while they are being
    // taken over nothing is agreed to.
    let accounts = app.runtime.live();
    accounts.for_write(account.label())?.agree_on_page(approval, id, seen, person, note).await
}

/// Leads to the request, and says what became of the decision about it.
fn told(request: &str, notice: Notice) -> Response {
    let request = if is_id(request) { request } else { "0" };
    see_other(&format!("{PATH}?request={request}&notice={}", notice.name()))
}

/// The list again, with what kept the object from being read.
async fn unreadable(app: &App, session: &Session, id: &str, error: &Error) -> Result<Response> {
    let requests = app.requests(session).await?;
    let shown = page::list(session, &requests, Some(id), None, Some(error));
    Ok((StatusCode::BAD_GATEWAY, shown).into_response())
}

/// The session of a form that was made for it. `None` without a session.
///
/// # Errors
/// `forbidden` for a form of another session.
async fn checked(app: &App, headers: &HeaderMap, token: &str) -> Result<Option<Session>> {
    match app.session(headers).await? {
        Some(session) if session.form_token == token => Ok(Some(session)),
        Some(_) => Err(Error::new(
            Code::Forbidden,
            "This form is from an earlier login, so that nothing was done. Load the page again.",
        )),
        None => Ok(None),
    }
}

/// A person's note as it is kept.
fn note(text: &str) -> Option<String> {
    let clean: String = clean::text(text.trim()).0.chars().take(NOTE_CHARS).collect();
    Some(clean).filter(|note| !note.is_empty())
}

fn is_id(text: &str) -> bool {
    (1..=ID_CHARS).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn see_other(to: &str) -> Response {
    let to = HeaderValue::from_str(to).unwrap_or(HeaderValue::from_static(PATH));
    (StatusCode::SEE_OTHER, [(header::LOCATION, to)]).into_response()
}

fn answered(done: Result<Response>) -> Response {
    done.unwrap_or_else(|error| {
        let status = match error.code {
            Code::Forbidden => StatusCode::FORBIDDEN,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        (status, page::message("Not done", &error.message)).into_response()
    })
}
