//! The official operations that the sandbox serves, with the headers and queries that the OpenAPI files declare.

mod declare;
mod table;

pub(super) use declare::{ANY, SOME, json, may, must, read};
pub(crate) use declare::{Access, BodyRule, DATED, Holds, Parameter, Route};

use super::calendars::{self, CalendarOp};
use super::conversations::{self, ConversationOp};
use super::{billing, forms};
#[cfg(any(feature = "faults", test))]
use crate::operation::OperationLabel;
use crate::operation::{RouteMatch, find_route};

/// One operation of the official API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Op {
    Users,
    GetUser,
    SearchLocations,
    GetLocation,
    CustomFields,
    CustomValues,
    GetCustomValue,
    CreateCustomValue,
    UpdateCustomValue,
    DeleteCustomValue,
    SearchTasks,
    SearchContacts,
    DuplicateContact,
    GetContact,
    CreateContact,
    UpdateContact,
    AddTags,
    RemoveTags,
    UpsertContact,
    DeleteContact,
    Notes,
    GetNote,
    CreateNote,
    UpdateNote,
    DeleteNote,
    Tasks,
    GetTask,
    CreateTask,
    UpdateTask,
    CompleteTask,
    DeleteTask,
    SearchOpportunities,
    Pipelines,
    GetOpportunity,
    CreateOpportunity,
    UpdateOpportunity,
    UpdateStatus,
    DeleteOpportunity,
    Campaigns,
    EmailCampaigns,
    GetEmailCampaign,
    CreateEmailCampaign,
    FunnelPages,
    Funnels,
    /// An operation on calendars or appointments.
    Calendar(CalendarOp),
    Forms(forms::Op),
    Billing(billing::Op),
    /// An operation on conversations or workflows.
    Conversation(ConversationOp),
    Token,
    LocationToken,
    InstalledLocations,
}

/// The tables of all operations, one for each group of resources.
const TABLES: &[&[Route]] = &[table::ROUTES, calendars::ROUTES, forms::ROUTES, billing::ROUTES, conversations::ROUTES];

/// The labels of all operations.
#[cfg(any(feature = "faults", test))]
pub(crate) fn labels() -> impl Iterator<Item = OperationLabel> {
    TABLES.iter().copied().flatten().map(Route::label)
}

/// Finds the operation of a raw path, as it was received.
pub(crate) fn find(method: &str, path: &str) -> RouteMatch<Route> {
    let mut path_exists = false;
    for table in TABLES {
        match find_route(table, |route| route.name, method, path) {
            RouteMatch::NoSuchPath => {}
            RouteMatch::WrongMethod => path_exists = true,
            found @ RouteMatch::Route(..) => return found,
        }
    }
    if path_exists { RouteMatch::WrongMethod } else { RouteMatch::NoSuchPath }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn op(method: &str, path: &str) -> Option<(Op, Vec<String>)> {
        match find(method, path) {
            RouteMatch::Route(route, ids) => Some((route.op, ids)),
            _ => None,
        }
    }

    #[test]
    fn literals_beat_patterns_and_slashes_at_the_end_count() {
        assert_eq!(op("GET", "/opportunities/search"), Some((Op::SearchOpportunities, vec![])));
        assert_eq!(op("GET", "/locations/search"), Some((Op::SearchLocations, vec![])));
        assert_eq!(op("POST", "/contacts/"), Some((Op::CreateContact, vec![])));
        assert_eq!(op("POST", "/contacts"), None);
        let ids = vec!["l".to_owned(), "c d".to_owned()];
        assert_eq!(op("GET", "/emails/locations/l/campaigns/emails/c%20d"), Some((Op::GetEmailCampaign, ids)));
    }
}
