//! What a selection wrote of one object, put together entry by entry, the newest first. Pure.

use super::{
    image::{self, Image},
    words,
};
use crate::service::{differs, field_value, is_same_tag};
use highlevel_store::JournalEntry;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The most entries that a row names.
const NAMED: usize = 50;

/// A field that was written.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct FieldChange {
    /// The value that the selection wrote last.
    pub(super) written: Value,
    /// The value to put back: before the first write that nobody else's write parts from the last one.
    pub(super) restore: Value,
    /// The argument that puts it back.
    pub(super) argument: Value,
    /// Whether somebody else wrote the field between two entries. Older entries do not count then.
    is_closed: bool,
}

/// A tag that was added or removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TagChange {
    /// The tag as the account had it.
    name: String,
    was_there: bool,
    is_there: bool,
    is_closed: bool,
}

/// What a selection wrote of one object.
#[derive(Debug, Default)]
pub(super) struct ObjectChanges {
    /// The object's id.
    pub(super) id: String,
    /// The number of the newest entry.
    pub(super) newest: u64,
    /// The numbers of the entries, the newest first.
    pub(super) entries: Vec<u64>,
    /// The fields by path.
    pub(super) fields: BTreeMap<String, FieldChange>,
    /// The tags in lower case.
    tags: BTreeMap<String, TagChange>,
    /// Why fields stay as they are, by path.
    pub(super) left: BTreeMap<String, String>,
    /// The arguments of the newest update.
    pub(super) arguments: Map<String, Value>,
    /// The object after the newest entry that shows it.
    pub(super) after: Option<Value>,
}

impl ObjectChanges {
    /// Notes that an entry is among those that are taken back.
    pub(super) fn name(&mut self, entry: &JournalEntry) {
        self.newest = self.newest.max(entry.seq());
        if self.entries.len() < NAMED {
            self.entries.push(entry.seq());
        }
        if self.id.is_empty() {
            entry.text("object").clone_into(&mut self.id);
        }
        if let (None, Image::Object(after)) = (&self.after, image::of(entry, "after")) {
            self.after = Some(after.clone());
        }
    }

    /// Adds an update that is older than all that were added before. `has_tag_changes`: whether tags are put back one by
    /// one; `only_adds`: whether the argument `tags` adds.
    pub(super) fn add(&mut self, entry: &JournalEntry, has_tag_changes: bool, only_adds: bool) {
        self.name(entry);
        let arguments = entry.members.get("arguments").and_then(Value::as_object);
        if self.arguments.is_empty() {
            self.arguments = arguments.cloned().unwrap_or_default();
        }
        let Image::Object(before) = image::of(entry, "before") else {
            let asked = image::written_paths(entry, &Value::Null, None);
            let tags = arguments.is_some_and(|all| all.keys().any(|name| name.to_lowercase().ends_with("tags")));
            for path in asked.into_iter().chain(tags.then(|| "tags".to_owned())) {
                // A newer entry may know what was there in between, which is no state to go back to.
                self.fields.remove(&path);
                self.left.insert(path, words::no_before(entry));
            }
            return;
        };
        let after = match image::of(entry, "after") {
            Image::Object(after) => Some(after),
            _ => None,
        };
        let mut paths = image::written_paths(entry, before, after);
        if has_tag_changes {
            self.add_tags(entry, before, after, only_adds);
        } else if arguments.is_some_and(|all| all.contains_key("tags")) {
            paths.insert("tags".to_owned());
        }
        for path in paths {
            let change = FieldChange {
                written: image::written(entry, after, &path),
                restore: image::value(before, &path).clone(),
                argument: image::argument(before, &path),
                is_closed: false,
            };
            self.add_field(path, change);
        }
    }

    fn add_field(&mut self, path: String, older: FieldChange) {
        if self.left.contains_key(&path) {
            return;
        }
        let leaf = image::leaf(&path).to_owned();
        match self.fields.get_mut(&path) {
            None => drop(self.fields.insert(path, older)),
            Some(newer) if newer.is_closed || !differs(&leaf, &older.restore, &newer.restore) => {}
            Some(newer) if !differs(&leaf, &older.written, &newer.restore) => {
                newer.restore = older.restore;
                newer.argument = older.argument;
            }
            Some(newer) => newer.is_closed = true,
        }
    }

    fn add_tags(&mut self, entry: &JournalEntry, before: &Value, after: Option<&Value>, only_adds: bool) {
        let arguments = entry.members.get("arguments").unwrap_or(&Value::Null);
        let old = texts(field_value(before, "tags"));
        let given = |name: &str| texts(arguments.get(name).unwrap_or(&Value::Null));
        let (mut adds, removes) = (given("addTags"), given("removeTags"));
        let mut touched = [adds.clone(), removes.clone()].concat();
        if let Some(whole) = arguments.get("tags") {
            adds.extend(texts(whole));
            touched.extend(texts(whole));
            if !only_adds {
                touched.extend(old.clone());
            }
        }
        let shown = after.filter(|_| entry.members.get("partial") != Some(&Value::Bool(true)));
        let new = shown.map(|after| texts(field_value(after, "tags")));
        let has = |tags: &[String], tag: &str| tags.iter().any(|other| is_same_tag(tag, other));
        for tag in touched {
            let was_there = has(&old, &tag);
            let is_there = match &new {
                Some(new) => has(new, &tag),
                None => has(&adds, &tag),
            };
            let name = old.iter().find(|other| is_same_tag(&tag, other)).unwrap_or(&tag).clone();
            let change = TagChange { name, was_there, is_there, is_closed: false };
            self.add_tag(tag.trim().to_lowercase(), change);
        }
    }

    fn add_tag(&mut self, key: String, change: TagChange) {
        match self.tags.get_mut(&key) {
            None => drop(self.tags.insert(key, change)),
            Some(newer) if newer.is_closed || change.was_there == newer.was_there => {}
            Some(newer) if change.is_there == newer.was_there => newer.was_there = change.was_there,
            Some(newer) => newer.is_closed = true,
        }
    }

    /// Drops the fields that are to be as they were written, and those whose old value was masked.
    pub(super) fn settle(&mut self) {
        self.fields.retain(|path, change| differs(image::leaf(path), &change.restore, &change.written));
        let masked: Vec<String> = self
            .fields
            .iter()
            .filter(|(_, change)| image::is_masked(&change.restore))
            .map(|(path, _)| path.clone())
            .collect();
        for path in masked {
            self.fields.remove(&path);
            self.left.insert(path, "It holds a secret, which the journal does not have.".to_owned());
        }
    }

    /// The tags that are put back: those to add, and those to remove.
    pub(super) fn tags(&self) -> (Vec<&str>, Vec<&str>) {
        let named = |wanted: fn(&TagChange) -> bool| {
            self.tags.values().filter(|tag| wanted(tag)).map(|tag| tag.name.as_str()).collect()
        };
        (named(|tag| tag.was_there && !tag.is_there), named(|tag| tag.is_there && !tag.was_there))
    }
}

fn texts(list: &Value) -> Vec<String> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}
