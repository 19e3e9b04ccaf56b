//! The location that a server works on: which one it is, and that it touches no other (`--location-id`).

use crate::api::{Adapter, Page};
use highlevel_catalog::{Invocation, Scope, locations::GetDefaultLocation};
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
    pub(super) async fn check_read(&self, api: &Adapter, context: &CallContext) -> Result<()> {
        match self.check(api, context).await {
            Err(error) if api.names_location() && is_unread(&error) => Ok(()),
            checked => checked,
        }
    }

    /// Compares the pinned id with that of the credential's location, once per credential, before any other call.
    pub(super) async fn check(&self, api: &Adapter, context: &CallContext) -> Result<()> {
        let Some(pinned) = &self.location else { return Ok(()) };
        let found = self.find(api, context).await?;
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
    pub(super) async fn location(&self, api: &Adapter, context: &CallContext) -> Location {
        let found = self.find(api, context).await;
        found.unwrap_or_else(|_| Location { id: self.location.clone(), name: None })
    }

    /// The location of the credential.
    async fn find(&self, api: &Adapter, context: &CallContext) -> Result<Location> {
        let mut found = context.bound(self.found.lock()).await?;
        match &*found {
            Some((generation, location)) if *generation == api.credential_generation() => {
                return Ok(location.clone());
            }
            _ => {}
        }
        let answer = api.object(&api.catalog().call(&GetDefaultLocation {})?, context).await?;
        let text = |name: &str| answer.get(name).and_then(Value::as_str).map(str::to_owned);
        let location = Location { id: text("id"), name: text("name") };
        // The answer may have come with a renewed credential, so the generation is read again.
        *found = Some((api.credential_generation(), location.clone()));
        Ok(location)
    }

    /// Refuses a call that names another location.
    ///
    /// # Errors
    /// `policy_denied` naming both.
    pub(super) fn allow(&self, invocation: &Invocation) -> Result<()> {
        let Some(pinned) = &self.location else { return Ok(()) };
        let locations = invocation.spec.scope_fields.iter().filter(|field| field.of == Scope::Location);
        let others = locations.filter_map(|field| invocation.arguments.text(&field.name)).filter(|id| id != pinned);
        match others.into_iter().next() {
            Some(id) => Err(refusal(pinned, &format!("{id} is another"))),
            None => Ok(()),
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
