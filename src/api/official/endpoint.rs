//! One operation of the official API in one value: what callers see of it, its request, and how its answer is read.

use super::{cursor_paging::Search, name_cache::NameList, request, scopes};
use highlevel_api_client::Request;
use highlevel_catalog::{ArgumentRules, Invocation, Operation, OperationSpec, PagingStyle, Route};
use serde_json::{Map, Value};
use std::{borrow::Cow, sync::Arc};

/// An operation as it is described in its resource's file.
pub(super) struct Described {
    /// What callers, guard and journal go by.
    pub(super) spec: OperationSpec,
    /// How it is carried out.
    pub(super) endpoint: Endpoint,
}

/// How an operation is carried out.
pub(super) struct Endpoint {
    /// What it asks.
    pub(super) ask: Ask,
    /// How an object of its answer becomes the tools' object.
    pub(super) read: fn(Map<String, Value>, &Names) -> Value,
    /// The lists of names that its objects need.
    pub(super) names: &'static [NameList],
    /// Whether it is about the user who logged in. A private integration has none.
    pub(super) needs_user: bool,
}

/// What an operation asks.
pub(super) enum Ask {
    /// A request from the arguments and the account.
    Object(fn(&Invocation, &Account<'_>) -> Request),
    /// A request whose custom fields are named by the account's dictionary.
    WithFields(fn(&Invocation, &Account<'_>, &[Value]) -> Request),
    /// A request in a user's name and in the location's time zone.
    Authored(fn(&Invocation, &Account<'_>, &Author<'_>) -> Request),
    /// Pages of a list.
    List(List),
    /// The request that the operation's row describes.
    Row,
}

/// How a list is read.
pub(super) enum List {
    /// By offset and limit, at most `most` items at once. `member` holds the items.
    Counted { member: &'static str, most: u64, page: fn(&Invocation, &Account<'_>, u64, u64) -> Request },
    /// By page numbers and cursors.
    Searched(&'static Search),
    /// In one request. `member` holds the items.
    Whole { member: &'static str, request: fn(&Account<'_>) -> Request },
    /// The pages of every funnel.
    FunnelPages,
    /// The locations that the token reaches.
    Locations,
}

/// The account that a request is for.
pub(super) struct Account<'a> {
    /// The location.
    pub(super) location: &'a str,
    /// The user who logged in; empty for a private integration.
    pub(super) user: &'a str,
}

/// The user in whose name something is made.
pub(super) struct Author<'a> {
    /// The user's id.
    pub(super) user: &'a str,
    /// The location's time zone.
    pub(super) time_zone: &'a str,
}

/// The account's dictionaries, as far as an object needs them.
#[derive(Default)]
pub(super) struct Names {
    /// The custom fields.
    pub(super) fields: Arc<Vec<Value>>,
    /// The pipelines.
    pub(super) pipelines: Arc<Vec<Value>>,
}

impl Described {
    /// The typed operation `O` at this route. `place` tells people where it is.
    pub(super) fn new<O: Operation>(route: Route, place: &'static str, ask: Ask) -> Self {
        let mut spec = OperationSpec::official::<O>(route, place, ArgumentRules::NONE);
        if let Some(route) = spec.route.as_http() {
            let method = crate::api::http_method(route.method);
            spec.scopes = scopes::of(&method, &route.path).map(Cow::Borrowed).into_iter().collect();
        }
        spec.version = Some(request::VERSION.into());
        spec.paging = match &ask {
            Ask::List(List::Counted { .. } | List::FunnelPages | List::Locations) => PagingStyle::Offset,
            Ask::List(List::Searched(_)) => PagingStyle::PageThenCursor,
            _ => PagingStyle::None,
        };
        Self { spec, endpoint: Endpoint { ask, read: |object, _| object.into(), names: &[], needs_user: false } }
    }

    /// The same operation with arguments that differ from its own.
    pub(super) fn taking(mut self, rules: ArgumentRules) -> Self {
        self.spec.arguments = rules;
        self
    }

    /// The same operation, whose objects are read so, by these lists of names.
    pub(super) fn reading(mut self, read: fn(Map<String, Value>, &Names) -> Value, names: &'static [NameList]) -> Self {
        self.endpoint.read = read;
        self.endpoint.names = names;
        self
    }

    /// The same operation of another version of the API.
    pub(super) fn version(mut self, version: &'static str) -> Self {
        self.spec.version = Some(version.into());
        self
    }

    /// The same operation, whose answers never show these arguments.
    pub(super) fn hiding(mut self, arguments: &'static [&'static str]) -> Self {
        self.spec.unreported = arguments.iter().copied().map(Cow::Borrowed).collect();
        self
    }

    /// The same operation, only for a login of a user.
    pub(super) fn of_the_user(mut self) -> Self {
        self.endpoint.needs_user = true;
        self
    }
}
