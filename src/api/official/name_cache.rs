//! Cache of the account's lists of names: pipelines, custom fields and users.
//!
//! The lists are stored in the state directory with their age. They are read again when they are old, and before a call
//! is refused because of a missing name.

use super::{Official, calendars, locations, opportunities, request, users};
use chrono::{DateTime, TimeDelta, Utc};
use highlevel_api_client::Request;
use highlevel_core::context::CallContext;
use highlevel_core::error::{Code, Error, Result};
use serde_json::Value;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::time::Instant;

/// The age up to which a list is used without reading it again.
pub(super) const FRESH: TimeDelta = TimeDelta::minutes(10);
/// The age limit for callers that act on what is missing from a list.
pub(super) const JUST_NOW: TimeDelta = TimeDelta::seconds(10);
/// The time after a failure during which a list is not read again only to show names.
const RETRY_AFTER: TimeDelta = TimeDelta::minutes(1);

/// A list of names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum NameList {
    Pipelines,
    CustomFields,
    Users,
    Calendars,
}

impl NameList {
    /// The list's name in the store and in the API's answer.
    fn name(self) -> &'static str {
        match self {
            Self::Pipelines => "pipelines",
            Self::CustomFields => "customFields",
            Self::Users => "users",
            Self::Calendars => "calendars",
        }
    }

    /// The list's name in messages.
    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Pipelines => "pipelines",
            Self::CustomFields => "custom fields",
            Self::Users => "users",
            Self::Calendars => "calendars",
        }
    }

    /// What is shown while the list cannot be read, as a clause.
    fn fallback(self) -> &'static str {
        match self {
            Self::Pipelines => "stages are shown by id",
            Self::CustomFields => "custom fields are shown by id",
            Self::Users => "owners are shown by id",
            Self::Calendars => "calendars are shown by id",
        }
    }

    fn request(self, location: &str) -> Request {
        match self {
            Self::Pipelines => opportunities::pipelines(location),
            Self::CustomFields => locations::custom_fields(location),
            Self::Users => users::users(location),
            Self::Calendars => calendars::calendars(location),
        }
    }
}

pub(super) type List = Arc<Vec<Value>>;

/// The lists in this process's memory.
#[derive(Debug, Default)]
pub(super) struct NameCache {
    held: Mutex<HashMap<NameList, (List, DateTime<Utc>)>>,
    /// The last failure of each list, with its time. A failure never replaces a list.
    failed: Mutex<HashMap<NameList, (Error, DateTime<Utc>)>>,
    /// Serializes reads, so that concurrent calls share one.
    reading: tokio::sync::Mutex<()>,
}

impl NameCache {
    fn get(&self, kind: NameList, oldest: DateTime<Utc>) -> Option<List> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.get(&kind).filter(|(_, at)| *at >= oldest).map(|(list, _)| Arc::clone(list))
    }

    /// The lists among `kinds` that could not be read recently, with the errors.
    pub(super) fn failures(&self, kinds: &[NameList]) -> Vec<(&'static str, Error)> {
        let failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        let oldest = Utc::now() - FRESH;
        let failed = kinds.iter().filter_map(|kind| Some((kind.name(), failed.get(kind)?)));
        failed.filter(|(_, (_, at))| *at >= oldest).map(|(name, (error, _))| (name, error.clone())).collect()
    }

    fn put(&self, kind: NameList, list: List, at: DateTime<Utc>) {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).insert(kind, (list, at));
        self.failed.lock().unwrap_or_else(PoisonError::into_inner).remove(&kind);
    }

    /// The list's failure, if it is not older than `oldest`.
    fn failure(&self, kind: NameList, oldest: DateTime<Utc>) -> Option<Error> {
        let failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        failed.get(&kind).filter(|(_, at)| *at >= oldest).map(|(error, _)| error.clone())
    }

    fn fail(&self, kind: NameList, error: &Error) {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner).insert(kind, (error.clone(), Utc::now()));
    }
}

/// The result of a lookup.
pub(super) enum LookupResult<T> {
    /// The value.
    Found(T),
    /// The list cannot be read, and the last known one does not have the value. The account may have it.
    Unreadable(Unreadable),
}

/// A list that cannot be read.
pub(super) struct Unreadable {
    kind: NameList,
    why: Error,
    /// The last known list.
    pub(super) last: Option<List>,
}

impl Unreadable {
    /// The reason, as a sentence.
    pub(super) fn reason(&self) -> String {
        reason(self.kind, &self.why)
    }

    /// The error for a call that needs the list.
    pub(super) fn refusal(&self, field: &str, what: &str) -> Error {
        let mut error = self.why.clone();
        error.message = format!("`{field}`: {what} {}", self.reason());
        error.field = Some(field.to_owned());
        error
    }
}

/// Why a list cannot be read, with the missing scope if that is the cause.
fn reason(kind: NameList, why: &Error) -> String {
    let what = kind.label();
    match why.details.get("scope").and_then(Value::as_str) {
        Some(scope) => format!("The account's {what} cannot be read: the token lacks the scope {scope}."),
        None => format!("The account's {what} cannot be read: {}", why.message),
    }
}

