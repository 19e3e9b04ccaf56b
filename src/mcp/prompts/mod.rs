//! Prompts: what a person picks in a host to have the assistant do a whole piece of work with these tools.

mod catalogue;

pub use catalogue::PROMPTS;

use crate::app::App;
use highlevel_catalog::Id;
use highlevel_core::error::{Error, Result};
use highlevel_core::suggest::did_you_mean;
use highlevel_core::suggest::nearest;
use rmcp::model::{self, JsonObject};
use serde_json::Value;
use std::collections::HashMap;

/// The longest time that a prompt looks back, in days.
const MOST_DAYS: u32 = 3650;

/// One prompt, described in one place.
#[derive(Debug)]
pub struct Prompt {
    /// Its name.
    pub name: &'static str,
    /// Its title, for people.
    pub title: &'static str,
    /// What it is good for.
    pub description: &'static str,
    /// What a person fills in.
    pub arguments: &'static [Argument],
    /// What the assistant is asked to do. `{name}` stands for an argument; a line whose argument is not given is left
    /// out. A word in backquotes with an underscore is a tool.
    text: &'static str,
}

/// What a person fills in.
#[derive(Debug)]
pub struct Argument {
    /// Its name.
    pub name: &'static str,
    /// What it means.
    pub description: &'static str,
    /// What it may be.
    pub kind: Kind,
    /// Whether it may be left out.
    pub need: Need,
}

/// What an argument may be.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// A number of days.
    Days,
    /// The id of an object of this table of the mirror.
    Id(&'static str),
}

/// Whether an argument may be left out, and what it is then.
#[derive(Debug, Clone, Copy)]
pub enum Need {
    /// It has to be given.
    Required,
    /// It may be left out.
    Optional,
    /// It may be left out and is this then.
    Otherwise(&'static str),
}

impl Prompt {
    /// The tools that the text names. Without one of them the prompt is of no use.
    pub fn tools(&self) -> impl Iterator<Item = &'static str> {
        let is_name = |word: &&str| word.contains('_') && word.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        // Between backquotes is every second part.
        self.text.split('`').skip(1).step_by(2).filter(is_name)
    }

    /// The prompt as the protocol lists it.
    pub(super) fn listed(&self) -> model::Prompt {
        let arguments = self.arguments.iter().map(|argument| {
            model::PromptArgument::new(argument.name)
                .with_description(argument.description)
                .with_required(matches!(argument.need, Need::Required))
        });
        model::Prompt::new(self.name, Some(self.description), Some(arguments.collect())).with_title(self.title)
    }

    /// The prompt with its arguments filled in.
    ///
    /// # Errors
    /// `invalid_arguments` naming the argument.
    pub fn fill(&self, mut given: JsonObject) -> Result<String> {
        let mut values = HashMap::new();
        for argument in self.arguments {
            if let Some(value) = argument.read(given.shift_remove(argument.name))? {
                values.insert(argument.name, value);
            }
        }
        if let Some(name) = given.keys().next() {
            let known: Vec<&str> = self.arguments.iter().map(|argument| argument.name).collect();
            let hint = match nearest(name, known.iter().copied()) {
                Some(near) => format!("Did you mean `{near}`?"),
                None if known.is_empty() => "It takes none.".to_owned(),
                None => format!("Known: {}.", known.join(", ")),
            };
            return Err(Error::invalid(name, format!("`{name}` is no argument of {}. {hint}", self.name)));
        }
        let lines = self.text.lines().filter_map(|line| self.fill_line(line, &values));
        Ok(lines.collect::<Vec<_>>().join("\n"))
    }

    fn fill_line(&self, line: &str, values: &HashMap<&str, String>) -> Option<String> {
        let mut line = line.to_owned();
        for argument in self.arguments {
            let place = format!("{{{}}}", argument.name);
            if line.contains(&place) {
                line = line.replace(&place, values.get(argument.name)?);
            }
        }
        Some(line)
    }
}

