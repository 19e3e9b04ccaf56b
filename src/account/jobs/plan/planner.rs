//! The making of a plan: its rows are checked, compared with the account, and kept as a job that nobody agreed to yet.

use super::super::super::Account;
use highlevel_catalog::{Invocation, bulk::OnDuplicate};
use highlevel_core::{
    context::CallContext,
    error::{Code, Error, Result},
};
use highlevel_store::{JobRow, NewJob, RowState, Table};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, HashMap};

/// The rows that are checked together.
const BATCH: usize = 500;

/// The rows of each problem that an answer shows. A file has all of them.
const SHOWN: usize = 5;

/// The samples that an answer shows.
const SAMPLES: usize = 2;

/// The code of a row whose object others had changed when its plan was made. One that changed later has another one.
pub(in super::super) const CHANGED_BEFORE: &str = "changed";

/// A row that is to be planned.
#[derive(Debug)]
pub(in super::super) struct PlanRow {
    /// The line or row of its source, from 1.
    pub(in super::super) line: Option<u64>,
    /// The tool, or the operation of the catalogue.
    pub(in super::super) tool: String,
    pub(in super::super) arguments: Map<String, Value>,
    /// The row as its source has it.
    pub(in super::super) source: Option<Value>,
    /// The values that the call replaces, where the source knows them.
    pub(in super::super) before: Option<Map<String, Value>>,
    /// Why no call can be made of it.
    pub(in super::super) problem: Option<Error>,
}

/// A plan that is being made.
pub(in super::super) struct Planner<'a> {
    pub(super) account: &'a Account,
    pub(in super::super) job: String,
    pub(super) on_duplicate: OnDuplicate,
    batch: Vec<PlanRow>,
    number: u64,
    pub(super) send: BTreeMap<String, u64>,
    pub(super) requests: u64,
    pub(super) skipped: u64,
    pub(super) invalid: u64,
    /// Rows whose object others changed since, where the source knows what it was.
    pub(super) changed: u64,
    pub(super) problems: Vec<Value>,
    pub(super) samples: Vec<Value>,
    pub(super) may_start_workflows: bool,
    /// Whether some values could not be compared with the account.
    pub(super) uncompared: u64,
    /// The objects that were read one by one.
    pub(super) reads: u64,
    /// The mirror's tables by tool, once they are fresh.
    pub(super) tables: HashMap<String, Option<&'static Table>>,
}

/// A row that became a call, unless it is left out.
pub(super) struct Checked {
    pub(super) row: JobRow,
    pub(super) call: Option<Invocation>,
}

impl<'a> Planner<'a> {
    /// Begins a plan. `what` says in words what it is for.
    ///
    /// # Errors
    /// `internal` when the state directory cannot be used.
    pub(in super::super) async fn start(
        account: &'a Account,
        what: String,
        mut facts: Map<String, Value>,
        context: &CallContext,
    ) -> Result<Self> {
        facts.insert("what".to_owned(), what.into());
        facts.insert(super::super::IDENTITY.to_owned(), account.service.identity().await?.into());
        if let Some(client) = &context.client {
            facts.insert("client".to_owned(), json!({"name": client.name, "session": client.session}));
            if let Some(caller) = &client.caller {
                facts.insert("caller".to_owned(), json!({"client": caller.client, "subject": caller.subject}));
            }
        }
        let new = NewJob { account: account.service.name().to_owned(), location: account.location.clone(), facts };
        let job = account.queue.store.create(new).await?;
        Ok(Self {
            account,
            job,
            on_duplicate: OnDuplicate::default(),
            batch: Vec::new(),
            number: 0,
            send: BTreeMap::new(),
            requests: 0,
            skipped: 0,
            invalid: 0,
            changed: 0,
            problems: Vec::new(),
            samples: Vec::new(),
            may_start_workflows: false,
            uncompared: 0,
            reads: 0,
            tables: HashMap::new(),
        })
    }

    /// Adds a row.
    ///
    /// # Errors
    /// Those of the account: what is wrong with one row is kept with it.
    pub(in super::super) async fn add(&mut self, row: PlanRow, context: &CallContext) -> Result<()> {
        self.batch.push(row);
        if self.batch.len() >= BATCH { self.check_batch(context).await } else { Ok(()) }
    }

    /// Deletes the plan.
    pub(in super::super) async fn discard(self) {
        if let Err(error) = self.account.queue.store.delete(&self.job).await {
            tracing::warn!("a plan that failed could not be removed: {}", error.message);
        }
    }

