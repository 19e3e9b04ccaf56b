//! Writes of this machine's tools go through to the mirror at once. They are remembered, so that a page that was requested
//! before does not undo them, and a later reading knows which tool made them.

use super::{
    Mirror,
    scans::{complete_at, seen},
    schema::Table,
    upsert::{self, UpsertOptions},
};
use chrono::Utc;
use highlevel_core::error::Result;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};
use serde_json::{Map, Value};

/// A tool's write to an object.
#[derive(Debug, Clone, Default)]
pub struct ToolWrite {
    /// The tool; `None` where it only read the object.
    pub tool: Option<&'static str>,
    /// The members that it wrote; empty for all.
    pub members: Vec<String>,
    /// The client that called the tool, if it is known.
    pub client: Option<String>,
}

impl Mirror {
    /// Stores an object that a tool wrote or read, as the API answered, which may be a part of it.
    ///
    /// # Errors
    /// `internal` when the state directory cannot be used.
    pub async fn wrote(&self, table: &'static Table, object: Map<String, Value>, by: ToolWrite) -> Result<()> {
        let Some(id) = object.get("id").and_then(Value::as_str).map(str::to_owned) else { return Ok(()) };
        self.touch(table, id, Some(object), by).await
    }

    /// Removes an object.
    ///
    /// # Errors
    /// `internal` when the state directory cannot be used.
    pub async fn removed(&self, table: &'static Table, id: &str, by: ToolWrite) -> Result<()> {
        self.touch(table, id.to_owned(), None, by).await
    }

    /// Removes what belongs to a contact that was deleted: its rows in every table that names contacts, but not what it
    /// paid and submitted.
    ///
    /// # Errors
    /// `internal` when the state directory cannot be used.
    pub async fn removed_of_contact(&self, contact: &str, by: ToolWrite) -> Result<()> {
        for name in ["opportunities", "tasks", "appointments", "conversations", "messages"] {
            let Some(table) = Table::named(name) else { continue };
            let contact = contact.to_owned();
            let ids: Vec<String> = self
                .write(move |db| {
                    let mut statement = db.prepare(&format!("SELECT id FROM {name} WHERE contactId = ?1"))?;
                    statement.query_map([contact], |row| row.get(0))?.collect()
                })
                .await?;
            for id in ids {
                self.removed(table, &id, by.clone()).await?;
            }
        }
        Ok(())
    }

    /// Remembers an object that a tool may have written: a reading will show it.
    ///
    /// # Errors
    /// `internal` when the state directory cannot be used.
    pub async fn tried(&self, table: &'static Table, id: &str, by: ToolWrite) -> Result<()> {
        let id = id.to_owned();
        self.write(move |db| remember(db, table, &id, &by, 0)).await
    }

    async fn touch(
        &self,
        table: &'static Table,
        id: String,
        object: Option<Map<String, Value>>,
        by: ToolWrite,
    ) -> Result<()> {
        self.write(move |db| {
            let transaction = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let at = Utc::now().timestamp_millis();
            remember(&transaction, table, &id, &by, at)?;
            let record = complete_at(&transaction, table)?.is_some();
            let how = UpsertOptions { whole: false, record, at, tool: by.tool, client: by.client.as_deref() };
            match object {
                Some(object) => {
                    upsert::upsert(&transaction, table, &object, how)?;
                    // A scan that has passed its position must not take it for removed.
                    let sql = "SELECT count(*) > 0 FROM scans WHERE name = ?1 AND started_at IS NOT NULL";
                    if transaction.query_row(sql, [table.name], |row| row.get(0))? {
                        seen(&transaction, table, &id)?;
                    }
                }
                None => upsert::remove(&transaction, table, &id, how)?,
            }
            transaction.commit()
        })
        .await
    }
}

/// Remembers a write, seen at the time `at`; 0 if it was not seen yet.
fn remember(db: &Connection, table: &Table, id: &str, by: &ToolWrite, at: i64) -> rusqlite::Result<()> {
    let sent_at = if at > 0 { at } else { Utc::now().timestamp_millis() };
    let members = Value::from(by.members.as_slice()).to_string();
    db.prepare_cached(
        "INSERT INTO touched (name, id, at, tool, members, sent_at, client) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
         ON CONFLICT (name, id) DO UPDATE SET at = max(at, excluded.at), tool = coalesce(excluded.tool, tool),
             members = CASE WHEN excluded.tool IS NULL THEN members ELSE excluded.members END,
             client = CASE WHEN excluded.tool IS NULL THEN client ELSE excluded.client END, sent_at = excluded.sent_at",
    )?
    .execute(params![table.name, id, at, by.tool, members, sent_at, by.client])
    .map(drop)
}

/// The tool that may have written to an object.
pub(super) struct Writer {
    pub(super) tool: String,
    pub(super) client: Option<String>,
    /// The members that it sent.
    pub(super) members: Vec<String>,
}

/// The tool that may have written to an object since the last complete reading. What is known to be written is in the
/// mirror already.
pub(super) fn writer(db: &Connection, table: &Table, id: &str) -> rusqlite::Result<Option<Writer>> {
    let sql =
        "SELECT tool, client, members FROM touched WHERE name = ?1 AND id = ?2 AND tool IS NOT NULL AND at < sent_at";
    let found = db.prepare_cached(sql)?.query_row([table.name, id], |row| {
        let members = serde_json::from_str(&row.get::<_, String>(2)?).unwrap_or_default();
        Ok(Writer { tool: row.get(0)?, client: row.get(1)?, members })
    });
    found.optional()
}

/// Whether a write was seen after the page's request was sent.
pub(super) fn since(db: &Connection, table: &Table, id: &str, at: i64) -> rusqlite::Result<bool> {
    let mut statement = db.prepare_cached("SELECT at >= ?3 FROM touched WHERE name = ?1 AND id = ?2")?;
    Ok(statement.query_row(params![table.name, id, at], |row| row.get(0)).optional()?.unwrap_or(false))
}

/// Deletes the writes from before a complete reading.
pub(super) fn forget(db: &Connection, table: &Table, before: i64) -> rusqlite::Result<()> {
    let sql = "DELETE FROM touched WHERE name = ?1 AND sent_at < ?2";
    db.execute(sql, params![table.name, before]).map(drop)
}
