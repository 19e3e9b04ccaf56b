//! Who renews a token: one process at a time, and its intention is written before its request goes out.

use super::{NewToken, Store, StoredToken, token};
use chrono::{DateTime, TimeDelta, Utc};
use highlevel_core::error::Result;
use rusqlite::{OptionalExtension, TransactionBehavior, params};
use std::time::Duration;

/// The answer to a process that wants to renew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefreshLock {
    /// It may. `cut_off`: when a renewal was sent by a process that never said what became of it.
    Acquired {
        /// When that renewal was sent.
        cut_off: Option<DateTime<Utc>>,
    },
    /// Another process renews.
    Busy,
}

impl Store {
    /// Takes the lock on the line of the token with this hash, unless another process has it. It ends by itself after
    /// `life` if it is not prolonged.
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

    /// Whether some process renews the token with this hash, or one of its line.
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

    /// Writes down that the renewal's request goes out now. Says whether the lock is still this owner's.
    ///
    /// # Errors
    /// `internal` when the state directory cannot be used.
    pub async fn record_refresh(&self, owner: &str, life: Duration) -> Result<bool> {
        self.prolong(owner, life, Some(Utc::now())).await
    }

    /// Prolongs the lock. Says whether it is still this owner's.
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

    /// Ends a renewal, in one transaction: stores what came of it, if anything did, and gives the lock back. If another
    /// process took the lock over and stored meanwhile, the token that lives longer stays; the one that stays is given.
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

    /// Stores what an OAuth renewal gave, and with it that its intention was fulfilled. The lock stays.
    ///
    /// # Errors
    /// `internal` when the state directory cannot be used.
    pub async fn complete_refresh(&self, parent: &str, new: NewToken) -> Result<()> {
        let parent = parent.to_owned();
        self.with(move |db| {
            token::surely(db, true)?;
            let transaction = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
            token::keep(&transaction, &parent, &new)?;
            // Whoever has the lock by now: the line has a pair again.
            let root = token::root(&transaction, &parent)?;
            transaction.execute("UPDATE renewing SET asked_at = NULL WHERE root = ?1", [root])?;
            transaction.commit()
        })
        .await
    }

    /// Gives the lock back. `unanswered`: a renewal that went out then and of which nobody knows what it did; that stays
    /// written down until one is fulfilled.
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
