//! What the account shows now of the objects that an undo is about: in the mirror, or one by one.

use super::row::UndoRow;
use crate::account::{Account, jobs::members};
use futures::{StreamExt, stream};
use highlevel_catalog::{Effect, Invocation};
use highlevel_core::{
    context::CallContext,
    error::{Code, Error, Result},
};
use highlevel_store::Table;
use serde_json::{Map, Value};
use std::collections::HashMap;

/// The most objects that an undo reads one by one. Those of a larger one are compared with the mirror, and each again before
/// it is written.
const MOST_READS: usize = 50;

/// The reads under way at once.
const READS: usize = 8;

/// How an undo compares its rows with the account.
#[derive(Debug)]
pub(super) struct Comparison {
    reads_left: usize,
    is_small: bool,
    /// The mirror's tables by tool, once they are fresh.
    tables: HashMap<String, Option<&'static Table>>,
    /// The rows that nothing was compared with.
    pub(super) uncompared: u64,
}

/// What the account shows of an object.
enum Now {
    /// As it was just read.
    Read(Map<String, Value>),
    /// As the mirror has it. Lists lag behind writes, so the old value proves nothing there.
    Stored(Map<String, Value>),
    Gone,
    Unknown,
}

impl Comparison {
    /// The comparison of an undo with so many objects.
    pub(super) fn of(objects: usize) -> Self {
        Self { reads_left: MOST_READS, is_small: objects <= MOST_READS, tables: HashMap::new(), uncompared: 0 }
    }

    /// Takes out of the rows what others changed since.
    ///
    /// # Errors
    /// Those of the account.
    pub(super) async fn compare(
        &mut self,
        account: &Account,
        rows: &mut [UndoRow],
        context: &CallContext,
    ) -> Result<()> {
        let mut stored = if self.is_small { HashMap::new() } else { self.stored(account, rows, context).await? };
        let mut to_read = Vec::new();
        for (at, row) in rows.iter().enumerate() {
            let Some(call) = row.call.as_ref().filter(|_| row.is_compared()) else { continue };
            if !stored.contains_key(&at) && self.reads_left > 0 {
                self.reads_left -= 1;
                to_read.push((at, call.clone()));
            }
        }
        let reads = to_read.into_iter().map(async |(at, call)| (at, read(account, call, context).await));
        let read: Vec<(usize, Result<Now>)> = stream::iter(reads).buffered(READS).collect().await;
        for (at, now) in read {
            stored.insert(at, now?);
        }
        for (at, row) in rows.iter_mut().enumerate() {
            if row.call.is_none() || !row.is_compared() {
                continue;
            }
            match stored.remove(&at).unwrap_or(Now::Unknown) {
                Now::Read(values) => leave_changed(account, row, values, true)?,
                Now::Stored(values) => leave_changed(account, row, values, false)?,
                Now::Gone => {
                    row.call = None;
                    row.problem = Some(Error::new(Code::Conflict, "The account has it no more."));
                }
                Now::Unknown => self.uncompared += 1,
            }
        }
        Ok(())
    }

    /// The values of the rows' objects in the mirror, by the rows' positions.
    async fn stored(
        &mut self,
        account: &Account,
        rows: &[UndoRow],
        context: &CallContext,
    ) -> Result<HashMap<usize, Now>> {
        let mut found = HashMap::new();
        let mut by_tool: HashMap<&str, Vec<(usize, &Invocation)>> = HashMap::new();
        for (at, row) in rows.iter().enumerate() {
            let Some(call) = row.call.as_ref().filter(|call| call.spec.effect == Effect::Update) else { continue };
            by_tool.entry(&row.tool).or_default().push((at, call));
        }
        for (tool, calls) in by_tool {
            let Some((_, first)) = calls.first() else { continue };
            if !self.tables.contains_key(tool) {
                let table = account.service.freshen_for_plan(first, context).await?;
                self.tables.insert(tool.to_owned(), table);
            }
            let Some(table) = self.tables.get(tool).copied().flatten() else { continue };
            let all: Vec<&Invocation> = calls.iter().map(|(_, call)| *call).collect();
            let mut values = account.service.values_before(table, &all, context).await?;
            for (at, call) in calls {
                let id = call.id.as_ref().map(ToString::to_string).unwrap_or_default();
                found.extend(values.remove(&id).map(|values| (at, Now::Stored(values))));
            }
        }
        Ok(found)
    }
}

/// Reads one object.
async fn read(account: &Account, call: Invocation, context: &CallContext) -> Result<Now> {
    match account.service.prepare(call, true, context).await {
        Ok(prepared) => Ok(prepared.object.map_or(Now::Unknown, |object| Now::Read(members(object)))),
        Err(error) if error.code == Code::NotFound => Ok(Now::Gone),
        // A rule on the object's state refuses the call; it will say so when the row is sent.
        Err(error) if matches!(error.code, Code::Conflict | Code::InvalidArguments) => Ok(Now::Unknown),
        Err(error) => Err(error),
    }
}

fn leave_changed(account: &Account, row: &mut UndoRow, values: Map<String, Value>, is_read: bool) -> Result<()> {
    let object = Value::Object(values);
    let changed = account.service.changed_since(&row.expected, &object);
    let spec = account.row_spec(&row.tool)?;
    match spec.effect {
        Effect::Update => {
            if is_read {
                row.skip_tags(&object);
            }
            row.leave(spec, changed, is_read);
        }
        _ if changed.is_empty() => {}
        // A created object that others changed since is not deleted.
        _ => row.keep(spec, changed),
    }
    Ok(())
}
