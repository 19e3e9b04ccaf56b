//! All objects of one kind, as they are and as lists show them while they lag behind writes.

use super::account::{Fields, Traits};
use std::collections::{HashMap, VecDeque};
use std::time::Duration;

/// One object as the JSON text it answers with.
#[derive(Debug, Clone)]
pub(super) struct Object {
    pub(super) id: String,
    pub(super) text: String,
    pub(super) traits: Traits,
}

impl Object {
    pub(super) fn fields(&self) -> Fields {
        // The text was written by the account.
        serde_json::from_str(&self.text).unwrap_or_default()
    }
}

/// A write that lists do not show yet.
#[derive(Debug)]
struct Recent {
    /// When lists begin to show it.
    due: Duration,
    id: String,
    before: Before,
}

/// What lists show in the place of a write.
#[derive(Debug)]
enum Before {
    /// The object was created.
    Absent,
    /// The object was changed.
    Changed(Object),
    /// The object was removed from this place.
    Removed(usize, Object),
}

/// The objects in the order of their creation.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    objects: Vec<Object>,
    places: HashMap<String, usize>,
    /// The youngest writes, oldest first. Lists that do not lag leave none here.
    recent: VecDeque<Recent>,
}

impl Shelf {
    pub(super) fn get(&self, id: &str) -> Option<&Object> {
        self.objects.get(*self.places.get(id)?)
    }

    /// Every object as it is.
    pub(super) fn all(&self) -> &[Object] {
        &self.objects
    }

    /// Adds an object, or takes the place of the one with its id. Lists show it from `due` on, if that is given.
    pub(super) fn put(&mut self, object: Object, due: Option<Duration>) {
        let id = object.id.clone();
        let before = match self.places.get(&id).and_then(|place| self.objects.get_mut(*place)) {
            Some(old) => Before::Changed(std::mem::replace(old, object)),
            None => {
                self.places.insert(id.clone(), self.objects.len());
                self.objects.push(object);
                Before::Absent
            }
        };
        self.remember(due, id, before);
    }

    /// Takes an object away. Lists show it until `due`, if that is given.
    pub(super) fn remove(&mut self, id: &str, due: Option<Duration>) {
        if let Some(place) = self.places.remove(id) {
            let object = self.objects.remove(place);
            // Few objects are ever removed: pages and webhooks.
            self.places = self.objects.iter().enumerate().map(|(at, object)| (object.id.clone(), at)).collect();
            self.remember(due, id.to_owned(), Before::Removed(place, object));
        }
    }

    fn remember(&mut self, due: Option<Duration>, id: String, before: Before) {
        if let Some(due) = due {
            self.recent.push_back(Recent { due, id, before });
        }
    }

    /// Forgets the writes that lists show by now.
    pub(super) fn settle(&mut self, now: Duration) {
        while self.recent.front().is_some_and(|recent| recent.due <= now) {
            self.recent.pop_front();
        }
    }

    /// The objects as lists show them.
    pub(super) fn listed(&self) -> Listed<'_> {
        if self.recent.is_empty() {
            return Listed { shelf: self, view: None };
        }
        // Backwards through the youngest writes, to what was there before the oldest of them.
        let mut changed: HashMap<&str, Option<&Object>> = HashMap::new();
        let mut removed = Vec::new();
        for recent in self.recent.iter().rev() {
            match &recent.before {
                Before::Absent => {
                    changed.insert(&recent.id, None);
                }
                Before::Changed(object) => {
                    changed.insert(&recent.id, Some(object));
                }
                Before::Removed(place, object) => removed.push((*place, object)),
            }
        }
        let mut view: Vec<&Object> = self.objects.iter().collect();
        for (place, object) in removed {
            view.insert(place.min(view.len()), object);
        }
        view.retain_mut(|object| match changed.get(object.id.as_str()) {
            Some(None) => false,
            Some(Some(before)) => {
                *object = before;
                true
            }
            None => true,
        });
        Listed { shelf: self, view: Some(view) }
    }
}

