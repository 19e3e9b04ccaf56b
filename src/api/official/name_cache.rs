//! The account's dictionaries: read once, kept in the state directory with their age, and read again when they are old or
//! before anything is refused for their sake.

use super::{Official, locations, opportunities, request, users};
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

/// A list is used without another look for this long.
pub(super) const FRESH: TimeDelta = TimeDelta::minutes(10);
/// The same for who acts on what is not in it.
pub(super) const JUST_NOW: TimeDelta = TimeDelta::seconds(10);
/// A list that could not be read is not asked for again, only to show names, for this long.
const LEFT_ALONE: TimeDelta = TimeDelta::minutes(1);

/// The lists that are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum NameList {
    Pipelines,
    CustomFields,
    Users,
}

impl NameList {
    /// Its name in the store, which is the API's own for the list.
    fn name(self) -> &'static str {
        match self {
            Self::Pipelines => "pipelines",
            Self::CustomFields => "customFields",
            Self::Users => "users",
        }
    }

    /// What a message calls it.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Pipelines => "pipelines",
            Self::CustomFields => "custom fields",
            Self::Users => "users",
        }
    }

    /// What stands for names where the list cannot be read.
    fn instead(self) -> &'static str {
        match self {
            Self::Pipelines => "stages are shown by id",
            Self::CustomFields => "custom fields are shown by id",
            Self::Users => "owners are shown by id",
        }
    }

    fn request(self, location: &str) -> Request {
        match self {
            Self::Pipelines => opportunities::pipelines(location),
            Self::CustomFields => locations::custom_fields(location),
            Self::Users => users::users(location),
        }
    }
}

pub(super) type List = Arc<Vec<Value>>;

/// The lists that this process holds.
#[derive(Debug, Default)]
pub(super) struct NameCache {
    held: Mutex<HashMap<NameList, (List, DateTime<Utc>)>>,
    /// When a list could not be read, and why. A failure is never held as a list.
    failed: Mutex<HashMap<NameList, (Error, DateTime<Utc>)>>,
    /// One at a time reads, and the others take what it read.
    reading: tokio::sync::Mutex<()>,
}

impl NameCache {
    fn get(&self, kind: NameList, oldest: DateTime<Utc>) -> Option<List> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.get(&kind).filter(|(_, at)| *at >= oldest).map(|(list, _)| Arc::clone(list))
    }

    /// Which of these lists could not be read a moment ago, so that ids stand for their names.
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

    /// Why the list could not be read a moment ago.
    fn failure(&self, kind: NameList, oldest: DateTime<Utc>) -> Option<Error> {
        let failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        failed.get(&kind).filter(|(_, at)| *at >= oldest).map(|(error, _)| error.clone())
    }

    fn fail(&self, kind: NameList, error: &Error) {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner).insert(kind, (error.clone(), Utc::now()));
    }
}

/// What came of looking something up.
pub(super) enum Looked<T> {
    /// It is this.
    Found(T),
    /// The list cannot be read; what is not in the list as it was last, if there is one, may be there all the same.
    Unreadable(Unreadable),
}

/// A list that cannot be read.
pub(super) struct Unreadable {
    kind: NameList,
    why: Error,
    /// The list as it was last.
    pub(super) last: Option<List>,
}

impl Unreadable {
    /// The reason, as a sentence.
    pub(super) fn reason(&self) -> String {
        reason(self.kind, &self.why)
    }

    /// The failure of a call that needs the list.
    pub(super) fn refusal(&self, field: &str, what: &str) -> Error {
        let mut error = self.why.clone();
        error.message = format!("`{field}`: {what} {}", self.reason());
        error.field = Some(field.to_owned());
        error
    }
}

/// Why a list cannot be read, with the scope that it wants.
fn reason(kind: NameList, why: &Error) -> String {
    let what = kind.words();
    match why.details.get("scope").and_then(Value::as_str) {
        Some(scope) => format!("The account's {what} cannot be read: the token lacks the scope {scope}."),
        None => format!("The account's {what} cannot be read: {}", why.message),
    }
}

