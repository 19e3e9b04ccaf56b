//! The authorizer of a connection that runs strangers' statements: SQLite reports each table, function and action of a
//! statement while it prepares it, with its names resolved.

use super::{
    names::Names,
    schema::{ColumnKind, Table, readable},
    union,
};
use highlevel_core::error::{Code, Error, Result};
use highlevel_core::suggest::did_you_mean;
use rusqlite::{
    Connection,
    hooks::{AuthAction, AuthContext, Authorization},
};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What no statement needs: they reach out of the database, or into it.
const FORBIDDEN: &[&str] = &["load_extension", "fts3_tokenizer", "fts5"];

/// Tables that SQLite makes out of a value.
const OF_VALUES: &[&str] = &["json_each", "json_tree", "jsonb_each", "jsonb_tree"];

/// The column that says in which currency a row's money is.
pub(super) const CURRENCY: &str = "currency";

/// The functions that add up.
pub(super) const SUMS: &[&str] = &["sum", "total", "avg"];

/// What the authorizer saw of a statement.
#[derive(Debug, Default)]
struct Seen {
    hidden: Vec<String>,
    tables: Vec<&'static Table>,
    /// Number columns that it reads, which may hold texts.
    numbers: Vec<(&'static str, &'static str)>,
    /// Names of which it reads no column. SQLite reports them as they are written, and reports the names of the
    /// statement's own WITH terms in the same way.
    doubtful: Vec<String>,
    sums: bool,
    /// Tables of which it reads money.
    money: Vec<&'static Table>,
    currency: bool,
    refused: Option<Error>,
}

impl Seen {
    fn saw(&self, table: &Table) -> bool {
        self.tables.iter().any(|seen| seen.name == table.name)
    }

    /// The statement reads this table. The refusal, if it may not.
    fn read(&mut self, table: &'static Table) -> Option<Error> {
        if !self.saw(table) {
            self.tables.push(table);
        }
        self.hidden.iter().any(|hidden| hidden == table.name).then(|| {
            let (name, tool) = (table.name, table.tool);
            Error::new(
                Code::PolicyDenied,
                format!("{name} is hidden: this server's settings or its API leave out {tool}."),
            )
        })
    }

    fn read_column(&mut self, table: &'static Table, name: &str, column: &str) {
        if name == table.name {
            self.currency |= column == CURRENCY && !table.money.is_empty();
            let is_known = self.money.iter().any(|known| known.name == name);
            if table.money.contains(&column) && !is_known {
                self.money.push(table);
            }
        }
        let number = table.columns.iter().find(|known| known.kind == ColumnKind::Number && known.name == column);
        if let Some(number) = number.filter(|number| name == table.name && !self.has_number(table, number.name)) {
            self.numbers.push((table.name, number.name));
        }
    }

    fn has_number(&self, table: &Table, column: &str) -> bool {
        self.numbers.contains(&(table.name, column))
    }
}

/// A connection's guard. It is set once: setting an authorizer makes SQLite prepare every statement again, this
/// server's own too.
#[derive(Debug, Clone)]
pub(super) struct Authorizer {
    seen: Arc<Mutex<Option<Seen>>>,
    names: Arc<Names>,
}

/// Decides about one action of a statement.
type Decide = fn(&mut Seen, &Names, &AuthContext<'_>) -> Authorization;

impl Authorizer {
    /// The guard of this connection. It allows everything until it watches.
    pub(super) fn of(db: &mut Connection) -> rusqlite::Result<Self> {
        Self::set(db, authorize)
    }

    /// The guard of a connection to the file of all accounts: its tables are read through the views.
    pub(super) fn of_views(db: &mut Connection) -> rusqlite::Result<Self> {
        Self::set(db, authorize_views)
    }

    fn set(db: &mut Connection, decide: Decide) -> rusqlite::Result<Self> {
        let guard = Self { seen: Arc::default(), names: Arc::new(Names::of(db)?) };
        let watching = guard.clone();
        db.authorizer(Some(move |context: AuthContext<'_>| match &mut *watching.lock() {
            Some(seen) => decide(seen, &watching.names, &context),
            None => Authorization::Allow,
        }))?;
        Ok(guard)
    }

    /// From here on a stranger's statement is on the connection, until the watch is dropped.
    pub(super) fn watch(&self, hidden: &[String]) -> Watch<'_> {
        *self.lock() = Some(Seen { hidden: hidden.to_vec(), ..Seen::default() });
        Watch(self)
    }

    fn lock(&self) -> MutexGuard<'_, Option<Seen>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A watch that goes on: SQLite may prepare a statement again while it runs.
#[derive(Debug)]
pub(super) struct Watch<'a>(&'a Authorizer);

