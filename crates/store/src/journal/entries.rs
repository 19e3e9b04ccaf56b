//! The journal as it is read: attempts with what became of them, filtered, and read in pages.

use super::{Journal, images};
use chrono::{DateTime, SecondsFormat, Utc};
use highlevel_core::{context::Caller, error::Result};
use rusqlite::{
    Connection, OptionalExtension, params, params_from_iter,
    types::{ToSql, Value as Cell},
};
use serde_json::{Map, Value};

/// What an attempt without an outcome shows as: the process may still be at it, or was ended on the way.
pub const UNFINISHED: &str = "unfinished";

/// Which entries are wanted.
#[derive(Debug, Clone, Default)]
pub struct EntryFilter {
    /// Only those since this moment.
    pub since: Option<DateTime<Utc>>,
    /// Only those before this moment.
    pub until: Option<DateTime<Utc>>,
    /// Only those of the accounts with these names, or of the locations with these ids. Empty for all.
    pub accounts: Vec<String>,
    /// Only those of the client with this name, with or without its version.
    pub client: Option<String>,
    /// Only those of this caller, over an authenticated connection.
    pub caller: Option<Caller>,
    /// Only those of this tool.
    pub tool: Option<String>,
    /// Only those made for the job with this id.
    pub job: Option<String>,
    /// Only those about the object with this id; also the one that created it.
    pub object: Option<String>,
    /// Only those that are not known to be done: failed, cancelled, unknown and unfinished ones.
    pub failed: bool,
}

/// One write: an attempt with its outcome joined to it, without their place in the chain.
#[derive(Debug, Clone, PartialEq)]
pub struct JournalEntry {
    /// `seq`, `time`, `tool`, `confirmation`, `object`, `arguments`, `before`, `outcome`, `finished`, `code`, `after`, …
    /// An image is `{"sha256": …, "bytes": n}` where it was not asked for.
    pub members: Map<String, Value>,
}

/// The numbers between which wanted entries are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EntryRange {
    /// The first number.
    pub from: u64,
    /// The last number.
    pub to: u64,
    /// Whether older entries were left out.
    pub more: bool,
}

impl JournalEntry {
    /// A text member; empty if there is none.
    pub fn text(&self, name: &str) -> &str {
        self.members.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// The entry's number, which is its attempt's.
    pub fn seq(&self) -> u64 {
        self.members.get("seq").and_then(Value::as_u64).unwrap_or_default()
    }

    /// Who called over an authenticated connection: the subject, if there is one, and the client; empty if it is not known.
    pub fn caller(&self) -> String {
        let text = |name: &str| self.members.get("caller").and_then(|caller| caller.get(name)?.as_str());
        let client = text("client").unwrap_or_default();
        text("subject").map_or_else(|| client.to_owned(), |subject| format!("{subject} by {client}"))
    }

    /// The name of the client; empty if it is not known.
    pub fn client(&self) -> &str {
        self.members.get("client").and_then(|client| client.get("name")?.as_str()).unwrap_or_default()
    }
}

impl Journal {
    /// The range of the newest `count` of the wanted entries, or of all of them.
    ///
    /// # Errors
    /// `internal`, naming the directory. So have the methods below.
    pub async fn range(&self, filter: EntryFilter, count: Option<u64>) -> Result<EntryRange> {
        self.read(|| NOTHING, move |db| Ok(range(db, &filter, count)?)).await
    }

    /// The first `count` of the wanted entries in the range, oldest first. With `images`, each image is in the place of its
    /// reference.
    pub async fn entries(
        &self,
        filter: EntryFilter,
        range: EntryRange,
        count: u64,
        images: bool,
    ) -> Result<Vec<JournalEntry>> {
        self.read(Vec::new, move |db| {
            let transaction = db.transaction()?;
            let numbers = wanted(&transaction, &filter, range, "ASC", count, 0)?;
            let entries = numbers.into_iter().filter_map(|seq| entry(&transaction, seq, images).transpose());
            Ok(entries.collect::<rusqlite::Result<_>>()?)
        })
        .await
    }

    /// The number of the newest of the wanted entries up to a number.
    pub async fn newest(&self, filter: EntryFilter, to: u64) -> Result<Option<u64>> {
        self.read(
            || None,
            move |db| {
                let transaction = db.transaction()?;
                let range = EntryRange { from: 0, to, more: false };
                Ok(wanted(&transaction, &filter, range, "DESC", 1, 0)?.into_iter().next())
            },
        )
        .await
    }

    /// The entries with these numbers, each with its images, in the order of the numbers. A number without an entry is left
    /// out.
    pub async fn entries_numbered(&self, numbers: Vec<u64>) -> Result<Vec<JournalEntry>> {
        self.read(Vec::new, move |db| {
            let transaction = db.transaction()?;
            let entries = numbers.into_iter().filter_map(|seq| entry(&transaction, seq, true).transpose());
            Ok(entries.collect::<rusqlite::Result<_>>()?)
        })
        .await
    }

