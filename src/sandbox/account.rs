//! The account: every object as the JSON text it answers with, beside the few traits that lists filter by.
//!
//! Text costs a fraction of a tree of values, so that 100,000 contacts start at once and fit in little memory.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use serde_json::{Map, Value};
use std::collections::HashMap;

/// The fields of one object.
pub(super) type Fields = Map<String, Value>;

/// The kinds of object that an account holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    Users,
    Locations,
    Contacts,
    Opportunities,
    Campaigns,
    Pages,
    Funnels,
    Webhooks,
    /// The dictionary of custom fields, in the official API's shape: the document has none.
    CustomFields,
    /// Pipelines with their stages, in the official API's shape: the document has only the names of stages.
    Pipelines,
}

impl Kind {
    const ALL: [(Self, &'static str, &'static str); 10] = [
        (Self::Users, "users", "User"),
        (Self::Locations, "locations", "Location"),
        (Self::Contacts, "contacts", "Contact"),
        (Self::Opportunities, "opportunities", "Opportunity"),
        (Self::Campaigns, "campaigns", "Campaign"),
        (Self::Pages, "pages", "Page"),
        (Self::Funnels, "funnels", "Funnel"),
        (Self::Webhooks, "webhooks", "Webhook"),
        (Self::CustomFields, "customFields", "Custom field"),
        (Self::Pipelines, "pipelines", "Pipeline"),
    ];

    /// The kind with this plural name.
    pub(super) fn named(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, plural, _)| *plural == word).map(|(kind, ..)| *kind)
    }

    /// What one object of this kind is called in a message.
    pub(super) fn title(self) -> &'static str {
        Self::ALL.iter().find(|(kind, ..)| *kind == self).map_or("Object", |(_, _, title)| title)
    }
}

/// What lists filter by: of an object what it has, of a query what it asks for. Empty means nothing asked.
#[derive(Debug, Default, Clone)]
pub(super) struct Traits {
    /// In lower case: an address is found however it is written.
    pub(super) email: String,
    /// Digits only: a number is found however it is punctuated.
    pub(super) phone: String,
    pub(super) status: String,
    pub(super) tags: Vec<String>,
}

impl Traits {
    fn of(fields: &Fields) -> Self {
        let text = |name: &str| fields.get(name).and_then(Value::as_str).unwrap_or_default();
        let tags = fields.get("tags").and_then(Value::as_array).into_iter().flatten();
        Self {
            email: text("email").to_lowercase(),
            phone: digits(text("phone")),
            status: text("status").to_owned(),
            tags: tags.filter_map(Value::as_str).map(str::to_owned).collect(),
        }
    }

    /// Whether this asks for nothing.
    pub(super) fn is_empty(&self) -> bool {
        self.email.is_empty() && self.phone.is_empty() && self.status.is_empty() && self.tags.is_empty()
    }

    /// Whether an object has all that this asks for.
    fn fits(&self, object: &Self) -> bool {
        let same = |asked: &str, has: &str| asked.is_empty() || asked == has;
        same(&self.email, &object.email)
            && same(&self.phone, &object.phone)
            && same(&self.status, &object.status)
            && self.tags.iter().all(|tag| object.tags.contains(tag))
    }
}

/// The digits of a phone number.
pub(super) fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

#[derive(Debug)]
struct Object {
    id: String,
    text: String,
    traits: Traits,
}

/// All objects of one kind, in the order of their creation.
#[derive(Debug, Default)]
struct Shelf {
    objects: Vec<Object>,
    places: HashMap<String, usize>,
}

/// One in-memory account.
#[derive(Debug)]
pub(super) struct Account {
    shelves: HashMap<Kind, Shelf>,
    ids: ChaCha8Rng,
}

impl Account {
    /// An account without objects, whose ids come from this generator.
    pub(super) fn empty(ids: ChaCha8Rng) -> Self {
        Self { shelves: HashMap::new(), ids }
    }

    fn shelf(&self, kind: Kind) -> Option<&Shelf> {
        self.shelves.get(&kind)
    }

    fn shelf_mut(&mut self, kind: Kind) -> &mut Shelf {
        self.shelves.entry(kind).or_default()
    }

    /// A new id: 20 letters and digits.
    pub(super) fn new_id(&mut self) -> String {
        (0..20).map(|_| char::from(self.ids.sample(rand::distr::Alphanumeric))).collect()
    }

