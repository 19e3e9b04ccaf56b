//! What a person is shown before a change: what will happen, in which account, to which object, as it is now.

use super::approval::hash;
use crate::answer;
use highlevel_catalog::{Effect, HIDDEN, Invocation};
use highlevel_core::error::{Code, Error, Result};
use serde_json::{Map, Value, json};
use url::Url;

/// The fields of an object that tell a person which one it is.
const TELLING: [&str; 11] =
    ["id", "name", "slug", "status", "url", "title", "firstName", "lastName", "email", "value", "events"];

/// The longest text of the account that stands in a question, in characters.
const TEXT_CHARS: usize = 200;

/// The most that the object's part of a question may have, in bytes: a person has to read it.
const OBJECT_BYTES: usize = 4096;

/// The most that a person can agree to at once, in bytes: more is not read.
const ARGUMENT_BYTES: usize = 16 * 1024;

/// What a change is about, as it was just read.
#[derive(Debug, Clone, Default)]
pub struct Subject {
    /// The object as it is now; `None` for a change that is about no existing object.
    pub object: Option<Value>,
    /// The id of the location in which it happens, as far as it is known.
    pub location_id: Option<String>,
    /// The location's name.
    pub location_name: Option<String>,
    /// The account, as the state directory names it.
    pub account: String,
}

/// A change as it is put to a person.
#[derive(Debug, Clone)]
pub struct Preview {
    /// The question's first sentence.
    pub sentence: String,
    /// The tool.
    pub tool: String,
    /// The location in which it happens: its name and id.
    pub location: Map<String, Value>,
    /// The fields that tell which object it is, as read just now.
    pub object: Map<String, Value>,
    /// The parts of the object that are cut, in words.
    pub not_shown: Option<String>,
    /// What would be written, for tools that write fields: all of it.
    pub arguments: Map<String, Value>,
    /// Whether nothing here takes it back.
    pub irreversible: bool,
    /// The account, as the state directory names it.
    pub(super) account: String,
    /// A hash of the whole object: a confirmation holds for this state and no other.
    pub(super) object_hash: String,
}

impl Preview {
    /// Refuses a change that is more than a person can be shown. Needs nothing of the account.
    ///
    /// # Errors
    /// `too_large` with the sizes.
    pub(super) fn check_size(invocation: &Invocation, max_answer: usize) -> Result<()> {
        shown_arguments(invocation, max_answer).map(drop)
    }

    /// The preview of a change, small enough for an answer of `max_answer` bytes.
    ///
    /// # Errors
    /// `too_large` for more than a person can be shown.
    pub(super) fn of(invocation: &Invocation, subject: Subject, max_answer: usize) -> Result<Self> {
        let spec = invocation.spec;
        let room = answer::max_error_details(max_answer);
        let arguments = shown_arguments(invocation, max_answer)?;
        let Subject { object, location_id, location_name, account } = subject;
        let object_hash = hash(object.as_ref().unwrap_or(&Value::Null));
        let telling =
            TELLING.iter().filter_map(|name| Some(((*name).to_owned(), object.as_ref()?.get(*name)?.clone())));
        let (telling, not_shown) = cut(host_first(telling.collect()), OBJECT_BYTES.min(room / 4));
        let effect = invocation.effect();
        let name = ["name", "host", "email"]
            .iter()
            .find_map(|name| telling.get(*name).or_else(|| arguments.get(*name))?.as_str());
        let what = name.map_or(String::new(), |name| format!(" \"{name}\""));
        let consequence = match effect {
            Effect::Publish => " It becomes public, and nothing here unpublishes it.",
            Effect::Delete => " This cannot be undone.",
            Effect::Send => " It reaches people, and nothing calls it back.",
            Effect::Access => " It gives the account's data away, and nothing calls them back.",
            Effect::Read | Effect::Create | Effect::Update => "",
        };
        Ok(Self {
            sentence: format!("{}{what}?{consequence}", spec.title),
            tool: spec.name.to_string(),
            location: named(location_name, location_id),
            object: telling,
            not_shown,
            arguments,
            irreversible: effect.is_guarded(),
            account,
            object_hash,
        })
    }

