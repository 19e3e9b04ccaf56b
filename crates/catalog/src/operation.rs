//! The traits and types by which a typed operation is declared.

use crate::{
    argument_rules::ArgumentRules,
    id::Id,
    meaning::{FilterGap, Inverse, Lookup, ReadBack, ScopeField, StateRule},
    passthrough::Touches,
    route::Route,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;
use std::borrow::Cow;

/// The effect of an operation on the account. Annotations, confirmation and retries depend on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Changes nothing.
    Read,
    /// Adds an object. Two requests add two objects.
    Create,
    /// Changes an object. Idempotent: two requests leave the same state as one.
    Update,
    /// Makes a page public. No operation reverts it.
    Publish,
    /// Removes an object for good.
    Delete,
    /// Sends messages to people, such as by starting a campaign.
    Send,
    /// Moves money: a charge, a refund, a wallet, a subscription.
    Money,
    /// Makes a workflow, a campaign or a bot act.
    Start,
    /// Gives a third party data of the account or rights in it.
    Access,
}

impl Effect {
    /// Every effect.
    pub const ALL: [Self; 9] = [
        Self::Read,
        Self::Create,
        Self::Update,
        Self::Delete,
        Self::Publish,
        Self::Send,
        Self::Money,
        Self::Start,
        Self::Access,
    ];

    /// The effect's word, as answers and the reviewed table have it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Create => "create",
            Self::Update => "update",
            Self::Publish => "publish",
            Self::Delete => "delete",
            Self::Send => "send",
            Self::Money => "money",
            Self::Start => "start",
            Self::Access => "access",
        }
    }

    /// Whether the effect always needs a person's confirmation, because it cannot be reverted.
    pub const fn is_guarded(self) -> bool {
        !matches!(self, Self::Read | Self::Create | Self::Update)
    }
}

/// A rule that gives some calls of an operation another effect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EffectRule {
    /// The effect of the calls that match.
    pub effect: Effect,
    /// The condition that a call must match.
    pub when: Condition,
}

/// A condition on a call's arguments.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// Matches every call.
    Always,
    /// Matches calls whose argument is one of the values.
    Argument {
        /// The argument's name.
        name: Cow<'static, str>,
        /// The matching values, as text.
        values: Cow<'static, [Cow<'static, str>]>,
    },
    /// Matches calls whose argument is absent or none of the values.
    ArgumentIsNot {
        /// The argument's name.
        name: Cow<'static, str>,
        /// The values that do not match, as text.
        values: Cow<'static, [Cow<'static, str>]>,
    },
    /// Matches calls that have the argument.
    Given {
        /// The argument's name.
        name: Cow<'static, str>,
    },
}

impl Condition {
    /// Whether a call matches. `argument` looks up the call's arguments by name. A name with dots is a path into an
    /// argument's members.
    pub fn holds<'a>(&self, argument: impl Fn(&str) -> Option<&'a Value>) -> bool {
        let value = |path: &str| {
            let mut names = path.split('.');
            let outer = argument(names.next()?)?;
            names.try_fold(outer, |value, name| value.get(name)).filter(|value| !value.is_null())
        };
        let is_blank = |value: &Value| value.as_str().is_some_and(|text| text.trim().is_empty());
        let is_one_of = |value: &Value, values: &[Cow<'static, str>]| {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            values.iter().any(|known| known.eq_ignore_ascii_case(text.trim()))
        };
        match self {
            Self::Always => true,
            Self::Argument { name, values } => value(name).is_some_and(|value| is_one_of(value, values)),
            Self::ArgumentIsNot { name, values } => value(name).is_none_or(|value| !is_one_of(value, values)),
            Self::Given { name } => value(name).is_some_and(|value| !is_blank(value)),
        }
    }

    /// The condition in words. `written` is the form of an argument's name.
    pub fn in_words(&self, written: impl Fn(&str) -> String) -> String {
        match self {
            Self::Always => "always".to_owned(),
            Self::Argument { name, values } => format!("if {} is {}", written(name), values.join(" or ")),
            Self::ArgumentIsNot { name, values } => format!("unless {} is {}", written(name), values.join(" or ")),
            Self::Given { name } => format!("with {}", written(name)),
        }
    }
}

