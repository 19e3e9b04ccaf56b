//! Previews: what a person sees before they confirm a change.

use super::approval::hash;
use crate::answer;
use highlevel_catalog::{Effect, HIDDEN, Invocation, secrets, workflows::RemoveFromWorkflow};
use highlevel_core::error::{Code, Error, Result};
use serde_json::{Map, Value, json};
use url::Url;

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

/// The longest text of the account in a preview, in characters.
const TEXT_CHARS: usize = 200;

/// The size limit of the object in a preview, in bytes. A person has to read it.
const OBJECT_BYTES: usize = 4096;

/// The size limit of the arguments in a preview, in bytes. Larger arguments would be confirmed unread.
const ARGUMENT_BYTES: usize = 16 * 1024;

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
        let spec = invocation.spec;
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
        let effect = invocation.effect();
        let name = ["name", "host", "email"]
            .iter()
            .find_map(|name| identifying.get(*name).or_else(|| arguments.get(*name))?.as_str());
        let what = name.map_or(String::new(), |name| format!(" \"{name}\""));
        let consequence = match effect {
            Effect::Publish => " It becomes public, and nothing here unpublishes it.",
            Effect::Delete => " This cannot be undone.",
            Effect::Send => " It reaches people and cannot be recalled.",
            Effect::Money => " It moves money.",
            Effect::Start if spec.is::<RemoveFromWorkflow>() => " What it would still do for them is not done.",
            Effect::Start => " It starts what acts by itself. What that does cannot be recalled.",
            Effect::Access => " It gives others access to the account or its data.",
            Effect::Read | Effect::Create | Effect::Update => "",
        };
        let more = spec.consequence.as_deref().map_or_else(String::new, |more| format!(" {more}"));
        let question =
            sentence.unwrap_or_else(|| format!("{}{what}?{}{more}{consequence}", spec.title, touched(invocation)));
        Ok(Self {
            sentence: question,
            tool: spec.name.to_string(),
            label,
            location: location(location_name, location_id.clone()),
            object: identifying,
            not_shown,
            arguments,
            before,
            page: None,
            location_id,
            irreversible: effect.is_guarded(),
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

/// The arguments for a preview, with secrets hidden.
fn shown_arguments(invocation: &Invocation, max_answer: usize) -> Result<Map<String, Value>> {
    let room = answer::max_error_details(max_answer);
    let shown = invocation.fields().map(|(name, value)| {
        let mut value = if invocation.spec.is_sensitive(name) { HIDDEN.into() } else { value.clone() };
        if invocation.spec.passthrough.is_some() {
            secrets::hide(&mut value, HIDDEN);
        }
        (name.to_owned(), value)
    });
    uncut(host_first(shown.collect()), ARGUMENT_BYTES.min(room / 2))
}

/// The object's present values of the arguments that an update changes, of each member where both are objects.
fn before(invocation: &Invocation, object: Option<&Value>) -> Map<String, Value> {
    let is_update = matches!(invocation.effect(), Effect::Update);
    let Some(object) = object.and_then(Value::as_object).filter(|_| is_update) else { return Map::new() };
    let own = |name: &str| {
        let mut value = object.get(name).cloned().unwrap_or_default();
        if invocation.spec.is_sensitive(name) {
            value = HIDDEN.into();
        }
        secrets::hide(&mut value, HIDDEN);
        value
    };
    let is_id = |name: &str| invocation.spec.id_field.as_deref() == Some(name);
    let changed = invocation.fields().filter(|(name, _)| !is_id(name));
    let members = changed.map(|(name, value)| {
        let now = match (value, own(name)) {
            (Value::Object(parts), Value::Object(now)) => {
                let part = |part: &String| (part.clone(), now.get(part).cloned().unwrap_or_default());
                parts.keys().map(part).collect::<Map<_, _>>().into()
            }
            (_, now) => now,
        };
        (name.to_owned(), now)
    });
    cut(members.collect(), ARGUMENT_BYTES).0
}

/// The arguments as they are kept for reading the object again, without secrets.
pub(super) fn kept_arguments(invocation: &Invocation) -> Value {
    let mut arguments = invocation.arguments.to_json();
    if invocation.spec.passthrough.is_some() {
        secrets::hide(&mut arguments, HIDDEN);
    }
    if let Some(members) = arguments.as_object_mut() {
        let secret = members.iter_mut().filter(|(name, _)| invocation.spec.is_sensitive(name));
        secret.for_each(|(_, value)| *value = HIDDEN.into());
    }
    arguments
}

/// The name and id of a location. The name is untrusted text.
fn location(name: Option<String>, id: Option<String>) -> Map<String, Value> {
    let members = [("name", name), ("id", id)];
    let members = members.into_iter().filter_map(|(name, text)| Some((name.to_owned(), text?.into())));
    answer::one_line_texts(members.collect(), TEXT_CHARS)
}

/// Adds the host of `url` as the first member, because a long URL can hide it.
fn host_first(members: Map<String, Value>) -> Map<String, Value> {
    let url = members.get("url").and_then(Value::as_str).and_then(|url| Url::parse(url).ok());
    let Some(host) = url.as_ref().and_then(Url::host_str) else { return members };
    let mut all = Map::from_iter([("host".to_owned(), host.into())]);
    all.extend(members);
    all
}

/// A sentence on the number of objects that a call touches, if that may be more than one.
fn touched(invocation: &Invocation) -> String {
    match invocation.touched() {
        Some(1) => String::new(),
        Some(count) => format!(" It changes {count} objects."),
        None => " It may change many objects: the arguments do not say how many.".to_owned(),
    }
}

/// The members on one line each, uncut. Too many bytes are an error.
fn uncut(members: Map<String, Value>, most: usize) -> Result<Map<String, Value>> {
    let members = answer::one_line_texts(members, usize::MAX);
    let value = Value::Object(members);
    if !answer::fits(&value, most) {
        let bytes = value.to_string().len();
        let message = format!(
            "A person has to confirm this call, but its arguments have {bytes} bytes and a preview shows at most {most}. Nothing was done. Split the change into smaller calls."
        );
        return Err(Error::new(Code::TooLarge, message).with("bytes", bytes).with("shownAtMost", most));
    }
    Ok(match value {
        Value::Object(members) => members,
        _ => Map::new(),
    })
}

/// The members on one line each, without invisible characters, cut to `most` bytes. The second value describes what was
/// cut. The account's texts come from strangers, so they are untrusted.
fn cut(members: Map<String, Value>, most: usize) -> (Map<String, Value>, Option<String>) {
    let mut value = Value::Object(answer::one_line_texts(members, TEXT_CHARS));
    let not_shown = answer::truncate(&mut value, most);
    match value {
        Value::Object(members) => (members, not_shown),
        _ => (Map::new(), not_shown),
    }
}
