//! What a typed operation declares.

use crate::{
    argument_rules::ArgumentRules,
    id::Id,
    meaning::{FilterGap, Inverse, Lookup, ReadBack, ScopeField, StateRule},
    route::Route,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;
use std::borrow::Cow;

/// What an operation does to the account. It decides annotations, confirmation and retries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Changes nothing.
    Read,
    /// Adds an object. Sent twice, it adds two.
    Create,
    /// Changes an object. Sent twice, it leaves the same state as sent once.
    Update,
    /// Makes a page public. No operation takes that back.
    Publish,
    /// Removes an object for good.
    Delete,
    /// Reaches people: a message, a campaign that starts.
    Send,
    /// Lets data or rights leave the account.
    Access,
}

impl Effect {
    /// Whether a person must agree whatever the settings say, because nothing takes the effect back.
    pub const fn is_guarded(self) -> bool {
        matches!(self, Self::Publish | Self::Delete | Self::Send | Self::Access)
    }
}

/// An effect that some calls of an operation have instead of the operation's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EffectRule {
    /// The effect of the calls that meet the condition.
    pub effect: Effect,
    /// Which calls the rule is about.
    pub when: Condition,
}

/// A condition on a call's arguments.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// Holds for every call.
    Always,
    /// Holds where the argument is one of the values.
    Argument {
        /// The argument's name.
        name: Cow<'static, str>,
        /// The texts that meet the condition.
        values: Cow<'static, [Cow<'static, str>]>,
    },
}

impl Condition {
    /// Whether the condition holds for a call whose arguments `argument` looks up by name.
    pub fn holds<'a>(&self, argument: impl Fn(&str) -> Option<&'a Value>) -> bool {
        match self {
            Self::Always => true,
            Self::Argument { name, values } => {
                argument(name).and_then(Value::as_str).is_some_and(|given| values.iter().any(|value| value == given))
            }
        }
    }
}

/// The groups of tools that `--toolsets` names. Each is a resource of the API, or the mirror.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Toolset {
    /// Users of the account.
    Users,
    /// Locations (sub-accounts).
    Locations,
    /// Contacts.
    Contacts,
    /// Opportunities (deals).
    Opportunities,
    /// Campaigns.
    Campaigns,
    /// Pages.
    Pages,
    /// Funnels.
    Funnels,
    /// Webhooks.
    Webhooks,
    /// Questions over the whole account, answered from the mirror.
    Insights,
}

/// What an answer holds. Readers of envelopes and of errors go by it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnswerShape {
    /// One object, with its name in the singular. Some answers wrap the object in a member of that name.
    One(Cow<'static, str>),
    /// A list of objects.
    Many,
    /// A confirmation that an object is gone.
    Deleted,
}

/// A typed answer.
pub trait Output: Serialize + DeserializeOwned + JsonSchema + Send + 'static {
    /// What the answer holds.
    const SHAPE: AnswerShape;
}

/// One operation with typed arguments.
///
/// The struct's fields are the arguments, its doc comment is the tool's description, and its fields' doc comments are
/// the arguments' descriptions. Every conversation pays for each word of them.
pub trait Operation: Serialize + DeserializeOwned + JsonSchema + Send + Sync + 'static {
    /// What it answers.
    type Output: Output;
    /// The tool's name, `verb_noun`.
    const NAME: &'static str;
    /// The tool's title, for people.
    const TITLE: &'static str;
    /// What it does to the account.
    const EFFECT: Effect;
    /// The group it belongs to.
    const TOOLSET: Toolset;
    /// Where it is in the session API. [`Route::Absent`] where only the official API has it.
    const SESSION: Route;
    /// The argument that names the object it is about.
    const ID: Option<fn(&Self) -> &Id> = None;
    /// The fields that an update may empty.
    const CLEARABLE: &'static [&'static str] = &[];
    /// The calls whose effect differs from [`Self::EFFECT`].
    const EFFECT_RULES: &'static [EffectRule] = &[];
    /// The arguments and members that are secret: never shown, logged or kept.
    const SENSITIVE: &'static [&'static str] = &[];
    /// The arguments that name a location or a company.
    const SCOPE_FIELDS: &'static [ScopeField] = &[];
    /// How a create without a clear answer is looked up. Without one, its outcome stays unknown.
    const LOOKUP: Option<Lookup> = None;
    /// The operation that reads the object back.
    const READ_BACK: Option<ReadBack> = None;
    /// The operation that takes the effect back.
    const INVERSE: Option<Inverse> = None;
    /// The states in which the object allows the operation.
    const STATE_RULE: Option<StateRule> = None;
    /// The arguments that hold addresses which must be on the public internet.
    const PUBLIC_URLS: &'static [&'static str] = &[];
    /// How the session API's arguments differ from the operation's.
    const SESSION_ARGUMENTS: ArgumentRules = ArgumentRules::NONE;
    /// The filters that the session API does not apply as they are meant.
    const SESSION_FILTER_GAPS: &'static [FilterGap] = &[];
    /// The text of the answer that is long enough to be read in parts, by `contentOffset`.
    const LONG_TEXT: Option<&'static str> = None;
}
