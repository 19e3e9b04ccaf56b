//! What the credential may do, by scope, for `doctor --scopes`.

use super::AccountService;
use highlevel_catalog::{Effect, Invocation, Method, OperationSpec};
use highlevel_core::context::CallContext;
use highlevel_core::error::{Code, Result};
use highlevel_operations as operations;
use std::collections::{BTreeMap, BTreeSet};

/// The scope of the list of users, which no tool shows.
const USERS: &str = "users.readonly";

/// What the API says of a token that is another holder's than the operation needs.
const WRONG_HOLDER: &str = "authClass type";

/// A scope that operations of the account's API need.
#[derive(Debug, Clone)]
pub struct ScopeReport {
    /// The scope.
    pub scope: String,
    /// Whether the credential has it.
    pub found: ScopeFinding,
    /// What showed it: the login, or the operation that was asked.
    pub shown_by: Option<String>,
}

/// Whether the credential has a scope.
#[derive(Debug, Clone)]
pub enum ScopeFinding {
    /// It has the scope.
    Granted,
    /// It lacks the scope.
    Missing,
    /// The request failed for another reason.
    Unclear(String),
    /// No request without effect shows it, with the reason.
    Untested(&'static str),
}

impl AccountService {
    /// Every scope that the API's operations need, and whether the credential has it. An OAuth login tells by itself.
    /// Another token is asked one read for each scope, if there is a read that needs no argument.
    ///
    /// # Errors
    /// The failure of the credential itself, or of the call's bounds.
    pub async fn scopes(&self, context: &CallContext) -> Result<Vec<ScopeReport>> {
        let mut reports = Vec::new();
        let granted = self.api.granted_scopes(context).await?;
        let known = self.known_scopes();
        if let Some(granted) = granted {
            let all = known.keys().copied().chain(granted.iter().map(String::as_str));
            for scope in all.collect::<BTreeSet<_>>() {
                let has = granted.iter().any(|one| one == scope);
                let found = if has { ScopeFinding::Granted } else { ScopeFinding::Missing };
                reports.push(ScopeReport { scope: scope.to_owned(), found, shown_by: Some("the login".to_owned()) });
            }
            return Ok(reports);
        }
        for (scope, read) in known {
            let (found, shown_by) = match read {
                Some(read) => {
                    let found = match self.try_scope(scope, read, context).await {
                        // Reads before this one were answered, so that the token is not at fault.
                        Err(error) if error.code == Code::Unauthorized && !reports.is_empty() => {
                            ScopeFinding::Unclear(error.message)
                        }
                        found => found?,
                    };
                    (found, Some(read.name.to_string()))
                }
                None if scope == USERS && self.api.lists_users() => {
                    let asked = self.api.users(context).await.map(drop);
                    (finding(scope, asked)?, Some("the list of users".to_owned()))
                }
                None if scope.ends_with(".readonly") => {
                    (ScopeFinding::Untested("each read that needs it is about one object"), None)
                }
                None => (ScopeFinding::Untested("only a write shows it"), None),
            };
            reports.push(ScopeReport { scope: scope.to_owned(), found, shown_by });
        }
        Ok(reports)
    }

    /// The scopes of all operations, each with a read that needs no argument, if there is one.
    fn known_scopes(&self) -> BTreeMap<&'static str, Option<&'static OperationSpec>> {
        let mut known: BTreeMap<&str, Option<&OperationSpec>> = BTreeMap::new();
        for spec in self.api.catalog().iter() {
            for scope in spec.scopes.iter() {
                let read = known.entry(scope).or_default();
                // Of several scopes any will do, so that a success shows none of them.
                if read.is_none() && spec.scopes.len() == 1 && is_plain_read(spec) && self.api.has(&spec.name) {
                    *read = Some(spec);
                }
            }
        }
        if self.api.lists_users() {
            add_operations(&mut known);
        }
        known
    }

    async fn try_scope(
        &self,
        scope: &str,
        read: &'static OperationSpec,
        context: &CallContext,
    ) -> Result<ScopeFinding> {
        let read = Invocation::bare(read);
        let asked = if read.spec.passthrough.is_some() {
            let mut read = read;
            if read.spec.is_list() {
                read.arguments.set("limit", 1);
            }
            self.api.run(&read, context).await.map(drop).map_err(|failed| failed.error)
        } else if read.spec.is_list() {
            self.api.page(&read, 0, 1, context).await.map(drop).map_err(|failed| failed.error)
        } else {
            self.api.object(&read, context).await.map(drop)
        };
        finding(scope, asked)
    }
}

/// Adds the scopes of every operation of the official API. One that no tool's read shows gets a GET of the catalogue.
fn add_operations(known: &mut BTreeMap<&'static str, Option<&'static OperationSpec>>) {
    for operation in operations::all() {
        let is_get = operation.method == Method::Get && operation.effect == Effect::Read;
        // Other ids than the location's cannot be filled in.
        let needs_id = operation.path.replace("{locationId}", "").contains('{');
        let has_one = operation.scopes.iter().collect::<BTreeSet<_>>().len() == 1;
        for scope in operation.scopes.iter().copied() {
            let read = known.entry(scope).or_default();
            if read.is_none() && is_get && !needs_id && has_one && scope.ends_with(".readonly") {
                *read = operation.spec().ok().filter(|spec| is_plain_read(spec));
            }
        }
    }
}

/// Whether an operation changes nothing and needs no argument.
fn is_plain_read(spec: &OperationSpec) -> bool {
    let needs_arguments = spec.input_schema().get("required").and_then(|names| names.as_array());
    spec.effect == Effect::Read
        && spec.effect_rules.is_empty()
        && spec.route.as_http().is_some()
        && needs_arguments.is_none_or(Vec::is_empty)
}

/// What the answer to a read says of a scope.
///
/// # Errors
/// A failure that every further request would meet too.
fn finding(scope: &str, asked: Result<()>) -> Result<ScopeFinding> {
    let Err(error) = asked else { return Ok(ScopeFinding::Granted) };
    let named = error.details.get("scope").and_then(|named| named.as_str());
    match (error.code, named) {
        // It is for an agency's token, or for a location's.
        (Code::Unauthorized, _) if error.message.contains(WRONG_HOLDER) => Ok(ScopeFinding::Unclear(error.message)),
        (Code::Unauthorized, Some(named)) if named == scope => Ok(ScopeFinding::Missing),
        (Code::Unauthorized, None) | (Code::Timeout | Code::Cancelled | Code::RateLimited, _) => Err(error),
        // The API has looked at the request itself.
        (Code::NotFound | Code::InvalidArguments | Code::Conflict | Code::TooLarge, _) => Ok(ScopeFinding::Granted),
        _ => Ok(ScopeFinding::Unclear(error.message)),
    }
}
