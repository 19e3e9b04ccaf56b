//! The account's dictionaries: read once, kept in the state directory with their age, and read anew when they are old or
//! when a name is asked for that they do not have.

use super::{Official, ask, opportunities, places};
use crate::{
    client::Request,
    context::CallContext,
    error::{Code, Error, Result},
};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

/// A list is shown from memory for so long.
pub(super) const FRESH: TimeDelta = TimeDelta::minutes(10);
/// A name that is not there may have been given just now; one that is not there either after this is a slip.
pub(super) const JUST_NOW: TimeDelta = TimeDelta::seconds(10);

/// The lists that are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    Pipelines,
    CustomFields,
    Users,
}

impl Kind {
    /// Its name in the store, which is the API's own for the list.
    fn name(self) -> &'static str {
        match self {
            Self::Pipelines => "pipelines",
            Self::CustomFields => "customFields",
            Self::Users => "users",
        }
    }

    fn request(self, location: &str) -> Request {
        match self {
            Self::Pipelines => opportunities::pipelines(location),
            Self::CustomFields => places::custom_fields(location),
            Self::Users => places::users(location),
        }
    }
}

type List = Arc<Vec<Value>>;

/// The lists that this process holds.
#[derive(Debug, Default)]
pub(super) struct Known {
    held: Mutex<HashMap<Kind, (List, DateTime<Utc>)>>,
    /// One at a time reads, and the others take what it read.
    reading: tokio::sync::Mutex<()>,
}

impl Known {
    fn get(&self, kind: Kind, oldest: DateTime<Utc>) -> Option<List> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.get(&kind).filter(|(_, at)| *at >= oldest).map(|(list, _)| Arc::clone(list))
    }

    fn put(&self, kind: Kind, list: List, at: DateTime<Utc>) {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).insert(kind, (list, at));
    }
}

impl Official {
    /// The list for showing names: one that cannot be read leaves the ids as they are, and is no reason to show nothing.
    pub(super) async fn names(&self, kind: Kind, context: &CallContext) -> List {
        match self.list_of(kind, FRESH, context).await {
            Ok(list) => list,
            Err(error) => {
                tracing::warn!("{} could not be read, so ids stand for names: {}", kind.name(), error.message);
                // Held like one that was read, so that a missing scope is not asked for with each object.
                let list = self.known.get(kind, DateTime::<Utc>::MIN_UTC).unwrap_or_default();
                self.known.put(kind, Arc::clone(&list), Utc::now());
                list
            }
        }
    }

    /// Finds something by its name: in the list as it is known, and if it is not there, in the list as it is now.
    ///
    /// # Errors
    /// What `find` gives for the list as it is now; why it cannot be read.
    pub(super) async fn find<T>(
        &self,
        kind: Kind,
        context: &CallContext,
        find: impl Fn(&[Value]) -> Result<T>,
    ) -> Result<T> {
        let list = self.list_of(kind, FRESH, context).await?;
        match find(&list) {
            Err(error) if error.code == Code::InvalidArguments => find(&self.list_of(kind, JUST_NOW, context).await?),
            found => found,
        }
    }

    /// The list, no older than this.
    pub(super) async fn list_of(&self, kind: Kind, age: TimeDelta, context: &CallContext) -> Result<List> {
        let oldest = Utc::now() - age;
        if let Some(list) = self.known.get(kind, oldest) {
            return Ok(list);
        }
        let _turn = context.bound(self.known.reading.lock()).await?;
        if let Some(list) = self.known.get(kind, oldest) {
            return Ok(list);
        }
        // Without a state directory each process reads for itself.
        let account = self.client.account().await.ok();
        if let Some(account) = &account
            && let Ok(Some((items, at))) = self.store.known(account, kind.name()).await
            && at >= oldest
            && at <= Utc::now()
        {
            let list = Arc::new(items);
            self.known.put(kind, Arc::clone(&list), at);
            return Ok(list);
        }
        let at = Utc::now();
        let list = Arc::new(self.read_list(kind, context).await?);
        self.known.put(kind, Arc::clone(&list), at);
        if let Some(account) = &account
            && let Err(error) = self.store.keep_known(account, kind.name(), &list, at).await
        {
            tracing::debug!("{} are not kept: {}", kind.name(), error.message);
        }
        Ok(list)
    }

    async fn read_list(&self, kind: Kind, context: &CallContext) -> Result<Vec<Value>> {
        let response = self.client.send(&kind.request(&self.location), context).await.map_err(|failed| failed.error)?;
        let mut body = ask::body(response)?;
        ask::array(&mut body, kind.name())
            .ok_or_else(|| Error::new(Code::UpstreamError, format!("The API's answer holds no {}.", kind.name())))
    }
}
