//! Whether a statement adds up values of several currencies.
//!
//! An aggregate sees the values and not their currency. So the statement runs again with each sum of money replaced by a
//! function of the value and its row's currency, which adds up the same and notes what it meets. That happens only where
//! the table has several currencies at all.

use super::{
    authorizer::{Authorizer, CURRENCY, SUMS},
    schema::{TABLES, Table, readable},
    sql_query::SqlQuery,
    tokens::{Kind, Token, tokens},
};
use rusqlite::{
    Connection, Result,
    functions::{Aggregate, Context, FunctionFlags, WindowAggregate},
    params_from_iter,
    types::ValueRef,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
};

/// The most currencies that are named.
const MOST: usize = 10;

/// What stands in front of a function's name where it notes currencies.
const NOTING: &str = "mirror_noting_";

/// The currencies that were met together.
pub(super) type Met = Arc<Mutex<BTreeSet<String>>>;

/// The currencies of the money in these tables.
pub(super) fn currencies(db: &Connection, tables: &[&Table]) -> Result<Vec<String>> {
    let mut all = BTreeSet::new();
    for Table { name, .. } in tables {
        let mut statement = db.prepare_cached(&format!(
            "SELECT DISTINCT {CURRENCY} FROM {name} WHERE {CURRENCY} <> '' ORDER BY 1 LIMIT {MOST}"
        ))?;
        for currency in statement.query_map([], |row| row.get::<_, String>(0))? {
            all.insert(currency?);
        }
    }
    Ok(all.into_iter().take(MOST).collect())
}

/// The currencies that a statement adds up together, if there are several among `all`. `sees_currency`: it reads the
/// currencies, so its author thought of them; that decides where its sums cannot be followed.
pub(super) fn mixed(
    db: &Connection,
    authorizer: &Authorizer,
    met: &Met,
    query: &SqlQuery,
    sees_currency: bool,
    all: Vec<String>,
) -> Vec<String> {
    let sql = noting(&query.sql);
    if sql == query.sql {
        return Vec::new();
    }
    met.lock().unwrap_or_else(PoisonError::into_inner).clear();
    // A statement that is not SQLite's to know is watched like the one that it came from.
    let _watch = authorizer.watch(&query.hidden);
    let ran = run(db, &sql, query);
    let met = std::mem::take(&mut *met.lock().unwrap_or_else(PoisonError::into_inner));
    match ran {
        Ok(()) => met.into_iter().take(MOST).collect(),
        Err(_) if sees_currency => Vec::new(),
        Err(_) => all,
    }
}

fn run(db: &Connection, sql: &str, query: &SqlQuery) -> Result<()> {
    let mut statement = db.prepare(sql)?;
    let mut rows = statement.query(params_from_iter(&query.params))?;
    for _ in 0..query.most_rows {
        if rows.next()?.is_none() {
            break;
        }
    }
    Ok(())
}

/// The statement with every sum that may be one of money noting the currency that stands beside the value.
fn noting(sql: &str) -> String {
    let tokens: Vec<Token<'_>> = tokens(sql).collect();
    let (mut noting, mut end) = (String::with_capacity(sql.len() + 64), 0);
    for (at, name) in tokens.iter().enumerate() {
        let opens = tokens.get(at + 1).is_some_and(|next| next.text == "(");
        if !opens || name.start < end || !SUMS.contains(&name.name().as_str()) {
            continue;
        }
        let Some((inner, close)) = inside(&tokens, at + 2) else { continue };
        let Some(column) = money(inner) else { continue };
        // Distinct values need their rows no more, and an aggregate of two arguments takes no DISTINCT.
        let first = inner.iter().find(|token| token.name() != "distinct").map_or(close.start, |token| token.start);
        let (before, value) = (sql.get(end..name.start), sql.get(first..close.start));
        let (Some(before), Some(value)) = (before, value) else { continue };
        noting.push_str(before);
        noting.push_str(&format!("{NOTING}{}({value}, {column})", name.name()));
        end = close.start + 1;
    }
    noting.push_str(sql.get(end..).unwrap_or_default());
    noting
}

/// The tokens up to the parenthesis that closes, and that one.
fn inside<'a, 'b>(tokens: &'b [Token<'a>], from: usize) -> Option<(&'b [Token<'a>], &'b Token<'a>)> {
    let mut depth = 1_usize;
    for (at, token) in tokens.iter().enumerate().skip(from) {
        match token.text {
            "(" => depth += 1,
            ")" => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some((tokens.get(from..at)?, token));
        }
    }
    None
}

