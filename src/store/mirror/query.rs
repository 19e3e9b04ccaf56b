//! One statement of somebody else's SQL: only reading, only the mirror's tables, and bounded in time, memory and rows.

use super::{
    Mirror,
    scans::{self, State},
    schema::{TABLES, Table, readable},
};
use crate::{
    crm::{did_you_mean, nearest},
    error::{Code, Error, Result},
};
use rusqlite::{
    Connection, ErrorCode, Statement,
    hooks::{AuthAction, AuthContext, Authorization},
    limits::Limit,
    params_from_iter,
    types::{Value as Cell, ValueRef},
};
use serde_json::Value;
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};
use tokio_util::sync::CancellationToken;

/// How long one statement may run.
pub const TIME_LIMIT: Duration = Duration::from_secs(5);

/// The longest statement, in bytes.
const LONGEST: usize = 64 * 1024;

/// The longest text that a statement may make, in bytes.
const LONGEST_TEXT: i32 = 1_000_000;

/// How often the clock is looked at, in steps of SQLite's machine.
const STEPS: i32 = 2_000;

/// What no statement needs: they reach out of the database, or into it.
const FORBIDDEN: &[&str] = &["load_extension", "fts3_tokenizer", "fts5"];

/// Tables that SQLite makes out of a value.
const OF_VALUES: &[&str] = &["json_each", "json_tree"];

/// The column that is money, and the one that says in which currency.
const MONEY: (&str, &str, &str) = ("opportunities", "value", "currency");

/// What adds up.
const SUMS: &[&str] = &["sum", "total", "avg"];

/// A statement to run.
#[derive(Debug, Clone)]
pub struct Query {
    /// The statement.
    pub sql: String,
    /// Its parameters, in order.
    pub params: Vec<Cell>,
    /// Tables that it may not read, and the tool that is hidden with each.
    pub hidden: Vec<(&'static str, &'static str)>,
    /// The most rows.
    pub most_rows: usize,
    /// About the most bytes of JSON.
    pub most_bytes: usize,
    /// Set when nobody wants the answer any more.
    pub cancel: CancellationToken,
}

/// What a statement would read.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// The tables.
    pub tables: Vec<&'static Table>,
    /// Whether it adds up money.
    pub adds_money: bool,
}

/// What a statement gave.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The names of the columns.
    pub columns: Vec<String>,
    /// The rows.
    pub rows: Vec<Vec<Value>>,
    /// Whether there were more.
    pub more: bool,
    /// What is known of each table that was read, as of the same moment.
    pub states: Vec<(&'static Table, State)>,
    /// The currencies of a column that was added up, if there are several.
    pub currencies: Vec<String>,
}

/// What the authorizer saw.
#[derive(Debug, Default)]
struct Seen {
    tables: Vec<&'static str>,
    sums: bool,
    money: bool,
    refused: Option<Error>,
}

impl Seen {
    fn plan(&self) -> Plan {
        let reads = |table: &&Table| {
            self.tables.iter().any(|name| Table::owning(name).is_some_and(|owner| owner.name == table.name))
        };
        Plan { tables: TABLES.iter().filter(reads).collect(), adds_money: self.sums && self.money }
    }
}

impl Mirror {
    /// Reads a statement without running it.
    ///
    /// # Errors
    /// `invalid_arguments` saying what is wrong and, where a name is, the nearest; `policy_denied` for a hidden table.
    pub async fn plan(&self, query: &Query) -> Result<Plan> {
        let query = query.clone();
        self.reading(move |db| guarded(db, &query, |_, _, plan| Ok(plan))).await
    }

    /// Runs a statement.
    ///
    /// # Errors
    /// As [`Mirror::plan`]; `timeout` after [`TIME_LIMIT`]; `too_large` for what takes too much memory.
    pub async fn query(&self, query: Query) -> Result<Answer> {
        self.reading(move |db| {
            let fault = |fault| wrong(&query.sql, &fault);
            // Rows and what is said of them are of one moment.
            db.execute_batch("BEGIN").map_err(fault)?;
            let answer = run(db, &query);
            let ended = db.execute_batch("COMMIT").map_err(fault);
            let answer = answer?;
            ended?;
            Ok(answer)
        })
        .await
    }
}

/// The bounds of a connection that runs others' statements.
pub(super) fn bound(db: &Connection) -> rusqlite::Result<()> {
    for (limit, most) in [
        (Limit::SQLITE_LIMIT_LENGTH, LONGEST_TEXT),
        (Limit::SQLITE_LIMIT_SQL_LENGTH, i32::try_from(LONGEST).unwrap_or(i32::MAX)),
        (Limit::SQLITE_LIMIT_COLUMN, 500),
        (Limit::SQLITE_LIMIT_EXPR_DEPTH, 200),
        (Limit::SQLITE_LIMIT_COMPOUND_SELECT, 50),
        (Limit::SQLITE_LIMIT_VDBE_OP, 100_000),
        (Limit::SQLITE_LIMIT_FUNCTION_ARG, 100),
        (Limit::SQLITE_LIMIT_ATTACHED, 0),
        (Limit::SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 1_000),
        (Limit::SQLITE_LIMIT_VARIABLE_NUMBER, 1_000),
        (Limit::SQLITE_LIMIT_WORKER_THREADS, 0),
    ] {
        db.set_limit(limit, most)?;
    }
    Ok(())
}

