//! `query_crm`: one SELECT over tables of the required freshness.

use super::report_progress;
use crate::service::{
    AccountService,
    mirror::{Freshness, WaitPolicy, Watcher},
};
use chrono::{TimeDelta, Utc};
use highlevel_catalog::insights::QueryCrm;
use highlevel_core::context::CallContext;
use highlevel_core::error::Result;
use highlevel_store::{MirrorAnswer, QueryOutcome, RowSender, SqlQuery, TableState};
use serde_json::{Map, Value};
use std::time::Duration;

/// The most rows of a tool's answer. For more, a statement can count or group.
const MOST_ROWS: usize = 1000;

/// Whether tables that were never read in full may be used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum PartialTables {
    Used,
    /// Not used. The caller may ask for it.
    Offered,
    /// Not used. The caller has no argument for it.
    #[default]
    Refused,
}

/// A statement and the requirements on its answer.
#[derive(Debug, Clone, Default)]
pub struct Question {
    /// One SELECT.
    pub sql: String,
    /// A text for each `?`.
    pub params: Vec<String>,
    /// The maximum age of the tables.
    pub max_age: Option<Duration>,
    pub wait: WaitPolicy,
    pub partial: PartialTables,
    /// The maximum number of rows.
    pub most_rows: usize,
    /// The approximate maximum size in bytes.
    pub most_bytes: usize,
    /// Where the rows go as they come, if not into the answer.
    pub rows_to: Option<RowSender>,
}

impl Question {
    /// The question of a tool's call.
    pub(super) fn of(asked: &QueryCrm, most_bytes: usize) -> Self {
        let allow_partial = asked.allow_partial == Some(true);
        Self {
            sql: asked.sql.clone(),
            params: asked.params.clone().unwrap_or_default(),
            max_age: asked.max_age.map(Duration::from_secs),
            wait: if allow_partial { WaitPolicy::SmallTables } else { WaitPolicy::Bounded },
            partial: if allow_partial { PartialTables::Used } else { PartialTables::Offered },
            most_rows: MOST_ROWS,
            most_bytes,
            rows_to: None,
        }
    }

    /// The question whose rows go to `rows_to`, all of them. A table's name stands for its rows.
    pub fn streamed(asked: &QueryCrm, rows_to: RowSender) -> Self {
        let question = Self::of(asked, usize::MAX);
        let partial = if asked.allow_partial == Some(true) { question.partial } else { PartialTables::Refused };
        Self { sql: statement_of(&asked.sql), partial, most_rows: usize::MAX, rows_to: Some(rows_to), ..question }
    }
}

/// The answer to a question.
#[derive(Debug, Clone)]
pub struct QueryResult {
    /// The names of the columns.
    pub columns: Vec<String>,
    pub rows: Vec<Vec<Value>>,
    /// `asOf`, `complete` and `note`.
    pub status: Map<String, Value>,
}

impl QueryResult {
    /// The answer of a tool.
    pub(super) fn into_json(self) -> Value {
        let mut answer = Map::new();
        answer.insert("columns".into(), self.columns.into());
        answer.insert("rows".into(), self.rows.into());
        answer.extend(self.status);
        answer.into()
    }
}

impl AccountService {
    pub(super) async fn query(&self, asked: &QueryCrm, context: &CallContext) -> Result<Value> {
        // The rest is for the status of the answer.
        let question = Question::of(asked, self.rules.max_answer * 9 / 10);
        Ok(self.ask(&question, context, &report_progress(context)).await?.into_json())
    }

    /// Answers a question from the mirror. `watcher` receives the progress of scans.
    ///
    /// # Errors
    /// `invalid_arguments` for an invalid statement, `policy_denied` for a hidden table, `timeout` and `too_large` for
    /// a statement that takes too much; the error of a table's first scan, or `timeout` with the progress of that scan.
    pub async fn ask(&self, question: &Question, context: &CallContext, watcher: Watcher<'_>) -> Result<QueryResult> {
        let query = SqlQuery {
            sql: question.sql.clone(),
            params: question.params.clone(),
            hidden: self.rules.hidden_tables.iter().map(|(table, _)| (*table).to_owned()).collect(),
            most_rows: question.most_rows,
            most_bytes: question.most_bytes,
            accounts: None,
            streams: question.rows_to.is_some(),
            rows_to: question.rows_to.clone(),
            cancel: context.cancel.clone(),
        };
        let mirror = self.mirroring.mirror().await?;
        let wanted = Freshness { max_age: question.max_age, wait: question.wait };
        let asked_at = Utc::now();
        let mut refreshed = false;
        let answer = loop {
            let as_wanted = move |state: &TableState| refreshed || wanted.is_met_by(state);
            match context.bound(mirror.query(query.clone(), as_wanted)).await?? {
                QueryOutcome::Answered(answer) => break answer,
                // The statement is valid but has not run: an invalid one costs no request, and a long one runs only
                // once.
                QueryOutcome::NotYet(tables) => {
                    self.mirroring.freshen(&tables, wanted, context, watcher).await?;
                    let states = mirror.states(tables).await?;
                    if let Some(error) = self.not_ready(&states, question.partial) {
                        return Err(error);
                    }
                }
            }
            refreshed = true;
        };
        let mut status = self.data_status(&answer.states);
        if let Some(most) = question.max_age {
            let oldest = asked_at - TimeDelta::from_std(most).unwrap_or(TimeDelta::MAX);
            let old = answer.states.iter().filter(|(_, state)| state.complete_at.is_some_and(|at| at < oldest));
            status.note.extend(old.map(|(table, state)| {
                format!("max_age is not met for {}: {}.", table.name, self.mirroring.why_old(state))
            }));
        }
        add_remarks(&mut status.note, &answer);
        Ok(QueryResult { columns: answer.columns, rows: answer.rows, status: status.into_members() })
    }
}

/// A statement; for the name of a table alone, the one that reads all of its rows.
fn statement_of(text: &str) -> String {
    let name = text.trim();
    let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if is_name { format!("SELECT * FROM {name}") } else { text.to_owned() }
}

/// Adds what a reader of the rows has to know.
pub(super) fn add_remarks(note: &mut Vec<String>, answer: &MirrorAnswer) {
    if answer.more {
        let shown = answer.rows.len();
        note.push(format!(
            "Only the first {shown} rows are shown: count or group in SQL, or continue with LIMIT and OFFSET."
        ));
    }
    if !answer.currencies.is_empty() {
        let all = answer.currencies.join(", ");
        note.push(format!(
            "Values in several currencies ({all}) are added up, so the result is meaningless: group or filter by currency."
        ));
    }
    for (column, count) in &answer.texts {
        note.push(format!(
            "{column} holds {count} text(s) that are not numbers. SQLite sorts them above every number: exclude them with typeof()."
        ));
    }
}
