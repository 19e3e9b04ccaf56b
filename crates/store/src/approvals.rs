//! Pending confirmations of guarded tools. They are stored because `call` and `approve` are other processes than `serve`.

use super::Store;
use chrono::{DateTime, Utc};
use highlevel_core::error::Result;
use rusqlite::{OptionalExtension, Row, params};
use serde_json::Value;

/// What a person is asked to confirm: a tool, its arguments, and the object as it was previewed.
#[derive(Debug, Clone, PartialEq)]
pub struct NewApproval {
    /// The hash of the confirmation token. The token itself is not stored.
    pub code: String,
    /// The account that it was asked for, as [`Store::account`] names it.
    pub account: String,
    /// How it was asked: a confirmation is valid for this way only.
    pub way: String,
    /// The tool.
    pub tool: String,
    /// The hash of the arguments in their canonical form.
    pub arguments_hash: String,
    /// The hash of the object as previewed.
    pub object_hash: String,
    /// What was shown.
    pub preview: Value,
    /// When it was asked.
    pub asked_at: DateTime<Utc>,
    /// Until when it may be spent.
    pub expires_at: DateTime<Utc>,
}

/// A confirmation in the store.
#[derive(Debug, Clone, PartialEq)]
pub struct Approval {
    /// What was asked.
    pub asked: NewApproval,
    /// When a person agreed in a terminal of their own, if one did.
    pub approved_at: Option<DateTime<Utc>>,
    /// When it was spent, if it was.
    pub spent_at: Option<DateTime<Utc>>,
}

const COLUMNS: &str =
    "code, account, way, tool, arguments_hash, object_hash, preview, asked_at, expires_at, approved_at, spent_at";

impl Store {
    /// Stores a new pending confirmation, and deletes expired ones.
    ///
    /// # Errors
    /// `internal` when the state directory cannot be used, or when the code is taken.
    pub async fn put_approval(&self, asked: NewApproval) -> Result<()> {
        self.with(move |db| {
            db.execute("DELETE FROM approvals WHERE expires_at <= ?1", [Utc::now().timestamp_millis()])?;
            db.execute(
                "INSERT INTO approvals
                     (code, account, way, tool, arguments_hash, object_hash, preview, asked_at, expires_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
                params![
                    asked.code,
                    asked.account,
                    asked.way,
                    asked.tool,
                    asked.arguments_hash,
                    asked.object_hash,
                    asked.preview.to_string(),
                    asked.asked_at.timestamp_millis(),
                    asked.expires_at.timestamp_millis()
                ],
            )
            .map(drop)
        })
        .await
    }

    /// The confirmation with this code, spent or not, unless it has expired.
    ///
    /// # Errors
    /// `internal` when the state directory cannot be used.
    pub async fn approval(&self, code: &str) -> Result<Option<Approval>> {
        let query = format!("SELECT {COLUMNS} FROM approvals WHERE code = ?1 AND expires_at > ?2");
        self.find_approval(query, code).await
    }

    /// Records that a person agreed. `None` if there is no such confirmation, or it has expired or was spent.
    ///
    /// # Errors
    /// `internal` when the state directory cannot be used.
    pub async fn approve(&self, code: &str) -> Result<Option<Approval>> {
        let query = format!(
            "UPDATE approvals SET approved_at = coalesce(approved_at, ?2)
             WHERE code = ?1 AND spent_at IS NULL AND expires_at > ?2 RETURNING {COLUMNS}"
        );
        self.find_approval(query, code).await
    }

    /// Spends the confirmation: of all callers, in this process or another, one gets it and the others get `None`.
    ///
    /// # Errors
    /// `internal` when the state directory cannot be used.
    pub async fn spend_approval(&self, code: &str) -> Result<Option<Approval>> {
        let query = format!(
            "UPDATE approvals SET spent_at = ?2
             WHERE code = ?1 AND spent_at IS NULL AND expires_at > ?2 RETURNING {COLUMNS}"
        );
        self.find_approval(query, code).await
    }

    /// Deletes expired confirmations. Returns how many there were.
    ///
    /// # Errors
    /// `internal` when the state directory cannot be used.
    pub async fn prune_approvals(&self) -> Result<usize> {
        let now = Utc::now().timestamp_millis();
        self.with(move |db| db.execute("DELETE FROM approvals WHERE expires_at <= ?1", [now])).await
    }

    async fn find_approval(&self, query: String, code: &str) -> Result<Option<Approval>> {
        let (code, now) = (code.to_owned(), Utc::now().timestamp_millis());
        self.with(move |db| db.query_row(&query, params![code, now], read).optional()).await
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<Approval> {
    let time = |column| {
        let at: Option<i64> = row.get(column)?;
        Ok::<_, rusqlite::Error>(at.and_then(DateTime::from_timestamp_millis))
    };
    let preview: String = row.get("preview")?;
    Ok(Approval {
        asked: NewApproval {
            code: row.get("code")?,
            account: row.get("account")?,
            way: row.get("way")?,
            tool: row.get("tool")?,
            arguments_hash: row.get("arguments_hash")?,
            object_hash: row.get("object_hash")?,
            // Text that is not JSON can only come from a manual edit; it is shown as it is.
            preview: serde_json::from_str(&preview).unwrap_or(Value::String(preview)),
            asked_at: time("asked_at")?.unwrap_or_default(),
            expires_at: time("expires_at")?.unwrap_or_default(),
        },
        approved_at: time("approved_at")?,
        spent_at: time("spent_at")?,
    })
}
