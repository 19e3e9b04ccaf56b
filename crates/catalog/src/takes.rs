//! What one API takes of an operation's arguments. The catalogue has what any API takes; each API says here what it leaves
//! out, and the schemas, the checks and the docs follow from that one declaration.

use super::{Entry, Invocation, Schemas, arguments, near};
use highlevel_core::error::{Error, Result};
use serde_json::{Map, Value};
use std::sync::OnceLock;

/// Where one API differs from the catalogue for an operation.
#[derive(Debug, Clone, Copy)]
pub struct Takes {
    /// How an error names the API.
    pub api: &'static str,
    /// The tool's description, where the operation's own does not hold.
    pub description: Option<&'static str>,
    /// The descriptions of arguments that mean more, or less, than elsewhere.
    pub described: &'static [(&'static str, &'static str)],
    /// The arguments that the API has no place for, each with the rest of the sentence that begins with the API's name.
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

impl Takes {
    /// No difference.
    pub const fn of(api: &'static str) -> Self {
        Self {
            api,
            description: None,
            described: &[],
            without: &[],
            keeps: &[],
            required: &[],
            any_of: &[],
            words: &[],
        }
    }

    /// The operation's schemas with the differences in them.
    fn narrow(&self, schemas: &mut Schemas) {
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
    fn admit(&self, arguments: &mut Map<String, Value>) -> Result<()> {
        let refuse = |name: &str, what: &str, why: &str| {
            Err(Error::invalid(name, format!("`{name}` cannot be {what}: {} {why}.", self.api)))
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

    /// Whether what the API needs is there; what every API needs is the schema's matter.
    fn complete(&self, arguments: &Map<String, Value>) -> Result<()> {
        let given = |name: &&str| match arguments.get(*name) {
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

/// An operation's arguments as one API takes them, with the schema that says so.
#[derive(Debug)]
pub struct Form {
    /// The differences.
    pub takes: Takes,
    input: OnceLock<Map<String, Value>>,
}

impl Form {
    /// The form with these differences.
    pub const fn new(takes: Takes) -> Self {
        Self { takes, input: OnceLock::new() }
    }

    /// The operation's schemas in this API.
    pub fn make_schemas(&self, entry: &Entry) -> Schemas {
        let mut schemas = entry.make_schemas();
        self.takes.narrow(&mut schemas);
        schemas
    }

    /// Checks a caller's arguments.
    ///
    /// # Errors
    /// `invalid_arguments` naming the field, the problem and what is allowed.
    pub fn parse(&self, entry: &'static Entry, mut arguments: Map<String, Value>) -> Result<Invocation> {
        arguments::understand(entry, entry.input_schema(), &mut arguments)?;
        self.takes.admit(&mut arguments)?;
        let input = self.input.get_or_init(|| self.make_schemas(entry).input);
        let invocation = arguments::parse(entry, input, arguments)?;
        self.takes.complete(&invocation.arguments).map_err(|error| near::with_example(input, error))?;
        Ok(invocation)
    }
}
