//! The making of a plan: its rows are checked, compared with the account, and kept as a job that nobody agreed to yet.

use super::super::super::Account;
use crate::service::replaced_by;
use highlevel_catalog::{Invocation, Operation, bulk::OnDuplicate, contacts::UpdateContact};
use highlevel_core::{
    context::CallContext,
    error::{Code, Error, Result},
};
use highlevel_store::{NewJob, NewRow, RowState, Table};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The rows that are checked together.
const BATCH: usize = 500;

/// The most objects that a plan reads one by one, where the mirror has no table of them.
const MOST_READS: u64 = 200;

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
    reads: u64,
    /// The mirror's tables by tool, once they are fresh.
    tables: HashMap<String, Option<&'static Table>>,
}

/// A row that became a call.
struct Checked {
    row: NewRow,
    call: Option<Invocation>,
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
        let mut new = NewRow {
            number: self.number,
            line,
            state: RowState::Waiting,
            tool,
            arguments,
            key: None,
            object: None,
            before,
            source,
            code: None,
            message: None,
        };
        let call = match problem {
            Some(problem) => Err(problem),
            None => self.call(&new, context).await,
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

    async fn call(&self, row: &NewRow, context: &CallContext) -> Result<Invocation> {
        let call = self.account.row_call(&row.tool, row.arguments.clone(), context).await?;
        self.account.service.check_names(&call, context).await?;
        Ok(call)
    }

    /// Leaves out rows that would create, or overwrite, what an earlier row does.
    async fn find_duplicates(&self, checked: &mut [Checked]) -> Result<()> {
        let keys = checked.iter().filter_map(|checked| checked.row.key.clone()).collect();
        let mut first: HashMap<String, u64> =
            self.account.queue.store.rows_with_keys(&self.job, keys).await?.into_iter().collect();
        for Checked { row, call } in checked.iter_mut() {
            let (Some(call), Some(key)) = (call.as_ref(), row.key.clone()) else { continue };
            let Some(earlier) = first.get(&key) else {
                first.insert(key, row.number);
                continue;
            };
            let overwrites = call.id.is_some() && !replaced_by(call, &Map::new()).is_empty();
            let creates = call.id.is_none() && self.on_duplicate != OnDuplicate::Create;
            if overwrites || creates {
                row.state = RowState::Skipped;
                row.code = Some("duplicate".to_owned());
                row.message = Some(format!("Row {earlier} is about the same object."));
            }
        }
        Ok(())
    }

    /// Finds the contacts that exist already, and does with their rows what the caller wants.
    async fn find_known(&mut self, checked: &mut [Checked], context: &CallContext) -> Result<()> {
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

    /// Finds the values that updates would replace: in the mirror, or one by one where it has no table of such objects.
    async fn find_before(&mut self, checked: &mut [Checked], context: &CallContext) -> Result<()> {
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
        row: &mut NewRow,
        context: &CallContext,
    ) -> Result<Option<Map<String, Value>>> {
        if self.reads >= MOST_READS || call.spec.passthrough.is_some() {
            return Ok(None);
        }
        self.reads += 1;
        let read = context.clone().in_bulk();
        match self.account.service.prepare(call.clone(), true, &read).await {
            Ok(prepared) => Ok(prepared.object.map(super::super::members)),
            Err(error) if is_of_row(&error) || error.code == Code::NotFound => {
                row.state = RowState::Invalid;
                row.code = Some(error.code.as_str().to_owned());
                row.message = Some(error.message);
                Ok(None)
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
    fn requests_of(&self, call: &Invocation, row: &NewRow) -> u64 {
        let parts = if call.spec.passthrough.is_some() { 1 } else { self.account.service.api().parts(call).len() };
        let reads = call.id.is_some() && (row.before.is_some() || self.account.service.reads_before());
        u64::try_from(parts).unwrap_or(1).max(1) + u64::from(reads)
    }
}

/// Whether an error is about one row, and not about the account.
fn is_of_row(error: &Error) -> bool {
    matches!(error.code, Code::InvalidArguments | Code::TooLarge | Code::Conflict)
}

/// The update of a contact that exists already: tags are added, and what identified it stays.
fn update_of(create: &Map<String, Value>, id: &str, field: &str) -> Map<String, Value> {
    let mut update = Map::from_iter([("id".to_owned(), id.into())]);
    for (name, value) in create.iter().filter(|(name, _)| *name != field) {
        update.insert(if name == "tags" { "addTags".to_owned() } else { name.clone() }, value.clone());
    }
    update
}

/// Whether the account's workflows may act on what a call changes.
fn may_start_workflows(call: &Invocation) -> bool {
    const TRIGGERS: [&str; 6] = ["tags", "addTags", "removeTags", "stage", "status", "pipelineStageId"];
    call.spec.effect == highlevel_catalog::Effect::Create || TRIGGERS.iter().any(|name| call.arguments.has(name))
}

/// A row as an example of the plan: from, to.
fn sample(call: &Invocation, row: &NewRow) -> Value {
    let to: Map<String, Value> = call
        .fields()
        .map(|(name, value)| {
            let value = if call.spec.is_sensitive(name) { highlevel_catalog::HIDDEN.into() } else { value.clone() };
            (name.to_owned(), value)
        })
        .collect();
    let sample = json!({"row": row.number, "id": row.object, "from": row.before, "to": to});
    super::super::members(sample).into_iter().filter(|(_, value)| !value.is_null()).collect::<Map<_, _>>().into()
}

fn problem(row: &NewRow) -> Value {
    let problem = json!({"row": row.number, "line": row.line, "state": row.state.as_str(), "why": row.message});
    super::super::members(problem).into_iter().filter(|(_, value)| !value.is_null()).collect::<Map<_, _>>().into()
}
