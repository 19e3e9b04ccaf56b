//! The OAuth issuer: `POST /oauth/token`, `POST /oauth/locationToken`, the locations that have the app, and the consent page
//! that an app starts from.

mod consent;
mod grants;
mod installed;

pub(crate) use consent::answer as consent;
pub(crate) use grants::Grants;
pub(crate) use installed::locations as installed_locations;

use super::OfficialState;
use super::errors::{other_location, unprocessable};
use super::organization::COMPANY_ID;
use crate::account::{Account, Fields, ObjectKind};
use crate::agency::{Agency, LocationIndex, Owner};
use crate::rate_limit::whole_seconds;
use crate::response::ApiResponse;
use crate::scopes;
use crate::validate::{self, Field, Shape, optional, required};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// The client id of the app that the account has installed.
const CLIENT_ID: &str = "sandbox-client";
/// The app's id: the part of a client id before the `-`.
const APP_ID: &str = "sandbox";
/// The app's secret. It protects nothing: whoever reaches the sandbox may do everything.
const CLIENT_SECRET: &str = "sandbox-client-secret";

/// HighLevel's OpenAPI file has no `code_verifier`, so there is no PKCE.
const TOKEN: &[Field] = &[
    required("client_id", Shape::Filled),
    required("client_secret", Shape::Filled),
    required("grant_type", Shape::OneOf(&["authorization_code", "refresh_token", "client_credentials"])),
    optional("code", Shape::Filled),
    optional("refresh_token", Shape::Filled),
    optional("user_type", Shape::OneOf(&["Company", "Location"])),
    optional("redirect_uri", Shape::Filled),
];

const LOCATION_TOKEN: &[Field] = &[required("companyId", Shape::Filled), required("locationId", Shape::Filled)];

/// The word for an agency in `user_type` and `userType`.
const COMPANY: &str = "Company";

/// The word for an owner in `user_type` and `userType`.
fn word(owner: Owner) -> &'static str {
    match owner {
        Owner::Agency => COMPANY,
        Owner::Location(_) => "Location",
    }
}

/// The owner of the code or the refresh token in a form.
pub(crate) fn owner_of_form(grants: &Grants, form: &[u8]) -> Option<Owner> {
    let mut fields = url::form_urlencoded::parse(form);
    let (_, grant) = fields.find(|(name, _)| name == "refresh_token" || name == "code")?;
    grants.owner(&grant)
}

/// A refused grant: OAuth's error code in the shape of HighLevel's errors.
fn refused(error: &str, message: &str) -> ApiResponse {
    let mut answer = ApiResponse::bad_request(message);
    if let Value::Object(body) = &mut answer.body {
        body.insert("error".into(), error.into());
    }
    answer
}

/// Exchanges a code or a refresh token for an access token and the next refresh token. Returns their owner too.
pub(crate) fn token(
    state: &mut OfficialState,
    agency: &Agency,
    form: &Fields,
    now: Duration,
) -> Result<(ApiResponse, Owner), ApiResponse> {
    validate::creation(TOKEN, form).map_err(unprocessable)?;
    let text = |name: &str| form.get(name).and_then(Value::as_str);
    if text("client_id") != Some(CLIENT_ID) || text("client_secret") != Some(CLIENT_SECRET) {
        return Err(refused("invalid_client", "Invalid client credentials"));
    }
    let fits = |owner: Owner| text("user_type").is_none_or(|it| it == word(owner));
    let grants = &mut state.grants;
    let owner = match (text("grant_type"), text("code"), text("refresh_token")) {
        (Some("authorization_code"), Some(code), None) => {
            let owner = grants.take_code(code, text("redirect_uri")).filter(|owner| fits(*owner));
            owner.ok_or_else(|| refused("invalid_grant", "Invalid grant: authorization code is invalid"))?
        }
        (Some("refresh_token"), None, Some(refresh)) => grants
            .take_refresh(refresh, fits)
            .ok_or_else(|| refused("invalid_grant", "Invalid grant: refresh token is invalid"))?,
        (Some("authorization_code"), ..) => return Err(unprocessable("code is required, and no refresh_token")),
        (Some("refresh_token"), ..) => return Err(unprocessable("refresh_token is required, and no code")),
        // The file names this grant type and does not describe it.
        _ => return Err(refused("unsupported_grant_type", "Unsupported grant type")),
    };
    let refresh_token = grants.issue_refresh(owner);
    // A login keeps its scopes.
    let scopes = text("code").or(text("refresh_token")).and_then(|grant| grants.scopes(grant));
    grants.limit(&refresh_token, scopes.clone());
    let mut answer = access_token(state, owner, owner, scopes, now);
    if let Value::Object(answer) = &mut answer {
        answer.insert("refresh_token".into(), refresh_token.into());
        answer.insert("userType".into(), word(owner).into());
        answer.insert("companyId".into(), COMPANY_ID.into());
        let location = match owner {
            Owner::Agency => agency.location(LocationIndex::FIRST),
            Owner::Location(index) => agency.location(index),
        };
        if owner != Owner::Agency {
            answer.insert("locationId".into(), location.id().into());
        }
        answer.insert("userId".into(), user(&location.account));
        answer.insert("isBulkInstallation".into(), json!(owner == Owner::Agency));
    }
    Ok((ApiResponse::ok(answer), owner))
}

/// Issues a location's access token for an agency's, with the same scopes. It has no refresh token: the agency's is refreshed instead. A location
/// without the app is refused as one of another agency is.
pub(crate) fn location_token(
    state: &mut OfficialState,
    agency: &Agency,
    form: &Fields,
    scopes: Option<Arc<str>>,
    now: Duration,
) -> Result<ApiResponse, ApiResponse> {
    validate::creation(LOCATION_TOKEN, form).map_err(unprocessable)?;
    if form.get("companyId") != Some(&json!(COMPANY_ID)) {
        return Err(other_location());
    }
    let index = form.get("locationId").and_then(Value::as_str).and_then(|id| agency.find(id));
    let index = index.filter(|index| agency.location(*index).installed).ok_or_else(other_location)?;
    let location = agency.location(index);
    let mut answer = access_token(state, Owner::Location(index), Owner::Agency, scopes, now);
    if let Value::Object(answer) = &mut answer {
        answer.insert("locationId".into(), location.id().into());
        answer.insert("userId".into(), user(&location.account));
    }
    Ok(ApiResponse::ok(answer))
}

/// Issues an access token, as the fields that all answers have.
fn access_token(
    state: &mut OfficialState,
    owner: Owner,
    login: Owner,
    scopes: Option<Arc<str>>,
    now: Duration,
) -> Value {
    let ttl = state.grants.ttl;
    let token = state.tokens.issue(owner, login, now, ttl);
    state.tokens.limit(&token, scopes.clone());
    json!({
        "access_token": token,
        "token_type": "Bearer",
        "expires_in": whole_seconds(ttl),
        "scope": scopes.map_or_else(|| scopes::all().join(" "), |scopes| scopes.to_string()),
    })
}

/// The user who installed the app.
fn user(account: &Account) -> Value {
    account.first(ObjectKind::Users).and_then(|user| user.get("id").cloned()).unwrap_or_default()
}
