//! The quota that the processes of this machine share, one row an account ("Rate Limiting").
//!
//! A row is read, reckoned with and written back in one short transaction that takes the write lock first.

mod books;
mod first;
#[cfg(test)]
mod tests;

pub use books::{Ask, Books, Grant, LIMIT, Seen, WINDOW, lease_life};
pub use first::Lesson;

use super::{Store, token};
use chrono::{TimeDelta, Utc};
use highlevel_core::error::Result;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

/// An account that nobody used for so long is forgotten.
const FORGOTTEN: TimeDelta = TimeDelta::days(7);

/// Whose quota it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum QuotaKey {
    /// An address and the location that is pinned.
    Location(String, String),
    /// An address and the hash of a token: the first of its line stands for the account.
    Token(String, String),
}

impl Store {
    /// What everything that this machine keeps calls the account.
    ///
    /// # Errors
    /// `internal` when the state directory cannot be used.
    pub async fn account(&self, key: QuotaKey) -> Result<String> {
        self.with(move |db| account(db, &key)).await
    }

    /// Reports to the account's books and takes a lease.
    ///
    /// # Errors
    /// `internal` when the state directory cannot be used.
    pub async fn exchange_quota(&self, key: QuotaKey, ask: Ask) -> Result<Grant> {
        self.with(move |db| {
            let transaction = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let account = account(&transaction, &key)?;
            let books: Option<String> = transaction
                .query_row("SELECT books FROM quota WHERE account = ?1", [&account], |row| row.get(0))
                .optional()?;
            let known = books.is_some();
            let mut books: Books = books.map_or_else(|| Ok(Books::default()), |text| read(&text))?;
            // Read with the lock in hand: no other process reckons with an earlier time after this.
            let now = Utc::now();
            let grant = books.exchange(&ask, u64::try_from(now.timestamp_millis()).unwrap_or_default());
            transaction.execute(
                "INSERT INTO quota (account, books, used_at) VALUES (?1, ?2, ?3)
                 ON CONFLICT (account) DO UPDATE SET books = excluded.books, used_at = excluded.used_at",
                params![account, write(&books)?, now.timestamp()],
            )?;
            if !known {
                transaction.execute("DELETE FROM quota WHERE used_at < ?1", [(now - FORGOTTEN).timestamp()])?;
            }
            transaction.commit()?;
            Ok(grant)
        })
        .await
    }
}

/// What everything that this machine keeps calls the account.
fn account(db: &Connection, key: &QuotaKey) -> rusqlite::Result<String> {
    Ok(match key {
        QuotaKey::Location(address, location) => format!("{address} location {location}"),
        QuotaKey::Token(address, hash) => format!("{address} token {}", token::root(db, hash)?),
    })
}

fn read(text: &str) -> rusqlite::Result<Books> {
    serde_json::from_str(text)
        .map_err(|fault| rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, Box::new(fault)))
}

fn write(books: &Books) -> rusqlite::Result<String> {
    serde_json::to_string(books).map_err(|fault| rusqlite::Error::ToSqlConversionFailure(Box::new(fault)))
}
