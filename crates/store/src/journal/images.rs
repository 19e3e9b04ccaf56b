//! Images: objects and other large values of events, stored by the SHA-256 of their JSON text. An event holds
//! `{"sha256": …, "bytes": n}` in their place.

use crate::sha256_hex;
use rusqlite::{Connection, OptionalExtension, params};
use serde_json::{Map, Value, json};

/// The members of an event that are always stored as images.
const OBJECTS: [&str; 2] = ["before", "after"];

/// The most bytes of any other value that stays in its event.
const INLINE_BYTES: usize = 4096;

/// An image that an event refers to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ImageReference {
    pub(super) member: String,
    pub(super) digest: String,
}

/// What is stored of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum StoredImage {
    /// Its JSON text.
    Text(String),
    /// It was pruned.
    Pruned,
    /// There never was one, or somebody removed it.
    Missing,
}

/// Stores the objects and the large values of an event, and puts references in their place.
pub(super) fn store(db: &Connection, members: &mut Map<String, Value>, now: i64) -> rusqlite::Result<()> {
    for (name, value) in members.iter_mut().filter(|(_, value)| !value.is_null()) {
        let text = value.to_string();
        if OBJECTS.contains(&name.as_str()) || text.len() > INLINE_BYTES {
            let digest = sha256_hex(text.as_bytes());
            store_text(db, &digest, &text, now)?;
            *value = json!({"sha256": digest, "bytes": text.len()});
        }
    }
    Ok(())
}

fn store_text(db: &Connection, digest: &str, text: &str, now: i64) -> rusqlite::Result<()> {
    let known = db
        .prepare_cached("UPDATE images SET used_at = max(used_at, ?2) WHERE digest = ?1 RETURNING body IS NOT NULL")?
        .query_row(params![digest, now], |row| row.get::<_, bool>(0))
        .optional()?;
    if known == Some(true) {
        return Ok(());
    }
    db.prepare_cached(
        "INSERT INTO images (digest, bytes, used_at, body) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (digest) DO UPDATE SET bytes = excluded.bytes, body = excluded.body",
    )?
    .execute(params![digest, text.len(), now, text])?;
    db.prepare_cached("UPDATE state SET image_bytes = image_bytes + ?1")?.execute([text.len()]).map(drop)
}

/// The images that an event refers to.
pub(super) fn references(members: &Map<String, Value>) -> impl Iterator<Item = ImageReference> {
    let digests = members.iter().filter_map(|(name, value)| Some((name, digest(value)?)));
    digests.map(|(name, digest)| ImageReference { member: name.clone(), digest: digest.to_owned() })
}

/// The digest, if the value is a reference to an image.
fn digest(value: &Value) -> Option<&str> {
    let members = value.as_object().filter(|members| members.len() == 2)?;
    members.get("bytes")?.as_u64()?;
    members.get("sha256")?.as_str()
}

/// What is stored under this digest.
pub(super) fn load(db: &Connection, digest: &str) -> rusqlite::Result<StoredImage> {
    let found = db
        .prepare_cached("SELECT body FROM images WHERE digest = ?1")?
        .query_row([digest], |row| row.get::<_, Option<String>>(0))
        .optional()?;
    Ok(match found {
        Some(Some(text)) => StoredImage::Text(text),
        Some(None) => StoredImage::Pruned,
        None => StoredImage::Missing,
    })
}

/// Puts images in the place of their references. A reference whose image is gone says so: `"pruned": true`, or
/// `"missing": true` for one that was not pruned.
pub(super) fn resolve(db: &Connection, members: &mut Map<String, Value>) -> rusqlite::Result<()> {
    for value in members.values_mut() {
        let Some(digest) = digest(value) else { continue };
        match load(db, digest)? {
            StoredImage::Text(text) => *value = serde_json::from_str(&text).unwrap_or(Value::String(text)),
            StoredImage::Pruned => mark(value, "pruned"),
            StoredImage::Missing => mark(value, "missing"),
        }
    }
    Ok(())
}

fn mark(reference: &mut Value, why: &str) {
    if let Some(members) = reference.as_object_mut() {
        members.insert(why.to_owned(), true.into());
    }
}
