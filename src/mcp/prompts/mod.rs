//! Prompts: tasks that a person picks in a host, for the assistant to do with these tools.

mod catalogue;
mod daily;

pub use catalogue::PROMPTS;

use crate::{
    account::{ACCOUNT, Account},
    runtime::{Accounts, quoted},
};
use highlevel_catalog::Id;
use highlevel_core::error::{Error, Result};
use highlevel_core::suggest::{did_you_mean, nearest};
use rmcp::model::{self, JsonObject};
use serde_json::Value;
use std::collections::HashMap;

/// The longest period that a prompt looks back, in days.
const MAX_DAYS: u32 = 3650;

/// A prompt: its listing and its text.
#[derive(Debug)]
pub struct Prompt {
    /// The name by which a host gets it.
    pub name: &'static str,
    /// The title that hosts show.
    pub title: &'static str,
    /// One sentence that says what the assistant's answer will hold.
    pub description: &'static str,
    /// The arguments in the order in which hosts ask for them.
    pub arguments: &'static [PromptArgument],
    /// What the assistant is asked to do. `{name}` stands for the argument of that name; a line whose argument is not given
    /// is left out. A word in backquotes that has an underscore is a tool.
    text: &'static str,
}

/// An argument of a prompt, which a person fills in.
#[derive(Debug)]
pub struct PromptArgument {
    /// The name, and the placeholder in the text.
    pub name: &'static str,
    /// What to fill in, for people.
    pub description: &'static str,
    /// What is accepted.
    pub kind: ArgumentKind,
    /// Whether it may be left out.
    pub presence: ArgumentPresence,
}

/// What an argument may be, and so what completes it.
#[derive(Debug, Clone, Copy)]
pub enum ArgumentKind {
    /// A number of days.
    Days,
    /// The id of an object of this table of the mirror.
    Id(&'static str),
}

/// Whether an argument may be left out.
#[derive(Debug, Clone, Copy)]
pub enum ArgumentPresence {
    /// It must be given.
    Required,
    /// It may be left out, with the lines that name it.
    Optional,
    /// It may be left out, and then has this value.
    Default(&'static str),
}

impl Prompt {
    /// The tools that the text names. The prompt is of no use if one of them is missing.
    pub fn tools(&self) -> impl Iterator<Item = &'static str> {
        let is_name = |word: &&str| word.contains('_') && word.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        // Every second part is between backquotes.
        self.text.split('`').skip(1).step_by(2).filter(is_name)
    }

    /// The prompt as `prompts/list` shows it.
    pub(super) fn listing(&self) -> model::Prompt {
        let arguments = self.arguments.iter().map(|argument| {
            model::PromptArgument::new(argument.name)
                .with_description(argument.description)
                .with_required(matches!(argument.presence, ArgumentPresence::Required))
        });
        model::Prompt::new(self.name, Some(self.description), Some(arguments.collect())).with_title(self.title)
    }

    /// The prompt's text with its arguments filled in.
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
        if let Some(unknown) = given.keys().next() {
            return Err(self.unknown_argument(unknown));
        }
        let lines = self.text.lines().filter_map(|line| self.fill_line(line, &values));
        Ok(lines.collect::<Vec<_>>().join("\n"))
    }

    fn unknown_argument(&self, name: &str) -> Error {
        let known: Vec<&str> = self.arguments.iter().map(|argument| argument.name).collect();
        let hint = match nearest(name, known.iter().copied()) {
            Some(near) => format!("Did you mean `{near}`?"),
            None if known.is_empty() => "It takes none.".to_owned(),
            None => format!("Known: {}.", known.join(", ")),
        };
        Error::invalid(name, format!("`{name}` is not an argument of {}. {hint}", self.name))
    }

    /// The line with its arguments filled in. `None` if one of them is not given.
    fn fill_line(&self, line: &str, values: &HashMap<&str, String>) -> Option<String> {
        let mut line = line.to_owned();
        for argument in self.arguments {
            let placeholder = argument.placeholder();
            if line.contains(&placeholder) {
                line = line.replace(&placeholder, values.get(argument.name)?);
            }
        }
        Some(line)
    }
}

impl PromptArgument {
    fn placeholder(&self) -> String {
        format!("{{{}}}", self.name)
    }

