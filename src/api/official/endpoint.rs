//! One operation of the official API as one value: its spec, its request, and the conversion of its answer.

use super::{cursor_paging::Search, name_cache::NameList, request, scopes};
use highlevel_api_client::Request;
use highlevel_catalog::{ArgumentRules, FilterGap, Id, Invocation, Operation, OperationSpec, PagingStyle, Route};
use serde_json::{Map, Value};
use std::{borrow::Cow, sync::Arc};

/// An operation of the official API.
pub(super) struct OfficialOperation {
    /// The spec, which callers, guard and journal use.
    pub(super) spec: OperationSpec,
    /// The requests and the conversion of answers.
    pub(super) endpoint: Endpoint,
}

/// The requests of an operation, and the conversion of its answers.
pub(super) struct Endpoint {
    /// How to build the requests.
    pub(super) requests: RequestBuilder,
    /// Converts an object of the answer to the tools' form.
    pub(super) convert: fn(Map<String, Value>, &Names) -> Value,
    /// The request that reads an object of the operation, where no operation does.
    pub(super) read: Option<fn(&Invocation, &Id) -> Request>,
    /// The lists of names by which the objects are shown.
    pub(super) names: &'static [NameList],
    /// Whether the operation needs a logged-in user. A private integration has none.
    pub(super) needs_user: bool,
}

/// How to build an operation's requests.
pub(super) enum RequestBuilder {
    /// A request from the arguments and the account.
    Object(fn(&Invocation, &Account<'_>) -> Request),
    /// A request with custom fields, which needs the account's dictionary.
    WithFields(fn(&Invocation, &Account<'_>, &[Value]) -> Request),
    /// A request that needs an author and a time zone.
    Authored(fn(&Invocation, &Account<'_>, &Author<'_>) -> Request),
    /// The request that books an appointment, after a check that the slot is free.
    Booking(fn(&Invocation, &Account<'_>) -> Request),
    /// The requests for a calendar's free slots.
    FreeSlots,
    /// The requests for the pages of a list.
    List(List),
    /// The request that the operation's row describes.
    Row,
}

/// How to read a list.
pub(super) enum List {
    /// By offset and limit. `member` holds the items, and `most` is the largest page.
    Counted { member: &'static str, most: u64, page: fn(&Invocation, &Account<'_>, u64, u64) -> Request },
    /// By page numbers and cursors.
    Searched(&'static Search),
    /// In one request. `member` holds the items.
    Whole { member: &'static str, request: fn(&Account<'_>) -> Request },
    /// The appointments of a contact, a user, a calendar or all calendars.
    Appointments,
    /// In one request, for what the arguments name. `member` holds the items.
    WholeOf { member: &'static str, request: fn(&Invocation, &Account<'_>) -> Request },
    /// All pages of all funnels.
    FunnelPages,
    /// The locations that the token can access.
    Locations,
}

/// The account that a request is for.
pub(super) struct Account<'a> {
    /// The location's id.
    pub(super) location: &'a str,
    /// The id of the logged-in user. Empty for a private integration.
    pub(super) user: &'a str,
}

/// The author of a new object.
pub(super) struct Author<'a> {
    /// The user's id.
    pub(super) user: &'a str,
    /// The location's time zone.
    pub(super) time_zone: &'a str,
}

/// The account's lists of names that the conversion of an object needs.
#[derive(Default)]
pub(super) struct Names {
    /// The definitions of custom fields.
    pub(super) fields: Arc<Vec<Value>>,
    /// The pipelines.
    pub(super) pipelines: Arc<Vec<Value>>,
    /// The calendars.
    pub(super) calendars: Arc<Vec<Value>>,
}

impl OfficialOperation {
    /// The typed operation `O`. `endpoints` describes its requests for people.
    pub(super) fn new<O: Operation>(route: Route, endpoints: &'static str, requests: RequestBuilder) -> Self {
        let mut spec = OperationSpec::official::<O>(route, endpoints, ArgumentRules::NONE);
        if let Some(route) = spec.route.as_http() {
            let method = crate::api::http_method(route.method);
            spec.scopes = scopes::of(&method, &route.path).map(Cow::Borrowed).into_iter().collect();
        }
        spec.version = Some(request::VERSION.into());
        spec.paging = match &requests {
            RequestBuilder::List(List::Counted { .. } | List::FunnelPages | List::Locations | List::Appointments) => {
                PagingStyle::Offset
            }
            RequestBuilder::List(List::Searched(_)) => PagingStyle::PageThenCursor,
            _ => PagingStyle::None,
        };
        Self {
            spec,
            endpoint: Endpoint {
                requests,
                convert: |object, _| object.into(),
                read: None,
                names: &[],
                needs_user: false,
            },
        }
    }

    /// Sets the argument rules.
    pub(super) fn arguments(mut self, rules: ArgumentRules) -> Self {
        self.spec.arguments = rules;
        self
    }

    /// Sets the conversion of objects, and the lists of names that it needs.
    pub(super) fn converted_by(
        mut self,
        convert: fn(Map<String, Value>, &Names) -> Value,
        names: &'static [NameList],
    ) -> Self {
        self.endpoint.convert = convert;
        self.endpoint.names = names;
        self
    }

    /// Sets the request that reads one object, given its id.
    pub(super) fn read_by(mut self, request: fn(&Invocation, &Id) -> Request) -> Self {
        self.endpoint.read = Some(request);
        self
    }

    /// Sets the filters that the API does not have.
    pub(super) fn filter_gaps(mut self, gaps: &'static [FilterGap]) -> Self {
        self.spec.filter_gaps = gaps.into();
        self
    }

    /// Sets the `Version` header.
    pub(super) fn version(mut self, version: &'static str) -> Self {
        self.spec.version = Some(version.into());
        self
    }

    /// Sets the arguments that no answer shows.
    pub(super) fn unreported(mut self, arguments: &'static [&'static str]) -> Self {
        self.spec.unreported = arguments.iter().copied().map(Cow::Borrowed).collect();
        self
    }

    /// Leaves the tool out of lists where `--toolsets` names no groups.
    pub(super) fn unlisted(mut self) -> Self {
        self.spec.listed = false;
        self
    }

    /// Restricts the operation to logins of a user.
    pub(super) fn for_logged_in_user(mut self) -> Self {
        self.endpoint.needs_user = true;
        self
    }
}