    /// Checks the rows that were added since the last check, and keeps them.
    pub(super) async fn check_batch(&mut self, context: &CallContext) -> Result<()> {
        let mut checked = Vec::with_capacity(self.batch.len());
        for row in std::mem::take(&mut self.batch) {
            context.bound(std::future::ready(())).await?;
            checked.push(self.check(row, context).await?);
        }
        self.find_duplicates(&mut checked).await?;
        self.find_known(&mut checked, context).await?;
        self.find_before(&mut checked, context).await?;
        self.count(&checked);
        let rows = checked.into_iter().map(|checked| checked.row).collect();
        context.report(&format!("{} rows planned", self.number));
        self.account.queue.store.append(&self.job, rows).await
    }

    /// Makes the call of one row.
    async fn check(&mut self, row: PlanRow, context: &CallContext) -> Result<Checked> {
        self.number += 1;
        let PlanRow { line, tool, arguments, source, before, problem } = row;
        let mut new = JobRow { number: self.number, line, tool, arguments, before, source, ..JobRow::default() };
        let call = match problem {
            Some(problem) => Err(problem),
            None => self.account.checked_row_call(&new.tool, new.arguments.clone(), context).await,
        };
        match call {
            Ok(call) => {
                new.key = self.account.service.row_key(&call);
                new.object = call.id.as_ref().map(ToString::to_string);
                Ok(Checked { row: new, call: Some(call) })
            }
            Err(error) if is_of_row(&error) => {
                let is_changed = error.details.contains_key("changed");
                new.state = if is_changed { RowState::Changed } else { RowState::Invalid };
                new.code = Some(if is_changed { CHANGED_BEFORE } else { error.code.as_str() }.to_owned());
                new.message = Some(error.message);
                Ok(Checked { row: new, call: None })
            }
            Err(error) => Err(error),
        }
    }

    fn count(&mut self, checked: &[Checked]) {
        for Checked { row, call } in checked {
            match (row.state, call) {
                (RowState::Waiting, Some(call)) => {
                    *self.send.entry(row.tool.clone()).or_default() += 1;
                    self.requests += self.requests_of(call, row);
                    self.may_start_workflows |= may_start_workflows(call);
                    if self.samples.len() < SAMPLES {
                        self.samples.push(sample(call, row));
                    }
                }
                (RowState::Skipped, _) => self.skipped += 1,
                (RowState::Changed, _) => self.changed += 1,
                _ => self.invalid += 1,
            }
            if row.state != RowState::Waiting && self.problems.len() < SHOWN {
                self.problems.push(problem(row));
            }
        }
    }

    /// How many requests a row's call takes.
    fn requests_of(&self, call: &Invocation, row: &JobRow) -> u64 {
        let parts = if call.spec.passthrough.is_some() { 1 } else { self.account.service.api().parts(call).len() };
        let reads = call.id.is_some() && (row.before.is_some() || self.account.service.reads_before());
        u64::try_from(parts).unwrap_or(1).max(1) + u64::from(reads)
    }
}

/// Whether an error is about one row, and not about the account.
pub(super) fn is_of_row(error: &Error) -> bool {
    matches!(error.code, Code::InvalidArguments | Code::TooLarge | Code::Conflict)
}

/// Whether the account's workflows may act on what a call changes.
fn may_start_workflows(call: &Invocation) -> bool {
    const TRIGGERS: [&str; 6] = ["tags", "addTags", "removeTags", "stage", "status", "pipelineStageId"];
    call.spec.effect == highlevel_catalog::Effect::Create || TRIGGERS.iter().any(|name| call.arguments.has(name))
}

/// A row as an example of the plan: from, to.
fn sample(call: &Invocation, row: &JobRow) -> Value {
    let to: Map<String, Value> = call
        .fields()
        .map(|(name, value)| {
            let value = if call.spec.is_sensitive(name) { highlevel_catalog::HIDDEN.into() } else { value.clone() };
            (name.to_owned(), value)
        })
        .collect();
    let sample = json!({"row": row.number, "id": row.object, "from": row.before, "to": to});
    let sample = super::super::members(sample).into_iter().filter(|(_, value)| !value.is_null()).collect::<Map<_, _>>();
    super::super::shortened(sample.into())
}

fn problem(row: &JobRow) -> Value {
    let problem = json!({"row": row.number, "line": row.line, "state": row.state.as_str(), "why": row.message});
    super::super::members(problem).into_iter().filter(|(_, value)| !value.is_null()).collect::<Map<_, _>>().into()
}
