//! The session API's operations and their routes.

use crate::operation::{Effect, OperationLabel, RouteMatch, find_route};

/// An operation of the session API, or the token refresh.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Op {
    CurrentUser,
    GetUser,
    DefaultLocation,
    GetLocation,
    ListLocations,
    ListContacts,
    GetContact,
    CreateContact,
    UpdateContact,
    ListOpportunities,
    GetOpportunity,
    CreateOpportunity,
    UpdateOpportunity,
    ListCampaigns,
    GetCampaign,
    CreateCampaign,
    ListPages,
    GetPage,
    CreatePage,
    UpdatePage,
    DeletePage,
    PublishPage,
    ListFunnels,
    ListWebhooks,
    CreateWebhook,
    DeleteWebhook,
    Refresh,
}

/// The body that an operation takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BodyRule {
    /// No body: reads and deletes.
    None,
    /// A JSON object.
    Json,
    /// An empty body with `Content-Length: 0`.
    Empty,
}

/// One operation with its route.
#[derive(Debug)]
pub(crate) struct Route {
    pub(crate) op: Op,
    /// The method and the path pattern.
    pub(crate) name: &'static str,
    pub(crate) effect: Effect,
    pub(crate) body: BodyRule,
}

impl Route {
    pub(crate) fn label(&self) -> OperationLabel {
        OperationLabel { name: self.name, session_name: None, effect: self.effect }
    }
}

const fn read(op: Op, name: &'static str) -> Route {
    Route { op, name, effect: Effect::Read, body: BodyRule::None }
}

const fn write(op: Op, name: &'static str, body: BodyRule) -> Route {
    Route { op, name, effect: Effect::Write, body }
}

/// Every operation. A literal path comes before a pattern that also matches it.
pub(crate) const ROUTES: &[Route] = &[
    read(Op::CurrentUser, "GET /users/me"),
    read(Op::GetUser, "GET /users/{userId}"),
    read(Op::DefaultLocation, "GET /location"),
    read(Op::GetLocation, "GET /location/{id}"),
    read(Op::ListLocations, "GET /locations"),
    read(Op::ListContacts, "GET /contact"),
    read(Op::GetContact, "GET /contact/{id}"),
    write(Op::CreateContact, "POST /contact", BodyRule::Json),
    write(Op::UpdateContact, "PUT /contact/{id}", BodyRule::Json),
    read(Op::ListOpportunities, "GET /opportunity"),
    read(Op::GetOpportunity, "GET /opportunity/{id}"),
    write(Op::CreateOpportunity, "POST /opportunity", BodyRule::Json),
    write(Op::UpdateOpportunity, "PUT /opportunity/{id}", BodyRule::Json),
    read(Op::ListCampaigns, "GET /campaigns"),
    read(Op::GetCampaign, "GET /campaign"),
    write(Op::CreateCampaign, "POST /campaigns", BodyRule::Json),
    read(Op::ListPages, "GET /page"),
    read(Op::GetPage, "GET /page/{id}"),
    write(Op::CreatePage, "POST /page", BodyRule::Json),
    write(Op::UpdatePage, "PUT /page/{id}", BodyRule::Json),
    write(Op::DeletePage, "DELETE /page/{id}", BodyRule::None),
    write(Op::PublishPage, "POST /page/{id}/publish", BodyRule::Empty),
    read(Op::ListFunnels, "GET /funnel"),
    read(Op::ListWebhooks, "GET /webhook"),
    write(Op::CreateWebhook, "POST /webhook", BodyRule::Json),
    write(Op::DeleteWebhook, "DELETE /webhook/{id}", BodyRule::None),
    Route { op: Op::Refresh, name: "POST /token/update", effect: Effect::Refresh, body: BodyRule::Empty },
];

/// Finds the operation of a raw path, as it was received.
pub(crate) fn find(method: &str, path: &str) -> RouteMatch<Route> {
    find_route(ROUTES, |route| route.name, method, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn op(method: &str, path: &str) -> Option<(Op, String)> {
        match find(method, path) {
            RouteMatch::Route(route, ids) => Some((route.op, ids.concat())),
            _ => None,
        }
    }

    #[test]
    fn the_document_lists_26_operations_and_the_refresh() {
        assert_eq!(ROUTES.len(), 27);
    }

    #[test]
    fn a_literal_beats_a_pattern_and_ids_are_decoded() {
        assert_eq!(op("GET", "/users/me"), Some((Op::CurrentUser, String::new())));
        assert_eq!(op("GET", "/users/m%65x"), Some((Op::GetUser, "mex".into())));
        assert_eq!(op("POST", "/page/p1/publish"), Some((Op::PublishPage, "p1".into())));
    }

    #[test]
    fn a_wrong_method_is_distinguished_from_a_wrong_path() {
        assert!(matches!(find("PATCH", "/contact"), RouteMatch::WrongMethod));
        assert!(matches!(find("DELETE", "/contact/x"), RouteMatch::WrongMethod));
        for path in ["/", "/contact/", "/contacts", "/page/x/unpublish", "/contact/x/y", "/Contact"] {
            assert!(matches!(find("GET", path), RouteMatch::NoSuchPath), "{path}");
        }
    }
}
