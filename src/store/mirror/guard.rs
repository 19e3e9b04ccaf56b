//! Who keeps watch while somebody else's statement is on a connection: SQLite's authorizer, which is asked about all that
//! a statement would do before it does it.

use super::schema::{Table, readable};
use crate::{
    crm::did_you_mean,
    error::{Code, Error},
};
use rusqlite::{
    Connection,
    hooks::{AuthAction, AuthContext, Authorization},
};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What no statement needs: they reach out of the database, or into it.
const FORBIDDEN: &[&str] = &["load_extension", "fts3_tokenizer", "fts5"];

/// Tables that SQLite makes out of a value.
const OF_VALUES: &[&str] = &["json_each", "json_tree"];

/// The column that is money, and the one that says in which currency.
pub(super) const MONEY: (&str, &str, &str) = ("opportunities", "value", "currency");

/// What adds up.
const SUMS: &[&str] = &["sum", "total", "avg"];

/// What the authorizer saw of a statement.
#[derive(Debug, Default)]
struct Seen {
    /// Tables that it may not read, and the tool that is hidden with each.
    hidden: Vec<(&'static str, &'static str)>,
    tables: Vec<&'static Table>,
    sums: bool,
    money: bool,
    refused: Option<Error>,
}

impl Seen {
    fn saw(&self, table: &Table) -> bool {
        self.tables.iter().any(|seen| seen.name == table.name)
    }
}

/// A connection's guard. It is set once: to set an authorizer is to have SQLite prepare every statement anew, this
/// server's own too.
#[derive(Debug, Clone, Default)]
pub(super) struct Guard(Arc<Mutex<Option<Seen>>>);

impl Guard {
    /// The guard of this connection, which lets everything pass until it is told to watch.
    pub(super) fn of(db: &mut Connection) -> rusqlite::Result<Self> {
        let guard = Self::default();
        let watching = guard.clone();
        db.authorizer(Some(move |context: AuthContext<'_>| match &mut *watching.lock() {
            Some(seen) => authorize(seen, &context.action),
            None => Authorization::Allow,
        }))?;
        Ok(guard)
    }

    /// From here on somebody else's statement is on the connection, until the watch is dropped.
    pub(super) fn watch(&self, hidden: &[(&'static str, &'static str)]) -> Watch<'_> {
        *self.lock() = Some(Seen { hidden: hidden.to_vec(), ..Seen::default() });
        Watch(self)
    }

    fn lock(&self) -> MutexGuard<'_, Option<Seen>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A watch that goes on: a statement may be prepared anew while it runs.
#[derive(Debug)]
pub(super) struct Watch<'a>(&'a Guard);

impl Watch<'_> {
    /// Whether the statement reads this table, or one of its parts.
    pub(super) fn saw(&self, table: &Table) -> bool {
        self.0.lock().as_ref().is_some_and(|seen| seen.saw(table))
    }

    /// Whether it adds up money.
    pub(super) fn saw_money_added(&self) -> bool {
        self.0.lock().as_ref().is_some_and(|seen| seen.sums && seen.money)
    }

    /// Why the statement was refused, if it was.
    pub(super) fn refused(&self) -> Option<Error> {
        self.0.lock().as_mut().and_then(|seen| seen.refused.take())
    }
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        *self.0.lock() = None;
    }
}

fn authorize(seen: &mut Seen, action: &AuthAction<'_>) -> Authorization {
    let refusal = match action {
        AuthAction::Select | AuthAction::Recursive => None,
        AuthAction::Function { function_name } => {
            seen.sums |= SUMS.iter().any(|name| name.eq_ignore_ascii_case(function_name));
            let forbidden = FORBIDDEN.iter().any(|name| name.eq_ignore_ascii_case(function_name));
            forbidden.then(|| Error::invalid("sql", format!("The function {function_name} is not available.")))
        }
        AuthAction::Read { table_name, .. } if OF_VALUES.contains(table_name) => None,
        AuthAction::Read { table_name, column_name } => match Table::owning(table_name) {
            Some(table) => {
                if !seen.saw(table) {
                    seen.tables.push(table);
                }
                seen.money |= *table_name == MONEY.0 && *column_name == MONEY.1;
                seen.hidden.iter().find(|(hidden, _)| *hidden == table.name).map(|(_, tool)| {
                    let said = format!("{table_name} is hidden, as {tool} is by this server's settings.");
                    Error::new(Code::PolicyDenied, said)
                })
            }
            // A name of the statement's own, of which no column is read. What it stands for is looked at by itself.
            None if column_name.is_empty() && !is_ours(table_name) => None,
            None => Some(no_table(table_name)),
        },
        AuthAction::Pragma { .. } => Some(refuse("PRAGMA")),
        AuthAction::Attach { .. } | AuthAction::Detach { .. } => Some(refuse("ATTACH and DETACH")),
        _ => Some(only_reading()),
    };
    match refusal {
        None => Authorization::Allow,
        Some(error) => {
            seen.refused.get_or_insert(error);
            Authorization::Deny
        }
    }
}

/// Whether it is a table of the file that is not for reading: the mirror's own books, and SQLite's.
fn is_ours(name: &str) -> bool {
    const BOOKS: [&str; 6] = ["scans", "scanning", "touched", "changes", "searchable", "dbstat"];
    const OF_SQLITE: [&str; 4] = ["sqlite_", "pragma_", "search", "fts5"];
    BOOKS.contains(&name) || OF_SQLITE.iter().any(|beginning| name.starts_with(beginning))
}

fn refuse(what: &str) -> Error {
    Error::invalid("sql", format!("{what} cannot be used here: one SELECT over the mirror's tables."))
}

pub(super) fn only_reading() -> Error {
    Error::invalid("sql", "Only one SELECT is run here; nothing can be written. The account's own tools write.")
}

pub(super) fn no_table(name: &str) -> Error {
    let tables: Vec<_> = readable().map(|(name, _)| name).collect();
    let hint = did_you_mean(name, tables.iter().copied());
    Error::invalid("sql", format!("There is no table {name}.{hint} Tables: {}.", tables.join(", ")))
}
