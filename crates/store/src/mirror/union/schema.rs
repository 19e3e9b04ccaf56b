//! The file of all accounts: tables that hold the rows of every account, and the views that show a part of them.
//!
//! A row's `place` is the number of its account's copy, followed by the row's number in the mirror. So the rows of one account
//! lie together, a row is found again without an index, and every index also knows whose row it is.

use crate::mirror::{
    file::Layout,
    schema::{Child, Column, TABLES, Table, first_word, number_columns, part_type, readable, typed_columns},
};
use rusqlite::Connection;
use std::fmt::Write;

/// The file's layout. It holds copies only, so that another version is rebuilt.
pub(super) const LAYOUT: Layout = Layout { ddl, oldest: 2, steps: &[] };

/// How many bits of a place are the row's number in the mirror.
pub(super) const ROW_BITS: u32 = 40;

/// The column that every table has in front of its own.
pub(crate) const ACCOUNT: &str = "account";

/// The table that holds the rows of all accounts.
pub(super) fn physical(name: &str) -> String {
    format!("all_{name}")
}

/// The table of parts and the table itself, each with its columns in the mirror.
pub(super) fn copied(table: &'static Table) -> impl Iterator<Item = (&'static str, Vec<&'static str>)> {
    let children = table.children.iter().map(|child| (child.name, child.columns.to_vec()));
    std::iter::once((table.name, table.column_names().collect())).chain(children)
}

fn ddl() -> String {
    let mut sql = String::from(
        "CREATE TABLE copies (
             number INTEGER PRIMARY KEY, mirror TEXT NOT NULL, account TEXT NOT NULL, asked_at INTEGER NOT NULL,
             UNIQUE (account, mirror)
         ) STRICT;
         CREATE TABLE folded (
             copy INTEGER NOT NULL, name TEXT NOT NULL, stamp INTEGER, PRIMARY KEY (copy, name)
         ) STRICT, WITHOUT ROWID;\n",
    );
    for table in TABLES {
        add_table(&mut sql, table);
        for child in table.children {
            add_parts(&mut sql, child);
        }
    }
    sql
}

/// The indexes begin with the account, so that folding in one account touches few pages: ids come in no order, and in an
/// index of all ids each would be on a page of its own. The views name the accounts, so that an id without one is found
/// too, with one look for each account.
fn add_table(sql: &mut String, table: &Table) {
    let (name, columns) = (physical(table.name), typed_columns(table));
    // Writing to a string does not fail.
    let _ = writeln!(
        sql,
        "CREATE TABLE {name} (
             place INTEGER PRIMARY KEY, {ACCOUNT} TEXT NOT NULL, id TEXT NOT NULL{columns}, other TEXT
         );
         CREATE INDEX {name}_id ON {name} ({ACCOUNT}, id);"
    );
    for columns in table.indexes {
        let _ = writeln!(sql, "CREATE INDEX {name}_{} ON {name} ({ACCOUNT}, {columns});", first_word(columns));
    }
    for Column { name: column, .. } in number_columns(table) {
        let _ = writeln!(sql, "CREATE INDEX {name}_{column} ON {name} (place) WHERE typeof({column}) = 'text';");
    }
}

fn add_parts(sql: &mut String, child: &Child) {
    let [owner, second, ..] = child.columns else { return };
    let name = physical(child.name);
    let columns = child.columns.iter().fold(String::new(), |mut all, column| {
        let _ = write!(all, ", {column} {}", part_type(column));
        all
    });
    let _ = writeln!(
        sql,
        "CREATE TABLE {name} (place INTEGER PRIMARY KEY, {ACCOUNT} TEXT NOT NULL{columns});
         CREATE INDEX {name}_owner ON {name} ({ACCOUNT}, {owner}, {second});
         CREATE INDEX {name}_{second} ON {name} ({ACCOUNT}, {second}, {owner});"
    );
}

/// Tables without rows under the names and with the columns that a statement sees.
pub(super) fn outline() -> String {
    readable().fold(String::new(), |mut sql, (name, columns)| {
        let _ = writeln!(sql, "CREATE TABLE {name} ({ACCOUNT}, {});", quoted(&columns));
        sql
    })
}

/// What the views show: the numbers of copies for each table, with the accounts' names.
pub(super) const SHOWN: &str = "CREATE TEMP TABLE shown (
         name TEXT NOT NULL, copy INTEGER NOT NULL, account TEXT NOT NULL, PRIMARY KEY (name, copy)
     ) WITHOUT ROWID;";

/// Creates the views that a statement sees, in place of those that are there. Each reads one table, so that SQLite merges it
/// into the statement, in an outer join too.
///
/// A name nearly always belongs to one copy, and then it decides which rows are shown. `by_place` also looks at the copy,
/// which takes time for each row.
pub(super) fn create_views(db: &Connection, by_place: bool) -> rusqlite::Result<()> {
    let mut sql = String::new();
    for table in TABLES {
        let shown = |column: &str| format!("(SELECT {column} FROM temp.shown WHERE name = '{}')", table.name);
        let place = if by_place { format!(" AND place >> {ROW_BITS} IN {}", shown("copy")) } else { String::new() };
        for (name, columns) in copied(table) {
            let _ = writeln!(
                sql,
                "DROP VIEW IF EXISTS temp.{name};
                 CREATE TEMP VIEW {name} AS SELECT {ACCOUNT}, {} FROM main.{} WHERE {ACCOUNT} IN {}{place};",
                quoted(&columns),
                physical(name),
                shown(ACCOUNT),
            );
        }
    }
    db.execute_batch(&sql)
}

/// The columns as a list in SQL.
pub(super) fn quoted(columns: &[&str]) -> String {
    columns.iter().map(|column| format!("\"{column}\"")).collect::<Vec<_>>().join(", ")
}
