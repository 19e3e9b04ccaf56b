//! `POST /oauth/token` and `POST /oauth/locationToken`.

use super::super::account::{Account, Fields, Kind};
use super::super::answer::Answer;
use super::super::validate::{self, Field, Shape, optional, required};
use super::auth::{Auth, CLIENT_ID, CLIENT_SECRET, Owner};
use super::errors::{foreign, unprocessable};
use super::team::{COMPANY, home};
use serde_json::{Value, json};
use std::time::Duration;

/// The file knows no `code_verifier`: there is no PKCE here.
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

/// A grant that is refused, in OAuth's own words inside the file's shape.
fn refused(error: &str, message: &str) -> Answer {
    let mut answer = Answer::bad_request(message);
    if let Value::Object(body) = &mut answer.body {
        body.insert("error".into(), error.into());
    }
    answer
}

/// Exchanges a code or a refresh token for a new pair.
pub(super) fn token(auth: &mut Auth, account: &Account, form: &Fields, now: Duration) -> Result<Answer, Answer> {
    validate::creation(TOKEN, form).map_err(unprocessable)?;
    let text = |name: &str| form.get(name).and_then(Value::as_str);
    if text("client_id") != Some(CLIENT_ID) || text("client_secret") != Some(CLIENT_SECRET) {
        return Err(refused("invalid_client", "Invalid client credentials"));
    }
    let user_type = text("user_type").and_then(Owner::named);
    let owner = match (text("grant_type"), text("code"), text("refresh_token")) {
        (Some("authorization_code"), Some(code), None) => {
            let owner =
                auth.take_code(code, text("redirect_uri")).filter(|owner| user_type.is_none_or(|it| it == *owner));
            owner.ok_or_else(|| refused("invalid_grant", "Invalid grant: authorization code is invalid"))?
        }
        (Some("refresh_token"), None, Some(refresh)) => auth
            .take_refresh(refresh, user_type)
            .ok_or_else(|| refused("invalid_grant", "Invalid grant: refresh token is invalid"))?,
        (Some("authorization_code"), ..) => return Err(unprocessable("code is required, and no refresh_token")),
        (Some("refresh_token"), ..) => return Err(unprocessable("refresh_token is required, and no code")),
        // The file names this grant and says nothing of it.
        _ => return Err(refused("unsupported_grant_type", "Unsupported grant type")),
    };
    let mut answer = auth.issue(owner, now);
    let refresh_token = auth.next_refresh(owner);
    if let Value::Object(answer) = &mut answer {
        answer.insert("refresh_token".into(), refresh_token.into());
        answer.insert("userType".into(), owner.word().into());
        answer.insert("companyId".into(), COMPANY.into());
        if owner == Owner::Location {
            answer.insert("locationId".into(), home(account).into());
        }
        answer.insert("userId".into(), user(account));
        answer.insert("isBulkInstallation".into(), json!(owner == Owner::Company));
    }
    Ok(Answer::ok(answer))
}

/// A sub-account's access token for an agency's. It comes without a refresh token: the agency's is the one to renew.
pub(super) fn location_token(
    auth: &mut Auth,
    account: &Account,
    form: &Fields,
    now: Duration,
) -> Result<Answer, Answer> {
    validate::creation(LOCATION_TOKEN, form).map_err(unprocessable)?;
    let home = home(account);
    if form.get("companyId") != Some(&json!(COMPANY)) || form.get("locationId") != Some(&json!(home)) {
        return Err(foreign());
    }
    let mut answer = auth.issue(Owner::Location, now);
    if let Value::Object(answer) = &mut answer {
        answer.insert("locationId".into(), home.into());
        answer.insert("userId".into(), user(account));
    }
    Ok(Answer::ok(answer))
}

/// The user who installed the app.
fn user(account: &Account) -> Value {
    account.first(Kind::Users).and_then(|user| user.get("id").cloned()).unwrap_or_default()
}
