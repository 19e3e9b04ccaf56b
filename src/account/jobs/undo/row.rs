//! Rows of an undo: the call that puts an object back, with the fields that stay as they are.

use super::{
    arguments::{add_required, argument_of, has_changes, put_back, put_member, remove, remove_member, shown},
    changes::ObjectChanges,
    image,
};
use crate::{
    account::{Account, jobs::plan::PlanRow},
    service::{ChangedField, differs, field_value, is_same_tag},
};
use highlevel_catalog::{Invocation, OperationSpec};
use highlevel_core::{
    context::CallContext,
    error::{Code, Error, Result},
};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The member of a row's source that names the entries that it takes back, and the fact of a job that is an undo.
pub(in super::super) const UNDOES: &str = "undoes";

/// The member of a row's source that names the fields that it leaves, with reasons.
pub(super) const LEFT: &str = "left";

/// The arguments that change single tags, and whether they add them.
const TAG_CHANGES: [(&str, bool); 2] = [("addTags", true), ("removeTags", false)];

/// A row of an undo in the making.
#[derive(Debug)]
pub(super) struct UndoRow {
    pub(super) id: String,
    /// The number of the newest entry.
    pub(super) newest: u64,
    pub(super) entries: Vec<u64>,
    pub(super) tool: String,
    pub(super) arguments: Map<String, Value>,
    /// The values that the row overwrites, as they were written.
    pub(super) expected: Map<String, Value>,
    /// The values that are put back, by path.
    restored: BTreeMap<String, Value>,
    /// Why fields stay as they are, by path.
    pub(super) left: BTreeMap<String, String>,
    /// The fields that others changed since.
    pub(super) changed: Vec<ChangedField>,
    /// The call, once it was checked.
    pub(super) call: Option<Invocation>,
    /// Why there is no call.
    pub(super) problem: Option<Error>,
}

impl UndoRow {
    /// A row that cannot be sent.
    pub(super) fn impossible(entries: Vec<u64>, tool: &str, id: &str, why: String) -> Self {
        let newest = entries.first().copied().unwrap_or_default();
        Self {
            problem: Some(Error::invalid(UNDOES, why)),
            ..Self::new(id.to_owned(), newest, entries, tool.to_owned())
        }
    }

    pub(super) fn new(id: String, newest: u64, entries: Vec<u64>, tool: String) -> Self {
        Self {
            id,
            newest,
            entries,
            tool,
            arguments: Map::new(),
            expected: Map::new(),
            restored: BTreeMap::new(),
            left: BTreeMap::new(),
            changed: Vec::new(),
            call: None,
            problem: None,
        }
    }

    /// Leaves the fields that others changed since. Those that show the old value already are no change: they are dropped if
    /// the object was just read, and else looked at again before the row is written.
    pub(super) fn leave(&mut self, spec: &OperationSpec, changed: Vec<ChangedField>, is_read: bool) {
        for field in changed {
            let wanted = self.restored.get(&field.name).cloned().unwrap_or_default();
            let is_back = !differs(image::leaf(&field.name), &wanted, &field.now);
            if is_back && !is_read {
                continue;
            }
            self.remove(&field.name);
            if !is_back {
                let why = format!("Changed since: {} now.", shown(spec, &field.name, &field.now));
                self.left.insert(field.name.clone(), why);
                self.changed.push(field);
            }
        }
        if !has_changes(spec, &self.arguments) {
            self.call = None;
        }
    }

    /// Whether the account may show that the row is to be left, in part or as a whole.
    pub(super) fn is_compared(&self) -> bool {
        !self.expected.is_empty() || TAG_CHANGES.iter().any(|(name, _)| self.arguments.contains_key(*name))
    }

    /// Drops the tags that are as before already.
    pub(super) fn skip_tags(&mut self, object: &Value) {
        let now = field_value(object, "tags").as_array().cloned().unwrap_or_default();
        let is_there = |tag: &Value| {
            let tag = tag.as_str().unwrap_or_default();
            now.iter().filter_map(Value::as_str).any(|other| is_same_tag(tag, other))
        };
        for (name, adds) in TAG_CHANGES {
            let Some(Value::Array(tags)) = self.arguments.get_mut(name) else { continue };
            tags.retain(|tag| is_there(tag) != adds);
            if tags.is_empty() {
                self.arguments.shift_remove(name);
            }
        }
    }

