//! Answers of operations, between the API and the caller.

use highlevel_core::UNREADABLE;
use serde_json::{Map, Value};

/// The answer to a call.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// One object, or an answer of the mirror.
    Object(Value),
    /// A page of a list.
    List(ListAnswer),
}

/// A page of a list, with its notes.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ListAnswer {
    /// The items, in the API's order.
    pub items: Vec<Value>,
    /// Items without a readable id. They count as items in the API's paging.
    pub unreadable: Vec<Value>,
    /// The position of the items in the list.
    pub paging: ListPaging,
    /// Remarks for the caller, one or two sentences each.
    pub notes: Vec<String>,
}

/// The position of a page in its list.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ListPaging {
    /// The paging members of the API's answer, by the API's names.
    pub reported: Map<String, Value>,
    /// The requested number of items.
    pub limit: Option<u64>,
    /// The number of items before these.
    pub offset: Option<u64>,
    /// The offset of the next page; `None` at the end.
    pub next_offset: Option<u64>,
    /// The number of items in the list, if it was read to its end.
    pub counted: Option<u64>,
    /// For a list that the service filtered: the offset of each item in the unfiltered list.
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

    /// Adds notes to the list's notes or to the object's `note`.
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

    /// The answer as JSON, as callers receive it.
    pub fn into_json(self) -> Value {
        match self {
            Self::Object(object) => object,
            Self::List(list) => list.into_json(),
        }
    }
}

impl ListAnswer {
    /// A page of these items, without paging or notes.
    pub fn of(items: Vec<Value>) -> Self {
        Self { items, ..Self::default() }
    }

    /// The number of items in the whole list, as reported by the API.
    pub fn total(&self) -> Option<u64> {
        self.paging.reported.get("total").and_then(Value::as_u64)
    }

    /// The page as JSON: `{data, meta, note?, unreadable?}`. Items are moved, not copied.
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
    /// Paging that only has the members of the API's answer.
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

/// Appends a sentence to an object's `note`.
pub fn add_note(object: &mut Map<String, Value>, note: &str) {
    let before = object.get("note").and_then(Value::as_str).map(|before| format!("{before} ")).unwrap_or_default();
    object.insert("note".to_owned(), format!("{before}{note}").into());
}
