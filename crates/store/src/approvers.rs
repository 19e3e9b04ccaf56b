//! Who may decide on the approval page: approvers with a key of their own, one-time links, and the sessions of both. Keys,
//! links and cookies are stored as SHA-256 only.

use super::Store;
use chrono::{DateTime, TimeDelta, Utc};
use highlevel_core::error::Result;
use rusqlite::{OptionalExtension, Row, TransactionBehavior, params};

/// A person with a key for the approval page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approver {
    /// The person's name, as the journal has it.
    pub name: String,
    /// The accounts that they decide for, by name or location id. Empty for all.
    pub accounts: Vec<String>,
    /// When they were added.
    pub added_at: DateTime<Utc>,
}

/// Who a session or a one-time link is for, and what they may decide about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApproverSession {
    /// The person, as the journal names them.
    pub person: String,
    /// The approver whose key it came from, if it did.
    pub approver: Option<String>,
    /// The accounts that they decide for, by name or location id. Empty for all.
    pub accounts: Vec<String>,
    /// The one request that they decide about, where it is only one.
    pub request: Option<String>,
    /// Until when it is valid.
    pub expires_at: DateTime<Utc>,
}

/// The kinds of rows: what is exchanged once, and what a browser keeps.
const LINK: &str = "link";
const COOKIE: &str = "cookie";

impl Store {
    /// Adds an approver with the hash of a key. `false` if the name is taken.
    ///
    /// # Errors
    /// `internal` when the state directory cannot be used. So have the methods below.
    pub async fn add_approver(&self, name: &str, key_hash: &str, accounts: &[String]) -> Result<bool> {
        let row = (name.to_owned(), key_hash.to_owned(), list(accounts), Utc::now().timestamp_millis());
        self.with(move |db| {
            let sql = "INSERT INTO approvers (name, hash, accounts, added_at) VALUES (?1, ?2, ?3, ?4)
                       ON CONFLICT (name) DO NOTHING";
            db.execute(sql, row).map(|added| added > 0)
        })
        .await
    }

    /// Every approver, by name.
    pub async fn approvers(&self) -> Result<Vec<Approver>> {
        self.with(|db| {
            let sql = "SELECT name, accounts, added_at FROM approvers ORDER BY name";
            db.prepare(sql)?.query_map([], approver)?.collect()
        })
        .await
    }

    /// The approver of a key, by its hash.
    pub async fn approver_of_key(&self, key_hash: &str) -> Result<Option<Approver>> {
        let hash = key_hash.to_owned();
        self.with(move |db| {
            let sql = "SELECT name, accounts, added_at FROM approvers WHERE hash = ?1";
            db.query_row(sql, [hash], approver).optional()
        })
        .await
    }

    /// Removes an approver with their sessions and links. `false` if there is none of this name.
    pub async fn remove_approver(&self, name: &str) -> Result<bool> {
        let name = name.to_owned();
        self.with(move |db| {
            let transaction = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let removed = transaction.execute("DELETE FROM approvers WHERE name = ?1", [&name])?;
            transaction.execute("DELETE FROM approver_sessions WHERE approver = ?1", [&name])?;
            transaction.commit()?;
            Ok(removed > 0)
        })
        .await
    }

    /// Stores a one-time link.
    pub async fn put_approver_link(&self, hash: &str, session: ApproverSession) -> Result<()> {
        self.put_session(hash, LINK, session).await
    }

    /// Stores the session of a browser.
    pub async fn put_approver_session(&self, hash: &str, session: ApproverSession) -> Result<()> {
        self.put_session(hash, COOKIE, session).await
    }

    /// The session of a cookie, by its hash.
    pub async fn approver_session(&self, hash: &str) -> Result<Option<ApproverSession>> {
        let (hash, now) = (hash.to_owned(), Utc::now().timestamp_millis());
        self.with(move |db| {
            let sql = "SELECT person, approver, accounts, request, expires_at FROM approver_sessions
                       WHERE hash = ?1 AND kind = ?2 AND expires_at > ?3";
            db.query_row(sql, params![hash, COOKIE, now], session).optional()
        })
        .await
    }

