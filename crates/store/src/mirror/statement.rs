//! One user's statement on a connection: read-only, only the mirror's tables, bounded in time, rows and bytes.

use super::{
    authorizer::{no_table, only_reading},
    money,
    reader::Reader,
    scans::{self, TableState},
    schema::{TABLES, Table, readable},
    sql_query::SqlQuery,
    union,
};
use highlevel_core::error::{Code, Error, Result};
use highlevel_core::suggest::nearest;
use rusqlite::{Connection, ErrorCode, Statement, limits::Limit, params_from_iter, types::ValueRef};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

/// How long one statement may run.
pub const TIME_LIMIT: Duration = Duration::from_secs(5);

/// The longest statement, in bytes.
pub(super) const LONGEST: usize = 64 * 1024;

/// The longest text that a statement may make, in bytes.
const LONGEST_TEXT: i32 = 1_000_000;

/// The largest row, in bytes: a row goes out whole.
const LARGEST_ROW: usize = 4_000_000;

/// How often the clock is looked at, in steps of SQLite's machine.
const STEPS: i32 = 2_000;

/// Receives what a statement gives, as it comes.
pub(super) trait Listener {
    /// The tables that the statement reads and the columns that it gives, before it runs. Returns whether it may run.
    fn reads(&mut self, states: Vec<(&'static Table, TableState)>, columns: &[String]) -> Result<bool>;

    /// The next row.
    fn row(&mut self, row: Vec<Value>) -> Result<()>;
}

/// What follows the last row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct End {
    pub(super) columns: Vec<String>,
    /// Whether there were more rows.
    pub(super) more: bool,
    /// The currencies that were added up together, if there are several.
    pub(super) currencies: Vec<String>,
    /// Number columns that were read, with how many texts they hold.
    pub(super) texts: Vec<(String, u64)>,
}

/// Sets the bounds of a connection that runs users' statements.
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

/// Until when a statement may run.
#[derive(Clone)]
struct Clock(Arc<Mutex<Instant>>);

impl Clock {
    fn is_over(&self) -> bool {
        Instant::now() >= *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives the statement its whole time again.
    fn restart(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now() + TIME_LIMIT;
    }

    /// Runs work that does not count as the statement's time.
    fn paused<T>(&self, work: impl FnOnce() -> T) -> T {
        let since = Instant::now();
        let done = work();
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) += since.elapsed();
        done
    }
}

/// Runs a statement under the clock. `None` if the listener wants it not to run.
pub(super) fn in_time(reader: &mut Reader, query: &SqlQuery, listener: &mut impl Listener) -> Result<Option<End>> {
    let clock = Clock(Arc::new(Mutex::new(Instant::now() + TIME_LIMIT)));
    let (looked_at, cancel) = (clock.clone(), query.cancel.clone());
    let over = move || looked_at.is_over() || cancel.is_cancelled();
    let run = |reader: &mut Reader| run(reader, query, &clock, listener);
    reader.until(STEPS, over, run).map_err(|fault| wrong(query, &fault))?
}

fn run(reader: &mut Reader, query: &SqlQuery, clock: &Clock, listener: &mut impl Listener) -> Result<Option<End>> {
    let fault = |fault| wrong(query, &fault);
    let accounts = query.accounts.as_deref();
    if let (Some(outline), Some(accounts)) = (&mut reader.outline, accounts) {
        outline.fit_views(&reader.db, accounts).map_err(fault)?;
    }
    // Rows and what is said of them are of one moment.
    let moment = reader.db.unchecked_transaction().map_err(fault)?;
    // The accounts' own mirrors have the states of their tables.
    let mut states = if accounts.is_some() { unknown_states() } else { scans::states(&moment).map_err(fault)? };
    let guard = reader.outline.as_ref().map_or(&reader.authorizer, |outline| &outline.authorizer);
    let watch = guard.watch(&query.hidden);
    if let (Some(outline), Some(accounts)) = (&reader.outline, accounts) {
        outline.check(&watch, &query.sql).map_err(fault)??;
        let tables: Vec<_> = TABLES.iter().filter(|table| watch.saw(table)).collect();
        outline.show(&moment, accounts, &tables).map_err(fault)??;
    }
    let views = reader.outline.as_ref().map(|_| reader.authorizer.watch(&[]));
    let mut statement = match moment.prepare(&query.sql) {
        Ok(statement) if statement.readonly() => statement,
        Ok(_) => return Err(only_reading()),
        Err(error) => {
            return Err(views.as_ref().unwrap_or(&watch).refused().unwrap_or_else(|| wrong(query, &error)));
        }
    };
    if views.is_none() {
        watch.settle(&moment, &query.sql)?;
    }
    states.retain(|(table, _)| watch.saw(table));
    let columns: Vec<String> = statement.column_names().map(str::to_owned).collect();
    if !clock.paused(|| listener.reads(states, &columns))? {
        return Ok(None);
    }
    let adds_money = watch.saw_money_added();
    let numbers = watch.numbers();
    let mut end = fetch(&mut statement, columns, query, clock, listener)?;
    drop((watch, views));
    if let Some((tables, sees_currency)) = adds_money {
        let shown = query.accounts.clone().unwrap_or_default();
        let of = (shown, tables.iter().map(|table| table.name).collect());
        let all = reader.currencies.get_or(&moment, of, || money::currencies(&moment, &tables)).map_err(fault)?;
        if all.len() > 1 {
            end.currencies = money::mixed(&moment, &reader.authorizer, &reader.met, query, sees_currency, all);
        }
    }
    for (table, column) in numbers {
        let count = texts_among_numbers(&moment, table, column).map_err(fault)?;
        if count > 0 {
            end.texts.push((format!("{table}.{column}"), count));
        }
    }
    Ok(Some(end))
}

fn unknown_states() -> Vec<(&'static Table, TableState)> {
    TABLES.iter().map(|table| (table, TableState::default())).collect()
}

fn fetch(
    statement: &mut Statement<'_>,
    columns: Vec<String>,
    query: &SqlQuery,
    clock: &Clock,
    listener: &mut impl Listener,
) -> Result<End> {
    let wanted = statement.parameter_count();
    if wanted != query.params.len() {
        let given = query.params.len();
        return Err(Error::invalid(
            "params",
            format!("The statement has {wanted} parameters (?), and {given} were given."),
        ));
    }
    let fault = |fault| wrong(query, &fault);
    let width = columns.len();
    let mut end = End { columns, more: false, currencies: Vec::new(), texts: Vec::new() };
    let mut found = statement.query(params_from_iter(&query.params)).map_err(fault)?;
    let (mut rows, mut bytes) = (0, 0);
    while let Some(row) = found.next().map_err(fault)? {
        let (mut cells, before) = (Vec::with_capacity(width), bytes);
        for at in 0..width {
            cells.push(value(row.get_ref(at).map_err(fault)?, &mut bytes));
            if bytes - before > LARGEST_ROW {
                return Err(too_large());
            }
        }
        // The first row is always given: an answer is cut further on.
        if rows >= query.most_rows || (bytes > query.most_bytes && rows > 0) {
            end.more = true;
            return Ok(end);
        }
        clock.paused(|| listener.row(cells))?;
        if query.streams {
            clock.restart();
        }
        rows += 1;
    }
    Ok(end)
}

/// How many texts a number column holds: what came and could not be read as a number.
fn texts_among_numbers(db: &Connection, table: &str, column: &str) -> rusqlite::Result<u64> {
    // In the words of the index that holds them.
    let sql = format!("SELECT count(*) FROM {table} WHERE typeof({column}) = 'text'");
    db.prepare_cached(&sql)?.query_row([], |row| row.get(0))
}

/// A cell as JSON; adds about its length to `bytes`.
pub(super) fn value(cell: ValueRef<'_>, bytes: &mut usize) -> Value {
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

/// The statement took its time and did not end.
pub(super) fn too_long() -> Error {
    let seconds = TIME_LIMIT.as_secs();
    Error::new(
        Code::Timeout,
        format!(
            "The statement ran for {seconds} s and was stopped. Join on ids, filter sooner, or count less at once."
        ),
    )
}

/// The statement takes more memory than it may.
pub(super) fn too_large() -> Error {
    Error::new(
        Code::TooLarge,
        "The statement makes a text, a row or a table that is too large. Select less, or filter sooner.",
    )
}

/// The error for a faulty statement, with a suggestion where there is one.
fn wrong(query: &SqlQuery, fault: &rusqlite::Error) -> Error {
    match fault.sqlite_error_code() {
        Some(ErrorCode::OperationInterrupted) => return too_long(),
        Some(ErrorCode::OutOfMemory | ErrorCode::TooBig) => return too_large(),
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
        return no_table(name, &query.hidden);
    }
    let hint = said.strip_prefix("no such column: ").map(|name| near_column(query, name)).unwrap_or_default();
    Error::invalid("sql", format!("SQLite: {said}.{hint}"))
}

/// The nearest column of the tables that a statement names, or all of their columns.
fn near_column(query: &SqlQuery, name: &str) -> String {
    let name = name.rsplit('.').next().unwrap_or(name).trim_matches('"').replace('_', "");
    let lower = query.sql.to_lowercase();
    let mut named: Vec<_> = readable().filter(|(table, _)| lower.contains(table)).collect();
    if query.accounts.is_some() {
        named.iter_mut().for_each(|(_, columns)| columns.insert(0, union::ACCOUNT));
    }
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
