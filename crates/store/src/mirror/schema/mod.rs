//! The mirror's tables: what `query_crm` sees. Columns carry the API's own names (SQLite does not care about case); the
//! few that could not are told by [`Table::remark`]. One file for each group of tables.

mod account;
mod calendars;
mod content;
mod conversations;
mod ddl;
mod forms;
mod payments;
mod sales;
mod work;

pub(super) use ddl::{CLIENTS, REVISIONS, daily_jobs, ddl, first_word, number_columns, part_type, typed_columns};

use serde_json::Value;
use std::time::Duration;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnKind {
    /// Text as the API gave it.
    Text,
    /// A long text, of which the beginning is kept.
    Body,
    /// A number.
    Number,
    /// 1 or 0.
    Flag,
    /// A date or a time, as SQLite's functions write them, so that both compare: `2025-11-03`, `2025-11-03 15:30:00` (UTC).
    Date,
    /// A day, which some accounts store as its first moment.
    Day,
    /// A list or an object as JSON text, for SQLite's JSON functions.
    Json,
}

/// One column and where in the object it comes from.
#[derive(Debug)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// The member of the object, or of its member before the dot.
    pub from: &'static str,
    /// What it holds.
    pub kind: ColumnKind,
}

/// What a table of parts is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parts {
    /// A list of texts: one row a text.
    Tags,
    /// An object: one row a member.
    Fields,
    /// A list of objects with an id and a name, such as a funnel's pages: one row an object, with its position.
    InOrder,
}

/// A table that belongs to another: what an object has several of.
#[derive(Debug)]
pub struct Child {
    /// Its name.
    pub name: &'static str,
    /// The member of the object.
    pub from: &'static str,
    /// What it is made of.
    pub parts: Parts,
    /// Its columns; the first is the id of the object.
    pub columns: &'static [&'static str],
}

/// Whether a search, a list of changes or a description that names no table includes this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Inclusion {
    /// Always. They read it first, where it was never read.
    Always,
    /// Once a question has read it.
    OnceRead,
    /// Never: it has so many rows that they would bury the others.
    IfNamed,
}

/// How a table whose list can be filtered by date is read again.
#[derive(Debug)]
pub struct Recent {
    /// The argument of the list that leaves out what is older.
    pub argument: &'static str,
    /// What may still change: it is read again each time.
    pub overlap: Duration,
    /// The time between two readings in full, which alone show changes and removals of what is older.
    pub full: Duration,
}

/// One kind of object.
#[derive(Debug)]
pub struct Table {
    /// Its name, the plural.
    pub name: &'static str,
    /// What one row is called.
    pub one: &'static str,
    /// The tool that reads its objects. Where that is hidden by a setting, the table is.
    pub tool: &'static str,
    /// The arguments with which the tool shows all of them.
    pub arguments: &'static [(&'static str, &'static str)],
    /// Its columns, beside `id`, which comes first, and `other`, which comes last and holds, as JSON, what has no column.
    pub columns: &'static [Column],
    /// Its tables of parts.
    pub children: &'static [Child],
    /// Members that are not kept at all.
    pub dropped: &'static [&'static str],
    /// The columns that make up its name.
    pub title: &'static [&'static str],
    /// The further columns that are searched.
    pub searched: &'static [&'static str],
    /// The further columns that a search shows.
    pub shown: &'static [&'static str],
    /// The columns that are money, in the currency of the row's `currency`.
    pub money: &'static [&'static str],
    /// The columns of each index, as SQL. The first one names the index.
    pub indexes: &'static [&'static str],
    /// Whether a list tells all that there is to know of an object, so that what is absent is empty.
    pub listed_whole: bool,
    /// Where it is included without being named.
    pub inclusion: Inclusion,
    /// Whether a description has its columns where it has not those of all tables.
    pub detailed: bool,
    /// How it is read again, where that is possible without reading all of it.
    pub recent: Option<Recent>,
    /// What a reader should know.
    pub remark: &'static str,
}

/// Seconds.
const DAY: u64 = 24 * 3600;

const fn column(name: &'static str, from: &'static str, kind: ColumnKind) -> Column {
    Column { name, from, kind }
}
const fn text(name: &'static str) -> Column {
    column(name, name, ColumnKind::Text)
}
const fn body(name: &'static str) -> Column {
    column(name, name, ColumnKind::Body)
}
const fn number(name: &'static str) -> Column {
    column(name, name, ColumnKind::Number)
}
const fn flag(name: &'static str) -> Column {
    column(name, name, ColumnKind::Flag)
}
const fn date(name: &'static str) -> Column {
    column(name, name, ColumnKind::Date)
}
const fn day(name: &'static str) -> Column {
    column(name, name, ColumnKind::Day)
}
const fn json(name: &'static str) -> Column {
    column(name, name, ColumnKind::Json)
}
const fn within(name: &'static str, from: &'static str) -> Column {
    column(name, from, ColumnKind::Text)
}

/// A table that every question about the account may need.
const PLAIN: Table = Table {
    name: "",
    one: "",
    tool: "",
    arguments: &[],
    columns: &[],
    children: &[],
    dropped: &[],
    title: &["name"],
    searched: &[],
    shown: &[],
    money: &[],
    indexes: &[],
    listed_whole: true,
    inclusion: Inclusion::Always,
    detailed: false,
    recent: None,
    remark: "",
};

/// A table that is read when a question names it.
const ON_DEMAND: Table = Table { inclusion: Inclusion::OnceRead, ..PLAIN };

/// Every table, the ones that are asked for most first.
pub static TABLES: &[Table] = &[
    sales::CONTACTS,
    sales::OPPORTUNITIES,
    conversations::CONVERSATIONS,
    conversations::MESSAGES,
    calendars::APPOINTMENTS,
    work::TASKS,
    payments::INVOICES,
    content::CAMPAIGNS,
    content::PAGES,
    content::FUNNELS,
    content::WEBHOOKS,
    account::LOCATIONS,
    account::USERS,
    calendars::CALENDARS,
    payments::TRANSACTIONS,
    forms::FORMS,
    forms::SUBMISSIONS,
    work::WORKFLOWS,
    sales::PIPELINES,
    account::CUSTOM_FIELDS,
    account::CUSTOM_VALUES,
];

impl Table {
    /// The names of the columns, in order.
    pub fn column_names(&self) -> impl Iterator<Item = &'static str> {
        let own = self.columns.iter().map(|column| column.name);
        std::iter::once("id").chain(own).chain(std::iter::once("other"))
    }

    /// Whether it has a column of this name.
    pub fn has_column(&self, name: &str) -> bool {
        self.columns.iter().any(|column| column.name == name)
    }

    /// The table of this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        TABLES.iter().find(|table| table.name == name)
    }

    /// The table that a name, its own or that of a table of parts, belongs to, in any case as for SQLite.
    pub fn owning(name: &str) -> Option<&'static Self> {
        let is = |known: &str| known.eq_ignore_ascii_case(name);
        let has = |table: &&Self| is(table.name) || table.children.iter().any(|child| is(child.name));
        TABLES.iter().find(has)
    }
}

/// The names of these tables as a JSON list, for `json_each`.
pub(super) fn names(tables: &[&Table]) -> String {
    Value::from_iter(tables.iter().map(|table| table.name)).to_string()
}

/// What a query may read: every table's name with its columns.
pub fn readable() -> impl Iterator<Item = (&'static str, Vec<&'static str>)> {
    TABLES.iter().flat_map(|table| {
        let children = table.children.iter().map(|child| (child.name, child.columns.to_vec()));
        std::iter::once((table.name, table.column_names().collect())).chain(children)
    })
}
