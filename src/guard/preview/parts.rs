//! The parts of a preview: the question, arguments with secrets hidden, old values, and what is cut to its size.

use crate::answer;
use highlevel_catalog::{Effect, HIDDEN, Invocation, secrets, workflows::RemoveFromWorkflow};
use highlevel_core::error::{Code, Error, Result};
use serde_json::{Map, Value};
use url::Url;

/// The longest text of the account in a preview, in characters.
const TEXT_CHARS: usize = 200;

/// The size limit of the arguments in a preview, in bytes. Larger arguments would be confirmed unread.
const ARGUMENT_BYTES: usize = 16 * 1024;

/// The question about a change to what has this name, with what follows from it.
pub(super) fn question(invocation: &Invocation, name: Option<&str>) -> String {
    let spec = invocation.spec;
    let what = name.map_or(String::new(), |name| format!(" \"{name}\""));
    let consequence = match invocation.effect() {
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
    format!("{}{what}?{}{more}{consequence}", spec.title, touched(invocation))
}

/// The arguments for a preview, with secrets hidden.
pub(super) fn shown_arguments(invocation: &Invocation, max_answer: usize) -> Result<Map<String, Value>> {
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
pub(super) fn before(invocation: &Invocation, object: Option<&Value>) -> Map<String, Value> {
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
pub(in crate::guard) fn kept_arguments(invocation: &Invocation) -> Value {
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
pub(super) fn location(name: Option<String>, id: Option<String>) -> Map<String, Value> {
    let members = [("name", name), ("id", id)];
    let members = members.into_iter().filter_map(|(name, text)| Some((name.to_owned(), text?.into())));
    answer::one_line_texts(members.collect(), TEXT_CHARS)
}

/// Adds the host of `url` as the first member, because a long URL can hide it.
pub(super) fn host_first(members: Map<String, Value>) -> Map<String, Value> {
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
pub(super) fn cut(members: Map<String, Value>, most: usize) -> (Map<String, Value>, Option<String>) {
    let mut value = Value::Object(answer::one_line_texts(members, TEXT_CHARS));
    let not_shown = answer::truncate(&mut value, most);
    match value {
        Value::Object(members) => (members, not_shown),
        _ => (Map::new(), not_shown),
    }
}
