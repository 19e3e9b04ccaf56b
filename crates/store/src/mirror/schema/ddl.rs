//! The statements that make a mirror's file, and those that bring an older one up to date.

use super::{Column, ColumnKind, TABLES, Table};
use std::fmt::Write;

/// A stamp for each table. It gets another random value in each transaction that changes rows of the table, so that equal
/// stamps mean equal rows, also when the file was rebuilt.
pub(in crate::mirror) const REVISIONS: &str =
    "CREATE TABLE revisions (name TEXT PRIMARY KEY, stamp INTEGER NOT NULL) STRICT;
     INSERT INTO revisions SELECT name, random() FROM (SELECT name FROM scans UNION SELECT name FROM searchable);";

/// The clients of writes, for a file that was made without them.
pub(in crate::mirror) const CLIENTS: &str =
    "ALTER TABLE changes ADD COLUMN client TEXT; ALTER TABLE touched ADD COLUMN client TEXT;";

/// The tables of the daily jobs and readings of what is recent, for a file that was made without them. It has all other
/// tables.
pub(in crate::mirror) fn daily_jobs() -> String {
    let mut sql = format!(
        "ALTER TABLE scans ADD COLUMN since INTEGER; ALTER TABLE scans ADD COLUMN full_at INTEGER; {CHANGES_NAME}\n"
    );
    for name in DAILY {
        if let Some(table) = Table::named(name) {
            add_table(&mut sql, table);
        }
    }
    sql
}

const DAILY: [&str; 13] = [
    "conversations",
    "messages",
    "appointments",
    "tasks",
    "invoices",
    "calendars",
    "transactions",
    "forms",
    "submissions",
    "workflows",
    "pipelines",
    "custom_fields",
    "custom_values",
];

const CHANGES_NAME: &str = "CREATE INDEX changes_name ON changes (name, seq);";

/// The type of a column of a table of parts. What may be text or number keeps the type of each value.
pub(in crate::mirror) fn part_type(column: &str) -> &'static str {
    match column {
        "value" | "position" => "",
        _ => "TEXT",
    }
}

/// The columns of a table with their types, beside `id` and `other`.
pub(in crate::mirror) fn typed_columns(table: &Table) -> String {
    table.columns.iter().fold(String::new(), |mut all, column| {
        let of = match column.kind {
            ColumnKind::Number => "REAL",
            ColumnKind::Flag => "INTEGER",
            ColumnKind::Text | ColumnKind::Body | ColumnKind::Date | ColumnKind::Day | ColumnKind::Json => "TEXT",
        };
        // Writing to a string does not fail.
        let _ = write!(all, ", \"{}\" {of}", column.name);
        all
    })
}

/// The columns that hold numbers, and texts where no number could be read.
pub(in crate::mirror) fn number_columns(table: &Table) -> impl Iterator<Item = &Column> {
    table.columns.iter().filter(|column| column.kind == ColumnKind::Number)
}

/// The statements that make an empty mirror.
pub(in crate::mirror) fn ddl() -> String {
    let mut sql = String::from(
        "CREATE TABLE scans (
             name TEXT PRIMARY KEY, owner TEXT, lease_until INTEGER NOT NULL DEFAULT 0, started_at INTEGER,
             next_offset INTEGER NOT NULL DEFAULT 0, place TEXT, total INTEGER, drifted INTEGER NOT NULL DEFAULT 0,
             spent_ms INTEGER NOT NULL DEFAULT 0, complete_at INTEGER, took_ms INTEGER, ended_at INTEGER,
             short TEXT, fault TEXT, lacking TEXT, lacks TEXT, since INTEGER, full_at INTEGER
         ) STRICT;
         CREATE TABLE scanning (name TEXT NOT NULL, id TEXT NOT NULL, PRIMARY KEY (name, id)) STRICT, WITHOUT ROWID;
         CREATE TABLE touched (
             name TEXT NOT NULL, id TEXT NOT NULL, at INTEGER NOT NULL, tool TEXT, members TEXT, sent_at INTEGER NOT NULL,
             client TEXT, PRIMARY KEY (name, id)
         ) STRICT, WITHOUT ROWID;
         CREATE TABLE changes (
             seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, name TEXT NOT NULL, id TEXT NOT NULL, change TEXT NOT NULL,
             title TEXT, fields TEXT, tool TEXT, client TEXT
         ) STRICT;
         CREATE INDEX changes_at ON changes (at);
         CREATE TABLE searchable (key INTEGER PRIMARY KEY, name TEXT NOT NULL, id TEXT NOT NULL, UNIQUE (name, id)) STRICT;
         CREATE VIRTUAL TABLE search USING fts5 (title, other, digits, content='', contentless_delete=1, tokenize='unicode61 remove_diacritics 2');\n",
    );
    sql.push_str(CHANGES_NAME);
    for table in TABLES {
        add_table(&mut sql, table);
    }
    // By tag and contact: by the tag alone, whether one contact has it would be looked for among all that do.
    sql.push_str("CREATE INDEX contact_tags_tag ON contact_tags (tag, contactId);\n");
    sql.push_str(REVISIONS);
    sql
}

/// A table with its indexes and its tables of parts.
fn add_table(sql: &mut String, table: &Table) {
    let (name, columns) = (table.name, typed_columns(table));
    // Not STRICT: what does not fit its column's type is kept as it came. Writing to a string does not fail.
    let _ = writeln!(sql, "CREATE TABLE {name} (id TEXT PRIMARY KEY NOT NULL{columns}, other TEXT);");
    // Each question counts the texts in number columns and reports them: this index keeps the count cheap.
    for Column { name: column, .. } in number_columns(table) {
        let _ = writeln!(sql, "CREATE INDEX {name}_{column} ON {name} (id) WHERE typeof({column}) = 'text';");
    }
    for columns in table.indexes {
        let _ = writeln!(sql, "CREATE INDEX {name}_{} ON {name} ({columns});", first_word(columns));
    }
    for child in table.children {
        let [owner, rest @ ..] = child.columns else { continue };
        let rest = rest.iter().fold(String::new(), |mut all, name| {
            let _ = write!(all, ", {name} {}", part_type(name));
            all
        });
        let _ = writeln!(
            sql,
            "CREATE TABLE {0} ({owner} TEXT NOT NULL{rest}); CREATE INDEX {0}_owner ON {0} ({owner});",
            child.name
        );
    }
}

/// The column that names an index.
pub(in crate::mirror) fn first_word(columns: &str) -> &str {
    columns.split([',', ' ']).next().unwrap_or(columns)
}
