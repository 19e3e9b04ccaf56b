//! `describe_crm`: a short description of the tables for writing SQL.

use super::{missing, report_progress};
use crate::service::{
    AccountService,
    mirror::{Freshness, WaitPolicy},
};
use chrono::Utc;
use highlevel_core::context::CallContext;
use highlevel_core::error::Result;
use highlevel_store::{ColumnWords, Overview, TableState};
use serde_json::{Map, Value, json};

/// The most values shown for a column.
const MAX_VALUES: usize = 12;

/// The most characters of a shown value. A tag may be a sentence.
const MAX_VALUE_CHARS: usize = 40;

const NOTE: &str = "SQLite. Ids join: contactId, assignedTo = users.id. Dates are UTC text as datetime() writes them, such as updatedAt < datetime('now','-30 days'). Group money by currency. `other` is JSON of further fields.";

impl AccountService {
    pub(super) async fn describe(&self, context: &CallContext) -> Result<Value> {
        let tables = self.readable_tables();
        let wanted = Freshness { wait: WaitPolicy::SmallTables, ..Freshness::default() };
        let mirror = self.mirroring.mirror().await?;
        let mut refreshed = false;
        let overview = loop {
            let as_wanted = move |state: &TableState| refreshed || wanted.is_met_by(state);
            match mirror.overview(tables.clone(), MAX_VALUES, as_wanted).await? {
                Some(overview) => break overview,
                None => self.mirroring.freshen(&tables, wanted, context, &report_progress(context)).await?,
            }
            refreshed = true;
        };
        let mut described = json!({ "tables": described(&overview), "words": words(&overview), "note": NOTE });
        let states: Vec<_> = overview.tables.iter().map(|(table, _, state)| (*table, state.clone())).collect();
        if let Some(error) = self.no_data(&states, true) {
            return Err(error);
        }
        let missing: Vec<_> = overview.tables.iter().flat_map(|(_, _, state)| missing(state)).collect();
        if let (false, Some(members)) = (missing.is_empty(), described.as_object_mut()) {
            members.insert("missing".to_owned(), serde_json::to_value(missing).unwrap_or_default());
        }
        Ok(described)
    }
}

fn described(overview: &Overview) -> Map<String, Value> {
    let mut all = Map::new();
    for (table, rows, state) in &overview.tables {
        let as_of = match (state.complete_at, state.under_way) {
            (Some(at), _) => format!("{} min old", Utc::now().signed_duration_since(at).num_minutes()),
            (None, _) if state.fault.is_some() && !state.busy => "not readable: see missing".to_owned(),
            (None, Some((read, Some(total)))) => format!("being read, {read} of {total}"),
            (None, _) => "not read in full".to_owned(),
        };
        let columns: Vec<_> = table.column_names().collect();
        let remark = if table.remark.is_empty() { String::new() } else { format!(" ({})", table.remark) };
        all.insert(table.name.to_owned(), format!("{rows} rows{remark}, {as_of}: {}", columns.join(", ")).into());
        for child in table.children {
            all.insert(child.name.to_owned(), child.columns.join(", ").into());
        }
    }
    all
}

fn words(overview: &Overview) -> Map<String, Value> {
    let mut all = Map::new();
    for ColumnWords { table, column, often, more } in overview.words.iter() {
        if often.is_empty() {
            continue;
        }
        let mut shown: Vec<String> = often.iter().map(|word| word.chars().take(MAX_VALUE_CHARS).collect()).collect();
        if *more {
            shown.push("…".to_owned());
        }
        all.insert(format!("{table}.{column}"), shown.join(", ").into());
    }
    all
}
