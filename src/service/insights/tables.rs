//! Which tables a question is about.

use crate::service::AccountService;
use highlevel_core::{
    error::{Code, Error, Result},
    suggest::did_you_mean,
};
use highlevel_store::{Inclusion, TABLES, Table, TableState};

impl AccountService {
    /// The tables that the settings do not hide.
    pub fn readable_tables(&self) -> Vec<&'static Table> {
        TABLES.iter().filter(|table| !self.hides(table)).collect()
    }

    fn hides(&self, table: &Table) -> bool {
        self.rules.hidden_tables.iter().any(|(name, _)| *name == table.name)
    }

    /// The table of this name, its own or that of a table of parts.
    ///
    /// # Errors
    /// `policy_denied` for a hidden table; `invalid_arguments` naming the nearest for an unknown one.
    pub(super) fn table(&self, name: &str, field: &str) -> Result<&'static Table> {
        match Table::owning(name.trim()) {
            Some(table) if self.hides(table) => {
                let (name, tool) = (table.name, table.tool);
                let why = format!("{name} is hidden: this server's settings or its API leave out {tool}.");
                Err(Error::new(Code::PolicyDenied, why))
            }
            Some(table) => Ok(table),
            None => {
                let known: Vec<_> = self.readable_tables().iter().map(|table| table.name).collect();
                let hint = did_you_mean(name, known.iter().copied());
                Err(Error::invalid(field, format!("There is no table {name}.{hint} Tables: {}.", known.join(", "))))
            }
        }
    }

    /// The table that a question names; without a name, those that it includes.
    ///
    /// # Errors
    /// As [`table`](Self::table); `internal` when the state directory cannot be used.
    pub(super) async fn named_or_included(&self, name: Option<&str>) -> Result<Vec<&'static Table>> {
        if let Some(name) = name {
            return Ok(vec![self.table(name, "table")?]);
        }
        let states = self.mirroring.mirror().await?.states(self.readable_tables()).await?;
        Ok(states.into_iter().filter(|(table, state)| is_included(table, state)).map(|(table, _)| table).collect())
    }
}

/// Whether a question that names no table includes this one.
fn is_included(table: &Table, state: &TableState) -> bool {
    match table.inclusion {
        Inclusion::Always => true,
        Inclusion::OnceRead => state.complete_at.is_some(),
        Inclusion::IfNamed => false,
    }
}