impl Official {
    /// The list for showing names. One that cannot be read is no reason to show nothing: names of the list as it was last
    /// are shown, else ids, and the answer says so.
    pub(super) async fn names(&self, kind: NameList, context: &CallContext) -> List {
        let failed = self.names.failure(kind, Utc::now() - LEFT_ALONE);
        let read = match failed {
            Some(error) => self.names.get(kind, Utc::now() - FRESH).ok_or(error),
            None => self.list_of(kind, FRESH, context).await,
        };
        match read {
            Ok(list) => list,
            Err(error) => match self.last(kind).await {
                Some(list) => list,
                None => {
                    context.note(format!("{} Until then {}.", reason(kind, &error), kind.instead()));
                    List::default()
                }
            },
        }
    }

    /// Finds something in the list as it is known, and what is not there in the list as it is now.
    ///
    /// # Errors
    /// What `find` gives for the list as it is now; the call's end.
    pub(super) async fn find<T>(
        &self,
        kind: NameList,
        context: &CallContext,
        find: impl Fn(&[Value]) -> Result<T>,
    ) -> Result<Looked<T>> {
        let began = Utc::now();
        let fresh = self.list_of(kind, FRESH, context).await;
        let first = match &fresh {
            Ok(list) => Some(Arc::clone(list)),
            Err(error) if is_over(error, context) => return Err(error.clone()),
            Err(_) => self.last(kind).await,
        };
        let refused = match first.as_deref().map(|list| find(list)) {
            Some(Ok(found)) => return Ok(Looked::Found(found)),
            Some(Err(error)) if error.code != Code::InvalidArguments => return Err(error),
            Some(Err(error)) => Some(error),
            None => None,
        };
        let now = match fresh {
            Ok(list) => match self.names.get(kind, began) {
                // It was read for this very call.
                Some(newest) if Arc::ptr_eq(&newest, &list) => {
                    return Err(refused.unwrap_or_else(|| Error::new(Code::Internal, "A list was not searched.")));
                }
                Some(newest) => Ok(newest),
                None => self.list_since(kind, began, context).await,
            },
            Err(why) => Err(why),
        };
        match now {
            Ok(list) => find(&list).map(Looked::Found),
            Err(why) if is_over(&why, context) => Err(why),
            Err(why) => Ok(Looked::Unreadable(Unreadable { kind, why, last: first })),
        }
    }

    /// The list, no older than this.
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
        // Without a state directory each process reads for itself.
        let account = self.client.account().await.ok();
        if let Some((list, at)) = self.kept(kind).await
            && at >= oldest
        {
            self.names.put(kind, Arc::clone(&list), at);
            return Ok(list);
        }
        let at = Utc::now();
        let list = match self.read_list(kind, context).await {
            Ok(list) => Arc::new(list),
            Err(error) => {
                // The API's own words stay out of warnings.
                tracing::warn!("{} could not be read ({})", kind.name(), error.code);
                tracing::debug!("why {} could not be read: {}", kind.name(), error.message);
                if !is_over(&error, context) {
                    self.names.fail(kind, &error);
                }
                return Err(error);
            }
        };
        self.names.put(kind, Arc::clone(&list), at);
        if let Some(account) = &account
            && let Err(error) = self.store.keep_known(account, kind.name(), &list, at).await
        {
            tracing::debug!("{} are not kept: {}", kind.name(), error.message);
        }
        Ok(list)
    }

    /// The list as it was last, however old.
    pub(super) async fn last(&self, kind: NameList) -> Option<List> {
        match self.names.get(kind, DateTime::<Utc>::MIN_UTC) {
            Some(list) => Some(list),
            None => self.kept(kind).await.map(|(list, _)| list),
        }
    }

    /// The list that the state directory has.
    async fn kept(&self, kind: NameList) -> Option<(List, DateTime<Utc>)> {
        let account = self.client.account().await.ok()?;
        let (items, at) = self.store.known(&account, kind.name()).await.ok()??;
        (at <= Utc::now()).then(|| (Arc::new(items), at))
    }

    async fn read_list(&self, kind: NameList, context: &CallContext) -> Result<Vec<Value>> {
        let response = self.client.send(&kind.request(&self.location), context).await.map_err(|failed| failed.error)?;
        let mut body = request::body(response)?;
        request::array(&mut body, kind.name())
            .ok_or_else(|| Error::new(Code::UpstreamError, format!("The API's answer holds no {}.", kind.name())))
    }
}

/// Whether the failure is the call's end, and says nothing of the list.
fn is_over(error: &Error, context: &CallContext) -> bool {
    match error.code {
        Code::Cancelled | Code::RateLimited => true,
        Code::Timeout => Instant::now() >= context.deadline,
        _ => false,
    }
}
