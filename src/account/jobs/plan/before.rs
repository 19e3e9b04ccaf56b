//! The values that the calls of a plan would replace.

use super::planner::{Checked, Planner, is_of_row};
use crate::{account::jobs::members, service::replaced_by};
use highlevel_catalog::Invocation;
use highlevel_core::{
    context::CallContext,
    error::{Code, Result},
};
use highlevel_store::{JobRow, RowState};
use serde_json::{Map, Value};
use std::collections::{BTreeSet, HashMap};

/// The most objects that a plan reads one by one, where the mirror has no table of them.
const MOST_READS: u64 = 200;

impl Planner<'_> {
    /// Finds the values that updates would replace: in the mirror, or one by one where it has no table of such objects.
    pub(super) async fn find_before(&mut self, checked: &mut [Checked], context: &CallContext) -> Result<()> {
        let tools: BTreeSet<String> = checked.iter().map(|checked| checked.row.tool.clone()).collect();
        for tool in tools {
            let is_of_tool = |checked: &Checked| {
                checked.row.tool == tool && checked.row.state == RowState::Waiting && checked.row.before.is_none()
            };
            let replaces = |call: &&Invocation| call.id.is_some() && !replaced_by(call, &Map::new()).is_empty();
            let calls: Vec<&Invocation> = checked
                .iter()
                .filter(|checked| is_of_tool(checked))
                .filter_map(|checked| checked.call.as_ref())
                .filter(replaces)
                .collect();
            let Some(first) = calls.first() else { continue };
            if !self.tables.contains_key(&tool) {
                let table = self.account.service.freshen_for_plan(first, context).await?;
                self.tables.insert(tool.clone(), table);
            }
            let table = self.tables.get(&tool).copied().flatten();
            let stored = match table {
                Some(table) => self.account.service.values_before(table, &calls, context).await?,
                None => HashMap::new(),
            };
            for checked in checked.iter_mut().filter(|checked| is_of_tool(checked)) {
                let Checked { row, call: Some(call) } = checked else { continue };
                let Some(id) = call.id.as_ref().map(ToString::to_string) else { continue };
                if replaced_by(call, &Map::new()).is_empty() {
                    continue;
                }
                let values = match stored.get(&id) {
                    Some(values) => Some(values.clone()),
                    None => self.read_one(call, row, context).await?,
                };
                row.before = values.map(|values| replaced_by(call, &values));
                self.uncompared += u64::from(row.before.is_none() && row.state == RowState::Waiting);
            }
        }
        Ok(())
    }

    /// Reads the object of a call from the account. Nothing where a plan has read enough.
    async fn read_one(
        &mut self,
        call: &Invocation,
        row: &mut JobRow,
        context: &CallContext,
    ) -> Result<Option<Map<String, Value>>> {
        if self.reads >= MOST_READS || call.spec.passthrough.is_some() {
            return Ok(None);
        }
        self.reads += 1;
        let read = context.clone().in_bulk();
        match self.account.service.prepare(call.clone(), true, &read).await {
            Ok(prepared) => Ok(prepared.object.map(members)),
            Err(error) if is_of_row(&error) || error.code == Code::NotFound => {
                row.state = RowState::Invalid;
                row.code = Some(error.code.as_str().to_owned());
                row.message = Some(error.message);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}