impl Argument {
    /// The checked text of a value. Only what cannot break out of a statement or a sentence comes through.
    fn read(&self, given: Option<Value>) -> Result<Option<String>> {
        let wrong = |why: &str| Error::invalid(self.name, format!("`{}` {why}.", self.name));
        let text = match given {
            // Hosts send what a person left empty as an empty text.
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => text.trim().to_owned(),
            // The protocol knows texts alone; a number means the same.
            Some(Value::Number(number)) => number.to_string(),
            Some(_) => return Err(wrong("must be a text")),
        };
        match (text.is_empty(), self.need) {
            (true, Need::Required) => return Err(wrong(&format!("is required: {}", self.description))),
            (true, Need::Optional) => return Ok(None),
            (true, Need::Otherwise(value)) => return Ok(Some(value.to_owned())),
            (false, _) => {}
        }
        match self.kind {
            Kind::Id(_) => text.parse::<Id>().map(|id| Some(id.to_string())).map_err(|why| wrong(&why)),
            Kind::Days => match text.parse::<u32>() {
                Ok(days @ 1..=MOST_DAYS) => Ok(Some(days.to_string())),
                _ => Err(wrong(&format!("must be a whole number of days, from 1 to {MOST_DAYS}"))),
            },
        }
    }
}

/// The prompts that this server lists: those whose tools it lists.
pub(super) fn of(app: &App) -> impl Iterator<Item = &'static Prompt> {
    PROMPTS.iter().filter(|prompt| missing(app, prompt).is_none())
}

/// The prompt of this name.
///
/// # Errors
/// `invalid_arguments` with the nearest name, or with the tool that is left out.
pub(super) fn find(app: &App, name: &str) -> Result<&'static Prompt> {
    let Some(prompt) = PROMPTS.iter().find(|prompt| prompt.name == name) else {
        let hint = did_you_mean(name, of(app).map(|prompt| prompt.name));
        return Err(Error::invalid("name", format!("Unknown prompt.{hint}")));
    };
    match missing(app, prompt) {
        None => Ok(prompt),
        Some(tool) => {
            Err(Error::invalid("name", format!("{name} needs {tool}, which this server's settings leave out.")))
        }
    }
}

fn missing(app: &App, prompt: &Prompt) -> Option<&'static str> {
    prompt.tools().find(|name| app.tools().all(|entry| entry.name != *name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use highlevel_catalog;
    use serde_json::json;

    fn fill(name: &str, given: Value) -> Result<String> {
        PROMPTS.iter().find(|prompt| prompt.name == name).unwrap().fill(given.as_object().unwrap().clone())
    }

    #[test]
    fn every_tool_that_a_prompt_names_is_in_the_catalogue() {
        for prompt in &PROMPTS {
            assert!(prompt.tools().count() >= 3, "{}", prompt.name);
            for tool in prompt.tools() {
                assert!(highlevel_catalog::Catalog::declared().find(tool).is_some(), "{} names {tool}", prompt.name);
            }
        }
    }

    #[test]
    fn every_argument_has_its_place_and_every_place_its_argument() {
        for prompt in &PROMPTS {
            let mut rest = prompt.text.to_owned();
            for argument in prompt.arguments {
                let place = format!("{{{}}}", argument.name);
                assert!(rest.contains(&place), "{}: {}", prompt.name, argument.name);
                rest = rest.replace(&place, "");
            }
            assert!(!rest.contains(['{', '}']), "{}: {rest}", prompt.name);
            assert_eq!(rest.matches('`').count() % 2, 0, "{}", prompt.name);
        }
    }

    #[test]
    fn what_is_not_given_is_left_out_or_the_default() {
        let all = fill("stale_deals", json!({})).unwrap();
        let of_one = fill("stale_deals", json!({"days": 45, "owner": "u-1"})).unwrap();
        assert!(all.contains("'-30 days'") && !all.contains("assignedTo ="), "{all}");
        assert!(of_one.contains("'-45 days'") && of_one.contains("assignedTo = 'u-1'"), "{of_one}");
        assert_eq!(fill("stale_deals", json!({"days": "", "owner": null})).unwrap(), all);
    }

    #[test]
    fn nothing_breaks_out_of_a_statement() {
        for (field, value) in [
            ("owner", json!("x' OR 1=1 --")),
            ("owner", json!(["u"])),
            ("days", json!("0")),
            ("days", json!("-1")),
            ("days", json!("30 days')")),
            ("days", json!("99999999999")),
            ("day", json!("3")),
        ] {
            let error = fill("stale_deals", json!({ field: value })).unwrap_err();
            assert_eq!(error.field.as_deref(), Some(field), "{error}");
            assert!(error.message.contains(&format!("`{field}`")), "{error}");
        }
    }
}
