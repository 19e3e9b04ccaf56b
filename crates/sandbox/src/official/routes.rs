//! The official operations that the sandbox serves, with the headers and queries that the OpenAPI files declare.

use super::calendars::{self, CalendarOp};
use super::conversations::{self, ConversationOp};
use super::{billing, forms};
use crate::operation::{Effect, OperationLabel, RouteMatch, find_route};

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

/// The tokens that an operation accepts: the files' security schemes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// None: the operation issues one.
    Nobody,
    /// A sub-account's: `bearer`, `Location-Access`.
    Location,
    /// A sub-account's or an agency's.
    Either,
    /// An agency's: `Agency-Access-Only`.
    Company,
}

/// The body that an operation takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BodyRule {
    None,
    Json,
    Form,
}

/// The values that a query parameter accepts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Holds {
    Text,
    /// A whole number within these bounds.
    Whole(usize, usize),
    OneOf(&'static [&'static str]),
    /// `mm-dd-yyyy`
    Day,
    /// `yyyy-mm-dd`
    IsoDay,
    Flag,
}

/// A query parameter.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Parameter {
    pub(crate) name: &'static str,
    pub(crate) holds: Holds,
    pub(crate) required: bool,
}

pub(super) const fn may(name: &'static str, holds: Holds) -> Parameter {
    Parameter { name, holds, required: false }
}

pub(super) const fn must(name: &'static str, holds: Holds) -> Parameter {
    Parameter { name, holds, required: true }
}

/// One operation with its route.
#[derive(Debug)]
pub(crate) struct Route {
    pub(crate) op: Op,
    /// The method and the path pattern.
    name: &'static str,
    /// The session API's operation that does the same.
    pub(super) session_name: Option<&'static str>,
    effect: Effect,
    pub(crate) access: Access,
    /// The value of the header `Version`, if the file declares one.
    pub(crate) version: Option<&'static str>,
    pub(crate) body: BodyRule,
    pub(crate) query: &'static [Parameter],
}

impl Route {
    pub(crate) fn label(&self) -> OperationLabel {
        OperationLabel { name: self.name, session_name: self.session_name, effect: self.effect }
    }

    pub(super) const fn version(mut self, version: Option<&'static str>) -> Self {
        self.version = version;
        self
    }

    const fn access(mut self, access: Access) -> Self {
        self.access = access;
        self
    }

    /// The session API has no such operation.
    pub(super) const fn official_only(mut self) -> Self {
        self.session_name = None;
        self
    }

    /// The operation changes something.
    pub(super) const fn writes(mut self) -> Self {
        self.effect = Effect::Write;
        self
    }
}

/// The version of most operations.
pub(crate) const DATED: &str = "2021-07-28";
const V3: Option<&str> = Some("v3");

pub(super) const fn read(op: Op, name: &'static str, session_name: &'static str, query: &'static [Parameter]) -> Route {
    Route {
        op,
        name,
        session_name: Some(session_name),
        effect: Effect::Read,
        access: Access::Location,
        version: Some(DATED),
        body: BodyRule::None,
        query,
    }
}

pub(super) const fn json(effect: Effect, op: Op, name: &'static str, session_name: &'static str) -> Route {
    Route {
        op,
        name,
        session_name: Some(session_name),
        effect,
        access: Access::Location,
        version: Some(DATED),
        body: BodyRule::Json,
        query: &[],
    }
}

const fn form(op: Op, name: &'static str, access: Access) -> Route {
    Route {
        op,
        name,
        session_name: None,
        effect: Effect::Refresh,
        access,
        version: None,
        body: BodyRule::Form,
        query: &[],
    }
}

/// A read that the session API does not have.
const fn own_read(op: Op, name: &'static str) -> Route {
    Route { session_name: None, ..read(op, name, "", &[]) }
}

/// An operation with a body that the session API does not have.
const fn own_json(effect: Effect, op: Op, name: &'static str) -> Route {
    Route { session_name: None, ..json(effect, op, name, "") }
}

/// A deletion, which the session API has of no such object.
const fn own_delete(op: Op, name: &'static str) -> Route {
    Route { effect: Effect::Write, ..own_read(op, name) }
}

pub(super) const ANY: Holds = Holds::Whole(0, usize::MAX);
pub(super) const SOME: Holds = Holds::Whole(1, usize::MAX);
const EMAIL_STATUSES: &[&str] =
    &["all", "sent", "failed", "archived", "draft", "processing", "scheduled", "cancelled", "paused"];

