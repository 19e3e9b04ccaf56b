//! The OAuth scope that each operation needs, from `security` in HighLevel's OpenAPI files. The file for funnels names
//! none, so theirs are the scopes that a login requests.

use http::Method;

/// Path prefixes with their scopes: `(path, read scope, write scope)`. `*` matches an id. The first match applies.
const SCOPES: &[(&str, &str, &str)] = &[
    ("/contacts", "contacts.readonly", "contacts.write"),
    ("/opportunities", "opportunities.readonly", "opportunities.write"),
    ("/locations/*/customFields", "locations/customFields.readonly", "locations/customFields.write"),
    ("/locations/*/customValues", "locations/customValues.readonly", "locations/customValues.write"),
    ("/locations/*/tasks", "locations/tasks.readonly", "locations/tasks.write"),
    ("/locations/*/tags", "locations/tags.readonly", "locations/tags.write"),
    ("/locations", "locations.readonly", "locations.write"),
    ("/users", "users.readonly", "users.write"),
    ("/emails/locations/*/campaigns", "emails/campaigns.readonly", "emails/campaigns.write"),
    ("/calendars/events", "calendars/events.readonly", "calendars/events.write"),
    ("/calendars/blocked-slots", "calendars/events.readonly", "calendars/events.write"),
    ("/calendars/groups", "calendars/groups.readonly", "calendars/groups.write"),
    ("/calendars", "calendars.readonly", "calendars.write"),
    ("/campaigns", "campaigns.readonly", "campaigns.readonly"),
    ("/funnels/funnel", "funnels/funnel.readonly", "funnels/funnel.readonly"),
    ("/funnels/page", "funnels/page.readonly", "funnels/page.readonly"),
];

/// The scope of a request.
pub(super) fn of(method: &Method, path: &str) -> Option<&'static str> {
    // A search is a POST that reads.
    let reads = method == Method::GET || path.ends_with("/search");
    let (_, read, write) = SCOPES.iter().find(|(known, ..)| is_below(path, known))?;
    Some(if reads { read } else { write })
}

fn is_below(path: &str, known: &str) -> bool {
    let mut segments = path.split('/');
    known.split('/').all(|wanted| segments.next().is_some_and(|segment| wanted == "*" || wanted == segment))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_have_the_scope_of_their_path() {
        for (method, path, scope) in [
            (Method::POST, "/contacts/search", "contacts.readonly"),
            (Method::GET, "/contacts/c1", "contacts.readonly"),
            (Method::POST, "/contacts/", "contacts.write"),
            (Method::DELETE, "/contacts/c1/tags", "contacts.write"),
            (Method::GET, "/opportunities/pipelines", "opportunities.readonly"),
            (Method::PUT, "/opportunities/o1/status", "opportunities.write"),
            (Method::GET, "/locations/l1", "locations.readonly"),
            (Method::GET, "/locations/search", "locations.readonly"),
            (Method::GET, "/locations/l1/customFields", "locations/customFields.readonly"),
            (Method::POST, "/locations/l1/tasks/search", "locations/tasks.readonly"),
            (Method::POST, "/contacts/c1/notes", "contacts.write"),
            (Method::GET, "/users/", "users.readonly"),
            (Method::POST, "/emails/locations/l1/campaigns/emails", "emails/campaigns.write"),
            (Method::GET, "/funnels/page", "funnels/page.readonly"),
            (Method::GET, "/calendars/c1/free-slots", "calendars.readonly"),
            (Method::PUT, "/calendars/events/appointments/e1", "calendars/events.write"),
            (Method::GET, "/contacts/c1/appointments", "contacts.readonly"),
        ] {
            assert_eq!(of(&method, path), Some(scope), "{method} {path}");
        }
        assert_eq!(of(&Method::POST, "/oauth/token"), None);
    }
}
