//! Specs: an operation of one API as plain data. Guard, journal, policy, command line, docs and MCP use only this.

mod build;

use crate::{
    api::Api,
    argument_rules::ArgumentRules,
    coerce::AnswerFields,
    meaning::{FilterGap, GapValues, Inverse, Lookup, Names, ReadBack, ScopeField, StateRule},
    near,
    operation::{AnswerShape, Effect, EffectRule, Operation, Toolset},
    operations::RunOperation,
    passthrough::{Passthrough, Touches, may_be_guarded},
    route::{PagingStyle, Route},
    schema,
    secrets::is_secret_name,
};
use highlevel_core::error::Result;
use serde_json::{Map, Value};
use std::{any::TypeId, borrow::Cow, fmt, sync::OnceLock};

/// An operation of one API. Typed operations ([`Operation`]) and rows of data ([`crate::rows`]) yield it.
pub struct OperationSpec {
    /// The tool's name, `verb_noun`.
    pub name: Cow<'static, str>,
    /// The title that hosts show to people.
    pub title: Cow<'static, str>,
    /// The tool's group.
    pub toolset: Toolset,
    /// Whether the tool is listed where `--toolsets` names no groups.
    pub listed: bool,
    /// The effect on the account.
    pub effect: Effect,
    /// The calls whose effect differs from `effect`.
    pub effect_rules: Cow<'static, [EffectRule]>,
    /// The shape of the answer.
    pub answer: AnswerShape,
    /// The API whose operation this is.
    pub api: Api,
    /// The route in the API.
    pub route: Route,
    /// A description of the requests for people, if the route does not name all of them.
    pub endpoints: Option<Cow<'static, str>>,
    /// The `Version` header. `None` stands for the API's usual version.
    pub version: Option<Cow<'static, str>>,
    /// The OAuth scopes that the operation needs.
    pub scopes: Names,
    /// How the API pages its list.
    pub paging: PagingStyle,
    /// The member of the API's answer that holds the list.
    pub list_member: Option<Cow<'static, str>>,
    /// The filters that the API applies wrongly. The service applies them itself.
    pub filter_gaps: Cow<'static, [FilterGap]>,
    /// The argument that holds the id of the object.
    pub id_field: Option<Cow<'static, str>>,
    /// The arguments that name a location or a company.
    pub scope_fields: Cow<'static, [ScopeField]>,
    /// The fields that an update can empty.
    pub clearable: Names,
    /// The secret arguments and answer members. They are never shown, logged or stored.
    pub sensitive: Names,
    /// The arguments that no answer of the API shows.
    pub unreported: Names,
    /// The arguments that hold URLs whose host must be on the public internet.
    pub public_urls: Names,
    /// How to look up the object of a create whose outcome is unknown.
    pub lookup: Option<Lookup>,
    /// The operation that reads the object after a write.
    pub read_back: Option<ReadBack>,
    /// The operation that reverts the effect.
    pub inverse: Option<Inverse>,
    /// The object's states that allow the operation.
    pub state_rule: Option<StateRule>,
    /// What else a guarded call does, as a sentence for the person who is asked.
    pub consequence: Option<Cow<'static, str>>,
    /// The answer's text member that callers read in parts, by `contentOffset`.
    pub long_text: Option<Cow<'static, str>>,
    /// The differences between the API's arguments and the operation's.
    pub arguments: ArgumentRules,
    /// The objects that one call touches.
    pub touches: Touches,
    /// For an operation in the API's own form: how its request carries the arguments.
    pub passthrough: Option<Box<Passthrough>>,
    pub(crate) source: Source,
    pub(crate) schemas: OnceLock<Schemas>,
    pub(crate) fields: OnceLock<AnswerFields>,
}

/// The source of an operation's schemas.
pub(crate) enum Source {
    /// A typed operation.
    Typed(Typed),
    /// A row of data.
    Row(Box<Schemas>),
}

