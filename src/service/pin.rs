//! The location that a server works on, and the check that calls touch no other one (`--location-id`).

use crate::api::{Adapter, Page};
use highlevel_catalog::{Invocation, Scope, locations::GetDefaultLocation, place::locations_of};
use highlevel_core::context::CallContext;
use highlevel_core::error::{Code, Error, Result};
use serde_json::Value;
use tokio::sync::Mutex;

/// The location of a credential.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Location {
    pub id: Option<String>,
    pub name: Option<String>,
}

/// The only location that calls may touch, if `--location-id` sets one.
#[derive(Debug)]
pub(super) struct LocationPin {
    location: Option<String>,
    /// The credential's location, with the credential's generation. The lock makes concurrent calls share one request.
    found: Mutex<Option<(u64, Location)>>,
}

impl LocationPin {
    pub(super) fn new(location: Option<String>) -> Self {
        Self { location, found: Mutex::new(None) }
    }

    /// Whether this is the pinned location.
    pub(super) fn is(&self, id: &str) -> bool {
        self.location.as_deref() == Some(id)
    }

    /// Whether a location is pinned.
    pub(super) fn is_set(&self) -> bool {
        self.location.is_some()
    }

    /// [`Self::check_credential`] for calls that only read. If every request names its location, a location that cannot
    /// be read does not stop them.
    pub(super) async fn check_credential_for_read(&self, api: &Adapter, context: &CallContext) -> Result<()> {
        match self.check_credential(api, context).await {
            Err(error) if api.names_location() && is_unreadable(&error) => Ok(()),
            checked => checked,
        }
    }

    /// Checks that the credential belongs to the pinned location. Sends one request per credential.
    pub(super) async fn check_credential(&self, api: &Adapter, context: &CallContext) -> Result<()> {
        let Some(pinned) = &self.location else { return Ok(()) };
        let found = self.find(api, context).await?;
        if found.id.as_ref() == Some(pinned) {
            return Ok(());
        }
        let other = found.id.as_deref().unwrap_or("another location");
        Err(Error::new(
            Code::PolicyDenied,
            format!(
                "This server is restricted to location {pinned}, but the credential belongs to {other}. Use a credential of that location, or change --location-id."
            ),
        ))
    }

    /// The location as a confirmation shows it. Falls back to the pinned id if the API does not report the location.
    pub(super) async fn location(&self, api: &Adapter, context: &CallContext) -> Location {
        let found = self.find(api, context).await;
        found.unwrap_or_else(|_| Location { id: self.location.clone(), name: None })
    }

    /// The credential's location.
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
        // The request may have refreshed the credential, so the generation is read again.
        *found = Some((api.credential_generation(), location.clone()));
        Ok(location)
    }

    /// Refuses a call whose arguments name another location.
    ///
    /// # Errors
    /// `policy_denied` naming both.
    pub(super) fn check_arguments(&self, invocation: &Invocation) -> Result<()> {
        let Some(pinned) = &self.location else { return Ok(()) };
        let locations = invocation.spec.scope_fields.iter().filter(|field| field.of == Scope::Location);
        let others = locations.filter_map(|field| invocation.arguments.text(&field.name)).filter(|id| id != pinned);
        match others.into_iter().next() {
            Some(id) => Err(other_location(pinned, &format!("{id} is another location"))),
            None => Ok(()),
        }
    }

    /// Refuses an object of another location. A credential may reach several locations.
    ///
    /// # Errors
    /// `policy_denied` naming both.
    pub(super) fn check_object(&self, object: &Value) -> Result<()> {
        match (&self.location, self.foreign_location(object)) {
            (Some(pinned), Some(other)) => Err(other_location(pinned, &format!("the object belongs to {other}"))),
            _ => Ok(()),
        }
    }

    /// Removes the objects of other locations from a list and returns their number.
    pub(super) fn remove_foreign(&self, items: &mut Vec<Value>) -> u64 {
        let before = items.len();
        items.retain(|item| self.foreign_location(item).is_none());
        (before - items.len()) as u64
    }

    /// Removes the objects of other locations from a page. They still count in the page's offsets.
    pub(super) fn remove_foreign_from_page(&self, page: &mut Page) {
        page.aside += self.remove_foreign(&mut page.items);
    }

    /// The location that an object names, if it is not the pinned one.
    fn foreign_location<'a>(&self, object: &'a Value) -> Option<&'a str> {
        let pinned = self.location.as_deref()?;
        locations_of(object.as_object()?).find(|id| *id != pinned)
    }
}

fn other_location(pinned: &str, why: &str) -> Error {
    Error::new(
        Code::PolicyDenied,
        format!(
            "This server is restricted to location {pinned}, but {why}. Use an id of that location, or start the server with another --location-id."
        ),
    )
}

/// Whether the location could not be read. Then it is unknown which location the credential belongs to.
fn is_unreadable(error: &Error) -> bool {
    error.code == Code::UpstreamError || error.details.contains_key("scope")
}
