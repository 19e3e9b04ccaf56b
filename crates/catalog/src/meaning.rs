//! Semantics of an operation beyond its request: lookup after a doubtful create, read-back, inverse, state rules,
//! filters.

use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// A list of names in an operation's declaration.
pub type Names = Cow<'static, [Cow<'static, str>]>;

/// How to look up the object of a create whose outcome is unknown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lookup {
    /// The name of the operation that lists such objects.
    pub list: Cow<'static, str>,
    /// The fields that identify the object.
    pub fields: Cow<'static, [LookupField]>,
    /// Whether one equal field identifies the object. If false, all fields must be equal.
    #[serde(default)]
    pub any: bool,
}

/// A field that identifies an object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LookupField {
    /// The field's name, in the arguments and in the object.
    pub name: Cow<'static, str>,
    /// How the field narrows the list.
    #[serde(default)]
    pub filter: LookupFilter,
}

/// How a list request is filtered by a field's value.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LookupFilter {
    /// Not filtered. The service compares the items.
    #[default]
    None,
    /// By the value as sent.
    AsSent,
    /// By the e-mail address, as sent and in lower case.
    Email,
    /// By the phone number, as sent and in E.164 form.
    Phone,
}

impl LookupField {
    /// A field that the service compares, without a filter in the request.
    pub const fn compared(name: &'static str) -> Self {
        Self::filtered(name, LookupFilter::None)
    }

    /// A field that also filters the request.
    pub const fn filtered(name: &'static str, filter: LookupFilter) -> Self {
        Self { name: Cow::Borrowed(name), filter }
    }
}

/// The operation that reads an object after a write.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReadBack {
    /// An operation that takes the object's id.
    Get(Cow<'static, str>),
    /// An operation that lists such objects, where the API cannot read a single one.
    List(Cow<'static, str>),
    /// A request of the write's own, where no operation reads a single object. Callers look at it with this operation.
    Own(Cow<'static, str>),
}

impl ReadBack {
    /// Read-back by an operation that takes the object's id.
    pub const fn get(operation: &'static str) -> Self {
        Self::Get(Cow::Borrowed(operation))
    }

    /// Read-back from a list.
    pub const fn list(operation: &'static str) -> Self {
        Self::List(Cow::Borrowed(operation))
    }

    /// Read-back by a request of the write's own. Callers look at the object with `operation`.
    pub const fn own(operation: &'static str) -> Self {
        Self::Own(Cow::Borrowed(operation))
    }

    /// The operation's name.
    pub fn operation(&self) -> &str {
        match self {
            Self::Get(operation) | Self::List(operation) | Self::Own(operation) => operation,
        }
    }
}

/// The operation that reverts an effect. Its arguments come from known values only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inverse {
    /// The operation's name.
    pub operation: Cow<'static, str>,
    /// The source of its arguments.
    pub values: InverseValues,
}

/// The source of an inverse's arguments. Every inverse also takes the object's id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InverseValues {
    /// No arguments besides the id.
    IdOnly,
    /// The previous values of the changed fields.
    Before,
}

impl Inverse {
    /// An inverse that takes only the id of the created object.
    pub const fn by_id(operation: &'static str) -> Self {
        Self { operation: Cow::Borrowed(operation), values: InverseValues::IdOnly }
    }

    /// An inverse that restores the previous values of the changed fields.
    pub const fn to_before(operation: &'static str) -> Self {
        Self { operation: Cow::Borrowed(operation), values: InverseValues::Before }
    }
}

/// An argument that names a location or a company.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScopeField {
    /// The argument's name.
    pub name: Cow<'static, str>,
    /// What the argument names.
    pub of: Scope,
}

/// The kind of scope that a [`ScopeField`] names.
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

/// A rule on the object's state, checked before the operation runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateRule {
    /// The object's field that holds the state.
    pub field: &'static str,
    /// The states that are allowed.
    pub allowed: States,
    /// The reason for refusing other states, as a clause.
    pub refusal: &'static str,
    /// Reasons for single states: `(state, reason)`. They take precedence over `refusal`.
    pub refusals: &'static [(&'static str, &'static str)],
}

/// A set of states.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum States {
    /// Exactly these states.
    Only(&'static [&'static str]),
    /// All states except these.
    AllBut(&'static [&'static str]),
}

impl StateRule {
    /// The reason why the state is refused, or `None` if it is allowed.
    pub fn refuses(&self, state: &str) -> Option<&'static str> {
        let is_allowed = match self.allowed {
            States::Only(states) => states.contains(&state),
            States::AllBut(states) => !states.contains(&state),
        };
        let own = self.refusals.iter().find(|(of, _)| *of == state).map(|(_, why)| *why);
        (!is_allowed).then(|| own.unwrap_or(self.refusal))
    }
}

/// A list filter that an API applies wrongly.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilterGap {
    /// The filter's argument.
    pub argument: Cow<'static, str>,
    /// The values for which the API's filter misses items.
    pub values: GapValues,
}

/// The values for which an API's filter misses items.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GapValues {
    /// Any value.
    All,
    /// Any value stored in another form, because the API compares text.
    OtherForms,
    /// These values.
    Words(Names),
    /// Values with a comma, which the API splits.
    WithComma,
    /// These words, which the API does not know. Each names a member that is true for the items to keep.
    Flags(Names),
    /// Any day or time. The items to keep have that one or a later one in this member.
    From(Cow<'static, str>),
    /// Any day or time. The items to keep have that one or an earlier one in this member.
    Until(Cow<'static, str>),
}

impl FilterGap {
    /// Whether the API's filter misses this value.
    pub fn has(&self, value: &str) -> bool {
        match &self.values {
            GapValues::All | GapValues::OtherForms | GapValues::From(_) | GapValues::Until(_) => true,
            GapValues::Words(words) | GapValues::Flags(words) => words.iter().any(|word| word == value),
            GapValues::WithComma => value.contains(','),
        }
    }
}
