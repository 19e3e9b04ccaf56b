//! `query_crm`: one SELECT, over tables as fresh as is wanted.

use super::{Standing, told};
use crate::service::{
    AccountService,
    mirror::{Freshness, Wait, Watcher},
};
use chrono::{TimeDelta, Utc};
use highlevel_catalog::insights::QueryCrm;
use highlevel_core::context::CallContext;
use highlevel_core::error::Result;
use highlevel_store::{Asked, MirrorAnswer, Query, TableState};
use serde_json::{Map, Value};
use std::time::Duration;

/// The most rows of a tool's answer: whoever wants more counts or groups.
const MOST_ROWS: usize = 1000;

/// A statement and what is wanted of its answer.
#[derive(Debug, Clone, Default)]
pub struct Question {
    /// One SELECT.
    pub sql: String,
    /// A text for each `?`.
    pub params: Vec<String>,
    /// How old the tables may be.
    pub max_age: Option<Duration>,
    /// For what it waits.
    pub wait: Wait,
    /// Whether tables that were never read in full are answered from.
    pub allow_partial: bool,
    /// The most rows.
    pub most_rows: usize,
    /// About the most bytes.
    pub most_bytes: usize,
}

/// The answer to a question.
#[derive(Debug, Clone)]
pub struct Table {
    /// The names of the columns.
    pub columns: Vec<String>,
    /// The rows.
    pub rows: Vec<Vec<Value>>,
    /// `asOf`, `complete` and `note`.
    pub standing: Map<String, Value>,
}

impl AccountService {
    pub(super) async fn query(&self, asked: &QueryCrm, context: &CallContext) -> Result<Value> {
        let question = Question {
            sql: asked.sql.clone(),
            params: asked.params.clone().unwrap_or_default(),
            max_age: asked.max_age.map(Duration::from_secs),
            wait: if asked.allow_partial == Some(true) { Wait::ForFew } else { Wait::AWhile },
            allow_partial: asked.allow_partial == Some(true),
            most_rows: MOST_ROWS,
            // Room for what is said of the answer.
            most_bytes: self.rules.max_answer * 9 / 10,
        };
        let table = self.ask(&question, context, &told(context)).await?;
        let mut answer = Map::new();
        answer.insert("columns".into(), table.columns.into());
        answer.insert("rows".into(), table.rows.into());
        answer.extend(table.standing);
        Ok(answer.into())
    }

    /// Answers a question from the mirror, telling `tell` of what is read for it.
    ///
    /// # Errors
    /// `invalid_arguments` for a statement that is wrong, `policy_denied` for a table that is hidden, `timeout` and
    /// `too_large` for one that takes too much; what keeps a table from being read for the first time, or `timeout` with
    /// how far that is.
    pub async fn ask(&self, question: &Question, context: &CallContext, tell: Watcher<'_>) -> Result<Table> {
        let query = Query {
            sql: question.sql.clone(),
            params: question.params.clone(),
            hidden: self.rules.hidden_tables.iter().map(|(table, _)| (*table).to_owned()).collect(),
            most_rows: question.most_rows,
            most_bytes: question.most_bytes,
            cancel: context.cancel.clone(),
        };
        let mirror = self.mirroring.mirror().await?;
        let wanted = Freshness { max_age: question.max_age, wait: question.wait };
        let asked_at = Utc::now();
        let mut seen_to = false;
        let answer = loop {
            let as_wanted = move |state: &TableState| seen_to || wanted.is_met_by(state);
            match context.bound(mirror.query(query.clone(), as_wanted)).await?? {
                Asked::Answered(answer) => break answer,
                // It is known to be right, and was not run: a wrong statement costs no request, and a long one runs once.
                Asked::NotYet(tables) => {
                    self.mirroring.freshen(&tables, wanted, context, tell).await?;
                    let states = mirror.states(tables).await?;
                    if let Some(error) = self.unready(&states, question.allow_partial) {
                        return Err(error);
                    }
                }
            }
            seen_to = true;
        };
        let mut standing = self.standing(&answer.states);
        if let Some(most) = question.max_age {
            let oldest = asked_at - TimeDelta::from_std(most).unwrap_or(TimeDelta::MAX);
            let old = answer.states.iter().filter(|(_, state)| state.complete_at.is_some_and(|at| at < oldest));
            standing.note.extend(old.map(|(table, state)| {
                format!("max_age is not met for {}: {}.", table.name, self.mirroring.why_old(state))
            }));
        }
        remarks(&mut standing, &answer);
        Ok(Table { columns: answer.columns, rows: answer.rows, standing: standing.into_members() })
    }
}

fn remarks(standing: &mut Standing, answer: &MirrorAnswer) {
    if answer.more {
        let shown = answer.rows.len();
        standing.note.push(format!(
            "Only the first {shown} rows are shown: count or group in SQL, or go on with LIMIT and OFFSET."
        ));
    }
    if !answer.currencies.is_empty() {
        let all = answer.currencies.join(", ");
        standing.note.push(format!(
            "Values in several currencies ({all}) are added up here, which means nothing: group or filter by currency."
        ));
    }
    for (column, count) in &answer.texts {
        standing.note.push(format!(
            "{column} holds {count} text(s) that are no numbers, kept as they came. SQLite sorts them above every number: leave them out with typeof()."
        ));
    }
}