    /// Keeps a created object that others changed since.
    pub(super) fn keep(&mut self, spec: &OperationSpec, changed: Vec<ChangedField>) {
        self.call = None;
        for field in changed {
            let why = format!("Changed since it was created: {} now.", shown(spec, &field.name, &field.now));
            self.left.insert(field.name.clone(), why);
            self.changed.push(field);
        }
    }

    fn remove(&mut self, path: &str) {
        remove(&mut self.arguments, path);
        remove_member(&mut self.expected, path);
    }

    /// The row for the planner. `None` where nothing is to be done.
    pub(super) fn into_plan(self) -> Option<PlanRow> {
        let problem = match (self.problem, self.call.is_some()) {
            (Some(problem), _) => Some(problem),
            (None, true) => None,
            (None, false) if self.left.is_empty() => return None,
            (None, false) => Some(nothing_left(&self.left, &self.changed)),
        };
        let mut source = Map::from_iter([(UNDOES.to_owned(), self.entries.into())]);
        if !self.left.is_empty() {
            source.insert(LEFT.to_owned(), json!(self.left));
        }
        let mut arguments = self.arguments;
        if arguments.is_empty() && !self.id.is_empty() {
            arguments.insert("id".to_owned(), self.id.into());
        }
        Some(PlanRow {
            line: Some(self.newest),
            tool: self.tool,
            arguments,
            source: Some(source.into()),
            before: Some(self.expected).filter(|expected| !expected.is_empty()),
            problem,
        })
    }
}

/// Why a row has nothing to put back.
fn nothing_left(left: &BTreeMap<String, String>, changed: &[ChangedField]) -> Error {
    let why: Vec<String> = left.iter().map(|(path, why)| format!("{path}: {why}")).collect();
    let error = Error::new(Code::Conflict, why.join(" "));
    if changed.is_empty() {
        return error;
    }
    let fields: Vec<Value> = changed.iter().map(|field| field.name.as_str().into()).collect();
    error.with("changed", fields)
}

impl Account {
    /// The call that puts an object's fields back. Fields that the operation does not take are left, each with the reason.
    ///
    /// # Errors
    /// Those of the account, such as a list of names that cannot be read.
    pub(super) async fn update_back(
        &self,
        mut changes: ObjectChanges,
        spec: &'static OperationSpec,
        context: &CallContext,
    ) -> Result<UndoRow> {
        changes.settle();
        let entries = std::mem::take(&mut changes.entries);
        let mut row = UndoRow::new(changes.id.clone(), changes.newest, entries, spec.name.to_string());
        row.left = std::mem::take(&mut changes.left);
        if let Some(field) = &spec.id_field {
            row.arguments.insert(field.to_string(), changes.id.as_str().into());
        }
        for (path, change) in &changes.fields {
            match put_back(&mut row.arguments, spec, path, change.argument.clone()) {
                Ok(()) => {
                    put_member(&mut row.expected, path, change.written.clone());
                    row.restored.insert(path.clone(), change.restore.clone());
                }
                Err(why) => drop(row.left.insert(path.clone(), why)),
            }
        }
        let (add, remove) = changes.tags();
        for ((name, _), tags) in TAG_CHANGES.iter().zip([add, remove]) {
            if !tags.is_empty() {
                row.arguments.insert((*name).to_owned(), tags.into());
            }
        }
        self.check_row(&mut row, spec, &changes, context).await?;
        Ok(row)
    }

    /// Makes the row's call. A field that is refused is left, and the others go back.
    async fn check_row(
        &self,
        row: &mut UndoRow,
        spec: &'static OperationSpec,
        changes: &ObjectChanges,
        context: &CallContext,
    ) -> Result<()> {
        while has_changes(spec, &row.arguments) {
            let mut arguments = row.arguments.clone();
            add_required(&mut arguments, spec, changes);
            match self.checked_row_call(&spec.name, arguments.clone(), context).await {
                Ok(call) => {
                    row.arguments = arguments;
                    row.call = Some(call);
                    return Ok(());
                }
                Err(error) if matches!(error.code, Code::InvalidArguments | Code::PolicyDenied) => {
                    let field = error.field.clone().unwrap_or_default();
                    let path = argument_of(&row.arguments, &field);
                    let Some(path) = path.filter(|path| !spec.is_id_field(path)) else {
                        row.problem = Some(Error::new(Code::InvalidArguments, error.message));
                        return Ok(());
                    };
                    row.remove(&path);
                    row.left.insert(path, error.message);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}
