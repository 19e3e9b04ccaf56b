//! The catalogue: every operation of the API, described once. Tools, requests, command-line forms, guards and docs
//! derive from it.

mod absent;
mod arguments;
pub mod campaigns;
mod check;
pub mod contacts;
pub mod funnels;
pub mod id;
pub mod insights;
pub mod lenient;
pub mod list;
pub mod locations;
mod near;
pub mod operation;
pub mod opportunities;
pub mod pages;

mod schema;
pub mod tags;
mod takes;
pub mod text;
pub mod users;
pub mod webhooks;

pub use id::Id;
pub use near::{advice, advice_on, date_in, drop_location, names_location, number_in, take_token};
pub use operation::{Condition, Effect, EffectRule, Operation, Output, Route, Shape, Toolset, Verb};
pub use schema::CONFIRMATION_TOKEN;
pub use takes::{Form, Takes};

use highlevel_core::error::{Error, Result};
use lenient::Promise;
use serde_json::{Map, Value};
use std::{
    fmt,
    sync::{LazyLock, OnceLock},
};

/// Every operation, in the order in which tools are listed. The order never changes; new ones go to their resource's end.
pub static ALL: LazyLock<Vec<Entry>> = LazyLock::new(|| {
    vec![
        Entry::of::<users::GetCurrentUser>(),
        Entry::of::<users::GetUser>(),
        Entry::of::<locations::GetDefaultLocation>(),
        Entry::of::<locations::GetLocation>(),
        Entry::of::<locations::ListLocations>(),
        Entry::of::<contacts::ListContacts>(),
        Entry::of::<contacts::GetContact>(),
        Entry::of::<contacts::CreateContact>(),
        Entry::of::<contacts::UpdateContact>(),
        Entry::of::<opportunities::ListOpportunities>(),
        Entry::of::<opportunities::GetOpportunity>(),
        Entry::of::<opportunities::CreateOpportunity>(),
        Entry::of::<opportunities::UpdateOpportunity>(),
        Entry::of::<opportunities::ListPipelines>(),
        Entry::of::<campaigns::ListCampaigns>(),
        Entry::of::<campaigns::GetCampaign>(),
        Entry::of::<campaigns::CreateCampaign>(),
        Entry::of::<pages::ListPages>(),
        Entry::of::<pages::GetPage>(),
        Entry::of::<pages::CreatePage>(),
        Entry::of::<pages::UpdatePage>(),
        Entry::of::<pages::DeletePage>(),
        Entry::of::<pages::PublishPage>(),
        Entry::of::<funnels::ListFunnels>(),
        Entry::of::<webhooks::ListWebhooks>(),
        Entry::of::<webhooks::CreateWebhook>(),
        Entry::of::<webhooks::DeleteWebhook>(),
        Entry::of::<insights::QueryCrm>(),
        Entry::of::<insights::DescribeCrm>(),
        Entry::of::<insights::SearchCrm>(),
        Entry::of::<insights::FindDuplicates>(),
        Entry::of::<insights::ChangesSince>(),
        Entry::of::<insights::ChartCrm>(),
    ]
});

/// The entry of this name.
pub fn find(name: &str) -> Option<&'static Entry> {
    ALL.iter().find(|entry| entry.name == name)
}

/// The entry of this operation.
///
/// # Errors
/// `internal` when the operation is not in [`ALL`].
pub fn entry_of<O: Operation>() -> Result<&'static Entry> {
    find(O::NAME).ok_or_else(|| {
        Error::new(highlevel_core::error::Code::Internal, format!("{} is not in the catalogue.", O::NAME))
    })
}

/// An operation without its type: what the layers between a caller and the API pass along.
pub struct Entry {
    /// The tool's name.
    pub name: &'static str,
    /// The tool's title.
    pub title: &'static str,
    /// What it does to the account.
    pub effect: Effect,
    /// The group it belongs to.
    pub toolset: Toolset,
    /// What its answer is made of.
    pub shape: Shape,
    /// The method of its route.
    pub verb: Verb,
    /// The path of its route in the document's API; empty where it has none there.
    pub path: &'static str,
    /// Whether an argument names the object that it is about.
    pub takes_id: bool,
    /// Whether its route takes a query.
    pub takes_query: bool,
    /// Whether it is answered from the mirror, with no place in the API.
    pub is_local: bool,
    /// The fields that it may empty, if it is an update.
    pub clearable: &'static [&'static str],
    /// The calls that do more than `effect` says.
    pub effect_rules: &'static [EffectRule],
    typed: fn(&mut Map<String, Value>) -> arguments::Parsed,
    make_input: fn(&[&str]) -> schema::Described,
    make_output: fn() -> Map<String, Value>,
    schemas: OnceLock<Schemas>,
    promise: OnceLock<Promise>,
}

