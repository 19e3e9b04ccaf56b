//! The differences between one API's arguments and an operation's own. Schemas, checks and docs derive from them.

use crate::{api::Api, invocation::Arguments, spec::Schemas};
use highlevel_core::error::{Error, Result};
use serde_json::{Map, Value};

/// The differences between one API's arguments and an operation's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ArgumentRules {
    /// The tool's description, if the operation's own is wrong for this API.
    pub description: Option<&'static str>,
    /// Descriptions that replace those of the operation: `(argument, description)`.
    pub described: &'static [(&'static str, &'static str)],
    /// The arguments that the API does not support: `(argument, reason)`. The reason completes a sentence that begins
    /// with the API's name.
    pub without: &'static [(&'static str, &'static str)],
    /// The fields that the API cannot empty: `(argument, reason)`, as in `without`.
    pub keeps: &'static [(&'static str, &'static str)],
    /// The arguments that only this API requires.
    pub required: &'static [&'static str],
    /// The arguments of which this API requires at least one.
    pub any_of: &'static [&'static str],
    /// The values that an argument accepts: `(argument, values, hint)`. The hint ends the error for other values.
    pub words: &'static [(&'static str, &'static [&'static str], &'static str)],
}

impl ArgumentRules {
    /// Rules of an API that takes the operation's own arguments.
    pub const NONE: Self =
        Self { description: None, described: &[], without: &[], keeps: &[], required: &[], any_of: &[], words: &[] };

    /// Whether the API takes the operation's own arguments.
    pub fn is_empty(&self) -> bool {
        *self == Self::NONE
    }

    /// Applies the rules to the operation's schemas.
    pub(crate) fn apply_to_schemas(&self, schemas: &mut Schemas) {
        if let Some(description) = self.description {
            description.clone_into(&mut schemas.description);
        }
        let input = &mut schemas.input;
        let required_everywhere = input.remove("required").unwrap_or_default();
        if let Some(Value::Object(properties)) = input.get_mut("properties") {
            self.apply_to_properties(properties);
            let is_required = |name: &&String| {
                let of_every_api =
                    required_everywhere.as_array().into_iter().flatten().any(|known| known == name.as_str());
                of_every_api || self.required.contains(&name.as_str())
            };
            let required: Vec<Value> = properties.keys().filter(is_required).cloned().map(Value::from).collect();
            if !required.is_empty() {
                // schemars puts `required` before `additionalProperties`.
                input.shift_insert(input.len().min(2), "required".to_owned(), required.into());
            }
        }
    }

    fn apply_to_properties(&self, properties: &mut Map<String, Value>) {
        properties.retain(|name, _| self.without.iter().all(|(without, _)| without != name));
        for (name, words, _) in self.words {
            if let Some(Value::Object(property)) = properties.get_mut(*name) {
                property.insert("enum".to_owned(), words.iter().copied().collect());
            }
        }
        for (name, description) in self.described {
            if let Some(Value::Object(property)) = properties.get_mut(*name) {
                property.insert("description".to_owned(), (*description).into());
            }
        }
        let clearable =
            properties.get_mut("clear").and_then(|clear| clear.get_mut("items")?.get_mut("enum")?.as_array_mut());
        if let Some(names) = clearable {
            names.retain(|name| name.as_str().is_some_and(|name| self.cannot_clear(name).is_none()));
            if names.is_empty() {
                properties.shift_remove("clear");
            }
        }
    }

    fn cannot_clear(&self, name: &str) -> Option<&'static str> {
        self.without.iter().chain(self.keeps).find(|(known, _)| *known == name).map(|(_, why)| *why)
    }

    /// Applies the rules to a caller's arguments. Nulls for unsupported arguments are removed, because many hosts send
    /// null for every optional argument.
    ///
    /// # Errors
    /// `invalid_arguments` for an argument or value that the API does not support.
    pub(crate) fn apply_to_arguments(&self, api: Api, arguments: &mut Map<String, Value>) -> Result<()> {
        let refuse = |name: &str, what: &str, why: &str| {
            Err(Error::invalid(name, format!("`{name}` cannot be {what}: {} {why}.", api.title())))
        };
        for (name, why) in self.without {
            if arguments.shift_remove(*name).is_some_and(|value| !value.is_null()) {
                return refuse(name, "given", why);
            }
        }
        for (name, _) in self.keeps {
            if arguments.get(*name).is_some_and(Value::is_null) {
                arguments.shift_remove(*name);
            }
        }
        let cleared = arguments.get("clear").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
        for name in cleared {
            if let Some(why) = self.cannot_clear(name) {
                return refuse(name, "emptied", why);
            }
        }
        for (name, words, hint) in self.words {
            let Some(Value::String(given)) = arguments.get_mut(*name) else { continue };
            match words.iter().find(|word| word.eq_ignore_ascii_case(given.trim())) {
                Some(word) => (*word).clone_into(given),
                None => {
                    let message = format!("`{name}` must be one of {} here, not `{given}`.{hint}", words.join(", "));
                    return Err(Error::invalid(*name, message));
                }
            }
        }
        Ok(())
    }

    /// Checks that at least one of the `any_of` arguments is given. A JSON Schema that every host accepts cannot say
    /// so.
    ///
    /// # Errors
    /// `invalid_arguments` for the first of them.
    pub(crate) fn check_any_of(&self, arguments: &Arguments) -> Result<()> {
        let given = |name: &&str| match arguments.get(name) {
            None | Some(Value::Null) => false,
            Some(Value::String(text)) => !text.trim().is_empty(),
            Some(_) => true,
        };
        match self.any_of {
            [first, ..] if !self.any_of.iter().any(given) => {
                let names: Vec<String> = self.any_of.iter().map(|name| format!("`{name}`")).collect();
                Err(Error::invalid(*first, format!("At least one of {} is required.", names.join(" and "))))
            }
            _ => Ok(()),
        }
    }
}
