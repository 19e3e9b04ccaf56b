//! One statement of somebody else's SQL: only reading, only the mirror's tables, and bounded in time, memory and rows.

use super::{
    Mirror,
    guard::{MONEY, no_table, only_reading},
    reader::Reader,
    scans::{self, State},
    schema::{Table, readable},
};
use crate::{
    crm::nearest,
    error::{Code, Error, Result},
};
use rusqlite::{
    Connection, ErrorCode, Statement,
    limits::Limit,
    params_from_iter,
    types::{Value as Cell, ValueRef},
};
use serde_json::Value;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// How long one statement may run.
pub const TIME_LIMIT: Duration = Duration::from_secs(5);

/// The longest statement, in bytes.
const LONGEST: usize = 64 * 1024;

/// The longest text that a statement may make, in bytes.
const LONGEST_TEXT: i32 = 1_000_000;

/// How often the clock is looked at, in steps of SQLite's machine.
const STEPS: i32 = 2_000;

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

/// What a question came to.
#[derive(Debug, Clone)]
pub enum Asked {
    /// Its answer.
    Answered(Answer),
    /// It was not run: among these tables, which it would read, is one that is not as it is wanted.
    NotYet(Vec<&'static Table>),
}

impl Mirror {
    /// Runs a statement if the tables that it reads are `as_wanted`; looks, and answers, at one moment.
    ///
    /// # Errors
    /// `invalid_arguments` saying what is wrong and, where a name is, the nearest; `policy_denied` for a hidden table;
    /// `timeout` after [`TIME_LIMIT`]; `too_large` for what takes too much memory.
    pub async fn query(&self, query: Query, as_wanted: impl Fn(&State) -> bool + Send + 'static) -> Result<Asked> {
        if query.sql.len() > LONGEST {
            let given = query.sql.len();
            return Err(Error::invalid("sql", format!("A statement may have {LONGEST} bytes, this one has {given}.")));
        }
        match self.in_a_moment(|reader| run(reader, &query, &as_wanted)) {
            Some(done) => Ok(done),
            None => self.reading(move |reader| in_time(reader, &query, &as_wanted)).await,
        }
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

/// Runs a statement under the clock.
fn in_time(reader: &mut Reader, query: &Query, as_wanted: &impl Fn(&State) -> bool) -> Result<Asked> {
    let (until, cancel) = (Instant::now() + TIME_LIMIT, query.cancel.clone());
    let over = move || Instant::now() >= until || cancel.is_cancelled();
    reader.until(STEPS, over, |reader| run(reader, query, as_wanted)).map_err(|fault| wrong(&query.sql, &fault))?
}

fn run(reader: &mut Reader, query: &Query, as_wanted: &impl Fn(&State) -> bool) -> Result<Asked> {
    let fault = |fault| wrong(&query.sql, &fault);
    // Rows and what is said of them are of one moment.
    let moment = reader.db.unchecked_transaction().map_err(fault)?;
    let mut states = scans::states(&moment).map_err(fault)?;
    let watch = reader.guard.watch(&query.hidden);
    let mut statement = match moment.prepare(&query.sql) {
        Ok(statement) if statement.readonly() => statement,
        Ok(_) => return Err(only_reading()),
        Err(error) => return Err(watch.refused().unwrap_or_else(|| wrong(&query.sql, &error))),
    };
    states.retain(|(table, _)| watch.saw(table));
    if !states.iter().all(|(_, state)| as_wanted(state)) {
        return Ok(Asked::NotYet(states.into_iter().map(|(table, _)| table).collect()));
    }
    let adds_money = watch.saw_money_added();
    let (columns, rows, more) = fetch(&mut statement, query)?;
    drop(watch);
    let mut all = Vec::new();
    if adds_money {
        all = reader.currencies.get_or(&moment, (), || currencies(&moment)).map_err(fault)?;
    }
    let currencies = if all.len() > 1 { all } else { Vec::new() };
    Ok(Asked::Answered(Answer { columns, rows, more, states, currencies }))
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
    let mut statement = db.prepare_cached(&format!(
        "SELECT DISTINCT {currency} FROM {table} WHERE {currency} <> '' ORDER BY 1 LIMIT 10"
    ))?;
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
