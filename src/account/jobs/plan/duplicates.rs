//! Rows about the same object, and contacts that exist already.

use super::planner::{Checked, Planner};
use crate::service::replaced_by;
use highlevel_catalog::{Invocation, Operation, bulk::OnDuplicate, contacts::UpdateContact};
use highlevel_core::{context::CallContext, error::Result};
use highlevel_store::RowState;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, HashMap};

impl Planner<'_> {
    /// Leaves out rows that would create what an earlier row does, or overwrite what one writes.
    pub(super) async fn find_duplicates(&self, checked: &mut [Checked]) -> Result<()> {
        let keys = checked.iter().filter_map(|checked| checked.row.key.clone()).collect();
        let mut earlier: HashMap<String, BTreeMap<String, u64>> = HashMap::new();
        for (key, argument, number) in self.account.queue.store.arguments_by_key(&self.job, keys).await? {
            earlier.entry(key).or_default().insert(field_of(&argument).to_owned(), number);
        }
        for Checked { row, call } in checked.iter_mut() {
            let (Some(call), Some(key)) = (call.as_ref(), row.key.clone()) else { continue };
            let written = earlier.entry(key).or_default();
            let message = if call.id.is_some() {
                let replaced = replaced_by(call, &Map::new());
                let mut clashes = replaced.keys().filter_map(|name| Some((name, written.get(field_of(name))?)));
                clashes.next().map(|(name, number)| format!("Row {number} writes {name} of the same object."))
            } else if self.on_duplicate == OnDuplicate::Create {
                None
            } else {
                written.values().min().map(|number| format!("Row {number} is about the same object."))
            };
            if let Some(message) = message {
                row.state = RowState::Skipped;
                row.code = Some("duplicate".to_owned());
                row.message = Some(message);
                continue;
            }
            for (name, _) in call.arguments.iter() {
                written.entry(field_of(name).to_owned()).or_insert(row.number);
            }
        }
        Ok(())
    }

    /// Finds the contacts that exist already, and does with their rows what the caller wants.
    pub(super) async fn find_known(&mut self, checked: &mut [Checked], context: &CallContext) -> Result<()> {
        if self.on_duplicate == OnDuplicate::Create {
            return Ok(());
        }
        let service = &self.account.service;
        let creates = |checked: &Checked| {
            checked.row.state == RowState::Waiting
                && checked.call.as_ref().is_some_and(|call| service.creates_contact(call))
        };
        let calls: Vec<&Invocation> =
            checked.iter().filter(|checked| creates(checked)).filter_map(|checked| checked.call.as_ref()).collect();
        let Some(first) = calls.first() else { return Ok(()) };
        if !self.tables.contains_key(first.spec.name.as_ref()) {
            let table = service.freshen_for_plan(first, context).await?;
            self.tables.insert(first.spec.name.to_string(), table);
        }
        let mut known = service.known_contacts(&calls, context).await?.into_iter();
        for checked in checked.iter_mut().filter(|checked| creates(checked)) {
            let Some(Some(contact)) = known.next() else { continue };
            let Checked { row, call } = checked;
            row.object = Some(contact.id.clone());
            if self.on_duplicate == OnDuplicate::Skip {
                row.state = RowState::Skipped;
                row.code = Some("duplicate".to_owned());
                row.message = Some(format!("The contact {} has this {}.", contact.id, contact.field));
                continue;
            }
            UpdateContact::NAME.clone_into(&mut row.tool);
            row.arguments = update_of(&row.arguments, &contact.id, contact.field);
            let update = self.account.row_call(&row.tool, row.arguments.clone(), context).await?;
            row.key = service.row_key(&update);
            *call = Some(update);
        }
        Ok(())
    }
}

/// The update of a contact that exists already: tags are added, and what identified it stays.
fn update_of(create: &Map<String, Value>, id: &str, field: &str) -> Map<String, Value> {
    let mut update = Map::from_iter([("id".to_owned(), id.into())]);
    for (name, value) in create.iter().filter(|(name, _)| *name != field) {
        update.insert(if name == "tags" { "addTags".to_owned() } else { name.clone() }, value.clone());
    }
    update
}

/// The field that an argument writes: of the three for tags, one may undo what another does.
fn field_of(argument: &str) -> &str {
    match argument {
        "addTags" | "removeTags" => "tags",
        other => other,
    }
}
