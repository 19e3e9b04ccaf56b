//! Refreshed tokens, under the hash of the first of their line.
//!
//! A process that starts with the first token, or with any that came of it, finds the newest. The first token
//! itself, which a person gave, is never copied: only its hash is stored.

use super::{Store, sha256_hex};
use chrono::{DateTime, TimeDelta, Utc};
use highlevel_core::error::Result;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};
use secrecy::{ExposeSecret, SecretString};

/// How long the hashes between the first token and the newest are remembered; a token lives some twenty minutes.
const LINEAGE: TimeDelta = TimeDelta::days(90);

/// A token to store.
#[derive(Debug, Clone)]
pub struct NewToken {
    /// The token.
    pub token: SecretString,
    /// When it expires by the server's clock, if that is known.
    pub expires_at: Option<DateTime<Utc>>,
    /// The OAuth login that refreshes it, if one does. It is stored in the same row, so that neither is there without the other.
    pub login: Option<SecretString>,
}

/// A refreshed token in the store.
#[derive(Debug, Clone)]
pub struct StoredToken {
    /// The token.
    pub token: SecretString,
    /// The OAuth login that refreshes it, if one does.
    pub login: Option<SecretString>,
    /// When it expires by the server's clock, if that is known.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was stored by this machine's clock.
    pub stored_at: DateTime<Utc>,
}

/// The SHA-256 of a token in hexadecimal, which identifies it without showing it.
pub fn token_hash(token: &SecretString) -> String {
    sha256_hex(token.expose_secret().as_bytes())
}

impl Store {
    /// The newest token that came of the one with this hash; `None` if none did.
    ///
    /// # Errors
    /// `internal` when the state directory cannot be used.
    pub async fn newest_token(&self, hash: &str) -> Result<Option<StoredToken>> {
        let hash = hash.to_owned();
        self.with(move |db| newest(db, &hash)).await
    }

    /// Stores `token`, which came of the one with the hash `parent`. Of two that were refreshed at the same time, the one that
    /// lives longer stays.
    ///
    /// # Errors
    /// `internal` when the state directory cannot be used.
    pub async fn store_token(
        &self,
        parent: &str,
        token: &SecretString,
        expires_at: Option<DateTime<Utc>>,
    ) -> Result<()> {
        self.keep_token(parent, NewToken { token: token.clone(), expires_at, login: None }).await
    }

    /// As [`Store::store_token`], with the login that refreshes the token.
    ///
    /// # Errors
    /// `internal` when the state directory cannot be used.
    pub async fn keep_token(&self, parent: &str, new: NewToken) -> Result<()> {
        let parent = parent.to_owned();
        self.with(move |db| {
            surely(db, new.login.is_some())?;
            let transaction = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
            keep(&transaction, &parent, &new)?;
            transaction.commit()
        })
        .await
    }

    /// Deletes every token that came of the one with this hash, and the line itself. The result of a refresh under way is not
    /// stored.
    ///
    /// # Errors
    /// `internal` when the state directory cannot be used.
    pub async fn forget_tokens(&self, hash: &str) -> Result<()> {
        self.forget_tokens_unless(hash, Vec::new()).await
    }

    /// The same, unless one of the `others` is of the same line: the tokens are in use there.
    pub(super) async fn forget_tokens_unless(&self, hash: &str, others: Vec<String>) -> Result<()> {
        let hash = hash.to_owned();
        self.with(move |db| {
            let transaction = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let (line, now) = (root(&transaction, &hash)?, Utc::now());
            for other in &others {
                if root(&transaction, other)? == line {
                    return Ok(());
                }
            }
            let root = line;
            transaction.execute(
                "INSERT OR REPLACE INTO cleared (hash, cleared_at)
                 SELECT hash, ?3 FROM lineage WHERE root = ?1 UNION SELECT ?1, ?3 UNION SELECT ?2, ?3",
                params![root, hash, now.timestamp()],
            )?;
            transaction.execute("DELETE FROM cleared WHERE cleared_at < ?1", [(now - LINEAGE).timestamp()])?;
            transaction.execute("DELETE FROM renewed WHERE root = ?1", [&root])?;
            transaction.execute("DELETE FROM lineage WHERE root = ?1", [&root])?;
            transaction.execute("DELETE FROM renewing WHERE root = ?1", [&root])?;
            transaction.commit()
        })
        .await
    }
}

