//! The objects of one kind, as stored and as lists show them while they lag behind writes.

use crate::account::{Fields, FilterFields};
use std::collections::{HashMap, VecDeque};
use std::time::Duration;

/// One object as JSON text.
#[derive(Debug, Clone)]
pub(crate) struct Object {
    pub(crate) id: String,
    pub(crate) text: String,
    pub(crate) filter_fields: FilterFields,
}

impl Object {
    pub(crate) fn fields(&self) -> Fields {
        // The account wrote the text, so it parses.
        serde_json::from_str(&self.text).unwrap_or_default()
    }
}

/// A write that lists do not show yet.
#[derive(Debug)]
struct PendingWrite {
    /// When lists start to show the write.
    due: Duration,
    id: String,
    before: PriorVersion,
}

/// What lists show until a write is due.
#[derive(Debug)]
enum PriorVersion {
    /// Nothing: the write created the object.
    Absent,
    /// This version: the write changed the object.
    Changed(Object),
    /// This object at this position: the write removed it.
    Removed(usize, Object),
}

/// The objects of one kind in the order of their creation.
#[derive(Debug, Default)]
pub(crate) struct Collection {
    objects: Vec<Object>,
    positions: HashMap<String, usize>,
    /// The writes that lists do not show yet, oldest first.
    pending: VecDeque<PendingWrite>,
}

impl Collection {
    pub(crate) fn get(&self, id: &str) -> Option<&Object> {
        self.objects.get(*self.positions.get(id)?)
    }

    /// Every object as stored.
    pub(crate) fn all(&self) -> &[Object] {
        &self.objects
    }

    /// Adds an object, or repositions the one with its id. Lists show the write from `due` on, if given.
    pub(crate) fn put(&mut self, object: Object, due: Option<Duration>) {
        let id = object.id.clone();
        let before = match self.positions.get(&id).and_then(|position| self.objects.get_mut(*position)) {
            Some(old) => PriorVersion::Changed(std::mem::replace(old, object)),
            None => {
                self.positions.insert(id.clone(), self.objects.len());
                self.objects.push(object);
                PriorVersion::Absent
            }
        };
        self.record_pending(due, id, before);
    }

    /// Removes an object. Lists show it until `due`, if given.
    pub(crate) fn remove(&mut self, id: &str, due: Option<Duration>) {
        if let Some(position) = self.positions.remove(id) {
            let object = self.objects.remove(position);
            // Rebuilding takes about as long as listing the objects.
            self.positions = self.objects.iter().enumerate().map(|(at, object)| (object.id.clone(), at)).collect();
            self.record_pending(due, id.to_owned(), PriorVersion::Removed(position, object));
        }
    }

    fn record_pending(&mut self, due: Option<Duration>, id: String, before: PriorVersion) {
        if let Some(due) = due {
            self.pending.push_back(PendingWrite { due, id, before });
        }
    }

    /// Drops the pending writes that lists show now.
    pub(crate) fn apply_due(&mut self, now: Duration) {
        while self.pending.front().is_some_and(|pending| pending.due <= now) {
            self.pending.pop_front();
        }
    }

    /// The objects as lists show them.
    pub(crate) fn listed(&self) -> ListView<'_> {
        if self.pending.is_empty() {
            return ListView { collection: self, view: None };
        }
        // Undo the pending writes, newest first.
        let mut changed: HashMap<&str, Option<&Object>> = HashMap::new();
        let mut removed = Vec::new();
        for pending in self.pending.iter().rev() {
            match &pending.before {
                PriorVersion::Absent => {
                    changed.insert(&pending.id, None);
                }
                PriorVersion::Changed(object) => {
                    changed.insert(&pending.id, Some(object));
                }
                PriorVersion::Removed(position, object) => removed.push((*position, object)),
            }
        }
        let mut view: Vec<&Object> = self.objects.iter().collect();
        for (position, object) in removed {
            view.insert(position.min(view.len()), object);
        }
        view.retain_mut(|object| match changed.get(object.id.as_str()) {
            Some(None) => false,
            Some(Some(before)) => {
                *object = before;
                true
            }
            None => true,
        });
        ListView { collection: self, view: Some(view) }
    }
}

