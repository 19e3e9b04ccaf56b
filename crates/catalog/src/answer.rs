//! What an operation answers, on its way from the API to the caller.

use highlevel_core::UNREADABLE;
use serde_json::{Map, Value};

/// The answer to a call.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// One object, or what the mirror answers.
    Object(Value),
    /// A part of a list.
    List(ListAnswer),
}

/// A part of a list.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ListAnswer {
    /// The items, in the API's order.
    pub items: Vec<Value>,
    /// Items that cannot be read. They have places in the API's list all the same.
    pub unreadable: Vec<Value>,
    /// Where in the list the items stand.
    pub paging: ListPaging,
    /// What a caller should know of the list, a sentence or two each.
    pub notes: Vec<String>,
}

/// Where the items of an answer stand in their list.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ListPaging {
    /// What the API says of the list, by its own names.
    pub reported: Map<String, Value>,
    /// The most items that were asked for.
    pub limit: Option<u64>,
    /// How many items come before these.
    pub offset: Option<u64>,
    /// The offset to go on from; `None` at the end.
    pub next_offset: Option<u64>,
    /// How many items the list has, where it was read to its end.
    pub counted: Option<u64>,
    /// Where each item of a list that was filtered here stands in the unfiltered one.
    pub item_offsets: Option<Vec<u64>>,
}

impl Answer {
    /// The list, if it is one.
    pub fn as_list(&self) -> Option<&ListAnswer> {
        match self {
            Self::List(list) => Some(list),
            Self::Object(_) => None,
        }
    }

    /// The object, if it is one.
    pub fn as_object(&self) -> Option<&Value> {
        match self {
            Self::Object(object) => Some(object),
            Self::List(_) => None,
        }
    }

    /// Adds notes: to a list's own, or to the object's `note`.
    pub fn add_notes(&mut self, notes: Vec<String>) {
        if notes.is_empty() {
            return;
        }
        match self {
            Self::List(list) => list.notes.extend(notes),
            Self::Object(Value::Object(object)) => add_note(object, &notes.join(" ")),
            Self::Object(_) => {}
        }
    }

    /// The answer as callers get it.
    pub fn into_json(self) -> Value {
        match self {
            Self::Object(object) => object,
            Self::List(list) => list.into_json(),
        }
    }
}

impl ListAnswer {
    /// A list of these items, of which the API says nothing else.
    pub fn of(items: Vec<Value>) -> Self {
        Self { items, ..Self::default() }
    }

    /// The number of items that the API says the whole list has.
    pub fn total(&self) -> Option<u64> {
        self.paging.reported.get("total").and_then(Value::as_u64)
    }

    /// The list as callers get it: `{data, meta, note?, unreadable?}`. Items go into it without a copy.
    pub fn into_json(self) -> Value {
        let Self { items, unreadable, paging, notes } = self;
        let mut list = Map::new();
        list.insert("data".to_owned(), items.into());
        list.insert("meta".to_owned(), paging.into_json().into());
        if !unreadable.is_empty() {
            list.insert(UNREADABLE.to_owned(), unreadable.into());
        }
        if !notes.is_empty() {
            list.insert("note".to_owned(), notes.join(" ").into());
        }
        list.into()
    }
}

impl ListPaging {
    /// What the API says of its list, without anything of ours.
    pub fn reported(reported: Map<String, Value>) -> Self {
        Self { reported, ..Self::default() }
    }

    fn into_json(self) -> Map<String, Value> {
        let mut meta = self.reported;
        for (name, number) in [("limit", self.limit), ("offset", self.offset)] {
            if let Some(number) = number {
                meta.entry(name).or_insert_with(|| number.into());
            }
        }
        if let Some(next) = self.next_offset {
            meta.insert("nextOffset".to_owned(), next.into());
        }
        meta
    }
}

/// Adds to an object's `note`.
pub fn add_note(object: &mut Map<String, Value>, note: &str) {
    let before = object.get("note").and_then(Value::as_str).map(|before| format!("{before} ")).unwrap_or_default();
    object.insert("note".to_owned(), format!("{before}{note}").into());
}