impl Store {
    /// Lets the line of this token be stored again, after a person gave the token again.
    pub(super) async fn admit_token(&self, hash: String) -> Result<()> {
        self.with(move |db| db.execute("DELETE FROM cleared WHERE hash = ?1", [hash]).map(drop)).await
    }
}

/// The newest token of the line of this hash.
pub(super) fn newest(db: &Connection, hash: &str) -> rusqlite::Result<Option<StoredToken>> {
    let root = root(db, hash)?;
    db.query_row("SELECT token, expires_at, stored_at, login FROM renewed WHERE root = ?1", [root], |row| {
        Ok(StoredToken {
            token: SecretString::from(row.get::<_, String>(0)?),
            expires_at: row.get::<_, Option<i64>>(1)?.and_then(|at| DateTime::from_timestamp(at, 0)),
            stored_at: DateTime::from_timestamp(row.get(2)?, 0).unwrap_or_default(),
            login: row.get::<_, Option<String>>(3)?.map(SecretString::from),
        })
    })
    .optional()
}

/// Stores a token that came of the one with the hash `parent`, within the caller's transaction.
pub(super) fn keep(db: &Connection, parent: &str, new: &NewToken) -> rusqlite::Result<()> {
    // A person deleted the line, and a refresh under way must not bring it back.
    if db.query_row("SELECT count(*) > 0 FROM cleared WHERE hash = ?1", [parent], |row| row.get(0))? {
        return Ok(());
    }
    let NewToken { token, expires_at, login } = new;
    let (root, now) = (root(db, parent)?, Utc::now());
    // The successor of the stored token replaces it, however long it lives: with OAuth the old token is dead.
    let follows = newest(db, parent)?.is_some_and(|stored| token_hash(&stored.token) == parent);
    for hash in [parent, &token_hash(token)] {
        db.execute(
            "INSERT INTO lineage (hash, root, stored_at) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
            params![hash, root, now.timestamp()],
        )?;
    }
    db.execute(
        "INSERT INTO renewed (root, token, expires_at, stored_at, login) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (root) DO UPDATE SET token = excluded.token, expires_at = excluded.expires_at,
             stored_at = excluded.stored_at, login = excluded.login
         WHERE ?6 OR excluded.expires_at IS NULL OR renewed.expires_at IS NULL OR excluded.expires_at >= renewed.expires_at",
        params![
            root,
            token.expose_secret(),
            expires_at.map(|at| at.timestamp()),
            now.timestamp(),
            login.as_ref().map(ExposeSecret::expose_secret),
            follows
        ],
    )?;
    db.execute("DELETE FROM lineage WHERE hash <> root AND stored_at < ?1", [(now - LINEAGE).timestamp()])?;
    Ok(())
}

/// Makes the next transaction durable for a login: its previous refresh token is dead, and a power cut must not bring it
/// back.
pub(super) fn surely(db: &Connection, login: bool) -> rusqlite::Result<()> {
    db.pragma_update(None, "synchronous", if login { "FULL" } else { "NORMAL" })
}

/// The first of the line that this hash belongs to: itself, if it is in none.
pub(super) fn root(db: &Connection, hash: &str) -> rusqlite::Result<String> {
    let known = db.query_row("SELECT root FROM lineage WHERE hash = ?1", [hash], |row| row.get(0)).optional()?;
    Ok(known.unwrap_or_else(|| hash.to_owned()))
}
