//! The lock on a token's refresh: one process at a time, which records its request before it goes out.

use super::{NewToken, Store, StoredToken, token};
use chrono::{DateTime, TimeDelta, Utc};
use highlevel_core::error::Result;
use rusqlite::{OptionalExtension, TransactionBehavior, params};
use std::time::Duration;

/// The answer to a process that wants to refresh a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefreshLock {
    /// It holds the lock. `cut_off`: when a refresh went out whose result was never recorded.
    Acquired {
        /// When that refresh was sent.
        cut_off: Option<DateTime<Utc>>,
    },
    /// Another process holds it.
    Busy,
}

impl Store {
    /// Takes the lock on the line of the token with this hash, unless another process has it. It expires after `life`
    /// if it is not prolonged.
    ///
    /// # Errors
    /// `internal` when the state directory cannot be used.
    pub async fn begin_refresh(&self, hash: &str, owner: &str, life: Duration) -> Result<RefreshLock> {
        let (hash, owner, life) = (hash.to_owned(), owner.to_owned(), delta(life));
        self.with(move |db| {
            let transaction = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let (root, now) = (token::root(&transaction, &hash)?, Utc::now());
            let held: Option<(String, i64, Option<i64>)> = transaction
                .query_row("SELECT owner, until, asked_at FROM renewing WHERE root = ?1", [&root], |row| {
                    Ok((row.get(0)?, row.get(1)?, row.get(2)?))
                })
                .optional()?;
            let until = (now + life).timestamp_millis();
            if let Some((holder, end, _)) = &held
                && *holder != owner
                // An end that lies too far ahead was written before the clock was set back.
                && *end > now.timestamp_millis() && *end <= until
            {
                return Ok(RefreshLock::Busy);
            }
            let asked_at = held.and_then(|(_, _, asked_at)| asked_at);
            transaction.execute(
                "INSERT INTO renewing (root, owner, until, asked_at) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (root) DO UPDATE SET owner = excluded.owner, until = excluded.until",
                params![root, owner, until, asked_at],
            )?;
            transaction.commit()?;
            Ok(RefreshLock::Acquired { cut_off: asked_at.and_then(DateTime::from_timestamp_millis) })
        })
        .await
    }

    /// Whether a process refreshes the token with this hash, or one of its line.
    ///
    /// # Errors
    /// `internal` when the state directory cannot be used.
    pub async fn refresh_under_way(&self, hash: &str) -> Result<bool> {
        let hash = hash.to_owned();
        self.with(move |db| {
            let root = token::root(db, &hash)?;
            let query = "SELECT count(*) > 0 FROM renewing WHERE root = ?1 AND until > ?2";
            db.query_row(query, params![root, Utc::now().timestamp_millis()], |row| row.get(0))
        })
        .await
    }

    /// Records that the refresh's request goes out now. Returns whether this owner still holds the lock.
    ///
    /// # Errors
    /// `internal` when the state directory cannot be used.
    pub async fn record_refresh(&self, owner: &str, life: Duration) -> Result<bool> {
        self.prolong(owner, life, Some(Utc::now())).await
    }

    /// Prolongs the lock. Returns whether this owner still holds it.
    ///
    /// # Errors
    /// `internal` when the state directory cannot be used.
    pub async fn prolong_refresh(&self, owner: &str, life: Duration) -> Result<bool> {
        self.prolong(owner, life, None).await
    }

    async fn prolong(&self, owner: &str, life: Duration, asked_at: Option<DateTime<Utc>>) -> Result<bool> {
        let (owner, life) = (owner.to_owned(), delta(life));
        self.with(move |db| {
            let changed = db.execute(
                "UPDATE renewing SET until = ?2, asked_at = coalesce(?3, asked_at) WHERE owner = ?1",
                params![
                    owner,
                    (Utc::now() + life).timestamp_millis(),
                    asked_at.map(|asked_at| asked_at.timestamp_millis())
                ],
            )?;
            Ok(changed > 0)
        })
        .await
    }

    /// Ends a refresh in one transaction: stores its token, if there is one, and releases the lock. If another process took
    /// over the lock and stored a token meanwhile, the one that lives longer stays. Returns the one that stays.
    ///
    /// # Errors
    /// `internal` when the state directory cannot be used.
    pub async fn end_refresh(
        &self,
        parent: &str,
        owner: &str,
        renewed: Option<NewToken>,
    ) -> Result<Option<StoredToken>> {
        let (parent, owner) = (parent.to_owned(), owner.to_owned());
        self.with(move |db| {
            let transaction = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
            if let Some(new) = &renewed {
                token::keep(&transaction, &parent, new)?;
            }
            let stays = token::newest(&transaction, &parent)?;
            transaction.execute("DELETE FROM renewing WHERE owner = ?1", [owner])?;
            transaction.commit()?;
            Ok(stays)
        })
        .await
    }

    /// Stores the pair of an OAuth refresh, and removes the record of its request. The lock stays.
    ///
    /// # Errors
    /// `internal` when the state directory cannot be used.
    pub async fn complete_refresh(&self, parent: &str, new: NewToken) -> Result<()> {
        let parent = parent.to_owned();
        self.with(move |db| {
            token::surely(db, true)?;
            let transaction = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
            token::keep(&transaction, &parent, &new)?;
            // Whichever process holds the lock now: the line has a pair again.
            let root = token::root(&transaction, &parent)?;
            transaction.execute("UPDATE renewing SET asked_at = NULL WHERE root = ?1", [root])?;
            transaction.commit()
        })
        .await
    }

    /// Releases the lock. `unanswered`: when a refresh went out whose result is unknown; that stays recorded until a refresh
    /// succeeds.
    ///
    /// # Errors
    /// `internal` when the state directory cannot be used.
    pub async fn release_refresh(&self, owner: &str, unanswered: Option<DateTime<Utc>>) -> Result<()> {
        let owner = owner.to_owned();
        self.with(move |db| {
            match unanswered {
                Some(at) => db.execute(
                    "UPDATE renewing SET until = 0, asked_at = ?2 WHERE owner = ?1",
                    params![owner, at.timestamp_millis()],
                )?,
                None => db.execute("DELETE FROM renewing WHERE owner = ?1", [owner])?,
            };
            Ok(())
        })
        .await
    }
}

fn delta(life: Duration) -> TimeDelta {
    TimeDelta::from_std(life).unwrap_or_default()
}
