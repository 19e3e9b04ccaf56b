//! Construction of specs, from typed operations and from rows of data.

use super::{OperationSpec, Schemas, Source, Typed};
use crate::{
    api::Api,
    argument_rules::ArgumentRules,
    meaning::Names,
    operation::{AnswerShape, Effect, Operation, Output, Toolset},
    parse,
    passthrough::Touches,
    route::{HttpRoute, Method, PagingStyle, Route, has_parameter},
    schema,
};
use std::{any::TypeId, borrow::Cow, sync::OnceLock};

/// Checks a declaration for consistency, at compile time.
const fn assert_consistent<O: Operation>() {
    let route = O::SESSION;
    let reads = matches!(O::EFFECT, Effect::Read);
    if let Route::Http(HttpRoute { method, path: Cow::Borrowed(path), .. }) = &route {
        assert!(
            matches!(method, Method::Delete) == matches!(O::EFFECT, Effect::Delete),
            "the method DELETE and the effect Delete go together"
        );
        assert!(!matches!(method, Method::Get) || reads, "a GET has the effect Read");
        assert!(!has_parameter(path) || O::ID.is_some(), "a path with a parameter needs an ID to fill it");
    }
    assert!(!matches!(&route, Route::Mirror) || reads, "the mirror is read-only");
    assert!(O::CLEARABLE.is_empty() || matches!(O::EFFECT, Effect::Update), "only an update has clearable fields");
    // A constant's destructor cannot run at compile time.
    std::mem::forget(route);
}

impl OperationSpec {
    /// The spec of the typed operation `O` in the session API.
    pub(crate) fn of<O: Operation>() -> Self {
        const { assert_consistent::<O>() };
        let answer = O::Output::SHAPE;
        let id_in_path = O::SESSION.as_http().and_then(|route| route.parameters().next().map(str::to_owned));
        let takes_query = O::SESSION.as_http().is_some_and(|route| route.takes_query);
        let paging = match answer {
            AnswerShape::Many if takes_query => PagingStyle::Offset,
            _ => PagingStyle::None,
        };
        Self {
            name: O::NAME.into(),
            title: O::TITLE.into(),
            toolset: O::TOOLSET,
            listed: O::LISTED,
            effect: O::EFFECT,
            effect_rules: O::EFFECT_RULES.into(),
            answer,
            api: Api::Session,
            route: O::SESSION,
            endpoints: None,
            version: None,
            scopes: Cow::default(),
            paging,
            list_member: None,
            filter_gaps: O::SESSION_FILTER_GAPS.into(),
            id_field: O::ID.map(|_| id_in_path.map_or(Cow::Borrowed("id"), Cow::Owned)),
            scope_fields: O::SCOPE_FIELDS.into(),
            clearable: names(O::CLEARABLE),
            sensitive: names(O::SENSITIVE),
            unreported: Cow::default(),
            public_urls: names(O::PUBLIC_URLS),
            lookup: O::LOOKUP,
            read_back: O::READ_BACK,
            inverse: O::INVERSE,
            state_rule: O::STATE_RULE,
            consequence: O::CONSEQUENCE.map(Cow::Borrowed),
            long_text: O::LONG_TEXT.map(Cow::Borrowed),
            arguments: O::SESSION_ARGUMENTS,
            touches: O::TOUCHES,
            passthrough: None,
            source: Source::Typed(Typed {
                type_id: TypeId::of::<O>(),
                check: parse::check_type::<O>,
                input: schema::input::<O>,
                output: schema::output::<O::Output>,
            }),
            schemas: OnceLock::new(),
            fields: OnceLock::new(),
        }
    }

    /// The spec of the typed operation `O` in the official API. `endpoints` describes its requests for people.
    pub fn official<O: Operation>(route: Route, endpoints: &'static str, arguments: ArgumentRules) -> Self {
        Self {
            api: Api::Official,
            route,
            endpoints: Some(endpoints.into()),
            paging: PagingStyle::None,
            filter_gaps: Cow::default(),
            arguments,
            ..Self::of::<O>()
        }
    }

    /// The spec of an operation described by data, with defaults for what the data may leave out: a list, guarded, of
    /// the official API.
    pub fn from_row(name: String, title: String, route: HttpRoute, schemas: Schemas) -> Self {
        Self {
            name: name.into(),
            title: title.into(),
            toolset: Toolset::Contacts,
            listed: true,
            effect: Effect::Access,
            effect_rules: Cow::default(),
            answer: AnswerShape::Many,
            api: Api::Official,
            route: Route::Http(route),
            endpoints: None,
            version: None,
            scopes: Cow::default(),
            paging: PagingStyle::None,
            list_member: None,
            filter_gaps: Cow::default(),
            id_field: None,
            scope_fields: Cow::default(),
            clearable: Cow::default(),
            sensitive: Cow::default(),
            unreported: Cow::default(),
            public_urls: Cow::default(),
            lookup: None,
            read_back: None,
            inverse: None,
            state_rule: None,
            consequence: None,
            long_text: None,
            arguments: ArgumentRules::NONE,
            touches: Touches::One,
            passthrough: None,
            source: Source::Row(Box::new(schemas)),
            schemas: OnceLock::new(),
            fields: OnceLock::new(),
        }
    }
}

fn names(names: &'static [&'static str]) -> Names {
    names.iter().copied().map(Cow::Borrowed).collect()
}