const LOCATIONS: &[Parameter] = &[
    may("companyId", Holds::Text),
    may("skip", ANY),
    may("limit", SOME),
    may("order", Holds::OneOf(&["asc", "desc"])),
    may("email", Holds::Text),
];

const OPPORTUNITIES: &[Parameter] = &[
    must("location_id", Holds::Text),
    may("q", Holds::Text),
    may("pipeline_id", Holds::Text),
    may("pipeline_stage_id", Holds::Text),
    may("contact_id", Holds::Text),
    may("status", Holds::OneOf(&["open", "won", "lost", "abandoned", "all"])),
    may("assigned_to", Holds::Text),
    may("campaignId", Holds::Text),
    may("id", Holds::Text),
    // The file has only `added_asc` as an example. These are the two orders that a cursor can follow.
    may("order", Holds::OneOf(&["added_asc", "added_desc"])),
    may("date", Holds::Day),
    may("endDate", Holds::Day),
    may("startAfter", ANY),
    may("startAfterId", Holds::Text),
    may("country", Holds::Text),
    may("page", SOME),
    may("limit", Holds::Whole(1, 100)),
    may("getTasks", Holds::Flag),
    may("getNotes", Holds::Flag),
    may("getCalendarEvents", Holds::Flag),
];

const EMAIL_CAMPAIGNS: &[Parameter] = &[
    may("limit", Holds::Whole(1, 20)),
    may("offset", ANY),
    may("search", Holds::Text),
    may("status", Holds::OneOf(EMAIL_STATUSES)),
];

const PAGES: &[Parameter] = &[
    must("locationId", Holds::Text),
    must("funnelId", Holds::Text),
    must("limit", SOME),
    must("offset", ANY),
    may("name", Holds::Text),
];

const FUNNELS: &[Parameter] = &[
    must("locationId", Holds::Text),
    may("type", Holds::Text),
    may("category", Holds::Text),
    may("offset", ANY),
    may("limit", SOME),
    may("parentId", Holds::Text),
    may("name", Holds::Text),
];

const INSTALLED_LOCATIONS: &[Parameter] = &[
    must("companyId", Holds::Text),
    must("appId", Holds::Text),
    may("skip", ANY),
    may("limit", SOME),
    may("query", Holds::Text),
    may("isInstalled", Holds::Flag),
    may("versionId", Holds::Text),
    may("onTrial", Holds::Flag),
    may("planId", Holds::Text),
    may("locationId", Holds::Text),
];

const DUPLICATE: &[Parameter] =
    &[must("locationId", Holds::Text), may("number", Holds::Text), may("email", Holds::Text)];

const EMAILS: &str = "GET /emails/locations/{locationId}/campaigns/emails";
const EMAIL: &str = "GET /emails/locations/{locationId}/campaigns/emails/{campaignId}";
const NEW_EMAIL: &str = "POST /emails/locations/{locationId}/campaigns/emails";

