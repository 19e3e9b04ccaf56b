//! `describe_crm`: a short description of the tables for writing SQL.

use super::{missing, report_progress};
use crate::service::{
    AccountService,
    mirror::{Freshness, WaitPolicy},
};
use chrono::Utc;
use highlevel_catalog::insights::DescribeCrm;
use highlevel_core::context::CallContext;
use highlevel_core::error::Result;
use highlevel_store::{ColumnWords, Inclusion, Overview, Table, TableState};
use serde_json::{Map, Value, json};

/// The most values shown for a column.
const MAX_VALUES: usize = 12;

/// The most characters of a shown value. A tag may be a sentence.
const MAX_VALUE_CHARS: usize = 40;

/// Up to this number of tables, all are described. Of more, the ones that most questions need, and the others are named.
const ALL_DESCRIBED: usize = 9;

const NOTE: &str = "SQLite. Ids join: contactId, assignedTo = users.id. Dates are UTC text as datetime() writes them, such as updatedAt < datetime('now','-30 days'). Group money by currency. `other` is JSON of further fields.";

/// The tool that reads what no table has.
const NOTES_TOOL: &str = "list_notes";

impl AccountService {
    pub(super) async fn describe(&self, asked: &DescribeCrm, context: &CallContext) -> Result<Value> {
        let described = self.described_tables(asked)?;
        // The others are read when a question needs them.
        let mut read = if asked.tables.is_some() { described.clone() } else { self.readable_tables() };
        read.retain(|table| asked.tables.is_some() || table.inclusion == Inclusion::Always);
        let mut shown = self.readable_tables();
        shown.retain(|table| [&described, &read].iter().any(|tables| has(tables, table)));
        let overview = self.overview(shown, read, context).await?;
        let is_described = |table: &Table| has(&described, table);
        let mut answer = Map::new();
        answer.insert("tables".to_owned(), tables(&overview, is_described).into());
        answer.insert("words".to_owned(), words(&overview, is_described).into());
        if let Some(more) = self.more(&described).filter(|_| asked.tables.is_none()) {
            answer.insert("more".to_owned(), more.into());
        }
        answer.insert("note".to_owned(), self.sql_note().into());
        let states: Vec<_> = overview.tables.iter().map(|(table, _, state)| (*table, state.clone())).collect();
        if let Some(error) = self.no_data(&states, true) {
            return Err(error);
        }
        let missing: Vec<_> = overview.tables.iter().flat_map(|(_, _, state)| missing(state)).collect();
        if !missing.is_empty() {
            answer.insert("missing".to_owned(), json!(missing));
        }
        Ok(answer.into())
    }

    /// The tables whose columns the description has.
    fn described_tables(&self, asked: &DescribeCrm) -> Result<Vec<&'static Table>> {
        if let Some(names) = &asked.tables {
            return names.iter().map(|name| self.table(name, "tables")).collect();
        }
        let mut tables = self.readable_tables();
        if tables.len() > ALL_DESCRIBED {
            tables.retain(|table| table.detailed);
        }
        Ok(tables)
    }

    /// The overview of the `shown` tables, of which the ones to `read` are refreshed as needed.
    async fn overview(
        &self,
        shown: Vec<&'static Table>,
        read: Vec<&'static Table>,
        context: &CallContext,
    ) -> Result<Overview> {
        let wanted = Freshness { wait: WaitPolicy::SmallTables, ..Freshness::default() };
        let mirror = self.mirroring.mirror().await?;
        let mut refreshed = false;
        loop {
            let awaited = read.clone();
            let as_wanted =
                move |table: &Table, state: &TableState| refreshed || !has(&awaited, table) || wanted.is_met_by(state);
            match mirror.overview(shown.clone(), MAX_VALUES, as_wanted).await? {
                Some(overview) => return Ok(overview),
                None => self.mirroring.freshen(&read, wanted, context, &report_progress(context)).await?,
            }
            refreshed = true;
        }
    }

    /// The tables that are not described.
    fn more(&self, described: &[&'static Table]) -> Option<String> {
        let mut others = self.readable_tables();
        others.retain(|table| !has(described, table));
        let names = others.iter().flat_map(|table| {
            let children = table.children.iter().map(|child| child.name);
            std::iter::once(table.name).chain(children)
        });
        let names: Vec<_> = names.collect();
        (!names.is_empty()).then(|| format!("{}: their columns with `tables`.", names.join(", ")))
    }

    fn sql_note(&self) -> String {
        let has_notes = self.api.catalog().find(NOTES_TOOL).is_some();
        let notes = if has_notes { " Notes: in no table, list_notes reads one contact's." } else { "" };
        format!("{NOTE}{notes}")
    }
}

fn has(tables: &[&'static Table], table: &Table) -> bool {
    tables.iter().any(|one| one.name == table.name)
}

fn tables(overview: &Overview, is_described: impl Fn(&Table) -> bool) -> Map<String, Value> {
    let mut all = Map::new();
    for (table, rows, state) in overview.tables.iter().filter(|(table, ..)| is_described(table)) {
        let columns: Vec<_> = table.column_names().collect();
        let remark = if table.remark.is_empty() { String::new() } else { format!(" ({})", table.remark) };
        let known = known(*rows, state, table);
        all.insert(table.name.to_owned(), format!("{known}{remark}: {}", columns.join(", ")).into());
        for child in table.children {
            all.insert(child.name.to_owned(), child.columns.join(", ").into());
        }
    }
    all
}

/// How many rows a table has, and how old they are.
fn known(rows: u64, state: &TableState, table: &Table) -> String {
    match (state.complete_at, state.under_way) {
        (Some(at), _) => format!("{rows} rows, {} min old", Utc::now().signed_duration_since(at).num_minutes()),
        (None, _) if state.fault.is_some() && !state.busy => format!("{rows} rows, not readable: see missing"),
        (None, Some((read, Some(total)))) => format!("{rows} rows, being read, {read} of {total}"),
        (None, None) if rows == 0 && table.inclusion != Inclusion::Always => "read when queried".to_owned(),
        (None, _) => format!("{rows} rows, not read in full"),
    }
}

fn words(overview: &Overview, is_described: impl Fn(&Table) -> bool) -> Map<String, Value> {
    let mut all = Map::new();
    for ColumnWords { table, column, often, more } in overview.words.iter() {
        if often.is_empty() || !Table::owning(table).is_some_and(&is_described) {
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
