//! How one API's arguments differ from an operation's own. Schemas, checks and docs follow from one declaration.

use crate::{api::Api, invocation::Arguments, spec::Schemas};
use highlevel_core::error::{Error, Result};
use serde_json::{Map, Value};

/// How one API's arguments differ from an operation's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ArgumentRules {
    /// The tool's description, where the operation's own does not hold.
    pub description: Option<&'static str>,
    /// The descriptions of arguments that mean more or less than elsewhere.
    pub described: &'static [(&'static str, &'static str)],
    /// The arguments that the API has no place for, each with the end of a sentence that begins with the API's name.
    pub without: &'static [(&'static str, &'static str)],
    /// The arguments that the API cannot empty, each as above.
    pub keeps: &'static [(&'static str, &'static str)],
    /// The arguments that this API needs, beside those that every API needs.
    pub required: &'static [&'static str],
    /// The arguments of which this API needs at least one.
    pub any_of: &'static [&'static str],
    /// The words that an argument may be: its name, the words, and a hint for other words.
    pub words: &'static [(&'static str, &'static [&'static str], &'static str)],
}

impl ArgumentRules {
    /// No difference.
    pub const NONE: Self =
        Self { description: None, described: &[], without: &[], keeps: &[], required: &[], any_of: &[], words: &[] };

    /// Whether there is no difference.
    pub fn is_empty(&self) -> bool {
        *self == Self::NONE
    }

    /// Applies the differences to the operation's schemas.
    pub(crate) fn narrow(&self, schemas: &mut Schemas) {
        if let Some(description) = self.description {
            description.clone_into(&mut schemas.description);
        }
        let input = &mut schemas.input;
        let everywhere = input.remove("required").unwrap_or_default();
        if let Some(Value::Object(properties)) = input.get_mut("properties") {
            self.narrow_properties(properties);
            let is_required = |name: &&String| {
                let of_every_api = everywhere.as_array().into_iter().flatten().any(|known| known == name.as_str());
                of_every_api || self.required.contains(&name.as_str())
            };
            let required: Vec<Value> = properties.keys().filter(is_required).cloned().map(Value::from).collect();
            if !required.is_empty() {
                // Ahead of `additionalProperties`, where schemars puts it.
                input.shift_insert(input.len().min(2), "required".to_owned(), required.into());
            }
        }
    }

    fn narrow_properties(&self, properties: &mut Map<String, Value>) {
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

    /// Refuses what the API always refuses, and takes out what a host gives as null for it.
    ///
    /// # Errors
    /// `invalid_arguments` naming the argument and the API.
    pub(crate) fn admit(&self, api: Api, arguments: &mut Map<String, Value>) -> Result<()> {
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

    /// Checks that one of the arguments is given of which the API needs one. The schema has those that are always
    /// required.
    ///
    /// # Errors
    /// `invalid_arguments` naming the first of them.
    pub(crate) fn complete(&self, arguments: &Arguments) -> Result<()> {
        let given = |name: &&str| match arguments.get(name) {
            None | Some(Value::Null) => false,
            Some(Value::String(text)) => !text.trim().is_empty(),
            Some(_) => true,
        };
        match self.any_of {
            [first, ..] if !self.any_of.iter().any(given) => {
                let names: Vec<String> = self.any_of.iter().map(|name| format!("`{name}`")).collect();
                Err(Error::invalid(*first, format!("One of {} is required.", names.join(" and "))))
            }
            _ => Ok(()),
        }
    }
}