/// A group of tools, as `--toolsets` takes it: a resource of the API, or the mirror's tools.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Toolset {
    /// All groups. Tools for rare jobs are listed, too.
    All,
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
    /// Conversations and their messages.
    Conversations,
    /// Calendars and appointments.
    Calendars,
    /// Notes on contacts.
    Notes,
    /// Tasks.
    Tasks,
    /// Workflows.
    Workflows,
    /// Forms, surveys and their submissions.
    Forms,
    /// Invoices and transactions.
    Invoices,
    /// Every operation of the API, by search.
    Operations,
    /// Queries over the whole account, answered from the mirror.
    Insights,
    /// Work on many objects, and undo.
    Bulk,
}

/// The shape of an operation's answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnswerShape {
    /// One object. The name is the object's noun, such as `contact`: some answers wrap the object in a member of that
    /// name.
    One(Cow<'static, str>),
    /// A list of objects.
    Many,
    /// A confirmation that an object was deleted.
    Deleted,
}

/// A typed answer.
pub trait Output: Serialize + DeserializeOwned + JsonSchema + Send + 'static {
    /// The shape of the answer.
    const SHAPE: AnswerShape;
}

/// One operation with typed arguments.
///
/// The struct's fields are the arguments. Its doc comment is the tool's description, and its fields' doc comments are
/// the arguments' descriptions. Models read these texts in every conversation, so each word costs tokens.
pub trait Operation: Serialize + DeserializeOwned + JsonSchema + Send + Sync + 'static {
    /// The answer.
    type Output: Output;
    /// The tool's name, `verb_noun`.
    const NAME: &'static str;
    /// The title that hosts show to people.
    const TITLE: &'static str;
    /// The effect on the account.
    const EFFECT: Effect;
    /// The tool's group.
    const TOOLSET: Toolset;
    /// Whether the tool is listed where `--toolsets` names no groups.
    const LISTED: bool = true;
    /// The session API's route. [`Route::Absent`] if only the official API has the operation.
    const SESSION: Route;
    /// The argument that holds the id of the object.
    const ID: Option<fn(&Self) -> &Id> = None;
    /// The fields that an update can empty.
    const CLEARABLE: &'static [&'static str] = &[];
    /// The calls whose effect differs from [`Self::EFFECT`].
    const EFFECT_RULES: &'static [EffectRule] = &[];
    /// The objects that one call touches.
    const TOUCHES: Touches = Touches::One;
    /// The secret arguments and answer members. They are never shown, logged or stored.
    const SENSITIVE: &'static [&'static str] = &[];
    /// The arguments that name a location or a company.
    const SCOPE_FIELDS: &'static [ScopeField] = &[];
    /// How to look up the object of a create whose outcome is unknown. With `None`, the outcome stays unknown.
    const LOOKUP: Option<Lookup> = None;
    /// The operation that reads the object back.
    const READ_BACK: Option<ReadBack> = None;
    /// The operation that reverts the effect. With `None`, undo refuses the call.
    const INVERSE: Option<Inverse> = None;
    /// The object's states that allow the operation.
    const STATE_RULE: Option<StateRule> = None;
    /// The arguments that hold URLs whose host must be on the public internet.
    const PUBLIC_URLS: &'static [&'static str] = &[];
    /// The differences between the session API's arguments and the operation's.
    const SESSION_ARGUMENTS: ArgumentRules = ArgumentRules::NONE;
    /// The filters that the session API applies wrongly. The service applies them itself.
    const SESSION_FILTER_GAPS: &'static [FilterGap] = &[];
    /// What else a guarded call does, as a sentence for the person who is asked.
    const CONSEQUENCE: Option<&'static str> = None;
    /// The answer's text member that callers read in parts, by `contentOffset`.
    const LONG_TEXT: Option<&'static str> = None;
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_effect_is_written_as_answers_have_it() {
        for effect in Effect::ALL {
            assert_eq!(json!(effect), effect.as_str());
        }
    }

    #[test]
    fn conditions_are_put_into_words() {
        let values: Cow<'static, [Cow<'static, str>]> = vec!["published".into(), "scheduled".into()].into();
        for (condition, words) in [
            (Condition::Always, "always"),
            (
                Condition::Argument { name: "status".into(), values: values.clone() },
                "if `status` is published or scheduled",
            ),
            (Condition::ArgumentIsNot { name: "status".into(), values }, "unless `status` is published or scheduled"),
            (Condition::Given { name: "tags".into() }, "with `tags`"),
        ] {
            assert_eq!(condition.in_words(|name| format!("`{name}`")), words);
        }
    }
}