    /// One object.
    pub(super) fn get(&self, kind: Kind, id: &str) -> Option<Fields> {
        let shelf = self.shelf(kind)?;
        shelf.objects.get(*shelf.places.get(id)?).map(Object::fields)
    }

    /// Where an object stands among those of its kind, oldest first.
    pub(super) fn place(&self, kind: Kind, id: &str) -> Option<usize> {
        self.shelf(kind)?.places.get(id).copied()
    }

    /// The first object of a kind: the account's own user, its default location.
    pub(super) fn first(&self, kind: Kind) -> Option<Fields> {
        self.shelf(kind)?.objects.first().map(Object::fields)
    }

    /// The objects that fit, from `offset` on, at most `limit`; and how many fit in all.
    pub(super) fn list(&self, kind: Kind, wanted: &Traits, offset: usize, limit: usize) -> (Vec<Fields>, usize) {
        let Some(shelf) = self.shelf(kind) else { return (Vec::new(), 0) };
        if wanted.is_empty() {
            let slice = shelf.objects.get(offset..).unwrap_or_default();
            return (slice.iter().take(limit).map(Object::fields).collect(), shelf.objects.len());
        }
        let fitting: Vec<_> = shelf.objects.iter().filter(|object| wanted.fits(&object.traits)).collect();
        (fitting.iter().skip(offset).take(limit).map(|object| object.fields()).collect(), fitting.len())
    }

    /// Every object of a kind as one JSON array.
    pub(super) fn all(&self, kind: Kind) -> String {
        let objects = self.shelf(kind).map_or(&[][..], |shelf| &shelf.objects);
        let texts: Vec<_> = objects.iter().map(|object| object.text.as_str()).collect();
        format!("[{}]", texts.join(","))
    }

    /// Adds an object, or takes the place of the one with its id.
    pub(super) fn put(&mut self, kind: Kind, id: &str, fields: &Fields) {
        let text = Value::Object(fields.clone()).to_string();
        self.put_text(kind, id, text, Traits::of(fields));
    }

    /// The same for a caller that has the text already.
    pub(super) fn put_text(&mut self, kind: Kind, id: &str, text: String, traits: Traits) {
        let shelf = self.shelf_mut(kind);
        let object = Object { id: id.to_owned(), text, traits };
        match shelf.places.get(id).and_then(|place| shelf.objects.get_mut(*place)) {
            Some(old) => *old = object,
            None => {
                shelf.places.insert(id.to_owned(), shelf.objects.len());
                shelf.objects.push(object);
            }
        }
    }

    /// Takes an object away.
    pub(super) fn remove(&mut self, kind: Kind, id: &str) {
        let shelf = self.shelf_mut(kind);
        if let Some(place) = shelf.places.remove(id) {
            shelf.objects.remove(place);
            // The API deletes only pages and webhooks, and there are few of them.
            shelf.places = shelf.objects.iter().enumerate().map(|(at, object)| (object.id.clone(), at)).collect();
        }
    }
}

impl Object {
    fn fields(&self) -> Fields {
        // The text was written by this module.
        serde_json::from_str(&self.text).unwrap_or_default()
    }
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
            account.put(Kind::Contacts, id, fields.as_object().unwrap());
        }
        account
    }

    fn found(wanted: &Traits) -> usize {
        account().list(Kind::Contacts, wanted, 0, 100).1
    }

    #[test]
    fn filters_want_everything_they_name() {
        assert_eq!(found(&Traits::default()), 2);
        assert_eq!(found(&Traits { email: "a@x.example".into(), ..Traits::default() }), 1);
        assert_eq!(found(&Traits { phone: "15125550101".into(), ..Traits::default() }), 2);
        assert_eq!(found(&Traits { tags: vec!["vip".into(), "new".into()], ..Traits::default() }), 1);
    }

    #[test]
    fn removing_keeps_the_others_findable() {
        let mut account = account();
        account.remove(Kind::Contacts, "a");
        assert!(account.get(Kind::Contacts, "a").is_none());
        assert_eq!(account.get(Kind::Contacts, "b").unwrap()["id"], "b");
        assert_eq!(account.list(Kind::Contacts, &Traits::default(), 5, 10).0.len(), 0);
    }
}
