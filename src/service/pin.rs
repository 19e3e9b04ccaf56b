//! The location that a server works on: which one it is, and that it touches no other (`--location-id`).

use crate::api::{Backend, Page};
use highlevel_catalog::{
    Invocation, Operation,
    locations::{GetDefaultLocation, GetLocation},
};
use highlevel_core::context::CallContext;
use highlevel_core::error::{Code, Error, Result};
use serde_json::Value;
use tokio::sync::Mutex;

/// The members by which an object names its location.
const LOCATION: [&str; 2] = ["locationId", "location_id"];

/// The location of a credential.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Location {
    /// Its id.
    pub id: Option<String>,
    /// Its name.
    pub name: Option<String>,
}

#[derive(Debug)]
pub(super) struct Pin {
    location: Option<String>,
    /// The location that the credential of a generation was last found to have. Also makes waiting calls share one look.
    found: Mutex<Option<(u64, Location)>>,
}

impl Pin {
    pub(super) fn new(location: Option<String>) -> Self {
        Self { location, found: Mutex::new(None) }
    }

    /// Whether one location is pinned.
    pub(super) fn is_set(&self) -> bool {
        self.location.is_some()
    }

    /// The same check for what only reads. Where every request names the location by itself, a location that cannot be read
    /// stands in the way of nothing else.
    pub(super) async fn check_read(&self, backend: &Backend, context: &CallContext) -> Result<()> {
        match self.check(backend, context).await {
            Err(error) if backend.names_location() && is_unread(&error) => Ok(()),
            checked => checked,
        }
    }

    /// Compares the pinned id with that of the credential's location, once per credential, before any other call.
    pub(super) async fn check(&self, backend: &Backend, context: &CallContext) -> Result<()> {
        let Some(pinned) = &self.location else { return Ok(()) };
        let found = self.find(backend, context).await?;
        if found.id.as_ref() == Some(pinned) {
            return Ok(());
        }
        let other = found.id.as_deref().unwrap_or("another");
        Err(Error::new(
            Code::PolicyDenied,
            format!(
                "This server is held to location {pinned}, and the credential belongs to {other}. Use that location's credential, or change --location-id."
            ),
        ))
    }

    /// The location as far as it can be told: for a person who has to know where something is about to happen. Where
    /// the API does not tell it, the pinned id is what is left.
    pub(super) async fn location(&self, backend: &Backend, context: &CallContext) -> Location {
        let found = self.find(backend, context).await;
        found.unwrap_or_else(|_| Location { id: self.location.clone(), name: None })
    }

    /// The location of the credential.
    async fn find(&self, backend: &Backend, context: &CallContext) -> Result<Location> {
        let mut found = context.bound(self.found.lock()).await?;
        match &*found {
            Some((generation, location)) if *generation == backend.credential_generation() => {
                return Ok(location.clone());
            }
            _ => {}
        }
        let ask = Invocation::of(&GetDefaultLocation {})?;
        let answer = backend.run(&ask, context).await.map_err(|failed| failed.error)?.value;
        let text = |name: &str| answer.get(name).and_then(Value::as_str).map(str::to_owned);
        let location = Location { id: text("id"), name: text("name") };
        // The answer may have come with a renewed credential, so the generation is read again.
        *found = Some((backend.credential_generation(), location.clone()));
        Ok(location)
    }

    /// Refuses a call that names another location.
    ///
    /// # Errors
    /// `policy_denied` naming both.
    pub(super) fn allow(&self, invocation: &Invocation) -> Result<()> {
        match (&self.location, &invocation.id) {
            (Some(pinned), Some(id)) if invocation.entry.name == GetLocation::NAME && id.as_str() != pinned => {
                Err(refusal(pinned, &format!("{id} is another")))
            }
            _ => Ok(()),
        }
    }

    /// Refuses an object of another location: a credential may reach several.
    ///
    /// # Errors
    /// `policy_denied` naming both.
    pub(super) fn hold(&self, object: &Value) -> Result<()> {
        match (&self.location, self.elsewhere(object)) {
            (Some(pinned), Some(other)) => Err(refusal(pinned, &format!("the object belongs to {other}"))),
            _ => Ok(()),
        }
    }

    /// Takes the objects of other locations out of a list. Gives how many there were.
    pub(super) fn sift(&self, items: &mut Vec<Value>) -> u64 {
        let before = items.len();
        items.retain(|item| self.elsewhere(item).is_none());
        (before - items.len()) as u64
    }

    /// The same of a page. What is taken out counts among what stands in the list and is not shown.
    pub(super) fn sift_page(&self, page: &mut Page) {
        page.aside += self.sift(&mut page.items);
    }

    /// The location that an object names, if it is another than the pinned one.
    fn elsewhere<'a>(&self, object: &'a Value) -> Option<&'a str> {
        let pinned = self.location.as_deref()?;
        let named = LOCATION.iter().find_map(|name| object.get(*name)?.as_str());
        named.filter(|id| !id.is_empty() && *id != pinned)
    }
}

fn refusal(pinned: &str, why: &str) -> Error {
    Error::new(Code::PolicyDenied, format!("This server is held to location {pinned}, and {why}."))
}

/// Whether the location could not be read, which says nothing of whose the credential is.
fn is_unread(error: &Error) -> bool {
    error.code == Code::UpstreamError || error.details.contains_key("scope")
}