    /// The checked text of a value. Only numbers and ids pass, so that no value can break out of an SQL statement or a sentence.
    fn read(&self, given: Option<Value>) -> Result<Option<String>> {
        let wrong = |why: &str| Error::invalid(self.name, format!("`{}` {why}.", self.name));
        let text = match given {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => text.trim().to_owned(),
            // The protocol has strings alone, but some hosts send numbers.
            Some(Value::Number(number)) => number.to_string(),
            Some(_) => return Err(wrong("must be a text")),
        };
        // Hosts send an empty string for what a person left empty.
        if text.is_empty() {
            return match self.presence {
                ArgumentPresence::Required => Err(wrong(&format!("is required: {}", self.description))),
                ArgumentPresence::Optional => Ok(None),
                ArgumentPresence::Default(value) => Ok(Some(value.to_owned())),
            };
        }
        match self.kind {
            ArgumentKind::Id(_) => text.parse::<Id>().map(|id| Some(id.to_string())).map_err(|why| wrong(&why)),
            ArgumentKind::Days => match text.parse::<u32>() {
                Ok(days @ 1..=MAX_DAYS) => Ok(Some(days.to_string())),
                _ => Err(wrong(&format!("must be a whole number of days, from 1 to {MAX_DAYS}"))),
            },
        }
    }
}

/// The prompts that a server of these accounts lists: those whose tools one of them lists.
pub(super) fn listed(accounts: &Accounts) -> impl Iterator<Item = model::Prompt> {
    let is_offered = |prompt: &&Prompt| accounts.usable().any(|account| missing_tool(account, prompt).is_none());
    PROMPTS.iter().filter(is_offered).map(|prompt| {
        let mut listing = prompt.listing();
        if accounts.are_several() {
            let account = model::PromptArgument::new(ACCOUNT)
                .with_description("The account's name or location id")
                .with_required(accounts.default_name().is_none());
            listing.arguments.get_or_insert_default().insert(0, account);
        }
        listing
    })
}

/// The prompt of this name with its text. Among several accounts, the text says which one it is about.
///
/// # Errors
/// `invalid_arguments` naming the prompt or the argument that is wrong.
pub(super) fn fill(accounts: &Accounts, name: &str, mut given: JsonObject) -> Result<(&'static Prompt, String)> {
    let wanted = if accounts.are_several() { wanted_account(given.shift_remove(ACCOUNT))? } else { None };
    let account = accounts.for_read(wanted.as_deref())?;
    let prompt = find(account, name)?;
    let mut text = prompt.fill(given)?;
    if let Some(label) = account.label() {
        let label = quoted(label);
        text = format!("Work in the account {label} alone: give account = {label} to every tool.\n\n{text}");
    }
    Ok((prompt, text))
}

/// The account that a prompt's argument names, if it names one.
fn wanted_account(given: Option<Value>) -> Result<Option<String>> {
    match given {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(name)) => Ok(Some(name.trim().to_owned()).filter(|name| !name.is_empty())),
        Some(_) => Err(Error::invalid(ACCOUNT, "`account` takes an account's name or location id as a text.")),
    }
}

/// The prompt of this name.
///
/// # Errors
/// `invalid_arguments` naming the nearest prompt, or the tool that the settings leave out.
pub(super) fn find(account: &Account, name: &str) -> Result<&'static Prompt> {
    let Some(prompt) = PROMPTS.iter().find(|prompt| prompt.name == name) else {
        let hint = did_you_mean(name, of(account).map(|prompt| prompt.name));
        return Err(Error::invalid("name", format!("Unknown prompt.{hint}")));
    };
    match missing_tool(account, prompt) {
        None => Ok(prompt),
        Some(tool) => {
            Err(Error::invalid("name", format!("{name} needs {tool}, which this server's settings leave out.")))
        }
    }
}

/// The prompts whose tools this account lists.
fn of(account: &Account) -> impl Iterator<Item = &'static Prompt> {
    PROMPTS.iter().filter(|prompt| missing_tool(account, prompt).is_none())
}

fn missing_tool(account: &Account, prompt: &Prompt) -> Option<&'static str> {
    prompt.tools().find(|name| account.tools().all(|spec| spec.name != *name))
}

#[cfg(test)]
mod tests {
    use super::*;
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
    fn every_argument_has_a_placeholder_and_every_placeholder_an_argument() {
        for prompt in &PROMPTS {
            let mut rest = prompt.text.to_owned();
            for argument in prompt.arguments {
                let placeholder = argument.placeholder();
                assert!(rest.contains(&placeholder), "{}: {}", prompt.name, argument.name);
                rest = rest.replace(&placeholder, "");
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