/// The objects of a collection as lists show them.
pub(crate) struct ListView<'a> {
    collection: &'a Collection,
    view: Option<Vec<&'a Object>>,
}

impl<'a> ListView<'a> {
    pub(crate) fn len(&self) -> usize {
        self.view.as_ref().map_or(self.collection.objects.len(), Vec::len)
    }

    /// Every object.
    pub(crate) fn iter(&self) -> Box<dyn Iterator<Item = &'a Object> + '_> {
        self.skip(0)
    }

    /// The objects from this position on.
    pub(crate) fn skip(&self, begin: usize) -> Box<dyn Iterator<Item = &'a Object> + '_> {
        match &self.view {
            Some(view) => Box::new(view.get(begin..).unwrap_or_default().iter().copied()),
            None => Box::new(self.collection.objects.get(begin..).unwrap_or_default().iter()),
        }
    }

    /// The position of an object, oldest first.
    pub(crate) fn position(&self, id: &str) -> Option<usize> {
        match &self.view {
            Some(view) => view.iter().position(|object| object.id == id),
            None => self.collection.positions.get(id).copied(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const S: fn(u64) -> Duration = Duration::from_secs;

    fn put(collection: &mut Collection, id: &str, value: u32, due: Option<Duration>) {
        let text = json!({ "id": id, "value": value }).to_string();
        collection.put(Object { id: id.to_owned(), text, filter_fields: FilterFields::default() }, due);
    }

    fn shown(collection: &Collection) -> Vec<(String, u64)> {
        let listed = collection.listed();
        let all: Vec<_> =
            listed.iter().map(|it| (it.id.clone(), it.fields()["value"].as_u64().unwrap_or_default())).collect();
        assert_eq!(all.len(), listed.len());
        for (position, (id, _)) in all.iter().enumerate() {
            assert_eq!(listed.position(id), Some(position));
        }
        all
    }

    fn rows(rows: &[(&str, u64)]) -> Vec<(String, u64)> {
        rows.iter().map(|(id, value)| ((*id).to_owned(), *value)).collect()
    }

    #[test]
    fn lists_show_what_was_there_until_a_write_is_due() {
        let mut collection = Collection::default();
        for (id, value) in [("a", 1), ("b", 1), ("c", 1)] {
            put(&mut collection, id, value, None);
        }
        let before = rows(&[("a", 1), ("b", 1), ("c", 1)]);
        put(&mut collection, "d", 1, Some(S(10)));
        put(&mut collection, "b", 2, Some(S(11)));
        put(&mut collection, "d", 2, Some(S(12)));
        put(&mut collection, "b", 3, Some(S(13)));
        collection.remove("b", Some(S(14)));
        collection.remove("a", Some(S(15)));
        assert_eq!(shown(&collection), before);
        assert_eq!(collection.all().len(), 2, "the stored objects differ");
        for (now, expected) in [
            (9, before),
            (10, rows(&[("a", 1), ("b", 1), ("c", 1), ("d", 1)])),
            (11, rows(&[("a", 1), ("b", 2), ("c", 1), ("d", 1)])),
            (12, rows(&[("a", 1), ("b", 2), ("c", 1), ("d", 2)])),
            (13, rows(&[("a", 1), ("b", 3), ("c", 1), ("d", 2)])),
            (14, rows(&[("a", 1), ("c", 1), ("d", 2)])),
            (15, rows(&[("c", 1), ("d", 2)])),
        ] {
            collection.apply_due(S(now));
            assert_eq!(shown(&collection), expected, "at {now}");
        }
        assert!(collection.listed().view.is_none(), "no write is pending");
    }

    #[test]
    fn what_came_and_went_within_the_lag_is_never_listed() {
        let mut collection = Collection::default();
        put(&mut collection, "a", 1, Some(S(10)));
        collection.remove("a", Some(S(11)));
        assert_eq!(shown(&collection), rows(&[]));
        collection.apply_due(S(11));
        assert_eq!(shown(&collection), rows(&[]));
    }
}
