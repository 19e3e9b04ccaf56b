//! What is known of the credential's scopes before a request: those that an OAuth login was granted, and the operations
//! that the API refused a moment ago.

use super::Official;
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use highlevel_catalog::OperationSpec;
use highlevel_core::context::CallContext;
use highlevel_core::error::{Code, Error, Result};
use serde_json::Value;
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

/// How long a refusal is remembered. A person may add the scope at any time.
const REMEMBERED: TimeDelta = TimeDelta::seconds(60);

/// What this process knows of the credential's scopes.
#[derive(Debug, Default)]
pub(super) struct KnownScopes {
    granted: Mutex<Option<Granted>>,
    /// The last refusal for a scope, by the operation's name.
    refused: Mutex<HashMap<String, Refusal>>,
}

/// The scopes of one token.
#[derive(Debug, Clone)]
struct Granted {
    generation: u64,
    /// `None` for a token whose scopes are not known.
    scopes: Option<Vec<String>>,
}

/// The API's refusal of an operation for a scope.
#[derive(Debug, Clone)]
struct Refusal {
    generation: u64,
    at: DateTime<Utc>,
    error: Error,
}

impl Refusal {
    /// Whether it still counts. One in the future was noted before the clock was set back.
    fn is_remembered(&self, generation: u64, now: DateTime<Utc>) -> bool {
        self.generation == generation && self.at <= now && now - self.at < REMEMBERED
    }
}

impl Granted {
    /// Whether the token surely has none of the scopes that allow an operation.
    fn lacks(&self, spec: &OperationSpec) -> bool {
        let has = |scope: &str| self.scopes.as_ref().is_none_or(|granted| granted.iter().any(|one| one == scope));
        !spec.scopes.iter().any(|scope| has(scope))
    }
}

impl Official {
    /// Refuses an operation whose scope the credential is known to lack. Sends nothing.
    ///
    /// # Errors
    /// `unauthorized` with the scope and what to do.
    pub(in crate::api) async fn check_scopes(&self, spec: &OperationSpec, context: &CallContext) -> Result<()> {
        let Some(scope) = spec.scopes.first().filter(|_| spec.route.as_http().is_some()) else { return Ok(()) };
        if let Some(refused) = self.refused(spec) {
            return Err(refused);
        }
        let known = self.scopes.granted.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let current = known.filter(|known| known.generation == self.client.token_generation());
        if current.is_some_and(|granted| !granted.lacks(spec)) {
            return Ok(());
        }
        // A login without the scope is read again: a person may have logged in with it meanwhile.
        let Ok(scopes) = self.client.granted_scopes(context).await else {
            // The request says what is wrong with the credential.
            return Ok(());
        };
        let granted = Granted { generation: self.client.token_generation(), scopes };
        let lacks = granted.lacks(spec);
        *self.scopes.granted.lock().unwrap_or_else(PoisonError::into_inner) = Some(granted);
        if lacks { Err(not_granted(spec, scope)) } else { Ok(()) }
    }

    /// The scopes that an OAuth login was granted. `None` for other tokens.
    pub(in crate::api) async fn granted_scopes(&self, context: &CallContext) -> Result<Option<Vec<String>>> {
        self.client.granted_scopes(context).await
    }

    /// Remembers the API's refusal of an operation, if it is for a scope.
    pub(in crate::api) fn note_refusal(&self, spec: &OperationSpec, error: &Error) {
        if error.code != Code::Unauthorized || !error.details.contains_key("scope") {
            return;
        }
        let refusal = Refusal { generation: self.client.token_generation(), at: Utc::now(), error: error.clone() };
        let mut refused = self.scopes.refused.lock().unwrap_or_else(PoisonError::into_inner);
        refused.insert(spec.name.to_string(), refusal);
    }

    /// The error of a refusal that is still remembered.
    fn refused(&self, spec: &OperationSpec) -> Option<Error> {
        let mut refused = self.scopes.refused.lock().unwrap_or_else(PoisonError::into_inner);
        let (now, generation) = (Utc::now(), self.client.token_generation());
        refused.retain(|_, one| one.is_remembered(generation, now));
        let Refusal { at, error, .. } = refused.get(spec.name.as_ref())?.clone();
        let (said, again) = (at.to_rfc3339_opts(SecondsFormat::Secs, true), at + REMEMBERED);
        let message = format!(
            "{} That was the API's answer at {said}. This call sent nothing; after {} s the API is asked again.",
            error.message,
            (again - now).num_seconds() + 1
        );
        Some(Error { message, ..error }.retry_at(again))
    }
}

/// The error for an OAuth login without the scope.
fn not_granted(spec: &OperationSpec, scope: &str) -> Error {
    let message = format!(
        "{} needs the scope {scope}, which this login was not granted. Nothing was sent. Add the scope to the app in HighLevel's marketplace, and log in again with `highlevel-mcp auth login`, which requests it; `highlevel-mcp doctor --scopes` lists what the login may do.",
        spec.name
    );
    Error::new(Code::Unauthorized, message).with("scope", Value::from(scope))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_remembered_for_a_minute_and_for_one_token() {
        let at = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let refusal = Refusal { generation: 3, at, error: Error::new(Code::Unauthorized, "no scope") };
        for (generation, seconds, expected) in
            [(3, 0, true), (3, 59, true), (3, 60, false), (4, 1, false), (3, -1, false)]
        {
            let now = at + TimeDelta::seconds(seconds);
            assert_eq!(refusal.is_remembered(generation, now), expected, "{generation} {seconds}");
        }
    }

    #[test]
    fn a_login_lacks_only_what_it_tells() {
        let catalog = super::super::Registry::standard().catalog();
        let (reads, writes) = (catalog.find("get_contact").unwrap(), catalog.find("create_contact").unwrap());
        let granted = |scopes: Option<&[&str]>| Granted {
            generation: 1,
            scopes: scopes.map(|scopes| scopes.iter().map(|scope| (*scope).to_owned()).collect()),
        };
        assert!(!granted(None).lacks(writes), "nothing is known");
        assert!(granted(Some(&[])).lacks(reads));
        let contacts = granted(Some(&["contacts.readonly"]));
        assert!(!contacts.lacks(reads) && contacts.lacks(writes));
    }
}
