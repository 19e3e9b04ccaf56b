//! Cuts one value to a bound: its longest texts first, then its longest lists, and last its depth.

use super::size::{self, CostMeter};
use highlevel_core::clean::renamed;
use serde_json::{Map, Value};

/// Texts up to this cost are cut only when cutting longer texts and lists is not enough.
const SHORT_TEXT: usize = 200;

/// The mark at the end of a text that was cut.
const ELLIPSIS: char = '…';

/// A text or list that was cut.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cut {
    /// Its path, such as `customFields.story`.
    pub(super) field: String,
    /// How many characters or items are left.
    pub(super) shown: usize,
    /// How many there were.
    pub(super) whole: usize,
    pub(super) unit: &'static str,
}

/// How much of a value's parts is kept.
#[derive(Debug, Clone, Copy)]
struct Limits {
    /// The highest cost of a text.
    text: usize,
    /// The most items of a list, or members of an object.
    items: usize,
    /// The most levels of nesting.
    depth: usize,
}

/// No limits.
const WHOLE: Limits = Limits { text: usize::MAX, items: usize::MAX, depth: usize::MAX };

/// Whether a value costs at most `max_bytes`.
pub(super) fn fits(value: &Value, max_bytes: usize) -> bool {
    spend(value, WHOLE, &[], 0, &mut { max_bytes })
}

/// Cuts a value to a cost of at most `max_bytes`, and returns the cuts. The members in `keep` stay at any cost.
pub(super) fn fit(value: &mut Value, max_bytes: usize, keep: &[&str]) -> Vec<Cut> {
    if fits(value, max_bytes) {
        return Vec::new();
    }
    let fits = |limits: &Limits| spend(value, *limits, keep, 0, &mut { max_bytes });
    let limits = largest(SHORT_TEXT, max_bytes, |text| Limits { text, ..WHOLE }, fits)
        .or_else(|| largest(1, max_bytes, |items| Limits { text: SHORT_TEXT, items, ..WHOLE }, fits))
        .or_else(|| largest(1, 128, |depth| Limits { text: 20, items: 2, depth }, fits))
        .unwrap_or(Limits { text: 20, items: 1, depth: 1 });
    let mut cuts = Vec::new();
    apply(value, limits, keep, 0, "", &mut cuts);
    cuts
}

/// The limits with the largest number in `low..=high` that fit, or `None` if even `low` does not. A binary search.
fn largest(
    low: usize,
    high: usize,
    limits: impl Fn(usize) -> Limits,
    fits: impl Fn(&Limits) -> bool,
) -> Option<Limits> {
    if !fits(&limits(low)) {
        return None;
    }
    let mut good = low;
    let mut bad = high.max(low) + 1;
    while bad - good > 1 {
        let middle = good + (bad - good) / 2;
        if fits(&limits(middle)) {
            good = middle;
        } else {
            bad = middle;
        }
    }
    Some(limits(good))
}

/// Subtracts from `left` the cost of the value after a cut to these limits. Returns false as soon as `left` is used up, so
/// that a large value takes no more time than the bound allows.
fn spend(value: &Value, limits: Limits, keep: &[&str], depth: usize, left: &mut usize) -> bool {
    let mut pay = |cost: usize| match left.checked_sub(cost) {
        Some(rest) => {
            *left = rest;
            true
        }
        None => false,
    };
    match value {
        Value::String(own) => pay(after_cut(own, limits)),
        Value::Array(_) | Value::Object(_) if depth >= limits.depth => pay(5),
        Value::Array(items) => {
            pay(2)
                && items.iter().take(limits.items).all(|item| {
                    let separated = left.checked_sub(1).map(|rest| *left = rest).is_some();
                    separated && spend(item, limits, &[], depth + 1, left)
                })
        }
        Value::Object(members) => {
            pay(2)
                && shown(members, limits, keep).all(|(name, member)| {
                    // 6: quotes, colon and comma, and a number where cut names are equal.
                    let named = left.checked_sub(after_cut(name, limits) + 6).map(|rest| *left = rest).is_some();
                    named && spend(member, limits, &[], depth + 1, left)
                })
        }
        other => pay(size::value(other)),
    }
}

/// The cost of a text after a cut, with the mark and the quotes. No text costs less than its bytes, so a long one need not
/// be measured.
fn after_cut(text: &str, limits: Limits) -> usize {
    let cut = limits.text.saturating_add(5);
    if text.len() > limits.text { cut } else { size::text(text).min(cut) }
}

/// The members that are kept: those in `keep`, and the first of the others.
fn shown<'a>(
    members: &'a Map<String, Value>,
    limits: Limits,
    keep: &'a [&str],
) -> impl Iterator<Item = (&'a String, &'a Value)> {
    let mut left = limits.items;
    members.iter().filter(move |(name, _)| {
        let kept = keep.contains(&name.as_str());
        if !kept && left > 0 {
            left -= 1;
            return true;
        }
        kept
    })
}

fn apply(value: &mut Value, limits: Limits, keep: &[&str], depth: usize, field: &str, cuts: &mut Vec<Cut>) {
    let mut cut = |shown, whole, unit| {
        if shown < whole {
            cuts.push(Cut { field: field.to_owned(), shown, whole, unit });
        }
    };
    match value {
        Value::String(own) => {
            if let Some((part, shown)) = cut_text(own, limits.text) {
                cut(shown, own.chars().count(), "characters");
                *own = part;
            }
        }
        Value::Array(items) if depth >= limits.depth => {
            cut(0, items.len(), "items");
            *value = ELLIPSIS.to_string().into();
        }
        Value::Object(members) if depth >= limits.depth => {
            cut(0, members.len(), "members");
            *value = ELLIPSIS.to_string().into();
        }
        Value::Array(items) => {
            cut(items.len().min(limits.items), items.len(), "items");
            items.truncate(limits.items);
            for (index, item) in items.iter_mut().enumerate() {
                apply(item, limits, &[], depth + 1, &format!("{field}[{index}]"), cuts);
            }
        }
        Value::Object(members) => {
            let names: Vec<String> = shown(members, limits, keep).map(|(name, _)| name.clone()).collect();
            if names.len() < members.len() {
                cut(names.len(), members.len(), "members");
                members.retain(|name, _| names.contains(name));
            }
            if members.keys().any(|name| size::text(name) > limits.text) {
                *members = renamed(std::mem::take(members), |name| {
                    cut_text(name, limits.text).map_or_else(|| name.to_owned(), |(part, _)| part)
                });
            }
            for (name, member) in members {
                let name = highlevel_core::clean::line(name, 60);
                let field = if field.is_empty() { name } else { format!("{field}.{name}") };
                apply(member, limits, &[], depth + 1, &field, cuts);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// A text cut to `max_bytes` with the mark, and how many of its characters are left; `None` if it fits.
fn cut_text(whole: &str, max_bytes: usize) -> Option<(String, usize)> {
    if size::text(whole) <= max_bytes {
        return None;
    }
    let (part, shown) = prefix(whole, max_bytes);
    // A joiner at the end would join with the mark.
    let part = part.trim_end_matches(['\u{200c}', '\u{200d}']);
    Some((format!("{part}{ELLIPSIS}"), shown))
}

/// The longest prefix that costs at most `max_bytes`, and its number of characters.
pub(super) fn prefix(text: &str, max_bytes: usize) -> (&str, usize) {
    let mut meter = CostMeter::default();
    let mut shown = 0;
    for (at, c) in text.char_indices() {
        meter.add(c);
        if meter.cost() > max_bytes {
            return (text.get(..at).unwrap_or_default(), shown);
        }
        shown += 1;
    }
    (text, shown)
}
