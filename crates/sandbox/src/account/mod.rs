//! The account: every object as JSON text, with the few fields that lists filter by.
//!
//! Text takes a fraction of the memory of parsed values: an account of 100,000 contacts starts fast and stays small.

mod filter;
mod kind;

pub(crate) use filter::{FilterFields, digits};
pub(crate) use kind::ObjectKind;

use crate::collection::{Collection, Object};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::time::Duration;

/// The fields of one object.
pub(crate) type Fields = Map<String, Value>;

/// The objects of one account.
#[derive(Debug)]
pub(crate) struct Account {
    collections: HashMap<ObjectKind, Collection>,
    ids: ChaCha8Rng,
    now: Duration,
    lag: Duration,
}

impl Account {
    /// An account without objects, which draws new ids from this generator.
    pub(crate) fn empty(ids: ChaCha8Rng) -> Self {
        Self { collections: HashMap::new(), ids, now: Duration::ZERO, lag: Duration::ZERO }
    }

    /// Sets the time, and how long lists lag behind later writes.
    pub(crate) fn set_time(&mut self, now: Duration, lag: Duration) {
        (self.now, self.lag) = (now, lag);
        // Without a lag, lists show every pending write at once.
        let due = if lag.is_zero() { Duration::MAX } else { now };
        self.collections.values_mut().for_each(|collection| collection.apply_due(due));
    }

    /// Writes behind the client's back: lists show the change at once.
    #[cfg(feature = "management")]
    pub(crate) fn without_lag<R>(&mut self, write: impl FnOnce(&mut Self) -> R) -> R {
        let lag = std::mem::take(&mut self.lag);
        let done = write(self);
        self.lag = lag;
        done
    }

    /// When lists show a write of now, if they lag.
    fn due(&self) -> Option<Duration> {
        (!self.lag.is_zero()).then(|| self.now + self.lag)
    }

    fn collection(&self, kind: ObjectKind) -> Option<&Collection> {
        self.collections.get(&kind)
    }

    /// A new id: 20 letters and digits.
    pub(crate) fn new_id(&mut self) -> String {
        (0..20).map(|_| char::from(self.ids.sample(rand::distr::Alphanumeric))).collect()
    }

    /// Draws new ids from another generator. Returns the one before.
    pub(crate) fn swap_ids(&mut self, ids: ChaCha8Rng) -> ChaCha8Rng {
        std::mem::replace(&mut self.ids, ids)
    }

    /// One object.
    pub(crate) fn get(&self, kind: ObjectKind, id: &str) -> Option<Fields> {
        self.collection(kind)?.get(id).map(Object::fields)
    }

    /// One object as lists show it, if they show it.
    pub(crate) fn get_listed(&self, kind: ObjectKind, id: &str) -> Option<Fields> {
        let listed = self.collection(kind)?.listed();
        let mut from_there = listed.skip(listed.position(id)?);
        from_there.next().map(Object::fields)
    }

    /// The position of an object in lists, oldest first.
    pub(crate) fn list_position(&self, kind: ObjectKind, id: &str) -> Option<usize> {
        self.collection(kind)?.listed().position(id)
    }

    /// The first object of a kind, such as the account's own user or its default location.
    pub(crate) fn first(&self, kind: ObjectKind) -> Option<Fields> {
        self.collection(kind)?.all().first().map(Object::fields)
    }

    /// One page of the objects that match, and the number of all that match, as lists show them.
    pub(crate) fn list(
        &self,
        kind: ObjectKind,
        wanted: &FilterFields,
        offset: usize,
        limit: usize,
    ) -> (Vec<Fields>, usize) {
        let Some(collection) = self.collection(kind) else { return (Vec::new(), 0) };
        let listed = collection.listed();
        if wanted.is_empty() {
            return (listed.skip(offset).take(limit).map(Object::fields).collect(), listed.len());
        }
        let fitting: Vec<_> = listed.iter().filter(|object| wanted.matches(&object.filter_fields)).collect();
        (fitting.iter().skip(offset).take(limit).map(|object| object.fields()).collect(), fitting.len())
    }

    /// The id of the first object that fits, whether or not lists show it yet.
    pub(crate) fn find_id(&self, kind: ObjectKind, fits: impl Fn(&str, &FilterFields) -> bool) -> Option<String> {
        self.collection(kind)?
            .all()
            .iter()
            .find(|object| fits(&object.id, &object.filter_fields))
            .map(|object| object.id.clone())
    }