    /// The preview as answers carry it.
    pub fn to_json(&self) -> Value {
        let mut preview = json!({"tool": self.tool, "irreversible": self.irreversible});
        if let Some(members) = preview.as_object_mut() {
            for (name, part) in [("account", &self.location), ("object", &self.object), ("arguments", &self.arguments)]
            {
                if !part.is_empty() {
                    members.insert(name.to_owned(), part.clone().into());
                }
            }
            members.extend(self.not_shown.iter().map(|text| ("notShown".to_owned(), text.as_str().into())));
        }
        preview
    }

    /// The question as a person reads it: the sentence, the account, then a line for each field.
    pub fn question(&self) -> String {
        let text = |name: &str| self.location.get(name).and_then(Value::as_str);
        let account = match (text("name"), text("id")) {
            (Some(name), Some(id)) => Some(format!("account: {name} ({id})")),
            (name, id) => name.or(id).map(|only| format!("account: {only}")),
        };
        let lines = self.object.iter().chain(&self.arguments).map(|(name, value)| match value {
            Value::String(text) => format!("{name}: {text}"),
            other => format!("{name}: {other}"),
        });
        let not_shown = self.not_shown.iter().map(|text| format!("not shown of the object: {text}"));
        let all = std::iter::once(self.sentence.clone()).chain(account).chain(lines).chain(not_shown);
        all.collect::<Vec<_>>().join("\n")
    }
}

/// The arguments as a person sees them, with secrets hidden.
fn shown_arguments(invocation: &Invocation, max_answer: usize) -> Result<Map<String, Value>> {
    let room = answer::max_error_details(max_answer);
    let shown = invocation.fields().map(|(name, value)| {
        let value = if invocation.spec.is_sensitive(name) { HIDDEN.into() } else { value.clone() };
        (name.to_owned(), value)
    });
    whole(host_first(shown.collect()), ARGUMENT_BYTES.min(room / 2))
}

/// Name and id of a location. Its name is the account's text.
fn named(name: Option<String>, id: Option<String>) -> Map<String, Value> {
    let members = [("name", name), ("id", id)];
    let members = members.into_iter().filter_map(|(name, text)| Some((name.to_owned(), text?.into())));
    answer::one_line_texts(members.collect(), TEXT_CHARS)
}

/// The members with the host of an address before all others: a long address can hide it.
fn host_first(members: Map<String, Value>) -> Map<String, Value> {
    let url = members.get("url").and_then(Value::as_str).and_then(|url| Url::parse(url).ok());
    let Some(host) = url.as_ref().and_then(Url::host_str) else { return members };
    let mut all = Map::from_iter([("host".to_owned(), host.into())]);
    all.extend(members);
    all
}

/// The members as a person sees them, none left out and none cut.
fn whole(members: Map<String, Value>, most: usize) -> Result<Map<String, Value>> {
    let members = answer::one_line_texts(members, usize::MAX);
    let value = Value::Object(members);
    if !answer::fits(&value, most) {
        let bytes = value.to_string().len();
        let message = format!(
            "A person has to agree to this, and cannot be shown all of it: the arguments have {bytes} bytes, and at most {most} can be shown. Nothing was done. Split the change into smaller calls."
        );
        return Err(Error::new(Code::TooLarge, message).with("bytes", bytes).with("shownAtMost", most));
    }
    Ok(match value {
        Value::Object(members) => members,
        _ => Map::new(),
    })
}

/// The account's own text comes from strangers: on one line, without what nobody can see, and not too long. With what
/// was cut, in words.
fn cut(members: Map<String, Value>, most: usize) -> (Map<String, Value>, Option<String>) {
    let mut value = Value::Object(answer::one_line_texts(members, TEXT_CHARS));
    let not_shown = answer::truncate(&mut value, most);
    match value {
        Value::Object(members) => (members, not_shown),
        _ => (Map::new(), not_shown),
    }
}
