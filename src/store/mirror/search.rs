//! Finding objects by what a person remembers of them: a name, an address, a phone number.

use super::{
    Mirror,
    rows::texts,
    schema::{self, Table},
    words,
};
use crate::error::Result;
use rusqlite::{OptionalExtension, params};
use serde_json::{Map, Value};

/// One object that was found.
#[derive(Debug, Clone)]
pub struct Found {
    /// Its table.
    pub table: &'static Table,
    /// Its id.
    pub id: String,
    /// What its name is made of, and what was searched, by column.
    pub fields: Map<String, Value>,
}

impl Mirror {
    /// The objects of these tables that fit best, names before the rest.
    ///
    /// # Errors
    /// `internal` when the state directory cannot be used.
    pub async fn search(&self, text: &str, tables: Vec<&'static Table>, most: usize) -> Result<Vec<Found>> {
        let (text, matching) = (text.trim().to_owned(), words::query(text));
        self.read(move |db| {
            let names = schema::names(&tables);
            let transaction = db.transaction()?;
            let mut keys: Vec<(String, String)> = Vec::new();
            let of_id = "SELECT name, id FROM searchable WHERE id = ?1 AND name IN (SELECT value FROM json_each(?2))";
            let exact = transaction.query_row(of_id, params![text, names], |row| Ok((row.get(0)?, row.get(1)?)));
            keys.extend(exact.optional()?);
            if let Some(matching) = matching {
                let mut statement = transaction.prepare(
                    "SELECT name, id FROM search JOIN searchable ON key = search.rowid
                     WHERE search MATCH ?1 AND name IN (SELECT value FROM json_each(?2))
                     ORDER BY bm25(search, 4.0, 1.0, 1.0) LIMIT ?3",
                )?;
                let found =
                    statement.query_map(params![matching, names, most], |row| Ok((row.get(0)?, row.get(1)?)))?;
                keys.extend(found.collect::<rusqlite::Result<Vec<_>>>()?);
            }
            keys.dedup();
            keys.truncate(most);
            let mut all = Vec::with_capacity(keys.len());
            for (name, id) in keys {
                let Some(table) = Table::named(&name) else { continue };
                let columns: Vec<_> = table.title.iter().chain(table.searched).copied().collect();
                let mut statement =
                    transaction.prepare_cached(&format!("SELECT {} FROM {name} WHERE id = ?1", columns.join(", ")))?;
                let fields = statement.query_row([&id], |row| texts(row, &columns)).optional()?;
                if let Some(fields) = fields {
                    all.push(Found { table, id, fields });
                }
            }
            Ok(all)
        })
        .await
    }

    /// The ids of a table's objects that begin so, then those of the objects that fit best; without a text the first ones.
    ///
    /// # Errors
    /// `internal` when the state directory cannot be used.
    pub async fn ids(&self, text: &str, table: &'static Table, most: usize) -> Result<Vec<String>> {
        let beginning = text.trim().to_owned();
        let found = self.search(text, vec![table], most).await?.into_iter().map(|found| found.id);
        let mut ids = self
            .read(move |db| {
                let sql = format!("SELECT id FROM {} WHERE substr(id, 1, length(?1)) = ?1 LIMIT ?2", table.name);
                let mut statement = db.prepare_cached(&sql)?;
                let ids = statement.query_map(params![beginning, most], |row| row.get(0))?;
                ids.collect::<rusqlite::Result<Vec<String>>>()
            })
            .await?;
        for id in found {
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
        ids.truncate(most);
        Ok(ids)
    }
}
