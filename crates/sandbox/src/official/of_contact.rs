//! Objects of a contact, such as its notes. They are listed, read and written below the contact's path.

use super::deleted;
use super::errors::{not_found, unprocessable};
use super::organization::{renamed, text};
use crate::account::{Account, Fields, ObjectKind};
use crate::manners::Manners;
use crate::operation::{Completed, HandlerResult, WriteKind, timestamp};
use crate::response::ApiResponse;
use crate::validate::{self, Field};
use serde_json::{Value, json};
use std::time::Duration;

/// A type of object that belongs to a contact.
pub(super) struct OfContact {
    pub(super) kind: ObjectKind,
    /// The member of an answer that holds one object, and the one that holds a list.
    pub(super) members: (&'static str, &'static str),
    /// Stored names and names in answers.
    pub(super) names: &'static [(&'static str, &'static str)],
    /// The body of a creation.
    pub(super) create: &'static [Field],
    /// The body of an update.
    pub(super) update: &'static [Field],
    /// Writes the fields of a body into a stored object.
    pub(super) write: fn(&mut Fields, &Fields, Duration, &Manners),
}

impl OfContact {
    fn shown(&self, object: &Fields, manners: &Manners) -> Value {
        let mut shown = renamed(object, self.names);
        manners.on_read(self.kind, &mut shown);
        Value::Object(shown)
    }

    /// An answer with one object.
    fn one(&self, object: &Fields, manners: &Manners) -> Value {
        json!({ self.members.0: self.shown(object, manners) })
    }

    /// The object of this contact.
    fn find(&self, account: &Account, (contact, id): (&str, &str)) -> Result<Fields, ApiResponse> {
        check_contact(account, contact)?;
        let object = account.get(self.kind, id).filter(|object| text(object, "contactId") == contact);
        object.ok_or_else(|| not_found(self.kind.title()))
    }

    /// Every object of a contact, newest first.
    pub(super) fn list(&self, account: &Account, contact: &str, manners: &Manners) -> HandlerResult {
        check_contact(account, contact)?;
        let objects = account.listed_of_contact(self.kind, contact);
        let newest = objects.iter().rev().take(manners.list_limit(usize::MAX));
        let shown: Vec<_> = newest.map(|object| self.shown(object, manners)).collect();
        Ok(Completed::read(ApiResponse::ok(json!({ self.members.1: shown }))))
    }

    pub(super) fn get(&self, account: &Account, path: (&str, &str), manners: &Manners) -> HandlerResult {
        let object = self.find(account, path)?;
        Ok(Completed::read(ApiResponse::ok(self.one(&object, manners))))
    }

    pub(super) fn create(
        &self,
        account: &mut Account,
        contact: &str,
        body: &Fields,
        now: Duration,
        manners: &Manners,
    ) -> HandlerResult {
        validate::creation(self.create, body).map_err(unprocessable)?;
        check_contact(account, contact)?;
        let id = account.new_id();
        let mut object = Fields::new();
        object.insert("id".into(), id.clone().into());
        object.insert("contactId".into(), contact.into());
        (self.write)(&mut object, body, now, manners);
        object.insert("createdAt".into(), timestamp(now).into());
        account.put(self.kind, &id, &object);
        Ok(Completed::written(ApiResponse::created(self.one(&object, manners)), WriteKind::Create, id))
    }

    pub(super) fn update(
        &self,
        account: &mut Account,
        path: (&str, &str),
        body: &Fields,
        now: Duration,
        manners: &Manners,
    ) -> HandlerResult {
        validate::creation(self.update, body).map_err(unprocessable)?;
        let mut object = self.find(account, path)?;
        (self.write)(&mut object, body, now, manners);
        account.put(self.kind, path.1, &object);
        Ok(Completed::written(ApiResponse::ok(self.one(&object, manners)), WriteKind::Update, path.1))
    }

    pub(super) fn delete(&self, account: &mut Account, path: (&str, &str)) -> HandlerResult {
        self.find(account, path)?;
        account.remove(self.kind, path.1);
        deleted(path.1)
    }
}

/// The contact of a path has to exist.
fn check_contact(account: &Account, contact: &str) -> Result<(), ApiResponse> {
    account.get(ObjectKind::Contacts, contact).map(|_| ()).ok_or_else(|| not_found("Contact"))
}
