//! What an agency's token gives access to: its locations and their users, and no other data.

use super::Request;
use super::errors::{other_location, unauthorized};
use super::organization;
use super::routes::Op;
use crate::account::ObjectKind;
use crate::agency::LocationIndex;
use crate::operation::{Completed, HandlerResult};
use crate::response::ApiResponse;
use crate::state::SandboxState;

/// The error for a token of the wrong kind.
pub(crate) fn wrong_kind() -> ApiResponse {
    unauthorized("This authClass type is not allowed to access this scope.")
}

/// Performs an operation for the agency's token, or for a request that needs no token.
pub(crate) fn perform(state: &mut SandboxState, request: &Request<'_>) -> HandlerResult {
    let SandboxState { agency, manners, .. } = state;
    let id = request.id(0);
    let answer = match request.op {
        Op::GetUser => {
            let mut homes = agency.locations().map(|(_, location)| &location.account);
            let home = homes.find(|account| account.get(ObjectKind::Users, id).is_some());
            organization::user(home.unwrap_or(&agency.location(LocationIndex::FIRST).account), id)
        }
        Op::SearchLocations => {
            let all = agency.location_objects().map(|(_, location)| location).collect();
            organization::locations(all, &request.query, manners)
        }
        Op::GetLocation => {
            let mut homes = agency.locations().map(|(_, location)| &location.account);
            let home = homes.find(|account| account.get(ObjectKind::Locations, id).is_some());
            organization::location(home.ok_or_else(other_location)?, id, manners)
        }
        #[cfg(feature = "oauth")]
        Op::InstalledLocations => super::oauth::installed_locations(agency, &request.query, manners),
        #[cfg(feature = "oauth")]
        Op::LocationToken => {
            let scopes = request.scopes.clone();
            super::oauth::location_token(&mut state.official, agency, &request.body, scopes, request.now)
        }
        #[cfg(feature = "oauth")]
        Op::Token => {
            let (answer, owner) = super::oauth::token(&mut state.official, agency, &request.body, request.now)?;
            state.log.refreshed(owner);
            Ok(answer)
        }
        #[cfg(not(feature = "oauth"))]
        Op::Token | Op::LocationToken | Op::InstalledLocations => {
            Err(ApiResponse::error(http::StatusCode::NOT_FOUND, "Not Found"))
        }
        // The token's check has refused every other operation.
        _ => Err(wrong_kind()),
    };
    Ok(Completed { response: answer?, write: None })
}