    /// Exchanges a one-time link for a session of this length. Of several exchanges, one gets it.
    pub async fn exchange_approver_link(
        &self,
        link: &str,
        cookie: &str,
        life: TimeDelta,
    ) -> Result<Option<ApproverSession>> {
        let (link, cookie, now) = (link.to_owned(), cookie.to_owned(), Utc::now());
        self.with(move |db| {
            // A guess keeps nobody from writing.
            let known = "SELECT 1 FROM approver_sessions WHERE hash = ?1 AND kind = ?2";
            if db.query_row(known, params![link, LINK], |_| Ok(())).optional()?.is_none() {
                return Ok(None);
            }
            let transaction = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let sql = "DELETE FROM approver_sessions WHERE hash = ?1 AND kind = ?2 AND expires_at > ?3
                       RETURNING person, approver, accounts, request, expires_at";
            let found = transaction.query_row(sql, params![link, LINK, now.timestamp_millis()], session).optional()?;
            let Some(mut found) = found else { return Ok(None) };
            found.expires_at = now + life;
            insert(&transaction, &cookie, COOKIE, &found)?;
            transaction.commit()?;
            Ok(Some(found))
        })
        .await
    }

    /// Ends the session of a cookie.
    pub async fn end_approver_session(&self, hash: &str) -> Result<()> {
        let hash = hash.to_owned();
        self.with(move |db| db.execute("DELETE FROM approver_sessions WHERE hash = ?1", [hash]).map(drop)).await
    }

    /// Records that a process serves the approval page at this address.
    pub async fn put_approval_page(&self, url: &str) -> Result<()> {
        let (url, now) = (url.to_owned(), Utc::now().timestamp_millis());
        self.with(move |db| {
            let sql = "INSERT INTO approval_pages (url, served_at) VALUES (?1, ?2)
                       ON CONFLICT (url) DO UPDATE SET served_at = excluded.served_at";
            db.execute(sql, params![url, now]).map(drop)
        })
        .await
    }

    /// Removes an address that serves the page no more.
    pub async fn remove_approval_page(&self, url: &str) -> Result<()> {
        let url = url.to_owned();
        self.with(move |db| db.execute("DELETE FROM approval_pages WHERE url = ?1", [url]).map(drop)).await
    }

    /// The addresses at which processes serve the page, the newest first. A process that was killed leaves its own.
    pub async fn approval_pages(&self) -> Result<Vec<String>> {
        self.with(|db| {
            let sql = "SELECT url FROM approval_pages ORDER BY served_at DESC, url";
            db.prepare(sql)?.query_map([], |row| row.get(0))?.collect()
        })
        .await
    }

    async fn put_session(&self, hash: &str, kind: &'static str, session: ApproverSession) -> Result<()> {
        let hash = hash.to_owned();
        self.with(move |db| {
            db.execute("DELETE FROM approver_sessions WHERE expires_at <= ?1", [Utc::now().timestamp_millis()])?;
            insert(db, &hash, kind, &session)
        })
        .await
    }
}

fn insert(db: &rusqlite::Connection, hash: &str, kind: &str, session: &ApproverSession) -> rusqlite::Result<()> {
    let sql = "INSERT INTO approver_sessions (hash, kind, person, approver, accounts, request, expires_at)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    let ApproverSession { person, approver, accounts, request, expires_at } = session;
    db.execute(sql, params![hash, kind, person, approver, list(accounts), request, expires_at.timestamp_millis()])
        .map(drop)
}

fn list(accounts: &[String]) -> String {
    serde_json::Value::from(accounts).to_string()
}

/// The accounts of a row. A list that cannot be read names no account, since an empty one stands for all.
fn accounts(text: &str) -> Vec<String> {
    serde_json::from_str(text).unwrap_or_else(|_| vec![String::new()])
}

fn approver(row: &Row<'_>) -> rusqlite::Result<Approver> {
    let added_at = DateTime::from_timestamp_millis(row.get("added_at")?).unwrap_or_default();
    Ok(Approver { name: row.get("name")?, accounts: accounts(&row.get::<_, String>("accounts")?), added_at })
}

fn session(row: &Row<'_>) -> rusqlite::Result<ApproverSession> {
    Ok(ApproverSession {
        person: row.get("person")?,
        approver: row.get("approver")?,
        accounts: accounts(&row.get::<_, String>("accounts")?),
        request: row.get("request")?,
        expires_at: DateTime::from_timestamp_millis(row.get("expires_at")?).unwrap_or_default(),
    })
}