/// The objects of one kind as lists show them.
pub(super) struct Listed<'a> {
    shelf: &'a Shelf,
    view: Option<Vec<&'a Object>>,
}

impl<'a> Listed<'a> {
    pub(super) fn len(&self) -> usize {
        self.view.as_ref().map_or(self.shelf.objects.len(), Vec::len)
    }

    /// The objects from this place on.
    pub(super) fn skip(&self, begin: usize) -> Box<dyn Iterator<Item = &'a Object> + '_> {
        match &self.view {
            Some(view) => Box::new(view.get(begin..).unwrap_or_default().iter().copied()),
            None => Box::new(self.shelf.objects.get(begin..).unwrap_or_default().iter()),
        }
    }

    /// Where an object stands, oldest first.
    pub(super) fn place(&self, id: &str) -> Option<usize> {
        match &self.view {
            Some(view) => view.iter().position(|object| object.id == id),
            None => self.shelf.places.get(id).copied(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const S: fn(u64) -> Duration = Duration::from_secs;

    fn put(shelf: &mut Shelf, id: &str, value: u32, due: Option<Duration>) {
        let text = json!({ "id": id, "value": value }).to_string();
        shelf.put(Object { id: id.to_owned(), text, traits: Traits::default() }, due);
    }

    fn shown(shelf: &Shelf) -> Vec<(String, u64)> {
        let listed = shelf.listed();
        let all: Vec<_> =
            listed.skip(0).map(|it| (it.id.clone(), it.fields()["value"].as_u64().unwrap_or_default())).collect();
        assert_eq!(all.len(), listed.len());
        for (place, (id, _)) in all.iter().enumerate() {
            assert_eq!(listed.place(id), Some(place));
        }
        all
    }

    fn rows(rows: &[(&str, u64)]) -> Vec<(String, u64)> {
        rows.iter().map(|(id, value)| ((*id).to_owned(), *value)).collect()
    }

    #[test]
    fn lists_show_what_was_there_until_a_write_is_due() {
        let mut shelf = Shelf::default();
        for (id, value) in [("a", 1), ("b", 1), ("c", 1)] {
            put(&mut shelf, id, value, None);
        }
        let before = rows(&[("a", 1), ("b", 1), ("c", 1)]);
        put(&mut shelf, "d", 1, Some(S(10)));
        put(&mut shelf, "b", 2, Some(S(11)));
        put(&mut shelf, "d", 2, Some(S(12)));
        put(&mut shelf, "b", 3, Some(S(13)));
        shelf.remove("b", Some(S(14)));
        shelf.remove("a", Some(S(15)));
        assert_eq!(shown(&shelf), before);
        assert_eq!(shelf.all().len(), 2, "and the truth is another");
        for (now, expected) in [
            (9, before),
            (10, rows(&[("a", 1), ("b", 1), ("c", 1), ("d", 1)])),
            (11, rows(&[("a", 1), ("b", 2), ("c", 1), ("d", 1)])),
            (12, rows(&[("a", 1), ("b", 2), ("c", 1), ("d", 2)])),
            (13, rows(&[("a", 1), ("b", 3), ("c", 1), ("d", 2)])),
            (14, rows(&[("a", 1), ("c", 1), ("d", 2)])),
            (15, rows(&[("c", 1), ("d", 2)])),
        ] {
            shelf.settle(S(now));
            assert_eq!(shown(&shelf), expected, "at {now}");
        }
        assert!(shelf.listed().view.is_none(), "nothing is kept of what is settled");
    }

    #[test]
    fn what_came_and_went_within_the_lag_is_never_listed() {
        let mut shelf = Shelf::default();
        put(&mut shelf, "a", 1, Some(S(10)));
        shelf.remove("a", Some(S(11)));
        assert_eq!(shown(&shelf), rows(&[]));
        shelf.settle(S(11));
        assert_eq!(shown(&shelf), rows(&[]));
    }
}
