//! Scopes: what a token must be allowed to do for an operation. The words are those of the official files; the
//! document's API knows none, and its operations want what the official ones would.

use super::answer::Answer;
use super::operations::{Effect, Label};
use http::StatusCode;

/// The resources by the beginning of an operation's path, with the scopes of reading and of writing.
const RESOURCES: &[(&str, &str, &str)] = &[
    ("/users", "users.readonly", "users.write"),
    ("/locations/{locationId}/customFields", "locations/customFields.readonly", "locations/customFields.write"),
    ("/location", "locations.readonly", "locations.write"),
    ("/contact", "contacts.readonly", "contacts.write"),
    ("/opportunit", "opportunities.readonly", "opportunities.write"),
    ("/campaign", "campaigns.readonly", "campaigns.write"),
    ("/emails", "emails/campaigns.readonly", "emails/campaigns.write"),
    ("/funnels/page", "funnels/page.readonly", "funnels/page.write"),
    ("/funnel", "funnels/funnel.readonly", "funnels/funnel.write"),
    ("/page", "funnels/page.readonly", "funnels/page.write"),
    ("/webhook", "webhooks.readonly", "webhooks.write"),
];

/// The scope with this name.
pub(super) fn named(word: &str) -> Result<&'static str, String> {
    let known = || RESOURCES.iter().flat_map(|(_, read, write)| [*read, *write]);
    known().find(|scope| *scope == word).ok_or_else(|| {
        let mut all: Vec<_> = known().collect();
        all.sort_unstable();
        all.dedup();
        format!("scope:SCOPE needs one of {}", all.join(", "))
    })
}

/// The scope that an operation wants. Renewals want none.
fn of(label: Label) -> Option<&'static str> {
    let path = label.name.split(' ').nth(1)?;
    let (_, read, write) = RESOURCES.iter().find(|(beginning, ..)| path.starts_with(beginning))?;
    match label.effect {
        Effect::Read => Some(read),
        Effect::Write => Some(write),
        Effect::Refresh => None,
    }
}

/// Refuses an operation whose scope the token lacks.
pub(super) fn judge(missing: &[&str], label: Label) -> Result<(), Answer> {
    match of(label) {
        Some(scope) if missing.contains(&scope) => {
            Err(Answer::refuse(StatusCode::UNAUTHORIZED, "The token is not authorized for this scope."))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{official, operations::ROUTES};
    use super::*;

    #[test]
    fn every_operation_wants_a_scope_that_can_be_named() {
        for route in ROUTES.iter().filter(|route| route.effect != Effect::Refresh) {
            let scope = of(route.label()).unwrap_or_else(|| panic!("{} has none", route.name));
            assert_eq!(named(scope), Ok(scope));
        }
        for label in official::operations::labels().filter(|label| label.effect != Effect::Refresh) {
            assert!(of(label).is_some(), "{} has none", label.name);
        }
        let label = |name| Label { name, twin: None, effect: Effect::Read };
        assert_eq!(of(label("GET /funnels/page")), Some("funnels/page.readonly"));
        assert_eq!(of(label("GET /funnels/funnel/list")), Some("funnels/funnel.readonly"));
    }
}