/// A typed operation with its type erased.
pub(crate) struct Typed {
    type_id: TypeId,
    pub(crate) check: fn(&mut Map<String, Value>) -> Result<()>,
    input: fn(&[Cow<'static, str>]) -> schema::Described,
    output: fn() -> Map<String, Value>,
}

/// The texts and schemas that a tool publishes.
#[derive(Debug, Clone)]
pub struct Schemas {
    /// The tool's description.
    pub description: String,
    /// The JSON Schema of the arguments.
    pub input: Map<String, Value>,
    /// The JSON Schema of the answer.
    pub output: Map<String, Value>,
}

impl OperationSpec {
    /// Whether this is the typed operation `O`.
    pub fn is<O: Operation>(&self) -> bool {
        matches!(&self.source, Source::Typed(typed) if typed.type_id == TypeId::of::<O>())
    }

    /// Whether a row of data describes the operation.
    pub fn is_row(&self) -> bool {
        matches!(self.source, Source::Row(_))
    }

    /// Whether the operation is answered without a request: by the mirror or the catalogue.
    pub fn is_local(&self) -> bool {
        matches!(self.route, Route::Mirror | Route::Catalogue) && !self.runs_any_operation()
    }

    /// Whether the operation is about the jobs of the state directory.
    pub fn is_about_jobs(&self) -> bool {
        self.route == Route::Jobs
    }

    /// Whether the operation runs the one that its argument names.
    pub fn runs_any_operation(&self) -> bool {
        self.is::<RunOperation>()
    }

    /// Whether the arguments besides the id are fields of the object, as those of typed operations are.
    pub fn has_own_fields(&self) -> bool {
        self.passthrough.is_none() && !self.runs_any_operation()
    }

    /// Whether the answer is a list.
    pub fn is_list(&self) -> bool {
        self.answer == AnswerShape::Many
    }

    /// Builds the schemas without caching them. The schemas of all operations take about a megabyte, so callers that
    /// use them once build them here.
    pub fn build_schemas(&self) -> Schemas {
        let mut schemas = match &self.source {
            Source::Typed(typed) => {
                let (description, input) = (typed.input)(&self.clearable);
                Schemas { description, input, output: (typed.output)() }
            }
            Source::Row(schemas) => Schemas::clone(schemas),
        };
        self.arguments.apply_to_schemas(&mut schemas);
        schemas
    }

    fn schemas(&self) -> &Schemas {
        self.schemas.get_or_init(|| self.build_schemas())
    }

    /// The tool's description.
    pub fn description(&self) -> &str {
        &self.schemas().description
    }

    /// The JSON Schema of the arguments.
    pub fn input_schema(&self) -> &Map<String, Value> {
        &self.schemas().input
    }

    /// The JSON Schema of the answer.
    pub fn output_schema(&self) -> &Map<String, Value> {
        &self.schemas().output
    }

    /// The answer's schema, compiled for coercion.
    pub fn answer_fields(&self) -> &AnswerFields {
        self.fields.get_or_init(|| AnswerFields::of(self.output_schema()))
    }

    /// Whether some calls always need a person's confirmation, whatever the settings say.
    pub fn may_be_guarded(&self) -> bool {
        self.runs_any_operation() || may_be_guarded(self.effect, &self.effect_rules, &self.touches)
    }

    /// Whether the argument holds the object's id.
    pub fn is_id_field(&self, name: &str) -> bool {
        self.id_field.as_deref() == Some(name)
    }

    /// Whether the API applies a filter by this value correctly.
    pub fn can_filter(&self, argument: &str, value: &str) -> bool {
        !self.filter_gaps.iter().any(|gap| gap.argument == argument && gap.has(value))
    }

    /// Whether the API compares this argument's value as text, and so misses other forms of it.
    pub fn compares_text(&self, argument: &str) -> bool {
        self.filter_gaps.iter().any(|gap| gap.argument == argument && gap.values == GapValues::OtherForms)
    }

    /// Whether the argument or answer member is secret.
    pub fn is_sensitive(&self, name: &str) -> bool {
        self.sensitive.iter().any(|known| known == name) || (self.passthrough.is_some() && is_secret_name(name))
    }

    /// Whether an update can empty the field.
    pub fn is_clearable(&self, name: &str) -> bool {
        self.clearable.iter().any(|known| known == name)
    }

    /// Example arguments, for error messages.
    pub fn example(&self) -> Value {
        near::example(self.input_schema())
    }

    /// The operation's requests and unsupported arguments, as a text for people. `None` for an absent operation.
    pub fn endpoint_text(&self) -> Option<String> {
        let endpoints = match (&self.endpoints, &self.route) {
            (_, Route::Absent) => return None,
            (_, Route::Mirror) => return Some("from the mirror".to_owned()),
            (_, Route::Jobs) => return Some("from the jobs of this machine".to_owned()),
            (_, Route::Catalogue) => return Some("from the catalogue of operations".to_owned()),
            (Some(text), Route::Http(_)) => text.to_string(),
            (None, Route::Http(route)) => format!("{} {}", route.method.as_str(), route.path),
        };
        let without: Vec<&str> = self.arguments.without.iter().map(|(name, _)| *name).collect();
        Some(if without.is_empty() { endpoints } else { format!("{endpoints}; no {}", without.join(", ")) })
    }
}

impl fmt::Debug for OperationSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OperationSpec").field("name", &self.name).field("api", &self.api).finish_non_exhaustive()
    }
}