/// What a tool shows of itself.
#[derive(Debug)]
pub struct Schemas {
    /// The tool's description.
    pub description: String,
    /// The JSON Schema of its arguments.
    pub input: Map<String, Value>,
    /// The JSON Schema of its answer.
    pub output: Map<String, Value>,
}

impl Entry {
    const fn of<O: Operation>() -> Self {
        const {
            assert!(
                matches!(O::ROUTE.verb, Verb::Delete) == matches!(O::EFFECT, Effect::Delete),
                "a DELETE deletes, and only a DELETE does"
            );
            assert!(!matches!(O::ROUTE.verb, Verb::Get) || matches!(O::EFFECT, Effect::Read), "a GET only reads");
            assert!(
                !operation::has_placeholder(O::ROUTE.path) || O::ROUTE.id.is_some(),
                "a path with a parameter names the field that fills it"
            );
            assert!(!O::ROUTE.is_local || matches!(O::EFFECT, Effect::Read), "the mirror is only read");
            assert!(O::CLEARABLE.is_empty() || matches!(O::EFFECT, Effect::Update), "only an update empties fields");
        }
        Self {
            name: O::NAME,
            title: O::TITLE,
            effect: O::EFFECT,
            toolset: O::TOOLSET,
            shape: O::Output::SHAPE,
            verb: O::ROUTE.verb,
            path: O::ROUTE.path,
            takes_id: O::ROUTE.id.is_some(),
            takes_query: O::ROUTE.takes_query,
            is_local: O::ROUTE.is_local,
            clearable: O::CLEARABLE,
            effect_rules: O::EFFECT_RULES,
            typed: arguments::typed::<O>,
            make_input: schema::input::<O>,
            make_output: schema::output::<O::Output>,
            schemas: OnceLock::new(),
            promise: OnceLock::new(),
        }
    }

    /// Made anew, for who writes them down and keeps nothing: all of them together take a megabyte.
    pub fn make_schemas(&self) -> Schemas {
        let (description, input) = (self.make_input)(self.clearable);
        Schemas { description, input, output: (self.make_output)() }
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

    /// What the schema of its answer promises.
    pub fn promise(&self) -> &Promise {
        self.promise.get_or_init(|| Promise::of(self.output_schema()))
    }

    /// Whether a person has to agree to some calls, whatever the settings say.
    pub fn may_be_guarded(&self) -> bool {
        self.effect.is_guarded() || self.effect_rules.iter().any(|rule| rule.effect.is_guarded())
    }

    /// What a call with these arguments does: the first rule that holds, else the operation's own effect.
    pub fn effect_of(&self, arguments: &Map<String, Value>) -> Effect {
        let rule = self.effect_rules.iter().find(|rule| rule.when.holds(arguments));
        rule.map_or(self.effect, |rule| rule.effect)
    }

    /// The name of the argument that names the object, as it stands in the path's braces or in the query.
    pub fn id_argument(&self) -> &'static str {
        self.path.split_once('{').and_then(|(_, rest)| rest.split_once('}')).map_or("id", |(name, _)| name)
    }

    /// Arguments that it takes, for an error to show.
    pub fn example(&self) -> Value {
        near::example(self.input_schema())
    }

    /// Checks a caller's arguments against what any API takes; `backend::Api::parse` does so for one API.
    ///
    /// # Errors
    /// `invalid_arguments` naming the field, the problem and what is allowed.
    pub fn parse(&'static self, arguments: Map<String, Value>) -> Result<Invocation> {
        arguments::parse(self, self.input_schema(), arguments)
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry").field("name", &self.name).finish_non_exhaustive()
    }
}

/// One checked call of an operation.
#[derive(Clone)]
pub struct Invocation {
    /// The operation.
    pub entry: &'static Entry,
    /// The object it is about.
    pub id: Option<Id>,
    /// The arguments by the API's names. A null is the field or member that an update empties (`clear`); a caller's own
    /// nulls are gone.
    pub arguments: Map<String, Value>,
}

impl Invocation {
    /// A checked call from a typed operation.
    ///
    /// # Errors
    /// `invalid_arguments` for values that the type allows and the API does not.
    pub fn of<O: Operation>(operation: &O) -> Result<Self> {
        let arguments = match serde_json::to_value(operation) {
            Ok(Value::Object(arguments)) => arguments,
            _ => Map::new(),
        };
        entry_of::<O>()?.parse(arguments)
    }

    /// What this call does.
    pub fn effect(&self) -> Effect {
        self.entry.effect_of(&self.arguments)
    }

    /// A text argument.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.arguments.get(name).and_then(Value::as_str)
    }

    /// A whole-number argument.
    pub fn number(&self, name: &str) -> Option<u64> {
        self.arguments.get(name).and_then(Value::as_u64)
    }
}

// Arguments may hold a webhook's secret and people's data, so only the name shows.
impl fmt::Debug for Invocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Invocation").field("operation", &self.entry.name).finish_non_exhaustive()
    }
}
