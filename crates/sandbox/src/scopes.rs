//! Scopes: the permissions that an operation needs. The names are those of the official OpenAPI files. The session API has
//! no scopes: its operations need what the official ones do.

use crate::operation::{Effect, OperationLabel};
use crate::response::ApiResponse;
use http::StatusCode;

/// Path prefixes with the scopes for reading and for writing.
const RESOURCES: &[(&str, &str, &str)] = &[
    ("/users", "users.readonly", "users.write"),
    ("/locations/{locationId}/customFields", "locations/customFields.readonly", "locations/customFields.write"),
    ("/locations/{locationId}/customValues", "locations/customValues.readonly", "locations/customValues.write"),
    ("/locations/{locationId}/tasks", "locations/tasks.readonly", "locations/tasks.write"),
    ("/location", "locations.readonly", "locations.write"),
    ("/calendars/groups", "calendars/groups.readonly", "calendars/groups.write"),
    ("/calendars/events", "calendars/events.readonly", "calendars/events.write"),
    ("/calendars/blocked-slots", "calendars/events.readonly", "calendars/events.write"),
    ("/calendars", "calendars.readonly", "calendars.write"),
    ("/contact", "contacts.readonly", "contacts.write"),
    ("/opportunit", "opportunities.readonly", "opportunities.write"),
    ("/conversations/locations", "conversations/message.readonly", "conversations/message.write"),
    ("/conversations/messages", "conversations/message.readonly", "conversations/message.write"),
    ("/conversations/{conversationId}/messages", "conversations/message.readonly", "conversations/message.write"),
    ("/conversations", "conversations.readonly", "conversations.write"),
    ("/workflows", "workflows.readonly", "workflows.write"),
    ("/campaign", "campaigns.readonly", "campaigns.write"),
    ("/emails", "emails/campaigns.readonly", "emails/campaigns.write"),
    ("/funnels/page", "funnels/page.readonly", "funnels/page.write"),
    ("/funnel", "funnels/funnel.readonly", "funnels/funnel.write"),
    ("/page", "funnels/page.readonly", "funnels/page.write"),
    ("/forms", "forms.readonly", "forms.write"),
    ("/surveys", "surveys.readonly", "surveys.readonly"),
    ("/invoices", "invoices.readonly", "invoices.write"),
    ("/payments/orders", "payments/orders.readonly", "payments/orders.write"),
    ("/payments/transactions", "payments/transactions.readonly", "payments/transactions.readonly"),
    ("/payments/subscriptions", "payments/subscriptions.readonly", "payments/subscriptions.readonly"),
    ("/oauth", "oauth.readonly", "oauth.write"),
    ("/webhook", "webhooks.readonly", "webhooks.write"),
];

/// The scope with this name.
pub(crate) fn parse(word: &str) -> Result<&'static str, String> {
    let known = all();
    let unknown = || format!("scope:SCOPE needs one of {}", known.join(", "));
    known.iter().find(|scope| **scope == word).copied().ok_or_else(unknown)
}

/// Every scope, by name.
pub(crate) fn all() -> Vec<&'static str> {
    let mut all: Vec<_> = RESOURCES.iter().flat_map(|(_, read, write)| [*read, *write]).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// The scope that an operation needs. A token refresh needs none.
fn of(label: OperationLabel) -> Option<&'static str> {
    let path = label.name.split(' ').nth(1)?;
    let (_, read, write) = RESOURCES.iter().find(|(beginning, ..)| path.starts_with(beginning))?;
    match label.effect {
        Effect::Read => Some(read),
        Effect::Write => Some(write),
        Effect::Refresh => None,
    }
}

/// Refuses an operation if the token lacks its scope: every token lacks `missing`, and one that was `granted` only some
/// scopes lacks the others.
pub(crate) fn check(missing: &[&str], granted: Option<&str>, label: OperationLabel) -> Result<(), ApiResponse> {
    let is_granted = |scope| granted.is_none_or(|granted| granted.split_whitespace().any(|one| one == scope));
    match of(label) {
        Some(scope) if missing.contains(&scope) || !is_granted(scope) => {
            Err(ApiResponse::error(StatusCode::UNAUTHORIZED, "The token is not authorized for this scope."))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{official, session::routes::ROUTES};

    #[test]
    fn every_operation_wants_a_scope_that_can_be_named() {
        for route in ROUTES.iter().filter(|route| route.effect != Effect::Refresh) {
            let scope = of(route.label()).unwrap_or_else(|| panic!("{} has none", route.name));
            assert_eq!(parse(scope), Ok(scope));
        }
        for label in official::routes::labels().filter(|label| label.effect != Effect::Refresh) {
            assert!(of(label).is_some(), "{} has none", label.name);
        }
        let label = |name| OperationLabel { name, session_name: None, effect: Effect::Read };
        assert_eq!(of(label("GET /funnels/page")), Some("funnels/page.readonly"));
        assert_eq!(of(label("GET /funnels/funnel/list")), Some("funnels/funnel.readonly"));
    }
}
