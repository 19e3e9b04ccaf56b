//! Questions over several accounts: one statement, in which every table has the column `account`.

mod member;
mod refreshes;
mod status;

use super::query::{QueryResult, Question, add_remarks};
use crate::service::{
    AccountService,
    mirror::{Freshness, MirrorPlace},
};
use chrono::Utc;
use highlevel_catalog::{
    Invocation,
    insights::{ChartCrm, QueryCrm},
};
use highlevel_core::{
    context::CallContext,
    error::{Code, Error, Result},
};
use highlevel_store::{MirrorAnswer, QueryOutcome, SqlQuery, TABLES, Table, UnionMirror};
use member::Member;
use refreshes::Refreshes;
use serde_json::Value;
use std::{path::PathBuf, sync::Arc};
use tempfile::TempDir;
use tokio::sync::OnceCell;

/// Receives how many of the accounts that a question waits for are read, and of how many.
pub type AccountsWatcher<'a> = &'a (dyn Fn(usize, usize) + Sync);

/// One account of a question, with its name.
pub type NamedAccount<'a> = (&'a str, &'a AccountService);

/// What questions over several accounts need, once for a process: the file with their rows, and the refreshes that go on.
#[derive(Debug)]
pub struct AllAccounts {
    place: MirrorPlace,
    program: Option<PathBuf>,
    opened: OnceCell<Opened>,
    refreshes: Refreshes,
}

#[derive(Debug)]
struct Opened {
    union: Arc<UnionMirror>,
    _temporary: Option<TempDir>,
}

impl AllAccounts {
    /// Touches nothing yet. `place`: where the rows of the accounts are stored together. `program`: whose worker processes
    /// run SQL.
    pub fn new(place: MirrorPlace, program: Option<PathBuf>) -> Self {
        Self { place, program, opened: OnceCell::new(), refreshes: Refreshes::default() }
    }

    /// Answers `query_crm`, or the rows of `chart_crm`, over several accounts.
    ///
    /// # Errors
    /// As [`ask`](Self::ask); `invalid_arguments` for another operation.
    pub async fn insight(
        &self,
        accounts: &[NamedAccount<'_>],
        invocation: &Invocation,
        context: &CallContext,
    ) -> Result<Value> {
        let asked = match (invocation.read_as::<QueryCrm>(), invocation.read_as::<ChartCrm>()) {
            (Some(query), _) => query?,
            (_, Some(chart)) => chart?.query,
            _ => {
                return Err(Error::invalid(
                    "account",
                    "Only query_crm, chart_crm and export_crm take several accounts.",
                ));
            }
        };
        let max_answer = accounts.iter().map(|(_, service)| service.rules.max_answer).min().unwrap_or_default();
        // The rest is for the status of the answer.
        let question = Question::of(&asked, max_answer * 8 / 10);
        let watcher = |read: usize, of: usize| context.report(&format!("reading accounts: {read} of {of}"));
        Ok(self.ask(accounts, &question, context, &watcher).await?.into_json())
    }

    /// Answers a question over several accounts. An account that cannot answer is left out, and named in `missing`.
    ///
    /// # Errors
    /// `invalid_arguments` for an invalid statement, `policy_denied` for a table that every account hides, `timeout` and
    /// `too_large` for a statement that takes too much. Where no account can answer, the error of the first one.
    pub async fn ask(
        &self,
        accounts: &[NamedAccount<'_>],
        question: &Question,
        context: &CallContext,
        watcher: AccountsWatcher<'_>,
    ) -> Result<QueryResult> {
        if accounts.is_empty() {
            return Err(status::no_account(&[]));
        }
        let asked_at = Utc::now();
        let union = self.union().await?;
        let query = query(accounts, question, context);
        // The statement is valid, or costs no request.
        let tables = match context.bound(union.tables(query.clone())).await?? {
            QueryOutcome::NotYet(tables) => tables,
            QueryOutcome::Answered(answer) => return Ok(status::without_data(answer)),
        };
        let wanted = Freshness { max_age: question.max_age, wait: question.wait };
        let members = accounts.iter().map(|(name, service)| Member::open(name, service, &tables));
        let mut members: Vec<_> = futures::future::join_all(members).await;
        member::fold(union, &mut members, &tables, context, |_| true).await?;
        self.refreshes.refresh(union, &mut members, &tables, wanted, context, watcher).await?;
        for member in &mut members {
            member.check(question.partial);
        }
        if members.iter().all(|member| member.data.is_err()) {
            return Err(status::no_account(&members));
        }
        let answer = self.run(union, query, &mut members, &tables, context).await?;
        let mut status = status::of(&members, question.max_age.map(|most| (most, asked_at)));
        add_remarks(&mut status.note, &answer);
        Ok(QueryResult { columns: answer.columns, rows: answer.rows, status: status.into_members() })
    }

    /// Folds in what changed, and runs the statement on the accounts that are not left out.
    async fn run(
        &self,
        union: &UnionMirror,
        query: SqlQuery,
        members: &mut [Member<'_>],
        tables: &[&'static Table],
        context: &CallContext,
    ) -> Result<MirrorAnswer> {
        let shown = |members: &[Member<'_>]| members.iter().filter_map(Member::shown).collect();
        match context.bound(union.query(query.clone(), shown(members))).await? {
            // Another process deleted rows, which is no reason to refuse an answer.
            Err(error) if error.code == Code::Conflict => {
                member::fold(union, members, tables, context, |_| true).await?;
                context.bound(union.query(query, shown(members))).await?
            }
            answer => answer,
        }
    }

    async fn union(&self) -> Result<&Arc<UnionMirror>> {
        let opened = self.opened.get_or_try_init(|| async {
            let (dir, temporary) = self.place.open()?;
            let union = Arc::new(UnionMirror::open(&dir, self.program.clone()));
            Ok::<_, Error>(Opened { union, _temporary: temporary })
        });
        Ok(&opened.await?.union)
    }
}

/// The statement, from which only tables that every account hides are hidden: an account that hides one is left out.
fn query(accounts: &[NamedAccount<'_>], question: &Question, context: &CallContext) -> SqlQuery {
    let hides =
        |service: &AccountService, table: &str| service.rules.hidden_tables.iter().any(|(name, _)| *name == table);
    let hidden = TABLES.iter().filter(|table| accounts.iter().all(|(_, service)| hides(service, table.name)));
    SqlQuery {
        sql: question.sql.clone(),
        params: question.params.clone(),
        hidden: hidden.map(|table| table.name.to_owned()).collect(),
        most_rows: question.most_rows,
        most_bytes: question.most_bytes,
        accounts: None,
        streams: question.rows_to.is_some(),
        rows_to: question.rows_to.clone(),
        cancel: context.cancel.clone(),
    }
}
