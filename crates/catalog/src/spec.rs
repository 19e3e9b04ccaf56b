//! One operation in one API, as plain data. Guard, journal, policy, command line, docs and MCP go by this alone.

use crate::{
    api::Api,
    argument_rules::ArgumentRules,
    coerce::AnswerFields,
    meaning::{FilterGap, GapValues, Inverse, Lookup, Names, ReadBack, ScopeField, StateRule},
    near,
    operation::{AnswerShape, Effect, EffectRule, Operation, Output, Toolset},
    parse,
    route::{HttpRoute, Method, PagingStyle, Route, has_parameter},
    schema,
};
use highlevel_core::error::Result;
use serde_json::{Map, Value};
use std::{any::TypeId, borrow::Cow, fmt, sync::OnceLock};

/// An operation of one API. Typed operations produce it ([`OperationSpec::of`]), and so do rows of data
/// ([`crate::rows`]).
pub struct OperationSpec {
    /// The tool's name, `verb_noun`.
    pub name: Cow<'static, str>,
    /// The tool's title, for people.
    pub title: Cow<'static, str>,
    /// The group it belongs to.
    pub toolset: Toolset,
    /// What it does to the account.
    pub effect: Effect,
    /// The calls whose effect differs from `effect`.
    pub effect_rules: Cow<'static, [EffectRule]>,
    /// What its answer holds.
    pub answer: AnswerShape,
    /// The API.
    pub api: Api,
    /// Where it is in the API.
    pub route: Route,
    /// Where it is, in words for people, where the route does not say all.
    pub whereabouts: Option<Cow<'static, str>>,
    /// The `Version` header; the API's usual one where none is named.
    pub version: Option<Cow<'static, str>>,
    /// The OAuth scopes that it needs.
    pub scopes: Names,
    /// How the API pages its list.
    pub paging: PagingStyle,
    /// The member of the API's answer that holds the list, where it has a name.
    pub list_member: Option<Cow<'static, str>>,
    /// The filters that the API does not apply as they are meant.
    pub filter_gaps: Cow<'static, [FilterGap]>,
    /// The argument that names the object it is about.
    pub id_field: Option<Cow<'static, str>>,
    /// The arguments that name a location or a company.
    pub scope_fields: Cow<'static, [ScopeField]>,
    /// The arguments that an update may empty.
    pub clearable: Names,
    /// The arguments and members that are secret.
    pub sensitive: Names,
    /// The arguments that the API takes and never shows again.
    pub unreported: Names,
    /// The arguments that hold addresses which must be on the public internet.
    pub public_urls: Names,
    /// How a create without a clear answer is looked up.
    pub lookup: Option<Lookup>,
    /// The operation that reads the object back.
    pub read_back: Option<ReadBack>,
    /// The operation that takes the effect back.
    pub inverse: Option<Inverse>,
    /// The states in which the object allows the operation.
    pub state_rule: Option<StateRule>,
    /// The text of the answer that is read in parts, by `contentOffset`.
    pub long_text: Option<Cow<'static, str>>,
    /// How the API's arguments differ from the operation's.
    pub arguments: ArgumentRules,
    pub(crate) source: Source,
    pub(crate) schemas: OnceLock<Schemas>,
    pub(crate) fields: OnceLock<AnswerFields>,
}

/// Where an operation's schemas and types come from.
pub(crate) enum Source {
    /// A typed operation.
    Typed(Typed),
    /// A row of data.
    Row(Box<Schemas>),
}

