//! Rows of an undo while their job is worked: what others changed since the plan is left, field by field. Pure.

use super::{
    arguments::{has_changes, remove},
    row::{LEFT, UNDOES},
};
use crate::service::ChangedField;
use highlevel_catalog::{Catalog, Effect};
use highlevel_store::{JobRow, RowOutcome};
use serde_json::{Map, Value};

/// The arguments of an undo's row without the fields that others changed since its plan. `None` for a row of another plan,
/// for one that deletes, and where nothing is left.
pub(in super::super) fn without(row: &JobRow, changed: &[ChangedField]) -> Option<Map<String, Value>> {
    row.source.as_ref()?.get(UNDOES)?;
    let mut arguments = row.arguments.clone();
    for field in changed {
        remove(&mut arguments, &field.name);
    }
    let spec = Catalog::declared().find(&row.tool)?;
    let is_less = spec.effect == Effect::Update && arguments != row.arguments;
    (is_less && has_changes(spec, &arguments)).then_some(arguments)
}

/// The outcome of an undo's row, with the fields that it left.
pub(in super::super) fn with_left(row: &JobRow, changed: &[ChangedField], mut outcome: RowOutcome) -> RowOutcome {
    let planned = left_in_words(row);
    let late = (!changed.is_empty()).then(|| {
        let names: Vec<&str> = changed.iter().map(|field| field.name.as_str()).collect();
        format!("Changed since the plan, and left: {}.", names.join(", "))
    });
    let words: Vec<String> = planned.into_iter().chain(late).chain(outcome.message.take()).collect();
    outcome.message = (!words.is_empty()).then(|| words.join(" "));
    outcome
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
    let is_undo = row.source.as_ref().is_some_and(|source| source.get(UNDOES).is_some());
    is_undo && Catalog::declared().find(&row.tool).is_some_and(|spec| spec.effect == Effect::Delete)
}
