//! `undo_changes`: what the journal says was written becomes a plan that puts it back (docs/undo.md).

mod arguments;
mod changes;
mod compare;
mod image;
mod row;
mod selection;
mod take_back;
mod words;
mod worked;

pub(super) use row::UNDOES;
pub(super) use worked::{PARTLY, RowRest, deletes, left_in_words, nothing_needed, rest, with_left, with_left_of};

use super::{super::Account, members, plan::Planner};
use crate::{account::Reply, guard::Confirmation};
use compare::Comparison;
use highlevel_catalog::bulk::UndoChanges;
use highlevel_core::{
    context::CallContext,
    error::{Code, Error, Result},
};
use highlevel_store::Journal;
use row::UndoRow;
use selection::{FoundEntries, Selection};
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// The objects whose entries are read at once.
const BATCH: usize = 200;

/// The rows with fields that stay as they are that an answer shows. The plan's file has all of them.
const SHOWN: usize = 5;

/// What a plan tells of its rows beside their calls.
#[derive(Debug, Default)]
struct Told {
    /// The objects that are as before already.
    unchanged: u64,
    /// The rows of which some fields stay.
    partly: u64,
    samples: Vec<Value>,
}

impl Account {
    pub(super) async fn undo_changes(
        &self,
        asked: &UndoChanges,
        confirmation: &Confirmation<'_>,
        context: &CallContext,
    ) -> Result<Reply> {
        let Some(journal) = self.service.journal() else {
            let message = "Undo needs the journal, which is off (`--journal off`).";
            return Err(Error::new(Code::PolicyDenied, message));
        };
        let selection = Selection::read(self, asked, context).await?;
        let what = format!("undo of {}", selection.title);
        let mut planner = Planner::start(self, what, selection.facts(), context).await?;
        let holder = format!("undo {}", planner.job);
        let planned = self.plan_undo(journal, &selection, &holder, &mut planner, context).await;
        if let Err(error) = journal.release(&holder).await {
            tracing::warn!("images of the journal stay held for an hour: {}", error.message);
        }
        match planned {
            Ok(told) => planner.finish(told, confirmation, context).await,
            Err(error) => {
                planner.discard().await;
                Err(error)
            }
        }
    }

    async fn plan_undo(
        &self,
        journal: &Arc<Journal>,
        selection: &Selection,
        holder: &str,
        planner: &mut Planner<'_>,
        context: &CallContext,
    ) -> Result<Map<String, Value>> {
        let found = selection.find(self, journal, holder, context).await?;
        let mut comparison = Comparison::of(found.groups.len());
        let mut told = Told::default();
        for groups in found.groups.chunks(BATCH) {
            context.bound(std::future::ready(())).await?;
            let mut rows = Vec::new();
            for group in groups {
                rows.extend(self.take_back(journal, group, context).await?);
            }
            comparison.compare(self, &mut rows, context).await?;
            for row in rows {
                told.count(&row);
                match row.into_plan() {
                    Some(row) => planner.add(row, context).await?,
                    None => told.unchanged += 1,
                }
            }
        }
        Ok(told.into_members(&found, &comparison))
    }
}

impl Told {
    fn count(&mut self, row: &UndoRow) {
        if row.call.is_none() || row.left.is_empty() {
            return;
        }
        self.partly += 1;
        if self.samples.len() < SHOWN {
            self.samples.push(json!({"line": row.newest, "id": row.id, "fields": row.left}));
        }
    }

    fn into_members(self, found: &FoundEntries, comparison: &Comparison) -> Map<String, Value> {
        let all = json!({
            "entries": found.entries,
            "failedBefore": found.failed,
            "asBefore": self.unchanged,
            "partly": self.partly,
            "fieldsLeft": self.samples,
            "comparedLater": comparison.uncompared,
        });
        let is_something = |value: &Value| *value != json!(0) && *value != json!([]);
        members(all).into_iter().filter(|(_, value)| is_something(value)).collect()
    }
}
