//! Previews: what a person sees before they confirm a change.

mod parts;

pub(super) use parts::kept_arguments;

use super::approval::hash;
use crate::answer;
use highlevel_catalog::Invocation;
use highlevel_core::error::Result;
use parts::{before, cut, host_first, location, question, shown_arguments};
use serde_json::{Map, Value, json};

/// The fields by which a person recognizes an object.
const IDENTIFYING: &[&str] = &[
    "id",
    "name",
    "slug",
    "status",
    "url",
    "title",
    "firstName",
    "lastName",
    "email",
    "phone",
    "value",
    "events",
    // Of an invoice: to whom it goes, and how much it asks for.
    "number",
    "contactName",
    "emails",
    "phones",
    "total",
    "amountDue",
    "currency",
    "dueDate",
    "channel",
    "to",
    "workflow",
];

/// The size limit of the object in a preview, in bytes. A person has to read it.
const OBJECT_BYTES: usize = 4096;

/// The object and location of a change, as just read.
#[derive(Debug, Clone, Default)]
pub struct Subject {
    /// The object. `None` for a change without an existing object.
    pub object: Option<Value>,
    /// The account's name, where the process serves several.
    pub label: Option<String>,
    /// The location's id, if known.
    pub location_id: Option<String>,
    /// The location's name, if known.
    pub location_name: Option<String>,
    /// The account's name in the state directory.
    pub account: String,
    /// The question, for a change whose object is this server's own summary of it. The summary is shown in full.
    pub sentence: Option<String>,
}

/// The description of a change for a person.
#[derive(Debug, Clone)]
pub struct Preview {
    /// The question's first sentence.
    pub sentence: String,
    /// The tool.
    pub tool: String,
    /// The account's name, where the process serves several.
    pub label: Option<String>,
    /// The location's `name` and `id`.
    pub location: Map<String, Value>,
    /// The object's identifying fields, as just read.
    pub object: Map<String, Value>,
    /// A description of the parts of the object that were cut.
    pub not_shown: Option<String>,
    /// All arguments that would be written.
    pub arguments: Map<String, Value>,
    /// The object's present values of what the arguments change.
    pub before: Map<String, Value>,
    /// Where a person agrees on the approval page, if they are asked there by the host.
    pub page: Option<String>,
    /// The location's id, if known.
    pub location_id: Option<String>,
    /// Whether no operation reverts the change.
    pub irreversible: bool,
    /// The account's name in the state directory.
    pub(super) account: String,
    /// A hash of the whole object. A confirmation is valid for this state only.
    pub(super) object_hash: String,
}

impl Preview {
    /// Refuses a change whose arguments are too large for a preview. Sends no request.
    ///
    /// # Errors
    /// `too_large` with the size and the limit.
    pub(super) fn check_size(invocation: &Invocation, max_answer: usize) -> Result<()> {
        shown_arguments(invocation, max_answer).map(drop)
    }

    /// The preview of a change. It fits into an answer of `max_answer` bytes.
    ///
    /// # Errors
    /// `too_large` if the arguments are too large for a preview.
    pub(super) fn of(invocation: &Invocation, subject: Subject, max_answer: usize) -> Result<Self> {
        let room = answer::max_error_details(max_answer);
        let arguments = shown_arguments(invocation, max_answer)?;
        let Subject { object, label, location_id, location_name, account, sentence } = subject;
        // A summary of this server's own is not what the arguments change.
        let before = before(invocation, object.as_ref().filter(|_| sentence.is_none()));
        let object_hash = hash(object.as_ref().unwrap_or(&Value::Null));
        let members = object.as_ref().and_then(Value::as_object);
        let identifying = match (&sentence, members) {
            (Some(_), Some(members)) => members.clone(),
            (_, members) => {
                IDENTIFYING.iter().filter_map(|name| Some(((*name).to_owned(), members?.get(*name)?.clone()))).collect()
            }
        };
        let (identifying, not_shown) = cut(host_first(identifying), OBJECT_BYTES.min(room / 4));
        let name = ["name", "host", "email"]
            .iter()
            .find_map(|name| identifying.get(*name).or_else(|| arguments.get(*name))?.as_str());
        let question = sentence.unwrap_or_else(|| question(invocation, name));
        Ok(Self {
            sentence: question,
            tool: invocation.spec.name.to_string(),
            label,
            location: location(location_name, location_id.clone()),
            object: identifying,
            not_shown,
            arguments,
            before,
            page: None,
            location_id,
            irreversible: invocation.effect().is_guarded(),
            account,
            object_hash,
        })
    }

    /// The preview as JSON, for answers.
    pub fn to_json(&self) -> Value {
        let mut preview = json!({"tool": self.tool, "irreversible": self.irreversible});
        if let Some(members) = preview.as_object_mut() {
            let mut account = self.location.clone();
            if let Some(label) = &self.label {
                // The location's own name may be another.
                let location = account.shift_remove("name");
                account.shift_insert(0, "name".to_owned(), label.as_str().into());
                account.extend(location.map(|name| ("location".to_owned(), name)));
            }
            for (name, part) in [("account", &account), ("object", &self.object), ("arguments", &self.arguments)] {
                if !part.is_empty() {
                    members.insert(name.to_owned(), part.clone().into());
                }
            }
            members.extend(self.not_shown.iter().map(|text| ("notShown".to_owned(), text.as_str().into())));
        }
        preview
    }

    /// The preview as the approval page shows it: the question and the old values, too.
    pub(super) fn to_page_json(&self) -> Value {
        let mut preview = self.to_json();
        if let Some(members) = preview.as_object_mut() {
            members.insert("sentence".to_owned(), self.sentence.as_str().into());
            if !self.before.is_empty() {
                members.insert("before".to_owned(), self.before.clone().into());
            }
        }
        preview
    }

    /// The preview as text: the sentence, the account, then one line per field.
    pub fn question(&self) -> String {
        let text = |name: &str| self.location.get(name).and_then(Value::as_str);
        let location = match (text("name"), text("id")) {
            (Some(name), Some(id)) => Some(format!("{name} ({id})")),
            (name, id) => name.or(id).map(str::to_owned),
        };
        let account = match (&self.label, location) {
            (Some(label), Some(location)) => Some(format!("account: {label}, location {location}")),
            (label, location) => label.clone().or(location).map(|only| format!("account: {only}")),
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
