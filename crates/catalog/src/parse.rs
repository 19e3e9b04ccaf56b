//! Parsing of a caller's arguments into a checked invocation. No request is sent, so wrong arguments cost no quota.

use crate::{
    absent::{self, Cleared},
    catalog::Catalog,
    check,
    id::Id,
    invocation::{Arguments, Invocation},
    near,
    operation::{Effect, Operation},
    spec::{OperationSpec, Source},
};
use highlevel_core::error::{Code, Error, Result};
use serde_json::{Map, Value, json};

/// Checks the arguments against the operation's type. Texts with a format, such as dates, are replaced by the type's
/// canonical form.
pub(crate) fn check_type<O: Operation>(arguments: &mut Map<String, Value>) -> Result<()> {
    let read = |arguments: Map<String, Value>| serde_path_to_error::deserialize::<_, O>(Value::Object(arguments));
    let error = match read(arguments.clone()) {
        Ok(operation) => {
            let mut canonical = Arguments::of(&operation);
            for (name, value) in arguments.iter_mut().filter(|(_, value)| value.is_string()) {
                if let Some(text) = canonical.get_mut(name).filter(|text| text.is_string()) {
                    *value = text.take();
                }
            }
            return Ok(());
        }
        Err(error) => error,
    };
    let message = error.inner().to_string();
    let mut field = error.path().to_string();
    if field == "." {
        // serde loses the path of a flattened field. The field at fault is the one whose removal changes the error. The
        // removal of a required field changes it to "missing field", so that change does not count.
        let is_at_fault = |name: &&String| {
            let mut rest = arguments.clone();
            rest.shift_remove(*name);
            let without = read(rest).err().map(|error| error.inner().to_string());
            without.is_none_or(|other| other != message && !other.starts_with("missing field"))
        };
        let at_fault = arguments.keys().find(is_at_fault);
        field = at_fault.cloned().unwrap_or_default();
    }
    Err(Error::invalid(&field, format!("`{field}` {message}.")))
}

impl OperationSpec {
    /// Parses and checks a caller's arguments.
    ///
    /// # Errors
    /// `invalid_arguments` with the field, the problem and what is allowed.
    pub fn parse(&'static self, mut arguments: Map<String, Value>) -> Result<Invocation> {
        if !self.arguments.is_empty() {
            // The API's schema leaves out unsupported arguments, so near forms are read by the operation's own schema
            // first.
            let declared = Catalog::declared().find(&self.name).unwrap_or(self);
            read_near_forms(self, declared.input_schema(), &mut arguments)?;
            self.arguments.apply_to_arguments(self.api, &mut arguments)?;
        }
        let schema = self.input_schema();
        let checked = self.checked(schema, arguments).map_err(|error| near::with_example(schema, error))?;
        self.arguments.check_any_of(&checked.arguments).map_err(|error| near::with_example(schema, error))?;
        Ok(checked)
    }

    fn checked(&'static self, schema: &Map<String, Value>, mut arguments: Map<String, Value>) -> Result<Invocation> {
        read_near_forms(self, schema, &mut arguments)?;
        // A null at any depth means "not given". Nulls at the top level stay until their names are checked.
        if self.effect != Effect::Read {
            absent::drop_inner_nulls(&mut arguments);
        }
        let cleared = Cleared::take(self, &mut arguments)?;
        near::read_ids(self, schema, &mut arguments)?;
        check::object(schema, &arguments, "")?;
        arguments.retain(|_, value| !value.is_null());
        // An empty list as a filter, or as a list of changes, means "not given" too.
        arguments.retain(|name, value| match self.effect {
            Effect::Read => value.as_array().is_none_or(|items| !items.is_empty()),
            Effect::Update => !(absent::is_empty(value) && absent::holds_changes(name)),
            _ => true,
        });
        absent::refuse_null_words(self, &arguments)?;
        refuse_blank(self, &arguments)?;
        if let Source::Typed(typed) = &self.source {
            (typed.check)(&mut arguments)?;
        }
        let id = self.id_in(&arguments)?;
        cleared.put(&mut arguments);
        // An upsert takes no id.
        let least = if self.id_field.is_some() { 2 } else { 1 };
        if self.effect == Effect::Update && self.has_own_fields() && arguments.len() < least {
            let message = format!("Nothing to change: give {} at least one field besides `id`.", self.name);
            return Err(Error::new(Code::InvalidArguments, message));
        }
        let invocation = Invocation { spec: self, id, arguments: Arguments::checked(arguments) };
        absent::refuse_contradictions(&invocation.arguments)?;
        Ok(invocation)
    }

    fn id_in(&self, arguments: &Map<String, Value>) -> Result<Option<Id>> {
        let Some(field) = self.id_field.as_deref() else { return Ok(None) };
        let Some(text) = arguments.get(field).and_then(Value::as_str) else { return Ok(None) };
        let id = text.parse().map_err(|problem| Error::invalid(field, format!("`{field}` {problem}.")))?;
        Ok(Some(id))
    }
}

/// Normalizes arguments by this schema, and handles empty strings.
///
/// # Errors
/// `invalid_arguments` for an empty string in an update.
fn read_near_forms(
    spec: &OperationSpec,
    schema: &Map<String, Value>,
    arguments: &mut Map<String, Value>,
) -> Result<()> {
    near::read(spec, schema, arguments);
    if spec.effect == Effect::Update {
        return refuse_empty(spec, arguments);
    }
    near::drop_empty(schema, arguments);
    Ok(())
}

/// Refuses empty strings in an update, and empty lists that would empty a field: they could mean that, or "not given". Some
/// hosts fill in every optional argument.
fn refuse_empty(spec: &OperationSpec, arguments: &Map<String, Value>) -> Result<()> {
    let empties =
        |name: &str, value: &Value| spec.is_clearable(name) && !absent::holds_changes(name) && absent::is_empty(value);
    let is_empty =
        |(name, value): &(&String, &Value)| *name != "clear" && (value.as_str() == Some("") || empties(name, value));
    let Some((name, _)) = arguments.iter().find(is_empty) else { return Ok(()) };
    let how = if spec.is_clearable(name) {
        format!("leave it out to keep it, or empty it with `clear`, such as {}", json!({"clear": [name]}))
    } else {
        "leave it out to keep it".to_owned()
    };
    Err(Error::invalid(name, format!("`{name}` must not be empty: {how}.")))
}

/// Refuses blank strings: as list items, as filters, and in updates, where only `clear` empties a field.
fn refuse_blank(spec: &OperationSpec, arguments: &Map<String, Value>) -> Result<()> {
    let is_blank = |value: &Value| value.as_str().is_some_and(|text| text.trim().is_empty());
    for (name, value) in arguments {
        let items = value.as_array().into_iter().flatten();
        if let Some(index) = items.clone().position(is_blank) {
            return Err(Error::invalid(
                format!("{name}[{index}]"),
                format!("`{name}` must not contain an empty string."),
            ));
        }
        let may_be_blank = !matches!(spec.effect, Effect::Read | Effect::Update);
        if !may_be_blank && is_blank(value) {
            let instead = match spec.is_clearable(name) {
                true => format!(" To empty the field, give `clear: [\"{name}\"]`."),
                false => String::new(),
            };
            return Err(Error::invalid(name, format!("`{name}` must not be empty.{instead}")));
        }
    }
    Ok(())
}
