//! Lookup of stages and users by name. Pure functions over the lists of [`super::name_cache`].

use super::request::text;
use highlevel_core::error::{Error, Result};
use highlevel_core::suggest::nearest;
use serde_json::{Map, Value};

/// A stage with its pipeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stage<'a> {
    pub(super) id: &'a str,
    pub(super) name: &'a str,
    pub(super) pipeline_id: &'a str,
    pub(super) pipeline: &'a str,
}

/// All stages of all pipelines.
pub(super) fn stages(pipelines: &[Value]) -> impl Iterator<Item = Stage<'_>> {
    objects(pipelines).flat_map(|pipeline| {
        let stages = pipeline.get("stages").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        objects(stages).filter_map(|stage| {
            Some(Stage {
                id: text(stage, "id")?,
                name: text(stage, "name")?,
                pipeline_id: text(pipeline, "id")?,
                pipeline: text(pipeline, "name").unwrap_or_default(),
            })
        })
    })
}

/// The stages that match an id, a name, or `Pipeline / Stage`. Several pipelines may have a stage of the same name.
///
/// # Errors
/// `invalid_arguments` with the nearest name and all known names.
pub(super) fn stages_named<'a>(pipelines: &'a [Value], wanted: &str) -> Result<Vec<Stage<'a>>> {
    let fits = |stage: &Stage<'_>| stage.id == wanted || same(stage.name, wanted) || same(&full_name(stage), wanted);
    let found: Vec<_> = stages(pipelines).filter(fits).collect();
    if !found.is_empty() {
        return Ok(found);
    }
    let known: Vec<String> = stages(pipelines).map(|stage| full_name(&stage)).collect();
    let plain = stages(pipelines).map(|stage| stage.name);
    let near = nearest(wanted, plain).or_else(|| nearest(wanted, known.iter().map(String::as_str)));
    Err(unknown("stage", wanted, near, &known))
}

/// The name of a stage with its pipeline: `Pipeline / Stage`.
pub(super) fn full_name(stage: &Stage<'_>) -> String {
    format!("{} / {}", stage.pipeline, stage.name)
}

/// The id of the user that matches an id, an e-mail address or a name.
///
/// # Errors
/// `invalid_arguments` with the nearest name and all known names, or with all users of that name.
pub(super) fn user_id(users: &[Value], field: &str, wanted: &str) -> Result<String> {
    let wanted = wanted.trim();
    let by_id = objects(users).find(|user| text(user, "id") == Some(wanted));
    let is_named = |user: &&Map<String, Value>| {
        same(&name_of(user), wanted) || text(user, "email").is_some_and(|email| same(email, wanted))
    };
    let found: Vec<&Map<String, Value>> = match by_id {
        Some(user) => vec![user],
        None => objects(users).filter(is_named).filter(|user| text(user, "id").is_some()).collect(),
    };
    match found.as_slice() {
        [only] => Ok(text(only, "id").unwrap_or_default().to_owned()),
        [] => {
            let known: Vec<String> = objects(users).map(name_of).collect();
            Err(unknown(field, wanted, nearest(wanted, known.iter().map(String::as_str)), &known))
        }
        several => {
            let shown = several.iter().map(|user| {
                let id = text(user, "id").unwrap_or_default();
                text(user, "email").map_or_else(|| id.to_owned(), |email| format!("{id} ({email})"))
            });
            let all = shown.collect::<Vec<_>>().join(", ");
            let message = format!(
                "`{field}`: {} users are called `{wanted}`: {all}. Give the id or the e-mail address.",
                several.len()
            );
            Err(Error::invalid(field, message))
        }
    }
}

/// The calendar `wanted`: an id or a name.
///
/// # Errors
/// `invalid_arguments` with the nearest name and all known names, or with all calendars of that name.
pub(super) fn calendar_named<'a>(calendars: &'a [Value], wanted: &str) -> Result<&'a Map<String, Value>> {
    let wanted = wanted.trim();
    let has_name = |calendar: &&Map<String, Value>| text(calendar, "name").is_some_and(|name| same(name, wanted));
    let found: Vec<&Map<String, Value>> = match objects(calendars).find(|one| text(one, "id") == Some(wanted)) {
        Some(calendar) => vec![calendar],
        None => objects(calendars).filter(has_name).collect(),
    };
    match found.as_slice() {
        [only] => Ok(only),
        [] => {
            let known: Vec<String> =
                objects(calendars).filter_map(|one| text(one, "name")).map(str::to_owned).collect();
            Err(unknown("calendar", wanted, nearest(wanted, known.iter().map(String::as_str)), &known))
        }
        several => {
            let shown = several.iter().map(|one| {
                let id = text(one, "id").unwrap_or_default();
                let is_active = one.get("isActive").and_then(Value::as_bool) != Some(false);
                format!("{id}{}", if is_active { "" } else { " (inactive)" })
            });
            let all = shown.collect::<Vec<_>>().join(", ");
            let message = format!("`calendar`: {} calendars are called `{wanted}`: {all}. Give the id.", several.len());
            Err(Error::invalid("calendar", message))
        }
    }
}

/// The name of the calendar with this id.
pub(super) fn calendar_name(calendars: &[Value], id: &str) -> Option<String> {
    let found = objects(calendars).find(|calendar| text(calendar, "id") == Some(id))?;
    text(found, "name").map(|name| name.trim().to_owned())
}

/// The name of the user with this id.
pub(super) fn user_name(users: &[Value], id: &str) -> Option<String> {
    objects(users).find(|user| text(user, "id") == Some(id)).map(name_of).filter(|name| !name.is_empty())
}

fn name_of(user: &Map<String, Value>) -> String {
    match text(user, "name") {
        Some(name) if !name.trim().is_empty() => name.trim().to_owned(),
        _ => {
            let parts = ["firstName", "lastName"].map(|part| text(user, part).unwrap_or_default());
            parts.join(" ").trim().to_owned()
        }
    }
}

fn unknown(field: &str, wanted: &str, near: Option<&str>, known: &[String]) -> Error {
    /// The most names in an error.
    const MAX_SHOWN: usize = 40;
    let near = near.map_or_else(String::new, |near| format!(" Did you mean `{near}`?"));
    let shown: Vec<&str> = known.iter().take(MAX_SHOWN).map(String::as_str).collect();
    let known = match shown.as_slice() {
        [] => "The account has none.".to_owned(),
        shown => format!("Known: {}{}.", shown.join(", "), if known.len() > MAX_SHOWN { ", …" } else { "" }),
    };
    Error::invalid(field, format!("`{field}`: the account has no `{wanted}`.{near} {known}"))
}

/// Whether two names are equal except for case and surrounding white space.
pub(super) fn same(one: &str, other: &str) -> bool {
    one.trim().to_lowercase() == other.trim().to_lowercase()
}

fn objects(items: &[Value]) -> impl Iterator<Item = &Map<String, Value>> {
    items.iter().filter_map(Value::as_object)
}

/// Whether a text looks like an id: one word that is long or contains a digit.
pub(super) fn is_id(text: &str) -> bool {
    const LONG: usize = 16;
    let is_word = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
    is_word && !text.is_empty() && (text.len() >= LONG || text.bytes().any(|byte| byte.is_ascii_digit()))
}
