//! The quota that the processes of this machine share: one row per account.
//!
//! A row is read, computed with and written back in one short transaction, which takes the write lock first.

mod first_request;
mod messages;
mod shared;
#[cfg(test)]
mod tests;

pub use first_request::Lesson;
pub use messages::{LeaseGrant, LeaseRequest, ObservedQuota};
pub use shared::{LIMIT, SharedQuota, WINDOW, lease_life};

use super::{Store, token};
use chrono::{TimeDelta, Utc};
use highlevel_core::error::Result;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

/// The row of an account that is not used for this long is deleted.
const FORGOTTEN: TimeDelta = TimeDelta::days(7);

/// The account that a quota belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum QuotaKey {
    /// An address and the location that is pinned.
    Location(String, String),
    /// An address and the hash of a token: the first of its line stands for the account.
    Token(String, String),
}

impl Store {
    /// The account's name in everything that this machine stores.
    ///
    /// # Errors
    /// `internal` when the state directory cannot be used.
    pub async fn account(&self, key: QuotaKey) -> Result<String> {
        self.with(move |db| account(db, &key)).await
    }

    /// Reports to the account's shared quota and takes a lease.
    ///
    /// # Errors
    /// `internal` when the state directory cannot be used.
    pub async fn exchange_quota(&self, key: QuotaKey, request: LeaseRequest) -> Result<LeaseGrant> {
        self.with(move |db| {
            let transaction = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let account = account(&transaction, &key)?;
            let stored: Option<String> = transaction
                .query_row("SELECT books FROM quota WHERE account = ?1", [&account], |row| row.get(0))
                .optional()?;
            let is_known = stored.is_some();
            let mut quota: SharedQuota = stored.map_or_else(|| Ok(SharedQuota::default()), |text| read(&text))?;
            // Read while the lock is held: no other process computes with an earlier time after this.
            let now = Utc::now();
            let grant = quota.exchange(&request, u64::try_from(now.timestamp_millis()).unwrap_or_default());
            transaction.execute(
                "INSERT INTO quota (account, books, used_at) VALUES (?1, ?2, ?3)
                 ON CONFLICT (account) DO UPDATE SET books = excluded.books, used_at = excluded.used_at",
                params![account, write(&quota)?, now.timestamp()],
            )?;
            if !is_known {
                transaction.execute("DELETE FROM quota WHERE used_at < ?1", [(now - FORGOTTEN).timestamp()])?;
            }
            transaction.commit()?;
            Ok(grant)
        })
        .await
    }
}

/// The account's name in everything that this machine stores.
fn account(db: &Connection, key: &QuotaKey) -> rusqlite::Result<String> {
    Ok(match key {
        QuotaKey::Location(address, location) => format!("{address} location {location}"),
        QuotaKey::Token(address, hash) => format!("{address} token {}", token::root(db, hash)?),
    })
}

fn read(text: &str) -> rusqlite::Result<SharedQuota> {
    serde_json::from_str(text)
        .map_err(|fault| rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, Box::new(fault)))
}

fn write(quota: &SharedQuota) -> rusqlite::Result<String> {
    serde_json::to_string(quota).map_err(|fault| rusqlite::Error::ToSqlConversionFailure(Box::new(fault)))
}
