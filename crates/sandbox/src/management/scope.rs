//! The query of management requests: whose books are asked for.

use crate::Api;
use crate::agency::{AGENCY, LocationIndex, Owner};
use crate::response::ApiResponse;
use crate::state::SandboxState;

/// The owner that a request is about; all owners if there is none.
pub(crate) type Scope = Option<Owner>;

/// The parameters of a query.
#[derive(Debug, Default)]
pub(crate) struct Parameters {
    location: Option<String>,
    of: Option<String>,
}

impl Parameters {
    /// Reads a query. An unknown name is refused: a misspelled one must not mean all locations.
    pub(crate) fn read(query: &str) -> Result<Self, ApiResponse> {
        let mut parameters = Self::default();
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            *match name.as_ref() {
                "location" => &mut parameters.location,
                "of" => &mut parameters.of,
                _ => return Err(ApiResponse::bad_request(format!("{name} is unknown; allowed are location and of"))),
            } = Some(value.into_owned());
        }
        Ok(parameters)
    }

    /// The owner that `location` names.
    pub(crate) fn scope(&self, state: &SandboxState) -> Result<Scope, ApiResponse> {
        match self.location.as_deref() {
            None => Ok(None),
            Some(AGENCY) => Ok(Some(Owner::Agency)),
            Some(id) => state.agency.find(id).map(|index| Some(Owner::Location(index))).ok_or_else(|| unknown(id)),
        }
    }

    /// Whether `of` names the day, which only the official API limits, and not the window.
    pub(crate) fn of_day(&self, api: Api) -> Result<bool, ApiResponse> {
        match (self.of.as_deref(), api) {
            (None | Some("window"), _) => Ok(false),
            (Some("day"), Api::Official) => Ok(true),
            _ => Err(ApiResponse::bad_request("of must be window, or with the official API day")),
        }
    }
}

/// The error for an id that is none of the agency's locations.
pub(crate) fn unknown(id: &str) -> ApiResponse {
    ApiResponse::bad_request(format!(
        "location {id} is unknown; GET /sandbox/locations lists the locations, and `agency` stands for the agency"
    ))
}

/// The location of a scope; the first if it names none.
pub(crate) fn location(scope: Scope) -> Result<LocationIndex, ApiResponse> {
    match scope {
        None => Ok(LocationIndex::FIRST),
        Some(Owner::Location(index)) => Ok(index),
        Some(Owner::Agency) => Err(ApiResponse::bad_request("location must be a location's id here")),
    }
}
