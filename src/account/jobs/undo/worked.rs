//! Rows of an undo while their job is worked: what others changed since the plan is left, field by field. Pure.

use super::{
    arguments::{has_changes, remove},
    image::leaf,
    row::{LEFT, UNDOES},
};
use crate::service::{ChangedField, differs};
use highlevel_catalog::{Catalog, Effect};
use highlevel_store::{JobRow, RowOutcome};
use serde_json::{Map, Value};

/// The code of a row that is done and left some fields as others had changed them.
pub(in super::super) const PARTLY: &str = "partly";

/// What is left of a row whose object is not as its plan saw it.
#[derive(Debug)]
pub(in super::super) enum RowRest {
    /// The whole row is left: it is of another plan, it deletes, or others changed every field.
    Nothing,
    /// Every field is as it was before the write already.
    AsBefore,
    /// These arguments, without what others changed.
    Arguments(Map<String, Value>),
}

/// What an undo's row still puts back: others changed these fields since its plan.
pub(in super::super) fn rest(row: &JobRow, changed: &[ChangedField]) -> RowRest {
    let spec = Catalog::declared().find(&row.tool).filter(|spec| spec.effect == Effect::Update);
    let (Some(spec), true) = (spec, is_undo(row)) else { return RowRest::Nothing };
    let mut arguments = row.arguments.clone();
    for field in changed {
        remove(&mut arguments, &field.name);
    }
    match (has_changes(spec, &arguments), left(row, changed).is_empty()) {
        (true, _) => RowRest::Arguments(arguments),
        (false, true) => RowRest::AsBefore,
        (false, false) => RowRest::Nothing,
    }
}

/// The fields that do not have the old value already.
fn left<'a>(row: &JobRow, changed: &'a [ChangedField]) -> Vec<&'a str> {
    let old = |path: &str| match path.split_once('.') {
        Some((outer, inner)) => row.arguments.get(outer).and_then(|members| members.get(inner)),
        None => row.arguments.get(path),
    };
    let is_left =
        |field: &&ChangedField| differs(leaf(&field.name), old(&field.name).unwrap_or(&Value::Null), &field.now);
    changed.iter().filter(is_left).map(|field| field.name.as_str()).collect()
}

fn is_undo(row: &JobRow) -> bool {
    row.source.as_ref().is_some_and(|source| source.get(UNDOES).is_some())
}

/// The outcome of a row that needed nothing.
pub(in super::super) fn nothing_needed(why: &str) -> RowOutcome {
    RowOutcome { message: Some(why.to_owned()), ..RowOutcome::default() }
}

/// The outcome of an undo's row, with the fields that it left.
pub(in super::super) fn with_left(row: &JobRow, changed: &[ChangedField], mut outcome: RowOutcome) -> RowOutcome {
    let names = left(row, changed);
    let late = (!names.is_empty()).then(|| format!("Changed since the plan, and left: {}.", names.join(", ")));
    let left: Vec<String> = left_in_words(row).into_iter().chain(late).collect();
    outcome.code = (!left.is_empty()).then(|| PARTLY.to_owned());
    let words: Vec<String> = left.into_iter().chain(outcome.message.take()).collect();
    outcome.message = (!words.is_empty()).then(|| words.join(" "));
    outcome
}

/// The outcome of an undo's row that the journal says is done: what was not sent had been changed by others.
pub(in super::super) fn with_left_of(
    row: &JobRow,
    sent: Option<&Map<String, Value>>,
    outcome: RowOutcome,
) -> RowOutcome {
    if !is_undo(row) {
        return outcome;
    }
    let changed: Vec<ChangedField> = sent
        .map(|sent| unsent(&row.arguments, sent))
        .unwrap_or_default()
        .into_iter()
        .map(|name| ChangedField { name, planned: Value::Null, now: Value::Null })
        .collect();
    with_left(row, &changed, outcome)
}

/// The arguments, and the fields to clear, that a row has and its call did not have. In a call, a null clears.
fn unsent(row: &Map<String, Value>, sent: &Map<String, Value>) -> Vec<String> {
    let cleared = row.get("clear").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    let names = row.keys().map(String::as_str).filter(|name| *name != "clear").chain(cleared);
    let is_sent = |name: &&str| sent.contains_key(name.split('.').next().unwrap_or(name));
    names.filter(|name| !is_sent(name)).map(str::to_owned).collect()
}

/// The fields that a row of an undo leaves by its plan, with reasons.
pub(in super::super) fn left_in_words(row: &JobRow) -> Option<String> {
    let left = row.source.as_ref()?.get(LEFT)?.as_object()?;
    let words: Vec<String> =
        left.iter().map(|(path, why)| format!("Left {path}: {}", why.as_str().unwrap_or_default())).collect();
    (!words.is_empty()).then(|| words.join(" "))
}

/// Whether a row deletes what was created, so that nothing is left to do where it is gone.
pub(in super::super) fn deletes(row: &JobRow) -> bool {
    is_undo(row) && Catalog::declared().find(&row.tool).is_some_and(|spec| spec.effect == Effect::Delete)
}
