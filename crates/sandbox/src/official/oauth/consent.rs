//! The endpoints under `/sandbox/oauth` that an app starts from: its credentials, and the consent page.

use super::super::organization::COMPANY_ID;
use super::{APP_ID, CLIENT_ID, CLIENT_SECRET, COMPANY};
use crate::Api;
use crate::account::Fields;
use crate::agency::{LocationIndex, Owner};
use crate::response::ApiResponse;
use crate::state::{RawRequest, SandboxState};
use http::{StatusCode, header};
use serde_json::{Value, json};
use std::sync::Arc;

/// Answers a request to `/sandbox/oauth`, which only the official API has.
pub(crate) fn answer(state: &mut SandboxState, raw: &RawRequest) -> Option<ApiResponse> {
    if state.api != Api::Official || raw.path != "/sandbox/oauth" {
        return None;
    }
    let answer = match raw.method.as_str() {
        "POST" => credentials(state, raw),
        "GET" => consent(state, &raw.query),
        _ => return None,
    };
    Some(answer.unwrap_or_else(|refusal| refusal))
}

/// A parameter of a query.
fn parameter(query: &str, wanted: &str) -> Option<String> {
    let mut pairs = url::form_urlencoded::parse(query.as_bytes());
    pairs.find(|(name, _)| name == wanted).map(|(_, value)| value.into_owned())
}

/// The location that `location` names, or the first. The user chooses it on the consent page.
fn chosen(state: &SandboxState, query: &str) -> Result<LocationIndex, ApiResponse> {
    let Some(id) = parameter(query, "location") else { return Ok(LocationIndex::FIRST) };
    let unknown = || ApiResponse::bad_request(format!("location={id} names no location; see GET /sandbox/locations"));
    state.agency.find(&id).ok_or_else(unknown)
}

/// The owner of a new login. A login to a location installs the app there.
fn log_in(state: &mut SandboxState, user_type: Option<&str>, location: LocationIndex) -> Owner {
    if user_type == Some(COMPANY) {
        return Owner::Agency;
    }
    state.agency.location_mut(location).installed = true;
    Owner::Location(location)
}

/// The app's credentials and a code: of a location, or of the agency if the body has `{"userType": "Company"}`. With
/// `scope`, the login has only these scopes.
fn credentials(state: &mut SandboxState, raw: &RawRequest) -> Result<ApiResponse, ApiResponse> {
    let location = chosen(state, &raw.query)?;
    let asked = serde_json::from_slice::<Fields>(&raw.body).unwrap_or_default();
    let owner = log_in(state, asked.get("userType").and_then(Value::as_str), location);
    let code = state.official.grants.issue_code(owner, None);
    state.official.grants.limit(&code, asked.get("scope").and_then(Value::as_str).map(Arc::from));
    Ok(ApiResponse::ok(json!({
        "clientId": CLIENT_ID,
        "clientSecret": CLIENT_SECRET,
        "appId": APP_ID,
        "code": code,
        "companyId": COMPANY_ID,
        "locationId": state.agency.location(location).id(),
    })))
}

/// The consent page of a user who agrees at once: redirects to the app with a code.
fn consent(state: &mut SandboxState, query: &str) -> Result<ApiResponse, ApiResponse> {
    let redirect = parameter(query, "redirect_uri").unwrap_or_default();
    let Ok(mut address) = url::Url::parse(&redirect) else {
        return Err(ApiResponse::bad_request("redirect_uri must be an address"));
    };
    if parameter(query, "client_id").as_deref() != Some(CLIENT_ID) {
        return Err(ApiResponse::bad_request("client_id names no app"));
    }
    let location = chosen(state, query)?;
    let owner = log_in(state, parameter(query, "user_type").as_deref(), location);
    let code = state.official.grants.issue_code(owner, Some(redirect));
    state.official.grants.limit(&code, parameter(query, "scope").map(Arc::from));
    address.query_pairs_mut().append_pair("code", &code);
    if let Some(state) = parameter(query, "state") {
        address.query_pairs_mut().append_pair("state", &state);
    }
    let mut answer = ApiResponse::ok(json!({ "message": "Installed" })).with_header(header::LOCATION, address.as_str());
    answer.status = StatusCode::FOUND;
    Ok(answer)
}