fn run(db: &mut Connection, query: &Query) -> Result<Answer> {
    let ((columns, rows, more), plan) =
        guarded(db, query, |statement, query, plan| Ok((fetch(statement, query)?, plan)))?;
    let fault = |fault| wrong(&query.sql, &fault);
    let states = scans::states(db, &plan.tables).map_err(fault)?;
    let currencies = if plan.adds_money { currencies(db).map_err(fault)? } else { Vec::new() };
    let currencies = if currencies.len() > 1 { currencies } else { Vec::new() };
    Ok(Answer { columns, rows, more, states, currencies })
}

/// Prepares the statement under the authorizer and the clock, and does `work` with it.
fn guarded<T>(
    db: &mut Connection,
    query: &Query,
    work: impl FnOnce(&mut Statement<'_>, &Query, Plan) -> Result<T>,
) -> Result<T> {
    if query.sql.len() > LONGEST {
        return Err(Error::invalid(
            "sql",
            format!("A statement may have {LONGEST} bytes, this one has {}.", query.sql.len()),
        ));
    }
    let seen = Arc::new(Mutex::new(Seen::default()));
    let lock = || seen.lock().unwrap_or_else(PoisonError::into_inner);
    let fault = |fault| wrong(&query.sql, &fault);
    let (watching, hidden) = (Arc::clone(&seen), query.hidden.clone());
    db.authorizer(Some(move |context: AuthContext<'_>| {
        authorize(&mut watching.lock().unwrap_or_else(PoisonError::into_inner), &hidden, &context.action)
    }))
    .map_err(fault)?;
    let (until, cancel) = (Instant::now() + TIME_LIMIT, query.cancel.clone());
    db.progress_handler(STEPS, Some(move || Instant::now() >= until || cancel.is_cancelled())).map_err(fault)?;
    let done = match db.prepare(&query.sql) {
        Ok(statement) if !statement.readonly() => Err(only_reading()),
        Ok(mut statement) => {
            // Not held while the statement runs: it may be prepared anew then.
            let plan = lock().plan();
            work(&mut statement, query, plan)
        }
        Err(error) => Err(lock().refused.take().unwrap_or_else(|| wrong(&query.sql, &error))),
    };
    // Before anything else runs on this connection.
    let open = db.authorizer(None::<fn(AuthContext<'_>) -> Authorization>);
    let open = open.and_then(|()| db.progress_handler(0, None::<fn() -> bool>));
    open.map_err(fault)?;
    done
}

fn authorize(seen: &mut Seen, hidden: &[(&'static str, &'static str)], action: &AuthAction<'_>) -> Authorization {
    let refusal = match action {
        AuthAction::Select | AuthAction::Recursive => None,
        AuthAction::Function { function_name } => {
            seen.sums |= SUMS.iter().any(|name| name.eq_ignore_ascii_case(function_name));
            let forbidden = FORBIDDEN.iter().any(|name| name.eq_ignore_ascii_case(function_name));
            forbidden.then(|| Error::invalid("sql", format!("The function {function_name} is not available.")))
        }
        AuthAction::Read { table_name, .. } if OF_VALUES.contains(table_name) => None,
        AuthAction::Read { table_name, column_name } => match readable().find(|(name, _)| name == table_name) {
            Some((name, _)) => {
                let owner = Table::owning(name).map_or(name, |table| table.name);
                if !seen.tables.contains(&name) {
                    seen.tables.push(name);
                }
                seen.money |= name == MONEY.0 && *column_name == MONEY.1;
                hidden.iter().find(|(table, _)| *table == owner).map(|(_, tool)| {
                    Error::new(Code::PolicyDenied, format!("{name} is hidden, as {tool} is by this server's settings."))
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

fn only_reading() -> Error {
    Error::invalid("sql", "Only one SELECT is run here; nothing can be written. The account's own tools write.")
}

fn no_table(name: &str) -> Error {
    let tables: Vec<_> = readable().map(|(name, _)| name).collect();
    let hint = did_you_mean(name, tables.iter().copied());
    Error::invalid("sql", format!("There is no table {name}.{hint} Tables: {}.", tables.join(", ")))
}

type Fetched = (Vec<String>, Vec<Vec<Value>>, bool);

fn fetch(statement: &mut Statement<'_>, query: &Query) -> Result<Fetched> {
    let wanted = statement.parameter_count();
    if wanted != query.params.len() {
        let given = query.params.len();
        return Err(Error::invalid(
            "params",
            format!("The statement has {wanted} parameters (?), and {given} were given."),
        ));
    }
    let fault = |fault| wrong(&query.sql, &fault);
    let columns: Vec<String> = statement.column_names().map(str::to_owned).collect();
    let mut found = statement.query(params_from_iter(&query.params)).map_err(fault)?;
    let (mut rows, mut bytes) = (Vec::new(), 0);
    while let Some(row) = found.next().map_err(fault)? {
        let cells = (0..columns.len()).map(|at| row.get_ref(at).map(|cell| value(cell, &mut bytes)));
        let cells = cells.collect::<rusqlite::Result<Vec<_>>>().map_err(fault)?;
        // The first row is always given: an answer is cut further on.
        if rows.len() >= query.most_rows || (bytes > query.most_bytes && !rows.is_empty()) {
            return Ok((columns, rows, true));
        }
        rows.push(cells);
    }
    Ok((columns, rows, false))
}

fn value(cell: ValueRef<'_>, bytes: &mut usize) -> Value {
    let (value, size) = match cell {
        ValueRef::Null => (Value::Null, 4),
        ValueRef::Integer(number) => (number.into(), 8),
        // JSON has no infinity.
        ValueRef::Real(number) if !number.is_finite() => (number.to_string().into(), 4),
        // Whole numbers without a fraction, as the API writes them.
        ValueRef::Real(number) => (whole(number).map_or_else(|| number.into(), Value::from), 8),
        ValueRef::Text(text) => (String::from_utf8_lossy(text).into_owned().into(), text.len() + 2),
        ValueRef::Blob(blob) => (format!("[{} bytes]", blob.len()).into(), 16),
    };
    *bytes += size + 1;
    value
}

/// The number as a whole one, if it is and fits.
fn whole(number: f64) -> Option<i64> {
    /// Up to here every whole number is exact.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    (number.fract() == 0.0 && number.abs() < EXACT).then(|| format!("{number:.0}").parse().ok()).flatten()
}

fn currencies(db: &Connection) -> rusqlite::Result<Vec<String>> {
    let (table, _, currency) = MONEY;
    let mut statement =
        db.prepare(&format!("SELECT DISTINCT {currency} FROM {table} WHERE {currency} <> '' ORDER BY 1 LIMIT 10"))?;
    let found = statement.query_map([], |row| row.get(0))?;
    found.collect()
}

/// What was wrong with a statement, in words that help to mend it.
fn wrong(sql: &str, fault: &rusqlite::Error) -> Error {
    match fault.sqlite_error_code() {
        Some(ErrorCode::OperationInterrupted) => {
            let seconds = TIME_LIMIT.as_secs();
            return Error::new(
                Code::Timeout,
                format!(
                    "The statement ran for {seconds} s and was stopped. Join on ids, filter sooner, or count less at once."
                ),
            );
        }
        Some(ErrorCode::OutOfMemory | ErrorCode::TooBig) => {
            return Error::new(
                Code::TooLarge,
                "The statement makes a text or a table that is too large. Select less, or filter sooner.",
            );
        }
        _ => {}
    }
    let said = match fault {
        rusqlite::Error::Empty => return Error::invalid("sql", "There is no statement. Give one SELECT."),
        rusqlite::Error::MultipleStatement => return Error::invalid("sql", "Give one statement, not several."),
        rusqlite::Error::SqlInputError { msg, .. } => msg.clone(),
        rusqlite::Error::SqliteFailure(_, Some(said)) => said.clone(),
        other => other.to_string(),
    };
    if let Some(name) = said.strip_prefix("no such table: ") {
        return no_table(name);
    }
    let hint = said.strip_prefix("no such column: ").map(|name| near_column(sql, name)).unwrap_or_default();
    Error::invalid("sql", format!("SQLite: {said}.{hint}"))
}

/// The nearest column of the tables that a statement names, or all of their columns.
fn near_column(sql: &str, name: &str) -> String {
    let name = name.rsplit('.').next().unwrap_or(name).trim_matches('"').replace('_', "");
    let lower = sql.to_lowercase();
    let named: Vec<_> = readable().filter(|(table, _)| lower.contains(table)).collect();
    let near = nearest(&name, named.iter().flat_map(|(_, columns)| columns.iter().copied()));
    match near {
        Some(near) => {
            let tables: Vec<_> =
                named.iter().filter(|(_, columns)| columns.contains(&near)).map(|(table, _)| *table).collect();
            format!(" Did you mean {near} (of {})?", tables.join(", "))
        }
        None => {
            let all = named.iter().map(|(table, columns)| format!("{table}: {}", columns.join(", ")));
            format!(" There are: {}.", all.collect::<Vec<_>>().join("; "))
        }
    }
}
