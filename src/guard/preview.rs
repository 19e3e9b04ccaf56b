//! What a person is shown before a change: what will happen, to which object, as it is now.

use super::approval::hash;
use crate::{
    account::Account,
    answer,
    context::CallContext,
    crm::{Effect, Invocation},
    error::Result,
};
use serde_json::{Map, Value, json};

/// The fields of an object that tell a person which one it is.
const TELLING: [&str; 11] =
    ["id", "name", "slug", "status", "url", "title", "firstName", "lastName", "email", "value", "events"];

/// The longest text of the account that stands in a question, in characters.
const TEXT_CHARS: usize = 200;

/// The most that one half of a question may have, in bytes: a person has to read it.
const MOST_BYTES: usize = 4096;

/// A change as it is put to a person.
#[derive(Debug, Clone)]
pub struct Preview {
    /// The question's first sentence.
    pub sentence: String,
    /// The tool.
    pub tool: &'static str,
    /// The fields that tell which object it is, as read just now.
    pub object: Map<String, Value>,
    /// What would be written, for tools that write fields.
    pub arguments: Map<String, Value>,
    /// Whether nothing here takes it back.
    pub irreversible: bool,
    /// A hash of the whole object: a confirmation holds for this state and no other.
    pub(super) object_hash: String,
    /// The whole object, for the journal.
    pub(super) whole: Option<Value>,
}

impl Preview {
    /// Reads the object and checks the account's rules, so that nobody is asked about what cannot be done.
    ///
    /// # Errors
    /// `not_found`, `conflict`, and what a read can fail with.
    pub(super) async fn of(account: &Account, invocation: &Invocation, context: &CallContext) -> Result<Self> {
        let entry = invocation.entry;
        let object = account.current(invocation, context).await?;
        let object_hash = hash(object.as_ref().unwrap_or(&Value::Null));
        let telling =
            TELLING.iter().filter_map(|name| Some(((*name).to_owned(), object.as_ref()?.get(*name)?.clone())));
        let telling = shown(telling.collect());
        let mut arguments = invocation.arguments.clone();
        arguments.shift_remove(entry.id_argument());
        if let Some(secret) = arguments.get_mut("secret") {
            *secret = "[hidden]".into();
        }
        let arguments = shown(arguments);
        let irreversible = entry.effect.is_irreversible();
        let what = telling.get("name").or(telling.get("url")).or(telling.get("email")).and_then(Value::as_str);
        let what = what.map_or(String::new(), |name| format!(" \"{name}\""));
        let sentence = match entry.effect {
            Effect::Publish => format!("{}{what}? It becomes public, and nothing here unpublishes it.", entry.title),
            Effect::Delete => format!("{}{what}? This cannot be undone.", entry.title),
            _ => format!("{}{what}?", entry.title),
        };
        Ok(Self { sentence, tool: entry.name, object: telling, arguments, irreversible, object_hash, whole: object })
    }

    /// The preview as answers carry it.
    pub fn to_json(&self) -> Value {
        let mut preview = json!({"tool": self.tool, "irreversible": self.irreversible});
        if let Some(members) = preview.as_object_mut() {
            if !self.object.is_empty() {
                members.insert("object".into(), self.object.clone().into());
            }
            if !self.arguments.is_empty() {
                members.insert("arguments".into(), self.arguments.clone().into());
            }
        }
        preview
    }

    /// The question as a person reads it: the sentence, then a line for each field.
    pub fn question(&self) -> String {
        let lines = self.object.iter().chain(&self.arguments).map(|(name, value)| match value {
            Value::String(text) => format!("{name}: {text}"),
            other => format!("{name}: {other}"),
        });
        std::iter::once(self.sentence.clone()).chain(lines).collect::<Vec<_>>().join("\n")
    }
}

/// Account text comes from strangers: on one line, without what nobody can see, and not too long.
fn shown(members: Map<String, Value>) -> Map<String, Value> {
    match answer::lines(members.into(), TEXT_CHARS, MOST_BYTES) {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}
