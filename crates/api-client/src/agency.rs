//! The locations of an agency, which its login sees by name (`GET /oauth/installedLocations`).

use super::{Body, Client, Expect, LoginView, Repeat, Request, Service};
use highlevel_core::context::CallContext;
use highlevel_core::error::{Code, Error, Result};
use http::{Method, StatusCode};
use serde_json::Value;
use std::collections::HashSet;

/// How many locations one request lists.
const PAGE: usize = 100;

/// The most locations that are listed.
const MOST: usize = 100_000;

/// A location in which an agency's app is installed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgencyLocation {
    /// The location's id.
    pub id: String,
    /// The location's name. Two locations may have the same.
    pub name: String,
}

impl Client {
    /// The locations in which the app of this agency's login is installed, in the API's order.
    ///
    /// # Errors
    /// As [`Client::send`]; `forbidden` with the reason if the API refuses; `upstream_error` for an answer that cannot be
    /// read.
    pub async fn installed_locations(&self, login: &LoginView, context: &CallContext) -> Result<Vec<AgencyLocation>> {
        let mut all: Vec<AgencyLocation> = Vec::new();
        let mut known = HashSet::new();
        let mut read = 0;
        loop {
            let page = self.page(login, read, context).await?;
            read += page.len();
            let mut is_last = true;
            for location in page {
                if known.insert(location.id.clone()) {
                    all.push(location);
                    is_last = false;
                }
            }
            // The API may give fewer than were asked for, so only a page without anything new is the end.
            if is_last || read >= MOST {
                return Ok(all);
            }
        }
    }

    async fn page(&self, login: &LoginView, skip: usize, context: &CallContext) -> Result<Vec<AgencyLocation>> {
        let company = login.company.clone().ok_or_else(|| {
            Error::new(Code::UpstreamError, "The login does not say which agency it is for. Log in again.")
        })?;
        // A client id is the app's id, a dash, and a part of its own.
        let app = login.client_id.split('-').next().unwrap_or(&login.client_id);
        let query = [
            ("companyId", company),
            ("appId", app.to_owned()),
            ("isInstalled", "true".to_owned()),
            ("limit", PAGE.to_string()),
            ("skip", skip.to_string()),
        ];
        let request = Request {
            method: Method::GET,
            service: Service::Backend,
            path: "/oauth/installedLocations".to_owned(),
            version: Some("2021-07-28"),
            scope: Some("oauth.readonly"),
            query: query.map(|(name, value)| (name.to_owned(), value)).into(),
            body: None,
            files: None,
            repeat: Repeat::Freely,
            expect: Expect::Json,
            save: None,
        };
        let answer = self.send(&request, context).await.map_err(|failed| failed.error)?;
        let Body::Json(body) = answer.body else { return Err(unreadable()) };
        if answer.status != StatusCode::OK {
            let said = body.get("message").and_then(Value::as_str).unwrap_or("without a reason");
            let message = format!(
                "The agency's locations cannot be listed: the API answered {} ({said}). The app needs the scope oauth.readonly.",
                answer.status
            );
            return Err(Error::new(Code::Forbidden, message));
        }
        let locations = body.get("locations").and_then(Value::as_array).ok_or_else(unreadable)?;
        locations.iter().map(|location| location_of(location).ok_or_else(unreadable)).collect()
    }
}

fn location_of(location: &Value) -> Option<AgencyLocation> {
    let text = |name: &str| location.get(name).and_then(Value::as_str).map(str::trim);
    let id = text("_id").or_else(|| text("id")).filter(|id| !id.is_empty())?;
    Some(AgencyLocation { id: id.to_owned(), name: text("name").unwrap_or_default().to_owned() })
}

fn unreadable() -> Error {
    Error::new(Code::UpstreamError, "The API's list of the agency's locations cannot be read.")
}