    /// One entry with its images, by its number or by that of its outcome.
    pub async fn entry(&self, seq: u64) -> Result<Option<JournalEntry>> {
        self.read(
            || None,
            move |db| {
                // Positions are numbers, unless an older version has removed lines.
                let sql = "SELECT attempt FROM events WHERE position = ?1 AND seq = ?1 AND event = 'outcome'";
                match entry(db, seq, true)? {
                    Some(found) => Ok(Some(found)),
                    None => match db.query_row(sql, [seq], |row| row.get(0)).optional()? {
                        Some(attempt) => Ok(entry(db, attempt, true)?),
                        None => Ok(None),
                    },
                }
            },
        )
        .await
    }
}

impl Journal {
    /// The newest entry of a job's row, with its images.
    ///
    /// # Errors
    /// `internal`, naming the directory.
    pub async fn entry_of_row(&self, job: &str, row: u64) -> Result<Option<JournalEntry>> {
        let job = job.to_owned();
        self.read(
            || None,
            move |db| {
                let sql = "SELECT max(seq) FROM events
                           WHERE event = 'attempt' AND job IS NOT NULL AND job = ?1 AND job_row = ?2";
                let newest =
                    db.prepare_cached(sql)?.query_row(params![job, row], |row| row.get::<_, Option<u64>>(0))?;
                Ok(match newest {
                    Some(seq) => entry(db, seq, true)?,
                    None => None,
                })
            },
        )
        .await
    }
}

/// The range without entries.
const NOTHING: EntryRange = EntryRange { from: 1, to: 0, more: false };

fn range(db: &mut Connection, filter: &EntryFilter, count: Option<u64>) -> rusqlite::Result<EntryRange> {
    let transaction = db.transaction()?;
    let Some((from, to)) = times(&transaction, filter)? else { return Ok(NOTHING) };
    let all = EntryRange { from, to, more: false };
    let Some(count) = count else { return Ok(all) };
    // The oldest one that is wanted, and the one before it.
    let edge = wanted(&transaction, filter, all, "DESC", 2, count.saturating_sub(1))?;
    Ok(match edge.as_slice() {
        [from, _, ..] => EntryRange { from: *from, more: true, ..all },
        _ => all,
    })
}

/// The numbers between which all entries of the filter's time are. Entries are in the order of their numbers; the clock may
/// have been set back in between. `None` if there are no such entries.
fn times(db: &Connection, filter: &EntryFilter) -> rusqlite::Result<Option<(u64, u64)>> {
    let Some((since, until)) = time_texts(filter) else { return Ok(Some((0, u64::MAX))) };
    let sql = "SELECT min(seq), max(seq) FROM events WHERE event = 'attempt' AND time >= ?1 AND time < ?2";
    let bounds = db.prepare_cached(sql)?.query_row([&since, &until], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let (first, last): (Option<u64>, Option<u64>) = bounds;
    Ok(first.zip(last))
}

/// The filter's times as events have them, if it has any.
fn time_texts(filter: &EntryFilter) -> Option<(String, String)> {
    let stamp = |time: DateTime<Utc>| time.to_rfc3339_opts(SecondsFormat::Millis, true);
    let has_time = filter.since.is_some() || filter.until.is_some();
    has_time.then(|| (filter.since.map(stamp).unwrap_or_default(), filter.until.map_or("~".to_owned(), stamp)))
}

/// The numbers of the wanted entries in a range.
fn wanted(
    db: &Connection,
    filter: &EntryFilter,
    range: EntryRange,
    order: &str,
    count: u64,
    skipped: u64,
) -> rusqlite::Result<Vec<u64>> {
    let mut conditions = Conditions::default();
    conditions.of_filter(db, filter, range)?;
    let sql = format!(
        "SELECT seq FROM events WHERE event = 'attempt'{} ORDER BY seq {order} LIMIT {} OFFSET {}",
        conditions.sql,
        i64::try_from(count).unwrap_or(i64::MAX),
        i64::try_from(skipped).unwrap_or(i64::MAX)
    );
    let mut statement = db.prepare_cached(&sql)?;
    let numbers = statement.query_map(params_from_iter(conditions.values), |row| row.get(0))?;
    numbers.collect()
}

/// The conditions of a WHERE clause, with the values for its question marks.
#[derive(Default)]
struct Conditions {
    sql: String,
    values: Vec<Cell>,
}

impl Conditions {
    fn add(&mut self, condition: &str, values: impl IntoIterator<Item = Cell>) {
        self.sql.push_str(" AND ");
        self.sql.push_str(condition);
        self.values.extend(values);
    }

    /// Adds the conditions of a filter and a range.
    fn of_filter(&mut self, db: &Connection, filter: &EntryFilter, range: EntryRange) -> rusqlite::Result<()> {
        let [from, to] = [range.from, range.to].map(|seq| i64::try_from(seq).unwrap_or(i64::MAX));
        self.add("seq BETWEEN ? AND ?", [from.into(), to.into()]);
        if let Some((since, until)) = time_texts(filter) {
            // `+`: not by the index of times, since the range has it.
            self.add("+time >= ? AND +time < ?", [text(&since), text(&until)]);
        }
        if let Some(id) = &filter.object {
            // The outcome of a create has the object's id.
            self.add("seq IN (SELECT coalesce(attempt, seq) FROM events WHERE object = ?)", [text(id)]);
        }
        if filter.failed {
            self.add(
                "seq IN (SELECT seq FROM unfinished WHERE seq >= ? UNION ALL
                 SELECT attempt FROM events WHERE event = 'outcome' AND outcome <> 'done' AND attempt >= ?)",
                [from.into(), from.into()],
            );
        }
        if let Some(job) = &filter.job {
            self.add("job IS NOT NULL AND job = ?", [text(job)]);
        }
        if let Some(caller) = &filter.caller {
            let subject = caller.subject.as_deref().map_or(Cell::Null, text);
            let is_its = "body ->> '$.caller.client' = ? AND body ->> '$.caller.subject' IS ?";
            self.add(is_its, [text(&caller.client), subject]);
        }
        self.of_accounts(db, &filter.accounts)?;
        if let Some(tool) = &filter.tool {
            self.add("tool = ?", [text(tool)]);
        }
        if let Some(client) = &filter.client {
            let names = clients(db, client)?;
            let marks = vec!["client = ?"; names.len().max(1)].join(" OR ");
            let names = if names.is_empty() { vec![client.clone()] } else { names };
            self.add(&format!("client IS NOT NULL AND ({marks})"), names.iter().map(|name| text(name)));
        }
        Ok(())
    }

    fn of_accounts(&mut self, db: &Connection, accounts: &[String]) -> rusqlite::Result<()> {
        let mut conditions = Vec::new();
        for name in accounts {
            let is_name = "SELECT EXISTS (SELECT 1 FROM events WHERE event = 'attempt' AND account = ?1)";
            let is_name: bool = db.prepare_cached(is_name)?.query_row([name], |row| row.get(0))?;
            // One condition alone, so that its index is used.
            conditions.push(if is_name { "account = ?" } else { "location IS NOT NULL AND location = ?" });
        }
        if !conditions.is_empty() {
            self.add(&format!("({})", conditions.join(" OR ")), accounts.iter().map(|name| text(name)));
        }
        Ok(())
    }
}

/// The clients with this name: the name itself, and with a version after a space. Each costs one step in the index.
fn clients(db: &Connection, name: &str) -> rusqlite::Result<Vec<String>> {
    let sql =
        "SELECT min(client) FROM events WHERE event = 'attempt' AND client IS NOT NULL AND client > ?1 AND client < ?2";
    let mut next = db.prepare_cached(sql)?;
    // `!` follows the space.
    let (mut names, mut last, end) = (vec![name.to_owned()], format!("{name} "), format!("{name}!"));
    while let Some(found) = next.query_row([&last, &end], |row| row.get::<_, Option<String>>(0))? {
        names.push(found.clone());
        last = found;
    }
    let known = "SELECT EXISTS (SELECT 1 FROM events WHERE event = 'attempt' AND client IS NOT NULL AND client = ?1)";
    if !db.prepare_cached(known)?.query_row([name], |row| row.get::<_, bool>(0))? {
        names.remove(0);
    }
    Ok(names)
}

fn text(text: &str) -> Cell {
    Cell::Text(text.to_owned())
}

/// The entry with this number.
fn entry(db: &Connection, seq: u64, with_images: bool) -> rusqlite::Result<Option<JournalEntry>> {
    let Some(begun) = event(db, "SELECT body FROM events WHERE event = 'attempt' AND seq = ?1", &seq)? else {
        return Ok(None);
    };
    let mut entry = JournalEntry::begun(begun);
    if let Some(end) = event(db, "SELECT body FROM events WHERE event = 'outcome' AND attempt = ?1", &seq)? {
        entry.finish(end);
    }
    if with_images {
        images::resolve(db, &mut entry.members)?;
    }
    Ok(Some(entry))
}

fn event(db: &Connection, sql: &str, seq: &dyn ToSql) -> rusqlite::Result<Option<Map<String, Value>>> {
    let body = db.prepare_cached(sql)?.query_row([seq], |row| row.get::<_, String>(0)).optional()?;
    // What cannot be read is for `verify` to report.
    Ok(body.and_then(|body| serde_json::from_str(&body).ok()))
}

impl JournalEntry {
    fn begun(mut members: Map<String, Value>) -> Self {
        // An altered event of an older version still has its hash.
        members.retain(|name, _| !["event", "prev", "hash"].contains(&name.as_str()));
        members.insert("outcome".into(), UNFINISHED.into());
        Self { members }
    }

    fn finish(&mut self, outcome: Map<String, Value>) {
        for (name, value) in outcome {
            match name.as_str() {
                "seq" | "event" | "attempt" | "tool" | "prev" | "hash" => {}
                "time" => drop(self.members.insert("finished".into(), value)),
                _ => drop(self.members.insert(name, value)),
            }
        }
    }
}
