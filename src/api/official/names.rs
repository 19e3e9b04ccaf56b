//! What the account calls its stages and users, and which ids those have. Pure: the lists come from [`super::known`], as
//! the API gave them.

use super::request::text;
use highlevel_core::error::{Error, Result};
use highlevel_core::suggest::nearest;
use serde_json::{Map, Value};

/// A stage and its pipeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stage<'a> {
    pub(super) id: &'a str,
    pub(super) name: &'a str,
    pub(super) pipeline_id: &'a str,
    pub(super) pipeline: &'a str,
}

/// Every stage of every pipeline.
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

/// The stages that a caller may mean: by id, by name, or by "Pipeline / Stage" where several pipelines have that name.
///
/// # Errors
/// `invalid_arguments` with the nearest name, and all that there are.
pub(super) fn stages_named<'a>(pipelines: &'a [Value], wanted: &str) -> Result<Vec<Stage<'a>>> {
    let fits = |stage: &Stage<'_>| stage.id == wanted || same(stage.name, wanted) || same(&whole(stage), wanted);
    let found: Vec<_> = stages(pipelines).filter(fits).collect();
    if !found.is_empty() {
        return Ok(found);
    }
    let known: Vec<String> = stages(pipelines).map(|stage| whole(&stage)).collect();
    let plain = stages(pipelines).map(|stage| stage.name);
    let near = nearest(wanted, plain).or_else(|| nearest(wanted, known.iter().map(String::as_str)));
    Err(unknown("stage", wanted, near, &known))
}

/// A stage with its pipeline, as a caller may give it.
pub(super) fn whole(stage: &Stage<'_>) -> String {
    format!("{} / {}", stage.pipeline, stage.name)
}

/// The user whom a caller means: by id, e-mail address or name.
///
/// # Errors
/// `invalid_arguments` with the nearest name, and all that there are; or with those that share the name.
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
    /// More would be no help.
    const MOST: usize = 40;
    let near = near.map_or_else(String::new, |near| format!(" Did you mean `{near}`?"));
    let shown: Vec<&str> = known.iter().take(MOST).map(String::as_str).collect();
    let known = match shown.as_slice() {
        [] => "There is none in this account.".to_owned(),
        shown => format!("Known: {}{}.", shown.join(", "), if known.len() > MOST { ", …" } else { "" }),
    };
    Error::invalid(field, format!("`{field}`: the account has no `{wanted}`.{near} {known}"))
}

/// Without regard to case, and to white space around.
pub(super) fn same(one: &str, other: &str) -> bool {
    one.trim().to_lowercase() == other.trim().to_lowercase()
}

fn objects(items: &[Value]) -> impl Iterator<Item = &Map<String, Value>> {
    items.iter().filter_map(Value::as_object)
}

/// Whether a text is an id by its looks: one word, and longer than words are or with digits in it.
pub(super) fn is_id(text: &str) -> bool {
    const LONG: usize = 16;
    let is_word = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
    is_word && !text.is_empty() && (text.len() >= LONG || text.bytes().any(|byte| byte.is_ascii_digit()))
}
