//! One checked call of an operation.

use crate::{
    id::Id,
    list::DEFAULT_LIMIT,
    operation::{Effect, Operation},
    spec::OperationSpec,
};
use highlevel_core::error::{Code, Error, Result};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::fmt;

/// What stands in the place of a secret.
pub const HIDDEN: &str = "[hidden]";

/// One call of an operation whose arguments are checked.
#[derive(Clone)]
pub struct Invocation {
    /// The operation.
    pub spec: &'static OperationSpec,
    /// The object that the call is about.
    pub id: Option<Id>,
    /// The arguments.
    pub arguments: Arguments,
}

impl Invocation {
    /// A call without arguments.
    pub fn bare(spec: &'static OperationSpec) -> Self {
        Self { spec, id: None, arguments: Arguments::default() }
    }

    /// A call of an operation that takes the id of an object, and nothing else.
    pub fn about(spec: &'static OperationSpec, id: Id) -> Self {
        let mut arguments = Arguments::default();
        if let Some(field) = &spec.id_field {
            arguments.set(field, id.as_str());
        }
        Self { spec, id: Some(id), arguments }
    }

    /// The typed operation that was called; `None` for another operation.
    pub fn read_as<O: Operation>(&self) -> Option<Result<O>> {
        self.spec.is::<O>().then(|| self.arguments.read())
    }

    /// What this call does: the effect of the first rule that holds, else the operation's own.
    pub fn effect(&self) -> Effect {
        let rule = self.spec.effect_rules.iter().find(|rule| rule.when.holds(|name| self.arguments.get(name)));
        rule.map_or(self.spec.effect, |rule| rule.effect)
    }

    /// The part of a list that the call asks for.
    pub fn window(&self) -> Window {
        Window {
            offset: self.arguments.number("offset").unwrap_or(0),
            limit: self.arguments.number("limit").unwrap_or(DEFAULT_LIMIT),
        }
    }

    /// The texts of the secret arguments.
    pub fn secrets(&self) -> impl Iterator<Item = &str> {
        let texts = self.spec.sensitive.iter().filter_map(|name| self.arguments.text(name));
        texts.filter(|text| !text.is_empty())
    }

    /// The arguments without the one that names the object.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.arguments.iter().filter(|(name, _)| !self.spec.is_id_field(name))
    }
}

// Arguments may hold a secret and people's data, so only the name shows.
impl fmt::Debug for Invocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Invocation").field("operation", &self.spec.name).finish_non_exhaustive()
    }
}

/// A part of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// How many items come before it.
    pub offset: u64,
    /// The most items it holds.
    pub limit: u64,
}

/// Checked arguments by the API's names.
///
/// A typed operation is read from them by [`Arguments::read`]. Merging, comparing and journaling go field by field, as
/// they do for operations that rows of data describe. A null is the field or member that an update empties; the nulls
/// of callers are gone.
#[derive(Clone, Default, PartialEq)]
pub struct Arguments(Map<String, Value>);

impl Arguments {
    pub(crate) fn checked(arguments: Map<String, Value>) -> Self {
        Self(arguments)
    }

    /// The arguments of a typed operation, unchecked beyond its types.
    pub(crate) fn of<O: Operation>(operation: &O) -> Map<String, Value> {
        match serde_json::to_value(operation) {
            Ok(Value::Object(arguments)) => arguments,
            _ => Map::new(),
        }
    }

    /// Reads typed arguments.
    ///
    /// # Errors
    /// `invalid_arguments` for arguments of another operation.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_value(self.0.clone().into())
            .map_err(|fault| Error::new(Code::InvalidArguments, format!("The arguments cannot be read: {fault}.")))
    }

    /// An argument; null where an update empties it.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// Whether there is an argument of this name.
    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// Whether an update empties the field.
    pub fn clears(&self, name: &str) -> bool {
        self.get(name).is_some_and(Value::is_null)
    }

    /// A text argument.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(Value::as_str)
    }

    /// A whole-number argument.
    pub fn number(&self, name: &str) -> Option<u64> {
        self.get(name).and_then(Value::as_u64)
    }

    /// The texts of a list argument.
    pub fn texts(&self, name: &str) -> impl Iterator<Item = &str> {
        self.get(name).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
    }

    /// The members of an argument that holds fields of its own.
    pub fn members(&self, name: &str) -> Option<&Map<String, Value>> {
        self.get(name).and_then(Value::as_object)
    }

    /// Sets an argument.
    pub fn set(&mut self, name: &str, value: impl Into<Value>) {
        self.0.insert(name.to_owned(), value.into());
    }

    /// Takes an argument out.
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

    /// Whether there are none.
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
