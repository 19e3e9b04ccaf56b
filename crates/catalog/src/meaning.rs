//! What an operation means beyond its request: how its effect is found again, read back, taken back and allowed.

use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// A list of names that an operation declares.
pub type Names = Cow<'static, [Cow<'static, str>]>;

/// How the object of a create is found again after an answer that leaves a doubt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lookup {
    /// The operation that lists such objects.
    pub list: Cow<'static, str>,
    /// The fields that tell the object from others.
    pub fields: Cow<'static, [LookupField]>,
    /// Whether one equal field identifies the object, or all of them must be equal.
    #[serde(default)]
    pub any: bool,
}

/// A field that tells an object from others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LookupField {
    /// The field's name, in the arguments and in the object.
    pub name: Cow<'static, str>,
    /// How the list is filtered by it.
    #[serde(default)]
    pub filter: LookupFilter,
}

/// How a list is narrowed by a field's value.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LookupFilter {
    /// Not at all. The list's items are compared.
    #[default]
    None,
    /// By the value as sent.
    AsSent,
    /// By the e-mail address as sent, and in lower case.
    Email,
    /// By the phone number as sent, and in E.164.
    Phone,
}

impl LookupField {
    /// A field whose values are compared.
    pub const fn compared(name: &'static str) -> Self {
        Self::filtered(name, LookupFilter::None)
    }

    /// A field that also narrows the list.
    pub const fn filtered(name: &'static str, filter: LookupFilter) -> Self {
        Self { name: Cow::Borrowed(name), filter }
    }
}

/// The operation that reads an object back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReadBack {
    /// An operation that takes the object's id.
    Get(Cow<'static, str>),
    /// An operation that lists such objects. The API has none that reads a single one.
    List(Cow<'static, str>),
}

impl ReadBack {
    /// Reads by the operation of this name, which takes an id.
    pub const fn get(operation: &'static str) -> Self {
        Self::Get(Cow::Borrowed(operation))
    }

    /// Reads from the list that the operation of this name gives.
    pub const fn list(operation: &'static str) -> Self {
        Self::List(Cow::Borrowed(operation))
    }

    /// The operation's name.
    pub fn operation(&self) -> &str {
        match self {
            Self::Get(operation) | Self::List(operation) => operation,
        }
    }
}

/// The operation that takes an effect back, with plain values only. None is guessed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inverse {
    /// The operation's name.
    pub operation: Cow<'static, str>,
    /// Where its arguments come from.
    pub values: InverseValues,
}

/// Where the arguments of an inverse come from. Each inverse also takes the object's id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InverseValues {
    /// The object's id alone.
    IdOnly,
    /// The values that the changed fields had before.
    Before,
}

impl Inverse {
    /// `operation` on the id of the created object.
    pub const fn by_id(operation: &'static str) -> Self {
        Self { operation: Cow::Borrowed(operation), values: InverseValues::IdOnly }
    }

    /// `operation` with the values that the changed fields had before.
    pub const fn to_before(operation: &'static str) -> Self {
        Self { operation: Cow::Borrowed(operation), values: InverseValues::Before }
    }
}

/// An argument that names a location or a company.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScopeField {
    /// The argument's name.
    pub name: Cow<'static, str>,
    /// What it names.
    pub of: Scope,
}

/// What a [`ScopeField`] names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// A location (sub-account).
    Location,
    /// A company (agency).
    Company,
}

impl ScopeField {
    /// An argument that names a location.
    pub const fn location(name: &'static str) -> Self {
        Self { name: Cow::Borrowed(name), of: Scope::Location }
    }
}

/// The states of an object in which an operation may be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateRule {
    /// The object's field that holds the state.
    pub field: &'static str,
    /// The states that are allowed.
    pub allowed: States,
    /// Why the other states are refused.
    pub refusal: &'static str,
    /// States with a reason of their own.
    pub refusals: &'static [(&'static str, &'static str)],
}

/// A set of states.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum States {
    /// These and no others.
    Only(&'static [&'static str]),
    /// All others.
    AllBut(&'static [&'static str]),
}

impl StateRule {
    /// Why an object in this state is refused; `None` if it is allowed.
    pub fn refuses(&self, state: &str) -> Option<&'static str> {
        let is_allowed = match self.allowed {
            States::Only(states) => states.contains(&state),
            States::AllBut(states) => !states.contains(&state),
        };
        let own = self.refusals.iter().find(|(of, _)| *of == state).map(|(_, why)| *why);
        (!is_allowed).then(|| own.unwrap_or(self.refusal))
    }
}

/// A filter of a list that an API does not apply as it is meant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilterGap {
    /// The argument.
    pub argument: Cow<'static, str>,
    /// The values that the API's filter does not find.
    pub values: GapValues,
}

/// The values that an API's filter does not find.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GapValues {
    /// Any value.
    All,
    /// Any value that is written in another form: the API compares text.
    OtherForms,
    /// These words.
    Words(Names),
    /// Texts with a comma, which the API reads as several.
    WithComma,
}

impl FilterGap {
    /// Whether the API's filter misses this value.
    pub fn has(&self, value: &str) -> bool {
        match &self.values {
            GapValues::All | GapValues::OtherForms => true,
            GapValues::Words(words) => words.iter().any(|word| word == value),
            GapValues::WithComma => value.contains(','),
        }
    }
}
