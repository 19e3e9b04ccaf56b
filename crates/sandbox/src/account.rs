//! The account: every object as the JSON text it answers with, beside the few traits that lists filter by.
//!
//! Text costs a fraction of a tree of values, so that 100,000 contacts start at once and fit in little memory.

use super::shelf::{Object, Shelf};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::time::Duration;

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
    #[cfg(feature = "management")]
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
    pub(super) fn of(fields: &Fields) -> Self {
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

/// One in-memory account.
#[derive(Debug)]
pub(super) struct Account {
    shelves: HashMap<Kind, Shelf>,
    ids: ChaCha8Rng,
    now: Duration,
    lag: Duration,
}

impl Account {
    /// An account without objects, whose ids come from this generator.
    pub(super) fn empty(ids: ChaCha8Rng) -> Self {
        Self { shelves: HashMap::new(), ids, now: Duration::ZERO, lag: Duration::ZERO }
    }

    /// Sets the time, and for how long lists lag behind the writes that follow.
    pub(super) fn tick(&mut self, now: Duration, lag: Duration) {
        (self.now, self.lag) = (now, lag);
        // Without a lag, what is still held back shows at once.
        let due = if lag.is_zero() { Duration::MAX } else { now };
        self.shelves.values_mut().for_each(|shelf| shelf.settle(due));
    }

    /// Writes behind the client's back, which lists show at once.
    #[cfg(feature = "management")]
    pub(super) fn at_once<R>(&mut self, write: impl FnOnce(&mut Self) -> R) -> R {
        let lag = std::mem::take(&mut self.lag);
        let done = write(self);
        self.lag = lag;
        done
    }

    /// When lists show what is written now, if later than at once.
    fn due(&self) -> Option<Duration> {
        (!self.lag.is_zero()).then(|| self.now + self.lag)
    }

    fn shelf(&self, kind: Kind) -> Option<&Shelf> {
        self.shelves.get(&kind)
    }

    /// A new id: 20 letters and digits.
    pub(super) fn new_id(&mut self) -> String {
        (0..20).map(|_| char::from(self.ids.sample(rand::distr::Alphanumeric))).collect()
    }

    /// One object.
    pub(super) fn get(&self, kind: Kind, id: &str) -> Option<Fields> {
        self.shelf(kind)?.get(id).map(Object::fields)
    }

    /// Where an object stands among those that lists show, oldest first.
    pub(super) fn place(&self, kind: Kind, id: &str) -> Option<usize> {
        self.shelf(kind)?.listed().place(id)
    }

    /// The first object of a kind: the account's own user, its default location.
    pub(super) fn first(&self, kind: Kind) -> Option<Fields> {
        self.shelf(kind)?.all().first().map(Object::fields)
    }

    /// The objects that fit, from `offset` on, at most `limit`; and how many fit in all: as lists show them.
    pub(super) fn list(&self, kind: Kind, wanted: &Traits, offset: usize, limit: usize) -> (Vec<Fields>, usize) {
        let Some(shelf) = self.shelf(kind) else { return (Vec::new(), 0) };
        let listed = shelf.listed();
        if wanted.is_empty() {
            return (listed.skip(offset).take(limit).map(Object::fields).collect(), listed.len());
        }
        let fitting: Vec<_> = listed.skip(0).filter(|object| wanted.fits(&object.traits)).collect();
        (fitting.iter().skip(offset).take(limit).map(|object| object.fields()).collect(), fitting.len())
    }

    /// The id of the first object whose id and traits fit, as the account truly is.
    pub(super) fn with(&self, kind: Kind, fits: impl Fn(&str, &Traits) -> bool) -> Option<String> {
        self.shelf(kind)?.all().iter().find(|object| fits(&object.id, &object.traits)).map(|object| object.id.clone())
    }

    /// Every object of a kind as it truly is.
    pub(super) fn truth(&self, kind: Kind) -> impl Iterator<Item = Fields> {
        self.shelf(kind).map_or(&[][..], Shelf::all).iter().map(Object::fields)
    }

    /// Every object of a kind as one JSON array.
    #[cfg(any(feature = "management", test))]
    pub(super) fn all(&self, kind: Kind) -> String {
        let texts: Vec<_> = self.shelf(kind).map_or(&[][..], Shelf::all).iter().map(|it| it.text.as_str()).collect();
        format!("[{}]", texts.join(","))
    }

    /// Adds an object, or takes the place of the one with its id.
    pub(super) fn put(&mut self, kind: Kind, id: &str, fields: &Fields) {
        let text = Value::Object(fields.clone()).to_string();
        self.put_text(kind, id, text, Traits::of(fields));
    }

    /// The same for a caller that has the text already.
    pub(super) fn put_text(&mut self, kind: Kind, id: &str, text: String, traits: Traits) {
        let due = self.due();
        self.shelves.entry(kind).or_default().put(Object { id: id.to_owned(), text, traits }, due);
    }

    /// Takes an object away.
    pub(super) fn remove(&mut self, kind: Kind, id: &str) {
        let due = self.due();
        self.shelves.entry(kind).or_default().remove(id, due);
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