/// The operations without a table of their own. A literal path comes before a pattern that also matches it.
const ROUTES: &[Route] = &[
    // The session API has no list of users.
    Route { session_name: None, ..read(Op::Users, "GET /users/", "", &[must("locationId", Holds::Text)]) },
    read(Op::GetUser, "GET /users/{userId}", "GET /users/{userId}", &[]).access(Access::Either),
    read(Op::SearchLocations, "GET /locations/search", "GET /locations", LOCATIONS).access(Access::Either),
    read(Op::GetLocation, "GET /locations/{locationId}", "GET /location/{id}", &[]).access(Access::Either),
    Route {
        session_name: None,
        ..read(
            Op::CustomFields,
            "GET /locations/{locationId}/customFields",
            "",
            &[may("model", Holds::OneOf(&["contact", "opportunity", "all"]))],
        )
    },
    own_read(Op::CustomValues, "GET /locations/{locationId}/customValues"),
    own_json(Effect::Write, Op::CreateCustomValue, "POST /locations/{locationId}/customValues"),
    own_read(Op::GetCustomValue, "GET /locations/{locationId}/customValues/{id}"),
    own_json(Effect::Write, Op::UpdateCustomValue, "PUT /locations/{locationId}/customValues/{id}"),
    own_delete(Op::DeleteCustomValue, "DELETE /locations/{locationId}/customValues/{id}"),
    own_json(Effect::Read, Op::SearchTasks, "POST /locations/{locationId}/tasks/search"),
    json(Effect::Read, Op::SearchContacts, "POST /contacts/search", "GET /contact"),
    Route { session_name: None, ..read(Op::DuplicateContact, "GET /contacts/search/duplicate", "", DUPLICATE) },
    read(Op::GetContact, "GET /contacts/{contactId}", "GET /contact/{id}", &[]),
    json(Effect::Write, Op::CreateContact, "POST /contacts/", "POST /contact"),
    json(Effect::Write, Op::UpdateContact, "PUT /contacts/{contactId}", "PUT /contact/{id}"),
    json(Effect::Write, Op::AddTags, "POST /contacts/{contactId}/tags", "PUT /contact/{id}"),
    json(Effect::Write, Op::RemoveTags, "DELETE /contacts/{contactId}/tags", "PUT /contact/{id}"),
    own_json(Effect::Write, Op::UpsertContact, "POST /contacts/upsert"),
    own_delete(Op::DeleteContact, "DELETE /contacts/{contactId}"),
    own_read(Op::Notes, "GET /contacts/{contactId}/notes"),
    own_json(Effect::Write, Op::CreateNote, "POST /contacts/{contactId}/notes"),
    own_read(Op::GetNote, "GET /contacts/{contactId}/notes/{id}"),
    own_json(Effect::Write, Op::UpdateNote, "PUT /contacts/{contactId}/notes/{id}"),
    own_delete(Op::DeleteNote, "DELETE /contacts/{contactId}/notes/{id}"),
    own_read(Op::Tasks, "GET /contacts/{contactId}/tasks"),
    own_json(Effect::Write, Op::CreateTask, "POST /contacts/{contactId}/tasks"),
    own_read(Op::GetTask, "GET /contacts/{contactId}/tasks/{taskId}"),
    own_json(Effect::Write, Op::UpdateTask, "PUT /contacts/{contactId}/tasks/{taskId}"),
    own_delete(Op::DeleteTask, "DELETE /contacts/{contactId}/tasks/{taskId}"),
    own_json(Effect::Write, Op::CompleteTask, "PUT /contacts/{contactId}/tasks/{taskId}/completed"),
    read(Op::SearchOpportunities, "GET /opportunities/search", "GET /opportunity", OPPORTUNITIES),
    Route {
        session_name: None,
        ..read(Op::Pipelines, "GET /opportunities/pipelines", "", &[must("locationId", Holds::Text)])
    },
    read(Op::GetOpportunity, "GET /opportunities/{id}", "GET /opportunity/{id}", &[]),
    json(Effect::Write, Op::CreateOpportunity, "POST /opportunities/", "POST /opportunity"),
    own_delete(Op::DeleteOpportunity, "DELETE /opportunities/{id}"),
    json(Effect::Write, Op::UpdateOpportunity, "PUT /opportunities/{id}", "PUT /opportunity/{id}"),
    json(Effect::Write, Op::UpdateStatus, "PUT /opportunities/{id}/status", "PUT /opportunity/{id}"),
    // The session API's campaigns correspond to email campaigns.
    Route {
        session_name: None,
        ..read(Op::Campaigns, "GET /campaigns/", "", &[must("locationId", Holds::Text), may("status", Holds::Text)])
    },
    read(Op::EmailCampaigns, EMAILS, "GET /campaigns", EMAIL_CAMPAIGNS).version(V3),
    read(Op::GetEmailCampaign, EMAIL, "GET /campaign", &[]).version(V3),
    json(Effect::Write, Op::CreateEmailCampaign, NEW_EMAIL, "POST /campaigns").version(V3),
    read(Op::FunnelPages, "GET /funnels/page", "GET /page", PAGES).version(None),
    read(Op::Funnels, "GET /funnels/funnel/list", "GET /funnel", FUNNELS).version(None),
    Route { session_name: Some("POST /token/update"), ..form(Op::Token, "POST /oauth/token", Access::Nobody) },
    form(Op::LocationToken, "POST /oauth/locationToken", Access::Company).version(Some(DATED)),
    // The session API has no apps.
    Route {
        session_name: None,
        ..read(Op::InstalledLocations, "GET /oauth/installedLocations", "", INSTALLED_LOCATIONS).access(Access::Company)
    },
];

/// The tables of all operations, one for each group of resources.
const TABLES: &[&[Route]] = &[ROUTES, calendars::ROUTES, forms::ROUTES, billing::ROUTES, conversations::ROUTES];

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
