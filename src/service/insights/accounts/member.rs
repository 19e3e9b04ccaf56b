//! One account of a question over several: its tables' states, or why it is left out.

use super::super::{PartialTables, missing};
use crate::service::{AccountService, mirror::Mirroring};
use highlevel_core::{
    context::CallContext,
    error::{Code, Error, Result},
};
use highlevel_store::{Mirror, Missing, ShownAccount, Table, TableState, UnionAccount, UnionMirror};
use std::sync::Arc;

/// An account while a question is answered.
pub(super) struct Member<'a> {
    pub(super) name: &'a str,
    pub(super) service: &'a AccountService,
    pub(super) data: Result<Data, LeftOut>,
}

/// What is known of an account that can answer.
pub(super) struct Data {
    mirror: Arc<Mirror>,
    /// The name of the mirror's file in the file of all accounts.
    file: String,
    /// The states of the tables that the statement reads.
    pub(super) states: Vec<(&'static Table, TableState)>,
}

/// Why an account cannot answer.
#[derive(Debug)]
pub(super) struct LeftOut {
    /// The table that it lacks, if it is one.
    pub(super) missing: Option<Missing>,
    /// The error, if no account can answer.
    pub(super) error: Error,
}

impl LeftOut {
    /// Why, in a sentence.
    pub(super) fn why(&self) -> &str {
        self.missing.as_ref().map_or(&self.error.message, |missing| &missing.why)
    }
}

impl From<Error> for LeftOut {
    fn from(error: Error) -> Self {
        Self { missing: None, error }
    }
}

impl<'a> Member<'a> {
    /// The account, if its settings hide none of the tables.
    pub(super) async fn open(name: &'a str, service: &'a AccountService, tables: &[&'static Table]) -> Self {
        let is_read = |(hidden, _): &&(&str, &str)| tables.iter().any(|table| table.name == *hidden);
        let data = match service.rules.hidden_tables.iter().find(is_read) {
            Some((table, tool)) => Err(hidden(table, tool)),
            None => match service.mirroring.mirror().await {
                Ok(mirror) => Ok(Data { mirror: Arc::clone(mirror), file: String::new(), states: Vec::new() }),
                Err(error) => Err(error.into()),
            },
        };
        Self { name, service, data }
    }

    pub(super) fn mirroring(&self) -> &Arc<Mirroring> {
        &self.service.mirroring
    }

    /// The account's mirror, if it is not left out.
    pub(super) fn mirror(&self) -> Option<&Arc<Mirror>> {
        self.data.as_ref().ok().map(|data| &data.mirror)
    }

    /// The states of its tables; none if it is left out.
    pub(super) fn states(&self) -> &[(&'static Table, TableState)] {
        self.data.as_ref().map_or(&[], |data| &data.states)
    }

    /// Leaves the account out if one of its tables was never read in full. An incomplete table may be enough.
    pub(super) fn check(&mut self, partial: PartialTables) {
        let Some(error) = self.service.not_ready(self.states(), partial) else { return };
        let lacks = |(_, state): &&(&Table, TableState)| {
            state.complete_at.is_none() && !(partial == PartialTables::Used && state.partial())
        };
        let missing = self.states().iter().find(lacks).map(|(table, state)| self.lacks(table, state));
        self.data = Err(LeftOut { missing, error });
    }

    /// Why a table cannot be used, in few words.
    fn lacks(&self, table: &Table, state: &TableState) -> Missing {
        if let Some(missing) = missing(state).next() {
            return missing;
        }
        let why = self.service.first_scan_progress(table, state);
        let why = why.unwrap_or_else(|| format!("{} is not read yet.", table.name));
        Missing { table: table.name.to_owned(), why, scope: None }
    }

    /// What a statement sees of the account; nothing if it is left out.
    pub(super) fn shown(&self) -> Option<ShownAccount> {
        let data = self.data.as_ref().ok()?;
        let tables = data.states.iter().map(|(table, _)| table.name.to_owned()).collect();
        Some(ShownAccount { name: self.name.to_owned(), mirror: data.file.clone(), tables })
    }
}

/// Folds in what changed in the mirrors of these members, and takes over the states of their tables.
pub(super) async fn fold(
    union: &UnionMirror,
    members: &mut [Member<'_>],
    tables: &[&'static Table],
    context: &CallContext,
    is_asked: impl Fn(usize) -> bool,
) -> Result<()> {
    let asked = members.iter_mut().enumerate().filter(|(at, member)| is_asked(*at) && member.data.is_ok());
    let asked: Vec<_> = asked.map(|(_, member)| member).collect();
    let accounts = asked.iter().filter_map(|member| Some(account(member.name, member.mirror()?))).collect();
    let folded = context.bound(union.fold(accounts, tables)).await??;
    for (member, folded) in asked.into_iter().zip(folded) {
        let states = match folded.states {
            Ok(states) => states,
            Err(error) => {
                member.data = Err(error.into());
                continue;
            }
        };
        let state = |table: &&'static Table| {
            let known = states.iter().find(|(known, _)| known.name == table.name);
            (*table, known.map(|(_, state)| state.clone()).unwrap_or_default())
        };
        if let Ok(data) = &mut member.data {
            (data.file, data.states) = (folded.mirror, tables.iter().map(state).collect());
        }
    }
    Ok(())
}

/// An account's mirror as the file of all accounts takes it.
pub(super) fn account(name: &str, mirror: &Mirror) -> UnionAccount {
    UnionAccount { name: name.to_owned(), mirror: mirror.path().to_owned() }
}

fn hidden(table: &str, tool: &str) -> LeftOut {
    let why = format!("{table} is hidden: this account's settings or its API leave out {tool}.");
    let error = Error::new(Code::PolicyDenied, why.clone());
    LeftOut { missing: Some(Missing { table: table.to_owned(), why, scope: None }), error }
}
