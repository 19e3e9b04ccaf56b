//! Calls of operations, with checked arguments.

use crate::{
    id::Id,
    list::DEFAULT_LIMIT,
    operation::{Effect, Operation},
    passthrough::Touches,
    secrets::secret_texts,
    spec::OperationSpec,
};
use highlevel_core::error::{Code, Error, Result};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::fmt;

/// The text that replaces a secret wherever arguments are shown.
pub const HIDDEN: &str = "[hidden]";

/// One call of an operation, with checked arguments.
#[derive(Clone)]
pub struct Invocation {
    /// The operation.
    pub spec: &'static OperationSpec,
    /// The id of the object, if the operation takes one.
    pub id: Option<Id>,
    /// The arguments.
    pub arguments: Arguments,
}

impl Invocation {
    /// A call without arguments.
    pub fn bare(spec: &'static OperationSpec) -> Self {
        Self { spec, id: None, arguments: Arguments::default() }
    }

    /// A call whose only argument is the object's id.
    pub fn about(spec: &'static OperationSpec, id: Id) -> Self {
        let mut arguments = Arguments::default();
        if let Some(field) = &spec.id_field {
            arguments.set(field, id.as_str());
        }
        Self { spec, id: Some(id), arguments }
    }

    /// The arguments as the typed operation `O`, or `None` for a call of another operation.
    ///
    /// # Errors
    /// `invalid_arguments` for arguments that `O` cannot be read from.
    pub fn read_as<O: Operation>(&self) -> Option<Result<O>> {
        self.spec.is::<O>().then(|| self.arguments.read())
    }

    /// The call's effect: that of the first rule that matches, else the operation's own.
    pub fn effect(&self) -> Effect {
        let rule = self.spec.effect_rules.iter().find(|rule| rule.when.holds(|name| self.arguments.get(name)));
        rule.map_or(self.spec.effect, |rule| rule.effect)
    }

    /// Whether a person has to confirm the call, whatever the settings say: its effect cannot be reverted, or it changes
    /// several objects at once.
    pub fn is_guarded(&self) -> bool {
        let effect = self.effect();
        effect.is_guarded() || (effect != Effect::Read && self.touched() != Some(1))
    }

    /// The number of objects that the call touches. `None` if the arguments do not say.
    pub fn touched(&self) -> Option<usize> {
        match &self.spec.touches {
            Touches::One => Some(1),
            Touches::Listed(argument) => {
                self.arguments.get(argument).and_then(Value::as_array).map(Vec::len).filter(|count| *count > 0)
            }
            Touches::Unknown => None,
        }
    }

    /// The requested part of a list.
    pub fn window(&self) -> Window {
        Window {
            offset: self.arguments.number("offset").unwrap_or(0),
            limit: self.arguments.number("limit").unwrap_or(DEFAULT_LIMIT),
        }
    }

    /// The values of the secret arguments.
    pub fn secrets(&self) -> impl Iterator<Item = &str> {
        let texts = self.spec.sensitive.iter().filter_map(|name| self.arguments.text(name));
        let nested = if self.spec.passthrough.is_some() { secret_texts(&self.arguments.0) } else { Vec::new() };
        texts.filter(|text| !text.is_empty()).chain(nested)
    }

    /// The arguments without the object's id.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.arguments.iter().filter(|(name, _)| !self.spec.is_id_field(name))
    }
}

// Arguments may hold secrets and personal data, so only the name is shown.
impl fmt::Debug for Invocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Invocation").field("operation", &self.spec.name).finish_non_exhaustive()
    }
}

/// A range of a list's items.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// The number of items before the range.
    pub offset: u64,
    /// The largest number of items in the range.
    pub limit: u64,
}

/// Checked arguments, by argument name.
///
/// [`Arguments::read`] reads a typed operation. Merging, comparing and journaling work field by field, for typed
/// operations and for rows of data alike. A null means that an update empties the field or member: nulls from callers
/// are removed before.
#[derive(Clone, Default, PartialEq)]
pub struct Arguments(Map<String, Value>);

impl Arguments {
    pub(crate) fn checked(arguments: Map<String, Value>) -> Self {
        Self(arguments)
    }

    /// The arguments of a typed operation. Only the types are checked.
    pub(crate) fn of<O: Operation>(operation: &O) -> Map<String, Value> {
        match serde_json::to_value(operation) {
            Ok(Value::Object(arguments)) => arguments,
            _ => Map::new(),
        }
    }

    /// The arguments as a typed struct.
    ///
    /// # Errors
    /// `invalid_arguments` for arguments that `T` cannot be read from.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_value(self.0.clone().into())
            .map_err(|fault| Error::new(Code::InvalidArguments, format!("The arguments cannot be read: {fault}.")))
    }

    /// An argument's value. Null means that an update empties it.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// Whether the argument is present, null included.
    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// Whether the argument is null, which empties the field.
    pub fn clears(&self, name: &str) -> bool {
        self.get(name).is_some_and(Value::is_null)
    }

    /// The value of a string argument.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(Value::as_str)
    }

    /// The value of a non-negative integer argument.
    pub fn number(&self, name: &str) -> Option<u64> {
        self.get(name).and_then(Value::as_u64)
    }

    /// The strings of an array argument.
    pub fn texts(&self, name: &str) -> impl Iterator<Item = &str> {
        self.get(name).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
    }

    /// The members of an object argument.
    pub fn members(&self, name: &str) -> Option<&Map<String, Value>> {
        self.get(name).and_then(Value::as_object)
    }

    /// Sets an argument.
    pub fn set(&mut self, name: &str, value: impl Into<Value>) {
        self.0.insert(name.to_owned(), value.into());
    }

    /// Removes an argument and returns its value.
    pub fn take(&mut self, name: &str) -> Option<Value> {
        self.0.shift_remove(name)
    }

    /// Keeps the arguments for which `keep` holds.
    pub fn retain(&mut self, mut keep: impl FnMut(&str, &Value) -> bool) {
        self.0.retain(|name, value| keep(name, value));
    }

    /// The arguments, in the order in which they were given.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// The arguments' names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Whether there are no arguments.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The arguments as a JSON object.
    pub fn to_json(&self) -> Value {
        Value::Object(self.0.clone())
    }
}

impl fmt::Debug for Arguments {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.names()).finish()
    }
}
