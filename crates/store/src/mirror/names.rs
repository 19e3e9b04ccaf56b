//! The names of everything in a mirror's file that a statement could read, and which tables a statement opens.

use rusqlite::Connection;
use std::collections::{HashMap, HashSet};

/// SQLite's own names: its schema under several names, and the tables that show what a PRAGMA does.
const BUILT_IN: [&str; 2] = ["sqlite_", "pragma_"];

/// What there is. All names are in lower case: SQLite compares names without regard to ASCII case.
#[derive(Debug)]
pub(super) struct Names {
    tables: HashSet<String>,
    /// Modules of virtual tables. Some can be read as a table of the module's name.
    modules: HashSet<String>,
    /// The table of each root page, an index's too.
    roots: HashMap<i64, String>,
}

impl Names {
    pub(super) fn of(db: &Connection) -> rusqlite::Result<Self> {
        let mut statement = db.prepare("SELECT type, lower(tbl_name), rootpage FROM sqlite_schema")?;
        let all = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        let all = all.collect::<rusqlite::Result<Vec<(String, String, Option<i64>)>>>()?;
        let mut modules = db.prepare("SELECT lower(name) FROM pragma_module_list")?;
        let modules = modules.query_map([], |row| row.get(0))?;
        Ok(Self {
            tables: all.iter().map(|(_, name, _)| name.clone()).collect(),
            modules: modules.collect::<rusqlite::Result<_>>()?,
            roots: all.into_iter().filter_map(|(_, name, root)| Some((root.filter(|root| *root > 0)?, name))).collect(),
        })
    }

    /// Whether the file has a table of this name that has pages of its own.
    pub(super) fn is_table(&self, name: &str) -> bool {
        let name = name.to_ascii_lowercase();
        self.tables.contains(&name) && self.roots.values().any(|table| *table == name)
    }

    /// Whether SQLite or a virtual table answers to this name.
    pub(super) fn is_built_in(&self, name: &str) -> bool {
        let name = name.to_ascii_lowercase();
        let begins = BUILT_IN.iter().any(|beginning| name.starts_with(beginning));
        begins || self.tables.contains(&name) || self.modules.contains(&name)
    }

    /// The tables that a statement opens, by its program. `None` if it has none to show, as an EXPLAIN.
    pub(super) fn opened(&self, db: &Connection, sql: &str) -> Option<HashSet<String>> {
        let mut program = db.prepare(&format!("EXPLAIN {sql}")).ok()?;
        let mut rows = program.query([]).ok()?;
        let mut opened = HashSet::new();
        while let Some(row) = rows.next().ok()? {
            let (does, root): (String, i64) = (row.get("opcode").ok()?, row.get("p2").ok()?);
            if does == "OpenRead" {
                opened.insert(self.roots.get(&root)?.clone());
            }
        }
        Some(opened)
    }
}
