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
    /// What the approval page needs, for a request that it shows.
    pub page: Option<PageDetails>,
}

/// What only a request on the approval page has.
#[derive(Debug, Clone, PartialEq)]
pub struct PageDetails {
    /// The name of the request in addresses. It is no secret.
    pub id: String,
    /// The arguments with secrets hidden, for reading the object again.
    pub arguments: Value,
    /// The account's name, where the process serves several.
    pub label: Option<String>,
    /// The location's id, if it is known.
    pub location: Option<String>,
    /// Who asked.
    pub asker: Value,
}

/// A confirmation in the store.
#[derive(Debug, Clone, PartialEq)]
pub struct Approval {
    /// What was asked.
    pub asked: NewApproval,
    /// When a person agreed on the approval page or in a terminal of their own, if one did.
    pub approved_at: Option<DateTime<Utc>>,
    /// When a person declined, if one did.
    pub declined_at: Option<DateTime<Utc>>,
    /// When the object was last seen to have changed since it was asked, if it was.
    pub changed_at: Option<DateTime<Utc>>,
    /// When it was spent, if it was.
    pub spent_at: Option<DateTime<Utc>>,
    /// Who agreed or declined on the approval page.
    pub person: Option<String>,
    /// What they wrote beside it.
    pub note: Option<String>,
}

pub(crate) const COLUMNS: &str = "code, account, way, tool, arguments_hash, object_hash, preview, asked_at, expires_at, approved_at, \
     declined_at, changed_at, spent_at, person, note, id, arguments, label, location, asker";

impl Store {
    /// Stores a new pending confirmation, and deletes expired ones.
    ///
    /// # Errors
    /// `internal` when the state directory cannot be used, or when the code is taken.
    pub async fn put_approval(&self, asked: NewApproval) -> Result<()> {
        self.with(move |db| {
            db.execute("DELETE FROM approvals WHERE expires_at <= ?1", [Utc::now().timestamp_millis()])?;
            let page = asked.page.as_ref();
            db.execute(
                "INSERT INTO approvals
                     (code, account, way, tool, arguments_hash, object_hash, preview, asked_at, expires_at, id, arguments,
                      label, location, asker)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
                params![
                    asked.code,
                    asked.account,
                    asked.way,
                    asked.tool,
                    asked.arguments_hash,
                    asked.object_hash,
                    asked.preview.to_string(),
                    asked.asked_at.timestamp_millis(),
                    asked.expires_at.timestamp_millis(),
                    page.map(|page| &page.id),
                    page.map(|page| page.arguments.to_string()),
                    page.and_then(|page| page.label.as_ref()),
                    page.and_then(|page| page.location.as_ref()),
                    page.map(|page| page.asker.to_string())
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

    /// Records that a person declined, which spends the confirmation. `None` as for [`Store::spend_approval`].
    ///
    /// # Errors
    /// `internal` when the state directory cannot be used.
    pub async fn decline(&self, code: &str) -> Result<Option<Approval>> {
        let query = format!(
            "UPDATE approvals SET spent_at = ?2, declined_at = ?2
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

pub(crate) fn read(row: &Row<'_>) -> rusqlite::Result<Approval> {
    let time = |column| {
        let at: Option<i64> = row.get(column)?;
        Ok::<_, rusqlite::Error>(at.and_then(DateTime::from_timestamp_millis))
    };
    // Text that is not JSON can only come from a manual edit; it is shown as it is.
    let json = |text: String| serde_json::from_str(&text).unwrap_or(Value::String(text));
    let id: Option<String> = row.get("id")?;
    let page = match id {
        None => None,
        Some(id) => Some(PageDetails {
            id,
            arguments: row.get::<_, Option<String>>("arguments")?.map_or(Value::Null, json),
            label: row.get("label")?,
            location: row.get("location")?,
            asker: row.get::<_, Option<String>>("asker")?.map_or(Value::Null, json),
        }),
    };
    Ok(Approval {
        asked: NewApproval {
            code: row.get("code")?,
            account: row.get("account")?,
            way: row.get("way")?,
            tool: row.get("tool")?,
            arguments_hash: row.get("arguments_hash")?,
            object_hash: row.get("object_hash")?,
            preview: json(row.get("preview")?),
            asked_at: time("asked_at")?.unwrap_or_default(),
            expires_at: time("expires_at")?.unwrap_or_default(),
            page,
        },
        approved_at: time("approved_at")?,
        declined_at: time("declined_at")?,
        changed_at: time("changed_at")?,
        spent_at: time("spent_at")?,
        person: row.get("person")?,
        note: row.get("note")?,
    })
}
