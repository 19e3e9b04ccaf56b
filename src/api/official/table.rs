//! What the official API has of the catalogue, where, and with which arguments: the one list that tools, schemas, checks,
//! `doctor` and the docs are made from.

use highlevel_catalog::{
    Entry, Form, Operation, Takes,
    campaigns::{CreateCampaign, GetCampaign, ListCampaigns},
    contacts::{CreateContact, GetContact, ListContacts, UpdateContact},
    funnels::ListFunnels,
    locations::{GetDefaultLocation, GetLocation, ListLocations},
    opportunities::{CreateOpportunity, GetOpportunity, ListOpportunities, ListPipelines, UpdateOpportunity},
    pages::ListPages,
    users::{GetCurrentUser, GetUser},
};
use std::sync::LazyLock;

/// An operation in the official API.
struct Place {
    name: &'static str,
    /// Where it is there.
    how: &'static str,
    form: Form,
}

const TAKES: Takes = Takes::of("HighLevel's official API");

const OWNER: (&str, &str) = ("assignedTo", "User's name, email or id");
const FIELDS: (&str, &str) = ("customFields", "By name, key or id");
const STAGE: (&str, &str) = ("stage", "Name, or pipeline / name");

const STATUS: &[&str] = &["open", "won", "lost", "abandoned"];
const NEGOTIATION: &str = " A negotiation is a stage of an open deal there.";

/// What a deal has no place for.
const CURRENCY: (&str, &str) = ("currency", "stores no currency; the session API does (`--api session`)");
const PROBABILITY: (&str, &str) = ("probability", "stores no probability; the session API does (`--api session`)");
const CLOSE_DATE: (&str, &str) =
    ("expectedCloseDate", "stores no expected close date; the session API does (`--api session`)");
const TAGS: (&str, &str) = ("tags", "stores no tags of deals; those of the deal's contact can be changed");
const ADD_TAGS: (&str, &str) = ("addTags", TAGS.1);
const REMOVE_TAGS: (&str, &str) = ("removeTags", TAGS.1);

static PLACES: LazyLock<Vec<Place>> = LazyLock::new(|| {
    vec![
        place::<GetCurrentUser>("GET /users/{userId} of an OAuth login; none with a private token", TAKES),
        place::<GetUser>("GET /users/{userId}", TAKES),
        place::<GetDefaultLocation>("GET /locations/{--location-id}", TAKES),
        place::<GetLocation>("GET /locations/{locationId}", TAKES),
        place::<ListLocations>("GET /locations/search; the one it is held to where the token may not", TAKES),
        place::<ListContacts>("POST /contacts/search", TAKES),
        place::<GetContact>("GET /contacts/{contactId}", TAKES),
        place::<CreateContact>(
            "POST /contacts/",
            Takes {
                description: Some("Create a contact, by email or phone. An account may refuse duplicates."),
                described: &[OWNER, FIELDS],
                any_of: &["email", "phone"],
                ..TAKES
            },
        ),
        place::<UpdateContact>(
            "PUT /contacts/{contactId}; POST and DELETE /contacts/{contactId}/tags",
            Takes { described: &[OWNER, FIELDS], ..TAKES },
        ),
        place::<ListOpportunities>(
            "GET /opportunities/search",
            Takes { words: &[("status", &["open", "won", "lost", "abandoned", "all"], NEGOTIATION)], ..TAKES },
        ),
        place::<GetOpportunity>("GET /opportunities/{id}", TAKES),
        place::<CreateOpportunity>(
            "POST /opportunities/",
            Takes {
                described: &[STAGE, OWNER, FIELDS],
                without: &[CURRENCY, PROBABILITY, CLOSE_DATE, TAGS],
                words: &[("status", STATUS, NEGOTIATION)],
                ..TAKES
            },
        ),
        place::<UpdateOpportunity>(
            "PUT /opportunities/{id}",
            Takes {
                description: Some("Update an opportunity. Only the fields given change; customFields are merged."),
                described: &[STAGE, OWNER, FIELDS],
                without: &[
                    ("contactId", "leaves a deal with its contact"),
                    CURRENCY,
                    PROBABILITY,
                    CLOSE_DATE,
                    TAGS,
                    ADD_TAGS,
                    REMOVE_TAGS,
                ],
                keeps: &[
                    ("stage", "keeps every deal in a stage: give another"),
                    ("assignedTo", "cannot take a deal from its owner: give another"),
                ],
                words: &[("status", STATUS, NEGOTIATION)],
                ..TAKES
            },
        ),
        place::<ListPipelines>("GET /opportunities/pipelines", TAKES),
        place::<ListCampaigns>(
            "GET /emails/locations/{locationId}/campaigns/emails: e-mail campaigns only",
            Takes {
                words: &[(
                    "status",
                    &["draft", "scheduled", "processing", "sent", "paused", "cancelled", "failed", "archived"],
                    " It calls no campaign active.",
                )],
                ..TAKES
            },
        ),
        place::<GetCampaign>("GET /emails/locations/{locationId}/campaigns/emails/{campaignId}", TAKES),
        place::<CreateCampaign>(
            "POST /emails/locations/{locationId}/campaigns/emails: a draft",
            Takes {
                description: Some("Create an email campaign as a draft; sending it is done in HighLevel."),
                words: &[
                    ("type", &["email"], " It creates no other campaigns."),
                    ("status", &["draft"], " Sending a campaign is done in HighLevel."),
                ],
                ..TAKES
            },
        ),
        place::<ListPages>(
            "GET /funnels/page of every funnel: names only",
            Takes { without: &[("status", "tells no page's status")], ..TAKES },
        ),
        place::<ListFunnels>("GET /funnels/funnel/list", TAKES),
    ]
});

fn place<O: Operation>(how: &'static str, takes: Takes) -> Place {
    Place { name: O::NAME, how, form: Form::new(takes) }
}

fn place_of(entry: &Entry) -> Option<&'static Place> {
    PLACES.iter().find(|place| place.name == entry.name)
}

/// Where an operation is in the official API; `None` if it has none.
pub(in crate::api) fn how(entry: &Entry) -> Option<&'static str> {
    place_of(entry).map(|place| place.how)
}

/// The form of an operation's arguments there; `None` if it has none.
pub(in crate::api) fn form_of(entry: &Entry) -> Option<&'static Form> {
    place_of(entry).map(|place| &place.form)
}
