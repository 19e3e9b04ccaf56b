//! The strict reading of a query: known names, each once, values as documented.

use super::account::{Traits, digits};
use super::operations::Op;

/// What a list was asked for.
#[derive(Debug, Default)]
pub(super) struct Query {
    /// How many at most.
    pub(super) limit: usize,
    /// How many to skip.
    pub(super) offset: usize,
    /// What the objects have to have.
    pub(super) filter: Traits,
    /// The id, where it is a parameter (`GET /campaign`).
    pub(super) id: Option<String>,
}

const DEFAULT_LIMIT: usize = 50;
const MAX_LIMIT: usize = 100;

/// The parameters an operation knows, and the words its `status` filter knows.
fn known(op: Op) -> (&'static [&'static str], &'static [&'static str]) {
    match op {
        Op::ListContacts => (&["limit", "offset", "email", "phone", "tags"], &[]),
        Op::ListOpportunities => (&["limit", "offset", "status"], &["open", "won", "lost"]),
        Op::ListCampaigns => (&["limit", "offset", "status"], &["active", "paused", "archived"]),
        Op::ListPages => (&["limit", "offset", "status"], &["draft", "published", "archived"]),
        Op::ListLocations | Op::ListFunnels => (&["limit", "offset"], &[]),
        Op::GetCampaign => (&["id"], &[]),
        _ => (&[], &[]),
    }
}

/// Reads the raw query of an operation.
pub(super) fn read(op: Op, raw: &str) -> Result<Query, String> {
    let (names, statuses) = known(op);
    let mut query = Query { limit: DEFAULT_LIMIT, ..Query::default() };
    let mut seen: Vec<String> = Vec::new();
    for (name, value) in url::form_urlencoded::parse(raw.as_bytes()) {
        if !names.contains(&name.as_ref()) {
            return Err(format!("query parameter {name} should not exist"));
        }
        if seen.iter().any(|earlier| *earlier == name) {
            return Err(format!("query parameter {name} is given twice"));
        }
        match name.as_ref() {
            "limit" => {
                query.limit = whole(&value)
                    .filter(|n| (1..=MAX_LIMIT).contains(n))
                    .ok_or("limit must be an integer from 1 to 100")?
            }
            "offset" => query.offset = whole(&value).ok_or("offset must be an integer, 0 or more")?,
            "status" if !statuses.contains(&value.as_ref()) => {
                return Err(format!("status must be one of: {}", statuses.join(", ")));
            }
            "status" => query.filter.status = value.into_owned(),
            _ if value.trim().is_empty() => return Err(format!("query parameter {name} must not be empty")),
            "email" => query.filter.email = value.to_lowercase(),
            "phone" => {
                query.filter.phone =
                    Some(digits(&value)).filter(|digits| !digits.is_empty()).ok_or("phone must hold digits")?
            }
            "tags" => {
                query.filter.tags =
                    value.split(',').map(|tag| tag.trim().to_owned()).filter(|tag| !tag.is_empty()).collect()
            }
            _ => query.id = Some(value.into_owned()),
        }
        seen.push(name.into_owned());
    }
    if op == Op::GetCampaign && query.id.is_none() {
        return Err("query parameter id is required".to_owned());
    }
    Ok(query)
}

/// An unsigned integer written with digits only: no sign, no space.
fn whole(text: &str) -> Option<usize> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}
