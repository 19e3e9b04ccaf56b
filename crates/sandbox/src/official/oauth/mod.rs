//! The OAuth issuer: `POST /oauth/token`, `POST /oauth/locationToken`, and the consent page that an app starts from.

mod consent;
mod grants;

pub(crate) use consent::answer as consent;
pub(crate) use grants::Grants;

use super::OfficialState;
use super::errors::{other_location, unprocessable};
use super::organization::{COMPANY_ID, own_location_id};
use super::tokens::TokenOwner;
use crate::account::{Account, Fields, ObjectKind};
use crate::rate_limit::whole_seconds;
use crate::response::ApiResponse;
use crate::validate::{self, Field, Shape, optional, required};
use serde_json::{Value, json};
use std::time::Duration;

/// The client id of the app that the account has installed.
const CLIENT_ID: &str = "sandbox-client";
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

/// The word for an owner in `user_type` and `userType`.
fn word(owner: TokenOwner) -> &'static str {
    match owner {
        TokenOwner::Company => "Company",
        TokenOwner::Location => "Location",
    }
}

/// The owner that a word names.
fn named(text: &str) -> Option<TokenOwner> {
    [TokenOwner::Company, TokenOwner::Location].into_iter().find(|owner| word(*owner) == text)
}

/// A refused grant: OAuth's error code in the shape of HighLevel's errors.
fn refused(error: &str, message: &str) -> ApiResponse {
    let mut answer = ApiResponse::bad_request(message);
    if let Value::Object(body) = &mut answer.body {
        body.insert("error".into(), error.into());
    }
    answer
}

/// Exchanges a code or a refresh token for an access token and the next refresh token.
pub(crate) fn token(
    state: &mut OfficialState,
    account: &Account,
    form: &Fields,
    now: Duration,
) -> Result<ApiResponse, ApiResponse> {
    validate::creation(TOKEN, form).map_err(unprocessable)?;
    let text = |name: &str| form.get(name).and_then(Value::as_str);
    if text("client_id") != Some(CLIENT_ID) || text("client_secret") != Some(CLIENT_SECRET) {
        return Err(refused("invalid_client", "Invalid client credentials"));
    }
    let user_type = text("user_type").and_then(named);
    let grants = &mut state.grants;
    let owner = match (text("grant_type"), text("code"), text("refresh_token")) {
        (Some("authorization_code"), Some(code), None) => {
            let owner =
                grants.take_code(code, text("redirect_uri")).filter(|owner| user_type.is_none_or(|it| it == *owner));
            owner.ok_or_else(|| refused("invalid_grant", "Invalid grant: authorization code is invalid"))?
        }
        (Some("refresh_token"), None, Some(refresh)) => grants
            .take_refresh(refresh, user_type)
            .ok_or_else(|| refused("invalid_grant", "Invalid grant: refresh token is invalid"))?,
        (Some("authorization_code"), ..) => return Err(unprocessable("code is required, and no refresh_token")),
        (Some("refresh_token"), ..) => return Err(unprocessable("refresh_token is required, and no code")),
        // The file names this grant type and does not describe it.
        _ => return Err(refused("unsupported_grant_type", "Unsupported grant type")),
    };
    let refresh_token = grants.issue_refresh(owner);
    let mut answer = access_token(state, owner, now);
    if let Value::Object(answer) = &mut answer {
        answer.insert("refresh_token".into(), refresh_token.into());
        answer.insert("userType".into(), word(owner).into());
        answer.insert("companyId".into(), COMPANY_ID.into());
        if owner == TokenOwner::Location {
            answer.insert("locationId".into(), own_location_id(account).into());
        }
        answer.insert("userId".into(), user(account));
        answer.insert("isBulkInstallation".into(), json!(owner == TokenOwner::Company));
    }
    Ok(ApiResponse::ok(answer))
}

/// Issues a sub-account's access token for an agency's. It has no refresh token: the agency's is refreshed instead.
pub(crate) fn location_token(
    state: &mut OfficialState,
    account: &Account,
    form: &Fields,
    now: Duration,
) -> Result<ApiResponse, ApiResponse> {
    validate::creation(LOCATION_TOKEN, form).map_err(unprocessable)?;
    let home = own_location_id(account);
    if form.get("companyId") != Some(&json!(COMPANY_ID)) || form.get("locationId") != Some(&json!(home)) {
        return Err(other_location());
    }
    let mut answer = access_token(state, TokenOwner::Location, now);
    if let Value::Object(answer) = &mut answer {
        answer.insert("locationId".into(), home.into());
        answer.insert("userId".into(), user(account));
    }
    Ok(ApiResponse::ok(answer))
}

/// Issues an access token, as the fields that all answers have.
fn access_token(state: &mut OfficialState, owner: TokenOwner, now: Duration) -> Value {
    let ttl = state.grants.ttl;
    json!({
        "access_token": state.tokens.issue(owner, now, ttl),
        "token_type": "Bearer",
        "expires_in": whole_seconds(ttl),
        "scope": "contacts.readonly contacts.write opportunities.readonly opportunities.write",
    })
}

/// The user who installed the app.
fn user(account: &Account) -> Value {
    account.first(ObjectKind::Users).and_then(|user| user.get("id").cloned()).unwrap_or_default()
}