/// A typed operation without its type.
pub(crate) struct Typed {
    type_id: TypeId,
    pub(crate) check: fn(&mut Map<String, Value>) -> Result<()>,
    make_input: fn(&[Cow<'static, str>]) -> schema::Described,
    make_output: fn() -> Map<String, Value>,
}

/// What a tool shows of itself.
#[derive(Debug, Clone)]
pub struct Schemas {
    /// The tool's description.
    pub description: String,
    /// The JSON Schema of its arguments.
    pub input: Map<String, Value>,
    /// The JSON Schema of its answer.
    pub output: Map<String, Value>,
}

impl OperationSpec {
    /// The typed operation `O` in the session API.
    pub(crate) fn of<O: Operation>() -> Self {
        const {
            let route = O::SESSION;
            if let Route::Http(HttpRoute { method, path: Cow::Borrowed(path), .. }) = &route {
                assert!(
                    matches!(method, Method::Delete) == matches!(O::EFFECT, Effect::Delete),
                    "a DELETE deletes, and only a DELETE does"
                );
                assert!(!matches!(method, Method::Get) || matches!(O::EFFECT, Effect::Read), "a GET only reads");
                assert!(
                    !has_parameter(path) || O::ID.is_some(),
                    "a path with a parameter names the field that fills it"
                );
            }
            let reads = matches!(O::EFFECT, Effect::Read);
            assert!(!matches!(&route, Route::Mirror) || reads, "the mirror is only read");
            assert!(O::CLEARABLE.is_empty() || matches!(O::EFFECT, Effect::Update), "only an update empties fields");
            // A constant's destructor cannot run while compiling.
            std::mem::forget(route);
        }
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
            effect: O::EFFECT,
            effect_rules: O::EFFECT_RULES.into(),
            answer,
            api: Api::Session,
            route: O::SESSION,
            whereabouts: None,
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
            long_text: O::LONG_TEXT.map(Cow::Borrowed),
            arguments: O::SESSION_ARGUMENTS,
            source: Source::Typed(Typed {
                type_id: TypeId::of::<O>(),
                check: parse::check_type::<O>,
                make_input: schema::input::<O>,
                make_output: schema::output::<O::Output>,
            }),
            schemas: OnceLock::new(),
            fields: OnceLock::new(),
        }
    }

    /// The typed operation `O` in the official API, by this route. `whereabouts` tells people where it is.
    pub fn official<O: Operation>(route: Route, whereabouts: &'static str, arguments: ArgumentRules) -> Self {
        Self {
            api: Api::Official,
            route,
            whereabouts: Some(whereabouts.into()),
            paging: PagingStyle::None,
            filter_gaps: Cow::default(),
            arguments,
            ..Self::of::<O>()
        }
    }

    /// An operation of the official API that a row of data describes.
    pub(crate) fn from_row(name: String, title: String, route: HttpRoute, schemas: Schemas) -> Self {
        Self {
            name: name.into(),
            title: title.into(),
            toolset: Toolset::Contacts,
            effect: Effect::Access,
            effect_rules: Cow::default(),
            answer: AnswerShape::Many,
            api: Api::Official,
            route: Route::Http(route),
            whereabouts: None,
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
            long_text: None,
            arguments: ArgumentRules::NONE,
            source: Source::Row(Box::new(schemas)),
            schemas: OnceLock::new(),
            fields: OnceLock::new(),
        }
    }

    /// Whether this is the typed operation `O`.
    pub fn is<O: Operation>(&self) -> bool {
        matches!(&self.source, Source::Typed(typed) if typed.type_id == TypeId::of::<O>())
    }

    /// Whether a row of data describes it.
    pub fn is_row(&self) -> bool {
        matches!(self.source, Source::Row(_))
    }

    /// Whether the mirror answers it.
    pub fn is_local(&self) -> bool {
        self.route == Route::Mirror
    }

    /// Whether its answer is a list.
    pub fn is_list(&self) -> bool {
        self.answer == AnswerShape::Many
    }

    /// Builds the schemas. All of them together take a megabyte, so callers that write them down keep none.
    pub fn make_schemas(&self) -> Schemas {
        let mut schemas = match &self.source {
            Source::Typed(typed) => {
                let (description, input) = (typed.make_input)(&self.clearable);
                Schemas { description, input, output: (typed.make_output)() }
            }
            Source::Row(schemas) => Schemas::clone(schemas),
        };
        self.arguments.narrow(&mut schemas);
        schemas
    }

    fn schemas(&self) -> &Schemas {
        self.schemas.get_or_init(|| self.make_schemas())
    }

    /// The tool's description.
    pub fn description(&self) -> &str {
        &self.schemas().description
    }

    /// The JSON Schema of its arguments.
    pub fn input_schema(&self) -> &Map<String, Value> {
        &self.schemas().input
    }

    /// The JSON Schema of its answer.
    pub fn output_schema(&self) -> &Map<String, Value> {
        &self.schemas().output
    }

    /// The fields of its answer, with their types.
    pub fn answer_fields(&self) -> &AnswerFields {
        self.fields.get_or_init(|| AnswerFields::of(self.output_schema()))
    }

    /// Whether a person must agree to some calls, whatever the settings say.
    pub fn may_be_guarded(&self) -> bool {
        self.effect.is_guarded() || self.effect_rules.iter().any(|rule| rule.effect.is_guarded())
    }

    /// Whether an argument of this name holds the object's id.
    pub fn is_id_field(&self, name: &str) -> bool {
        self.id_field.as_deref() == Some(name)
    }

    /// Whether the API filters its list by this value as it is meant.
    pub fn can_filter(&self, argument: &str, value: &str) -> bool {
        !self.filter_gaps.iter().any(|gap| gap.argument == argument && gap.has(value))
    }

    /// Whether the API's filter by this argument finds a value only in the form in which it is written.
    pub fn compares_text(&self, argument: &str) -> bool {
        self.filter_gaps.iter().any(|gap| gap.argument == argument && gap.values == GapValues::OtherForms)
    }

    /// Whether an argument or a member of this name is secret.
    pub fn is_sensitive(&self, name: &str) -> bool {
        self.sensitive.iter().any(|known| known == name)
    }

    /// Whether an argument of this name can be emptied.
    pub fn is_clearable(&self, name: &str) -> bool {
        self.clearable.iter().any(|known| known == name)
    }

    /// Arguments that it takes, for an error to show.
    pub fn example(&self) -> Value {
        near::example(self.input_schema())
    }

    /// Where it is in its API, with the arguments that have no place there. `None` for an absent one.
    pub fn place(&self) -> Option<String> {
        let place = match (&self.whereabouts, &self.route) {
            (_, Route::Absent) => return None,
            (_, Route::Mirror) => return Some("from the mirror".to_owned()),
            (Some(words), Route::Http(_)) => words.to_string(),
            (None, Route::Http(route)) => format!("{} {}", route.method.as_str(), route.path),
        };
        let without: Vec<&str> = self.arguments.without.iter().map(|(name, _)| *name).collect();
        Some(if without.is_empty() { place } else { format!("{place}; no {}", without.join(", ")) })
    }
}

fn names(names: &'static [&'static str]) -> Names {
    names.iter().copied().map(Cow::Borrowed).collect()
}

impl fmt::Debug for OperationSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OperationSpec").field("name", &self.name).field("api", &self.api).finish_non_exhaustive()
    }
}
