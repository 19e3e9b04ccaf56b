//! What takes back the entries about one object: an update with the old values, the deletion of what was created, or nothing,
//! with the reason.

use super::{
    changes::ObjectChanges,
    image::{self, Image},
    row::UndoRow,
    words,
};
use crate::account::Account;
use highlevel_catalog::{
    Effect, InverseValues, OperationSpec,
    contacts::{CreateContact, UpsertContact},
};
use highlevel_core::{
    context::CallContext,
    error::{Error, Result},
};
use highlevel_store::{Journal, JournalEntry};
use serde_json::{Map, Value};

/// The entries of one object that are read at once.
const PAGE: usize = 20;

/// Members of a created object by which nobody tells that it was changed.
const NOT_COMPARED: [&str; 3] = ["id", "notify", "timeZone"];

/// How one entry is taken back.
enum Way {
    /// By an update of this operation with the old values.
    Update(&'static OperationSpec),
    /// By this operation, which deletes what was created.
    Delete(&'static OperationSpec),
    /// Not at all.
    None(String),
}

impl Account {
    /// The rows that take back the entries about one object, given by their numbers, the newest first.
    ///
    /// # Errors
    /// Those of the journal and of the account.
    pub(super) async fn take_back(
        &self,
        journal: &Journal,
        numbers: &[u64],
        context: &CallContext,
    ) -> Result<Vec<UndoRow>> {
        let mut rows = Vec::new();
        let mut changes = ObjectChanges::default();
        let mut update = None;
        'entries: for page in numbers.chunks(PAGE) {
            for entry in journal.entries_numbered(page.to_vec()).await? {
                match self.way_of(&entry) {
                    Way::Update(spec) => {
                        let has_tag_changes = takes(spec, "addTags");
                        changes.add(&entry, has_tag_changes, entry.text("tool") == upsert_name());
                        update = Some(spec);
                    }
                    Way::Delete(spec) => {
                        // With the object go all later changes to it.
                        changes.name(&entry);
                        rows.push(self.delete_back(&entry, &changes, spec, context).await?);
                        update = None;
                        break 'entries;
                    }
                    Way::None(why) => {
                        let (tool, object) = (entry.text("tool"), entry.text("object"));
                        rows.push(UndoRow::impossible(vec![entry.seq()], tool, object, why));
                        if is_deleted(&entry, self.catalog.find(tool)) {
                            // What was changed before is gone with the object.
                            break 'entries;
                        }
                    }
                }
            }
        }
        if let Some(spec) = update {
            rows.push(self.update_back(changes, spec, context).await?);
        }
        Ok(rows)
    }

    /// How an entry is taken back, by the inverse that its operation names.
    fn way_of(&self, entry: &JournalEntry) -> Way {
        let tool = entry.text("tool");
        let Some(spec) = self.catalog.find(tool) else {
            return Way::None(self.without_tool(entry));
        };
        let Some(inverse) = &spec.inverse else { return Way::None(words::irrevocable(entry, spec)) };
        if entry.text("object").is_empty() && image::of(entry, "after") == Image::None {
            return Way::None(words::unknown_create(entry));
        }
        let creates = inverse.values == InverseValues::IdOnly || is_created_by_upsert(entry, spec);
        let name = match (creates, inverse.values) {
            // An upsert that created a contact is taken back as a create is.
            (true, InverseValues::Before) => {
                let create = self.catalog.get::<CreateContact>().ok().and_then(|create| create.inverse.as_ref());
                create.map(|inverse| inverse.operation.as_ref())
            }
            _ => Some(inverse.operation.as_ref()),
        };
        let Some(name) = name else { return Way::None(words::irrevocable(entry, spec)) };
        match (self.row_spec(name), creates) {
            (Ok(spec), true) => Way::Delete(spec),
            (Ok(spec), false) => Way::Update(spec),
            (Err(error), true) => Way::None(words::not_deletable(tool, &self.why_not(name, error))),
            (Err(error), false) => Way::None(error.message),
        }
    }

    /// Why an operation cannot run here.
    fn why_not(&self, name: &str, error: Error) -> String {
        match self.catalog.find(name) {
            Some(_) => error.message,
            None => format!("{} has no {name}", self.api().title()),
        }
    }

    /// Why an entry of a tool that is not in the catalogue is not taken back.
    fn without_tool(&self, entry: &JournalEntry) -> String {
        let tool = entry.text("tool");
        let spec = highlevel_operations::find(tool).and_then(highlevel_operations::Operation::spec);
        match spec {
            Ok(spec) => words::irrevocable(entry, spec),
            Err(_) => format!("This version has no {tool}, or {} has not.", self.api().title()),
        }
    }

    /// The row that deletes what an entry created, unless others changed it since.
    async fn delete_back(
        &self,
        entry: &JournalEntry,
        changes: &ObjectChanges,
        spec: &'static OperationSpec,
        context: &CallContext,
    ) -> Result<UndoRow> {
        let mut row = UndoRow::new(changes.id.clone(), changes.newest, changes.entries.clone(), spec.name.to_string());
        if let Some(field) = &spec.id_field {
            row.arguments.insert(field.to_string(), changes.id.as_str().into());
        }
        if let (Some(after), Some(created)) = (&changes.after, self.catalog.find(entry.text("tool"))) {
            row.expected = expected(after, created);
        }
        match self.row_call(&spec.name, row.arguments.clone(), context).await {
            Ok(call) => row.call = Some(call),
            Err(error) => row.problem = Some(Error::invalid("id", error.message)),
        }
        Ok(row)
    }
}

/// The values of a created object that its deletion would lose: those that callers can set.
fn expected(after: &Value, created: &OperationSpec) -> Map<String, Value> {
    let known = created.input_schema().get("properties").and_then(Value::as_object).into_iter().flatten();
    let names = known.map(|(name, _)| name).filter(|name| !NOT_COMPARED.contains(&name.as_str()));
    let names = names.filter(|name| !created.is_sensitive(name));
    names
        .map(|name| {
            let value = image::value(after, name);
            // Without members, an object would be compared with nothing.
            let is_empty = value.as_object().is_some_and(Map::is_empty);
            (name.clone(), if is_empty { Value::Null } else { value.clone() })
        })
        .filter(|(_, value)| !image::is_masked(value))
        .collect()
}

/// Whether an upsert created its contact: one that it found is in the journal as it was before.
fn is_created_by_upsert(entry: &JournalEntry, spec: &OperationSpec) -> bool {
    spec.is::<UpsertContact>() && image::of(entry, "before") == Image::None
}

fn upsert_name() -> &'static str {
    <UpsertContact as highlevel_catalog::Operation>::NAME
}

fn is_deleted(entry: &JournalEntry, spec: Option<&OperationSpec>) -> bool {
    entry.text("outcome") == "done" && spec.is_some_and(|spec| spec.effect == Effect::Delete)
}

fn takes(spec: &OperationSpec, argument: &str) -> bool {
    spec.input_schema().get("properties").is_some_and(|known| known.get(argument).is_some())
}
