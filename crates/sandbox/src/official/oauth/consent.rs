//! The endpoints under `/sandbox/oauth` that an app starts from: its credentials, and the consent page.

use super::super::super::Api;
use super::super::super::account::Fields;
use super::super::super::answer::Answer;
use super::super::super::world::{Call, World};
use super::super::team::{COMPANY, home};
use super::super::tokens::TokenOwner;
use super::{CLIENT_ID, CLIENT_SECRET, named};
use http::{StatusCode, header};
use serde_json::{Value, json};

/// Answers a request to `/sandbox/oauth`, which only the official API has.
pub(crate) fn answer(world: &mut World, call: &Call) -> Option<Answer> {
    if world.api != Api::Official || call.path != "/sandbox/oauth" {
        return None;
    }
    match call.method.as_str() {
        "POST" => Some(credentials(world, &call.body)),
        "GET" => Some(consent(world, &call.query)),
        _ => None,
    }
}

/// The app's credentials and a code: of the sub-account, or of the agency if the body has `{"userType": "Company"}`.
fn credentials(world: &mut World, body: &[u8]) -> Answer {
    let asked = serde_json::from_slice::<Fields>(body).unwrap_or_default();
    let owner = asked.get("userType").and_then(Value::as_str).and_then(named).unwrap_or(TokenOwner::Location);
    Answer::ok(json!({
        "clientId": CLIENT_ID,
        "clientSecret": CLIENT_SECRET,
        "code": world.official.grants.issue_code(owner, None),
        "companyId": COMPANY,
        "locationId": home(&world.account),
    }))
}

/// The consent page of a user who agrees at once: redirects to the app with a code.
fn consent(world: &mut World, query: &str) -> Answer {
    let given = |wanted: &str| {
        let mut pairs = url::form_urlencoded::parse(query.as_bytes());
        pairs.find(|(name, _)| name == wanted).map(|(_, value)| value.into_owned())
    };
    let redirect = given("redirect_uri").unwrap_or_default();
    let Ok(mut address) = url::Url::parse(&redirect) else {
        return Answer::bad_request("redirect_uri must be an address");
    };
    if given("client_id").as_deref() != Some(CLIENT_ID) {
        return Answer::bad_request("client_id names no app");
    }
    let owner = given("user_type").as_deref().and_then(named).unwrap_or(TokenOwner::Location);
    let code = world.official.grants.issue_code(owner, Some(redirect));
    address.query_pairs_mut().append_pair("code", &code);
    if let Some(state) = given("state") {
        address.query_pairs_mut().append_pair("state", &state);
    }
    let answer = Answer::ok(json!({ "message": "Installed" })).with(header::LOCATION, address.as_str());
    Answer { status: StatusCode::FOUND, ..answer }
}