impl Watch<'_> {
    /// Looks at the tables that the statement opens, once it is prepared. That tells tables from WITH terms of the same
    /// name, and shows tables of which the statement reads only columns that USING or NATURAL join by: SQLite does not
    /// report these.
    ///
    /// # Errors
    /// As for any other table: `policy_denied` for a hidden one, `invalid_arguments` for an internal one.
    pub(super) fn settle(&self, db: &Connection, sql: &str) -> Result<()> {
        let lower = sql.to_ascii_lowercase();
        let is_unclear = ["with", "using", "natural"].iter().any(|word| lower.contains(word));
        let opened = if is_unclear { self.0.names.opened(db, sql) } else { None };
        let doubtful = self.0.lock().as_mut().map(|seen| std::mem::take(&mut seen.doubtful)).unwrap_or_default();
        let is_open = |name: &String| opened.as_ref().is_none_or(|opened| opened.contains(&name.to_ascii_lowercase()));
        let read = doubtful.iter().filter(|name| is_open(name)).chain(opened.iter().flatten());
        for name in read {
            let refused = match Table::owning(name) {
                Some(table) => self.0.lock().as_mut().and_then(|seen| seen.read(table)),
                None => Some(no_table(name, &self.hidden())),
            };
            if let Some(error) = refused {
                return Err(error);
            }
        }
        Ok(())
    }

    fn hidden(&self) -> Vec<String> {
        self.0.lock().as_ref().map(|seen| seen.hidden.clone()).unwrap_or_default()
    }

    /// Whether the statement reads this table, or one of its parts.
    pub(super) fn saw(&self, table: &Table) -> bool {
        self.0.lock().as_ref().is_some_and(|seen| seen.saw(table))
    }

    /// The tables whose money it may add up, and whether it reads currencies too. `None` if it adds up none.
    pub(super) fn saw_money_added(&self) -> Option<(Vec<&'static Table>, bool)> {
        let seen = self.0.lock();
        let seen = seen.as_ref().filter(|seen| seen.sums && !seen.money.is_empty())?;
        Some((seen.money.clone(), seen.currency))
    }

    /// The number columns that it reads.
    pub(super) fn numbers(&self) -> Vec<(&'static str, &'static str)> {
        self.0.lock().as_ref().map(|seen| seen.numbers.clone()).unwrap_or_default()
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

/// Decides about an action of a statement that the outline has allowed. Only a view reads a table, and only its own.
fn authorize_views(seen: &mut Seen, names: &Names, context: &AuthContext<'_>) -> Authorization {
    let AuthAction::Read { table_name, column_name } = context.action else { return authorize(seen, names, context) };
    let is_allowed = match context.accessor {
        _ if is_one_of(OF_VALUES, table_name) => true,
        // SQLite reports a merged view of which the statement reads no column without the view's name.
        _ if column_name.is_empty() && readable().any(|(view, _)| union::is_read_by(table_name, view)) => true,
        Some(view) if union::is_read_by(table_name, view) => Table::owning(view).is_some(),
        _ => Table::owning(table_name).is_some(),
    };
    let refusal = (!is_allowed).then(|| no_table(table_name, &seen.hidden));
    decided(seen, refusal)
}

fn authorize(seen: &mut Seen, names: &Names, context: &AuthContext<'_>) -> Authorization {
    let refusal = match context.action {
        AuthAction::Select | AuthAction::Recursive => None,
        AuthAction::Function { function_name } => {
            seen.sums |= is_one_of(SUMS, function_name);
            is_one_of(FORBIDDEN, function_name)
                .then(|| Error::invalid("sql", format!("The function {function_name} is not available.")))
        }
        AuthAction::Read { table_name, .. } if is_one_of(OF_VALUES, table_name) => None,
        AuthAction::Read { table_name, column_name: "" } if context.database_name.is_none() => {
            if names.is_table(table_name) {
                seen.doubtful.push(table_name.to_owned());
                None
            } else {
                names.is_built_in(table_name).then(|| no_table(table_name, &seen.hidden))
            }
        }
        AuthAction::Read { table_name, column_name } => match Table::owning(table_name) {
            Some(table) => {
                seen.read_column(table, table_name, column_name);
                seen.read(table)
            }
            None => Some(no_table(table_name, &seen.hidden)),
        },
        AuthAction::Pragma { .. } => Some(refuse("PRAGMA")),
        AuthAction::Attach { .. } | AuthAction::Detach { .. } => Some(refuse("ATTACH and DETACH")),
        _ => Some(only_reading()),
    };
    decided(seen, refusal)
}

fn decided(seen: &mut Seen, refusal: Option<Error>) -> Authorization {
    match refusal {
        None => Authorization::Allow,
        Some(error) => {
            seen.refused.get_or_insert(error);
            Authorization::Deny
        }
    }
}

fn is_one_of(names: &[&str], name: &str) -> bool {
    names.iter().any(|known| known.eq_ignore_ascii_case(name))
}

fn refuse(what: &str) -> Error {
    Error::invalid("sql", format!("{what} cannot be used here: one SELECT over the mirror's tables."))
}

pub(super) fn only_reading() -> Error {
    Error::invalid("sql", "Only one SELECT is run here; nothing can be written. The account's own tools write.")
}

/// The error for a table that is none, with those that are not `hidden`.
pub(super) fn no_table(name: &str, hidden: &[String]) -> Error {
    let is_hidden =
        |name: &&str| Table::owning(name).is_some_and(|table| hidden.iter().any(|known| known == table.name));
    let tables: Vec<_> = readable().map(|(name, _)| name).filter(|name| !is_hidden(name)).collect();
    let hint = match where_it_is(name) {
        Some(hint) => format!(" {hint}"),
        None => did_you_mean(name, tables.iter().copied()),
    };
    Error::invalid("sql", format!("There is no table {name}.{hint} Tables: {}.", tables.join(", ")))
}

/// Where what people call so is to be found.
fn where_it_is(name: &str) -> Option<&'static str> {
    Some(match name.to_ascii_lowercase().as_str() {
        "notes" | "contact_notes" => {
            "HighLevel lists notes only contact by contact, so no table has them: list_notes reads those of one contact."
        }
        "calls" | "emails" | "sms" | "texts" => "They are in messages, by type.",
        "deals" => "Deals are in opportunities.",
        "events" | "meetings" | "bookings" => "They are in appointments.",
        "payments" | "charges" | "refunds" => "They are in transactions.",
        "todos" | "reminders" => "They are in tasks.",
        "companies" | "businesses" => "A contact's company is its companyName.",
        "stages" => "They are in pipeline_stages, and a deal's stage is its stage in opportunities.",
        "tags" => "They are in contact_tags and opportunity_tags.",
        _ => return None,
    })
}
