//! What the official API has of the catalogue, and how: the one list that tools, `doctor` and the docs are made from.

use crate::crm::{Entry, Operation, campaigns, contacts, funnels, locations, opportunities, pages, users};

/// The operations, and where each one is there.
const HOW: [(&str, &str); 19] = [
    (users::GetCurrentUser::NAME, "GET /users/{userId} of an OAuth login; none with a private token"),
    (users::GetUser::NAME, "GET /users/{userId}"),
    (locations::GetDefaultLocation::NAME, "GET /locations/{--location-id}"),
    (locations::GetLocation::NAME, "GET /locations/{locationId}"),
    (locations::ListLocations::NAME, "GET /locations/search; the one it is held to where the token may not"),
    (contacts::ListContacts::NAME, "POST /contacts/search"),
    (contacts::GetContact::NAME, "GET /contacts/{contactId}"),
    (contacts::CreateContact::NAME, "POST /contacts/"),
    (contacts::UpdateContact::NAME, "PUT /contacts/{contactId}"),
    (opportunities::ListOpportunities::NAME, "GET /opportunities/search"),
    (opportunities::GetOpportunity::NAME, "GET /opportunities/{id}"),
    (opportunities::CreateOpportunity::NAME, "POST /opportunities/; no currency, probability, expectedCloseDate, tags"),
    (opportunities::UpdateOpportunity::NAME, "PUT /opportunities/{id}; as above, and no contactId"),
    (opportunities::ListPipelines::NAME, "GET /opportunities/pipelines"),
    (campaigns::ListCampaigns::NAME, "GET /emails/locations/{locationId}/campaigns/emails: e-mail campaigns only"),
    (campaigns::GetCampaign::NAME, "GET /emails/locations/{locationId}/campaigns/emails/{campaignId}"),
    (campaigns::CreateCampaign::NAME, "POST /emails/locations/{locationId}/campaigns/emails: a draft"),
    (pages::ListPages::NAME, "GET /funnels/page of every funnel: names only, no status"),
    (funnels::ListFunnels::NAME, "GET /funnels/funnel/list"),
];

/// Where an operation is in the official API; `None` if it has none.
pub(in crate::backend) fn how(entry: &Entry) -> Option<&'static str> {
    HOW.iter().find(|(name, _)| *name == entry.name).map(|(_, how)| *how)
}