    /// The id of the first object that fits, as lists show the objects.
    pub(crate) fn find_listed_id(&self, kind: ObjectKind, fits: impl Fn(&FilterFields) -> bool) -> Option<String> {
        let listed = self.collection(kind)?.listed();
        listed.iter().find(|object| fits(&object.filter_fields)).map(|object| object.id.clone())
    }

    /// The objects of a contact as lists show them, oldest first.
    pub(crate) fn listed_of_contact(&self, kind: ObjectKind, contact: &str) -> Vec<Fields> {
        let Some(collection) = self.collection(kind) else { return Vec::new() };
        let listed = collection.listed();
        let of_contact = listed.iter().filter_map(|object| of_contact(object, contact));
        of_contact.collect()
    }

    /// The ids of a contact's objects, whether or not lists show them yet.
    pub(crate) fn ids_of_contact(&self, kind: ObjectKind, contact: &str) -> Vec<String> {
        let objects = self.collection(kind).map_or(&[][..], Collection::all).iter();
        objects.filter(|object| of_contact(object, contact).is_some()).map(|object| object.id.clone()).collect()
    }

    /// Every object of a kind, whether or not lists show it yet.
    pub(crate) fn objects(&self, kind: ObjectKind) -> impl Iterator<Item = Fields> {
        self.collection(kind).map_or(&[][..], Collection::all).iter().map(Object::fields)
    }

    /// Every object of a kind as one JSON array.
    #[cfg(any(feature = "management", test))]
    pub(crate) fn all_as_json(&self, kind: ObjectKind) -> String {
        let texts: Vec<_> =
            self.collection(kind).map_or(&[][..], Collection::all).iter().map(|it| it.text.as_str()).collect();
        format!("[{}]", texts.join(","))
    }

    /// Adds an object, or replaces the one with its id.
    pub(crate) fn put(&mut self, kind: ObjectKind, id: &str, fields: &Fields) {
        let text = Value::Object(fields.clone()).to_string();
        self.put_text(kind, id, text, FilterFields::of(fields));
    }

    /// [`Account::put`] for a caller that has the JSON text.
    pub(crate) fn put_text(&mut self, kind: ObjectKind, id: &str, text: String, filter_fields: FilterFields) {
        let due = self.due();
        self.collections.entry(kind).or_default().put(Object { id: id.to_owned(), text, filter_fields }, due);
    }

    /// Removes an object.
    pub(crate) fn remove(&mut self, kind: ObjectKind, id: &str) {
        let due = self.due();
        self.collections.entry(kind).or_default().remove(id, due);
    }
}

/// The object's fields if it belongs to the contact. Only texts with the contact's id are parsed.
fn of_contact(object: &Object, contact: &str) -> Option<Fields> {
    let fields = object.text.contains(contact).then(|| object.fields())?;
    (fields.get("contactId")?.as_str()? == contact).then_some(fields)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use serde_json::json;

    fn account() -> Account {
        let mut account = Account::empty(ChaCha8Rng::seed_from_u64(1));
        for (id, email, tags) in [("a", "A@x.example", vec!["vip"]), ("b", "b@x.example", vec!["vip", "new"])] {
            let fields = json!({ "id": id, "email": email, "phone": "+1 (512) 555-0101", "tags": tags });
            account.put(ObjectKind::Contacts, id, fields.as_object().unwrap());
        }
        account
    }

    fn found(wanted: &FilterFields) -> usize {
        account().list(ObjectKind::Contacts, wanted, 0, 100).1
    }

    #[test]
    fn filters_want_everything_they_name() {
        assert_eq!(found(&FilterFields::default()), 2);
        assert_eq!(found(&FilterFields { email: "a@x.example".into(), ..FilterFields::default() }), 1);
        assert_eq!(found(&FilterFields { phone: "15125550101".into(), ..FilterFields::default() }), 2);
        assert_eq!(found(&FilterFields { tags: vec!["vip".into(), "new".into()], ..FilterFields::default() }), 1);
    }

    #[test]
    fn removing_keeps_the_others_findable() {
        let mut account = account();
        account.remove(ObjectKind::Contacts, "a");
        assert!(account.get(ObjectKind::Contacts, "a").is_none());
        assert_eq!(account.get(ObjectKind::Contacts, "b").unwrap()["id"], "b");
        assert_eq!(account.list(ObjectKind::Contacts, &FilterFields::default(), 5, 10).0.len(), 0);
    }
}
