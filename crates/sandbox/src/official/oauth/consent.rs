//! The endpoints under `/sandbox/oauth` that an app starts from: its credentials, and the consent page.

use super::super::organization::{COMPANY_ID, own_location_id};
use super::super::tokens::TokenOwner;
use super::{CLIENT_ID, CLIENT_SECRET, named};
use crate::Api;
use crate::account::Fields;
use crate::response::ApiResponse;
use crate::state::{RawRequest, SandboxState};
use http::{StatusCode, header};
use serde_json::{Value, json};

/// Answers a request to `/sandbox/oauth`, which only the official API has.
pub(crate) fn answer(state: &mut SandboxState, raw: &RawRequest) -> Option<ApiResponse> {
    if state.api != Api::Official || raw.path != "/sandbox/oauth" {
        return None;
    }
    match raw.method.as_str() {
        "POST" => Some(credentials(state, &raw.body)),
        "GET" => Some(consent(state, &raw.query)),
        _ => None,
    }
}

/// The app's credentials and a code: of the sub-account, or of the agency if the body has `{"userType": "Company"}`.
fn credentials(state: &mut SandboxState, body: &[u8]) -> ApiResponse {
    let asked = serde_json::from_slice::<Fields>(body).unwrap_or_default();
    let owner = asked.get("userType").and_then(Value::as_str).and_then(named).unwrap_or(TokenOwner::Location);
    ApiResponse::ok(json!({
        "clientId": CLIENT_ID,
        "clientSecret": CLIENT_SECRET,
        "code": state.official.grants.issue_code(owner, None),
        "companyId": COMPANY_ID,
        "locationId": own_location_id(&state.account),
    }))
}

/// The consent page of a user who agrees at once: redirects to the app with a code.
fn consent(state: &mut SandboxState, query: &str) -> ApiResponse {
    let given = |wanted: &str| {
        let mut pairs = url::form_urlencoded::parse(query.as_bytes());
        pairs.find(|(name, _)| name == wanted).map(|(_, value)| value.into_owned())
    };
    let redirect = given("redirect_uri").unwrap_or_default();
    let Ok(mut address) = url::Url::parse(&redirect) else {
        return ApiResponse::bad_request("redirect_uri must be an address");
    };
    if given("client_id").as_deref() != Some(CLIENT_ID) {
        return ApiResponse::bad_request("client_id names no app");
    }
    let owner = given("user_type").as_deref().and_then(named).unwrap_or(TokenOwner::Location);
    let code = state.official.grants.issue_code(owner, Some(redirect));
    address.query_pairs_mut().append_pair("code", &code);
    if let Some(state) = given("state") {
        address.query_pairs_mut().append_pair("state", &state);
    }
    let answer = ApiResponse::ok(json!({ "message": "Installed" })).with_header(header::LOCATION, address.as_str());
    ApiResponse { status: StatusCode::FOUND, ..answer }
}
