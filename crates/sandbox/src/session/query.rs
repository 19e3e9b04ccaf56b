//! Strict parsing of queries: known names, each once, with valid values.

use super::routes::Op;
use crate::account::{FilterFields, digits};

/// The parameters of a list.
#[derive(Debug, Default)]
pub(crate) struct Query {
    /// The most objects to return.
    pub(crate) limit: usize,
    /// The number of objects to skip.
    pub(crate) offset: usize,
    /// The values that the objects must have.
    pub(crate) filter: FilterFields,
    /// The id, which `GET /campaign` takes as a parameter.
    pub(crate) id: Option<String>,
}

const DEFAULT_LIMIT: usize = 50;
const MAX_LIMIT: usize = 100;

/// The parameters that an operation takes, and the values of its `status` filter.
fn parameters(op: Op) -> (&'static [&'static str], &'static [&'static str]) {
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

/// Parses the raw query of an operation.
pub(crate) fn read(op: Op, raw: &str) -> Result<Query, String> {
    let (names, statuses) = parameters(op);
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

/// Parses an integer of digits only, without sign or space.
fn whole(text: &str) -> Option<usize> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}
