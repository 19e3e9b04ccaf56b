//! The operations of the document and how a method and a path find theirs.

use percent_encoding::percent_decode_str;

/// One operation of the document, or the token refresh.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Op {
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

/// What an operation does to the account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    Read,
    Write,
    Refresh,
}

/// What the body of a request has to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BodyRule {
    /// No body at all: reads and deletes.
    None,
    /// A JSON object.
    Json,
    /// A POST without content, which has to say so with `Content-Length: 0`.
    Empty,
}

/// One row of the table.
#[derive(Debug)]
pub(super) struct Route {
    pub(super) op: Op,
    /// Method and path, as the document writes them.
    pub(super) name: &'static str,
    pub(super) effect: Effect,
    pub(super) body: BodyRule,
}

/// What faults and books know of an operation, whichever API it belongs to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Label {
    pub(super) name: &'static str,
    /// The document's operation that does the same, if this one is another API's: one plan of faults fits both.
    #[cfg_attr(not(feature = "faults"), expect(dead_code, reason = "only the filters of faults read it"))]
    pub(super) twin: Option<&'static str>,
    pub(super) effect: Effect,
}

impl Route {
    pub(super) fn label(&self) -> Label {
        Label { name: self.name, twin: None, effect: self.effect }
    }
}

const fn read(op: Op, name: &'static str) -> Route {
    Route { op, name, effect: Effect::Read, body: BodyRule::None }
}

const fn write(op: Op, name: &'static str, body: BodyRule) -> Route {
    Route { op, name, effect: Effect::Write, body }
}

/// Every operation. A literal path stands before the pattern that would also fit it.
pub(super) const ROUTES: &[Route] = &[
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

/// What a method and a path lead to.
pub(super) enum Found<R: 'static> {
    /// An operation, and the ids in its path.
    Route(&'static R, Vec<String>),
    /// The path exists, but not with this method.
    WrongMethod,
    /// There is no such path.
    Nothing,
}

/// Finds the operation of a raw path, as it came on the wire.
pub(super) fn find(method: &str, path: &str) -> Found<Route> {
    find_among(ROUTES, |route| route.name, method, path)
}

/// The same in any table of operations.
pub(super) fn find_among<R>(
    routes: &'static [R],
    name: impl Fn(&R) -> &'static str,
    method: &str,
    path: &str,
) -> Found<R> {
    let mut path_exists = false;
    for route in routes {
        let Some((verb, pattern)) = name(route).split_once(' ') else { continue };
        let Some(ids) = fit(pattern, path) else { continue };
        if verb == method {
            return Found::Route(route, ids);
        }
        path_exists = true;
    }
    if path_exists { Found::WrongMethod } else { Found::Nothing }
}

/// Whether a path fits a pattern, and its decoded ids if it does.
fn fit(pattern: &str, path: &str) -> Option<Vec<String>> {
    let (mut wanted, mut given) = (pattern.split('/'), path.split('/'));
    let mut ids = Vec::new();
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return Some(ids),
            (Some(name), Some(segment)) if name.starts_with('{') && !segment.is_empty() => {
                ids.push(percent_decode_str(segment).decode_utf8_lossy().into_owned());
            }
            (Some(name), Some(segment)) if name == segment => {}
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn op(method: &str, path: &str) -> Option<(Op, String)> {
        match find(method, path) {
            Found::Route(route, ids) => Some((route.op, ids.concat())),
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
    fn a_wrong_method_is_told_from_a_wrong_path() {
        assert!(matches!(find("PATCH", "/contact"), Found::WrongMethod));
        assert!(matches!(find("DELETE", "/contact/x"), Found::WrongMethod));
        for path in ["/", "/contact/", "/contacts", "/page/x/unpublish", "/contact/x/y", "/Contact"] {
            assert!(matches!(find("GET", path), Found::Nothing), "{path}");
        }
    }
}
