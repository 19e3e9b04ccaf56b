//! The operations of resources without a table of their own.

use super::Op;
use super::declare::{
    ANY, Access, DATED, Holds, Parameter, Route, SOME, V3, form, json, may, must, own_delete, own_json, own_read, read,
};
use crate::operation::Effect;

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
pub(super) const ROUTES: &[Route] = &[
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