impl Official {
    /// The list for showing names. If it cannot be read, this is the last known list. Without one, ids are shown and a
    /// note says so.
    pub(super) async fn names(&self, kind: NameList, context: &CallContext) -> List {
        let failed = self.names.failure(kind, Utc::now() - RETRY_AFTER);
        let read = match failed {
            Some(error) => self.names.get(kind, Utc::now() - FRESH).ok_or(error),
            None => self.list_of(kind, FRESH, context).await,
        };
        match read {
            Ok(list) => list,
            Err(error) => match self.last(kind).await {
                Some(list) => list,
                None => {
                    context.note(format!("{} Until then {}.", reason(kind, &error), kind.fallback()));
                    List::default()
                }
            },
        }
    }

    /// Looks something up in the cached list, then in a fresh list if the cached one does not have it.
    ///
    /// # Errors
    /// The error of `find` for the fresh list, or the end of the call.
    pub(super) async fn find<T>(
        &self,
        kind: NameList,
        context: &CallContext,
        find: impl Fn(&[Value]) -> Result<T>,
    ) -> Result<LookupResult<T>> {
        let began = Utc::now();
        let fresh = self.list_of(kind, FRESH, context).await;
        let first = match &fresh {
            Ok(list) => Some(Arc::clone(list)),
            Err(error) if is_over(error, context) => return Err(error.clone()),
            Err(_) => self.last(kind).await,
        };
        let refused = match first.as_deref().map(|list| find(list)) {
            Some(Ok(found)) => return Ok(LookupResult::Found(found)),
            Some(Err(error)) if error.code != Code::InvalidArguments => return Err(error),
            Some(Err(error)) => Some(error),
            None => None,
        };
        let now = match fresh {
            Ok(list) => match self.names.get(kind, began) {
                // The list was just read for this call.
                Some(newest) if Arc::ptr_eq(&newest, &list) => {
                    return Err(
                        refused.unwrap_or_else(|| Error::new(Code::Internal, "The list of names was not searched."))
                    );
                }
                Some(newest) => Ok(newest),
                None => self.list_since(kind, began, context).await,
            },
            Err(why) => Err(why),
        };
        match now {
            Ok(list) => find(&list).map(LookupResult::Found),
            Err(why) if is_over(&why, context) => Err(why),
            Err(why) => Ok(LookupResult::Unreadable(Unreadable { kind, why, last: first })),
        }
    }

    /// The list, not older than `age`.
    pub(super) async fn list_of(&self, kind: NameList, age: TimeDelta, context: &CallContext) -> Result<List> {
        self.list_since(kind, Utc::now() - age, context).await
    }

    async fn list_since(&self, kind: NameList, oldest: DateTime<Utc>, context: &CallContext) -> Result<List> {
        if let Some(list) = self.names.get(kind, oldest) {
            return Ok(list);
        }
        let _turn = context.bound(self.names.reading.lock()).await?;
        if let Some(list) = self.names.get(kind, oldest) {
            return Ok(list);
        }
        // Without a usable state directory, each process reads the list itself.
        let account = self.client.account().await.ok();
        if let Some((list, at)) = self.stored(kind).await
            && at >= oldest
        {
            self.names.put(kind, Arc::clone(&list), at);
            return Ok(list);
        }
        let at = Utc::now();
        let list = match self.read_list(kind, context).await {
            Ok(list) => Arc::new(list),
            Err(error) => {
                // Texts of the API stay out of warnings, because they may hold data of the account.
                tracing::warn!("{} could not be read ({})", kind.name(), error.code);
                tracing::debug!("reading {} failed: {}", kind.name(), error.message);
                if !is_over(&error, context) {
                    self.names.fail(kind, &error);
                }
                return Err(error);
            }
        };
        self.names.put(kind, Arc::clone(&list), at);
        if let Some(account) = &account
            && let Err(error) = self.store.cache_names(account, kind.name(), &list, at).await
        {
            tracing::debug!("{} could not be stored: {}", kind.name(), error.message);
        }
        Ok(list)
    }

    /// The last known list, of any age.
    pub(super) async fn last(&self, kind: NameList) -> Option<List> {
        match self.names.get(kind, DateTime::<Utc>::MIN_UTC) {
            Some(list) => Some(list),
            None => self.stored(kind).await.map(|(list, _)| list),
        }
    }

    /// The list in the state directory, with its time.
    async fn stored(&self, kind: NameList) -> Option<(List, DateTime<Utc>)> {
        let account = self.client.account().await.ok()?;
        let (items, at) = self.store.cached_names(&account, kind.name()).await.ok()??;
        (at <= Utc::now()).then(|| (Arc::new(items), at))
    }

    async fn read_list(&self, kind: NameList, context: &CallContext) -> Result<Vec<Value>> {
        let response = self.client.send(&kind.request(&self.location), context).await.map_err(|failed| failed.error)?;
        let mut body = request::body(response)?;
        request::array(&mut body, kind.name())
            .ok_or_else(|| Error::new(Code::UpstreamError, format!("The API's answer has no {}.", kind.name())))
    }
}

/// Whether the error ends the call, and says nothing about the list.
fn is_over(error: &Error, context: &CallContext) -> bool {
    match error.code {
        Code::Cancelled | Code::RateLimited => true,
        Code::Timeout => Instant::now() >= context.deadline,
        _ => false,
    }
}