/// Where the currency of what is added up stands, if that may be money: beside a column of money, or beside a name that is
/// the statement's own.
fn money(argument: &[Token<'_>]) -> Option<String> {
    let mut own = None;
    for (at, token) in argument.iter().enumerate() {
        let next = |text| argument.get(at + 1).is_some_and(|next| next.text == text);
        let is_column = token.kind == Kind::Name && !next("(") && !next(".") && !is_keyword(&token.name());
        if !is_column {
            continue;
        }
        let qualifier = match at.checked_sub(2).and_then(|from| argument.get(from..at)) {
            Some([of, dot]) if dot.text == "." => format!("{}.", of.text),
            _ => String::new(),
        };
        let column = format!("{qualifier}{CURRENCY}");
        let name = token.name();
        if is_money(&name) {
            return Some(column);
        }
        if !readable().any(|(_, columns)| columns.iter().any(|known| known.eq_ignore_ascii_case(&name))) {
            own.get_or_insert(column);
        }
    }
    own
}

/// Whether a column of this name, in lower case, is money in one of the tables.
fn is_money(name: &str) -> bool {
    TABLES.iter().flat_map(|table| table.money).any(|column| column.eq_ignore_ascii_case(name))
}

fn is_keyword(name: &str) -> bool {
    const KEYWORDS: &[&str] = &[
        "case", "when", "then", "else", "end", "and", "or", "not", "null", "is", "in", "like", "glob", "between",
        "distinct", "all", "cast", "as", "real", "integer", "int", "text", "numeric", "exists", "collate", "nocase",
        "true", "false", "from", "isnull", "notnull",
    ];
    KEYWORDS.contains(&name)
}

/// Makes the functions that note currencies known to a connection.
pub(super) fn functions(db: &Connection) -> Result<Met> {
    let met = Met::default();
    for name in SUMS {
        let sum = Sum { name, met: Arc::clone(&met) };
        db.create_window_function(format!("{NOTING}{name}").as_str(), 2, FunctionFlags::SQLITE_UTF8, sum)?;
    }
    Ok(met)
}

/// One of SQLite's functions that add up, with a second argument: the currency.
struct Sum {
    name: &'static str,
    met: Met,
}

/// What was added up so far.
#[derive(Default)]
struct Added {
    sum: f64,
    count: i64,
    /// How many values of each currency.
    currencies: BTreeMap<String, i64>,
}

impl Sum {
    fn add(context: &Context<'_>, added: &mut Added, times: i64) {
        let value = match context.get_raw(0) {
            ValueRef::Null => return,
            ValueRef::Real(number) => number,
            ValueRef::Integer(number) => number.to_string().parse().unwrap_or_default(),
            ValueRef::Text(text) | ValueRef::Blob(text) => {
                String::from_utf8_lossy(text).trim().parse().unwrap_or_default()
            }
        };
        added.sum += if times < 0 { -value } else { value };
        added.count += times;
        let currency = context.get_raw(1);
        // Nothing of a currency adds nothing to another.
        if let (Ok(Some(currency)), true) = (currency.as_str_or_null(), value != 0.0)
            && !currency.is_empty()
            && (added.currencies.len() < MOST || added.currencies.contains_key(currency))
        {
            *added.currencies.entry(currency.to_owned()).or_default() += times;
        }
    }

    fn result(&self, added: Option<&Added>) -> Option<f64> {
        let Some(added) = added.filter(|added| added.count > 0) else { return (self.name == "total").then_some(0.0) };
        let there = added.currencies.iter().filter(|(_, count)| **count > 0).map(|(currency, _)| currency);
        if there.clone().count() > 1 {
            self.met.lock().unwrap_or_else(PoisonError::into_inner).extend(there.cloned());
        }
        let count: f64 = added.count.to_string().parse().unwrap_or(1.0);
        Some(if self.name == "avg" { added.sum / count } else { added.sum })
    }
}

impl Aggregate<Added, Option<f64>> for Sum {
    fn init(&self, _: &mut Context<'_>) -> Result<Added> {
        Ok(Added::default())
    }

    fn step(&self, context: &mut Context<'_>, added: &mut Added) -> Result<()> {
        Self::add(context, added, 1);
        Ok(())
    }

    fn finalize(&self, _: &mut Context<'_>, added: Option<Added>) -> Result<Option<f64>> {
        Ok(self.result(added.as_ref()))
    }
}

impl WindowAggregate<Added, Option<f64>> for Sum {
    fn value(&self, added: Option<&mut Added>) -> Result<Option<f64>> {
        Ok(self.result(added.as_deref()))
    }

    fn inverse(&self, context: &mut Context<'_>, added: &mut Added) -> Result<()> {
        Self::add(context, added, -1);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::noting;

    #[test]
    fn sums_of_money_note_the_currency_beside_the_value() {
        for (sql, noted) in [
            ("select sum(value) from o", "select mirror_noting_sum(value, currency) from o"),
            ("select SUM ( o.value ) x, 1", "select mirror_noting_sum(o.value , o.currency) x, 1"),
            ("select avg(\"value\")/2", "select mirror_noting_avg(\"value\", currency)/2"),
            ("select total([o].[value] * (1+p))", "select mirror_noting_total([o].[value] * (1+p), [o].currency)"),
            ("select sum(distinct value)", "select mirror_noting_sum(value, currency)"),
            ("select sum(v) from x", "select mirror_noting_sum(v, currency) from x"),
            ("select sum(i.amountDue)", "select mirror_noting_sum(i.amountDue, i.currency)"),
            (
                "select total(total), sum(amount)",
                "select mirror_noting_total(total, currency), mirror_noting_sum(amount, currency)",
            ),
            (
                "select sum(case when status = 'won' then value else 0 end) filter (where 1)",
                "select mirror_noting_sum(case when status = 'won' then value else 0 end, currency) filter (where 1)",
            ),
            (
                "select sum(value), avg(coalesce(value, 0))",
                "select mirror_noting_sum(value, currency), mirror_noting_avg(coalesce(value, 0), currency)",
            ),
        ] {
            assert_eq!(noting(sql), noted);
        }
    }

    #[test]
    fn what_is_no_sum_of_money_stays_as_it_is() {
        for sql in [
            "select sum(probability), count(value), max(value) from o where value > 5",
            "select sum(1), total(o.probability)",
            "select 'sum(value)' -- sum(value)",
            "select /* sum(value) */ \"sum\"",
            "select sum(value",
            "select sum",
        ] {
            assert_eq!(noting(sql), sql);
        }
    }
}
