//! What the session's API takes of the catalogue's arguments: it has no place for some that the official one has.

use highlevel_catalog::{Entry, Form, Operation, Takes, campaigns, contacts, opportunities};
use std::sync::LazyLock;

const TAKES: Takes = Takes::of("HighLevel's session API");

/// The words for a deal's status.
const STATUS: (&str, &[&str], &str) = (
    "status",
    &["open", "negotiation", "won", "lost"],
    " Only HighLevel's official API (`--api official`) knows abandoned deals.",
);

const CUSTOM_FIELDS: (&str, &str) =
    ("customFields", "stores no custom fields of deals; the official API does (`--api official`)");

static FORMS: LazyLock<Vec<(&str, Form)>> = LazyLock::new(|| {
    vec![
        form::<contacts::CreateContact>(Takes { required: &["firstName", "lastName", "email"], ..TAKES }),
        form::<opportunities::ListOpportunities>(Takes { words: &[STATUS], ..TAKES }),
        form::<opportunities::CreateOpportunity>(Takes {
            without: &[CUSTOM_FIELDS],
            required: &["value"],
            words: &[STATUS],
            ..TAKES
        }),
        form::<opportunities::UpdateOpportunity>(Takes { without: &[CUSTOM_FIELDS], words: &[STATUS], ..TAKES }),
        form::<campaigns::ListCampaigns>(Takes {
            words: &[("status", &["active", "paused", "archived"], "")],
            ..TAKES
        }),
        form::<campaigns::CreateCampaign>(Takes { required: &["type"], ..TAKES }),
    ]
});

fn form<O: Operation>(takes: Takes) -> (&'static str, Form) {
    (O::NAME, Form::new(takes))
}

/// The form of an operation, if it differs from the catalogue's.
pub(in crate::api) fn form_of(entry: &Entry) -> Option<&'static Form> {
    FORMS.iter().find(|(name, _)| *name == entry.name).map(|(_, form)| form)
}
