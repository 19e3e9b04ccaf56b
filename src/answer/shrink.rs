//! Making one value small enough: its longest texts are cut first, and only if that is not enough its longest lists.

use super::size::{self, Meter};
use highlevel_core::clean::renamed;
use serde_json::{Map, Value};

/// Texts shorter than this are not cut while cutting longer ones, or lists, helps.
const SHORT: usize = 200;

/// What stands at the end of a text that was cut.
const MORE: char = '…';

/// A text or list that is not shown whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cut {
    /// Where it stands, such as `customFields.story`.
    pub(super) field: String,
    /// How much of it is shown, and how much there is: characters or items.
    pub(super) shown: usize,
    pub(super) whole: usize,
    pub(super) unit: &'static str,
}

/// How much of each part stays.
#[derive(Debug, Clone, Copy)]
struct Limits {
    /// The most that one text may cost.
    text: usize,
    /// The most items or members of one list or object.
    items: usize,
    /// The most levels.
    depth: usize,
}

/// Nothing is cut.
const WHOLE: Limits = Limits { text: usize::MAX, items: usize::MAX, depth: usize::MAX };

/// Whether a value costs at most `most` as it is.
pub(super) fn fits(value: &Value, most: usize) -> bool {
    spend(value, WHOLE, &[], 0, &mut { most })
}

/// Makes `value` cost at most `most`, and tells what was cut. The members named in `keep` stay whatever it costs.
pub(super) fn fit(value: &mut Value, most: usize, keep: &[&str]) -> Vec<Cut> {
    if fits(value, most) {
        return Vec::new();
    }
    let fits = |limits: &Limits| spend(value, *limits, keep, 0, &mut { most });
    let limits = largest(SHORT, most, |text| Limits { text, ..WHOLE }, fits)
        .or_else(|| largest(1, most, |items| Limits { text: SHORT, items, ..WHOLE }, fits))
        .or_else(|| largest(1, 128, |depth| Limits { text: 20, items: 2, depth }, fits))
        .unwrap_or(Limits { text: 20, items: 1, depth: 1 });
    let mut cuts = Vec::new();
    apply(value, limits, keep, 0, "", &mut cuts);
    cuts
}

/// The limits with the largest number from `low` to `high` that fit, if `low` does.
fn largest(
    low: usize,
    high: usize,
    limits: impl Fn(usize) -> Limits,
    fits: impl Fn(&Limits) -> bool,
) -> Option<Limits> {
    let (mut good, mut bad) = (low, high.max(low) + 1);
    if !fits(&limits(low)) {
        return None;
    }
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

/// Takes from `left` what the value costs once it is cut to these limits; false, without looking at the rest, when it is
/// too little. So each look costs at most what is there to spend, however large the value is.
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
                    // A name that was cut may get a number.
                    let named = left.checked_sub(after_cut(name, limits) + 6).map(|rest| *left = rest).is_some();
                    named && spend(member, limits, &[], depth + 1, left)
                })
        }
        other => pay(size::value(other)),
    }
}

/// What a text costs once it is cut, with the mark and the quotes. None costs less than its bytes, so a long one need not
/// be read.
fn after_cut(text: &str, limits: Limits) -> usize {
    let cut = limits.text.saturating_add(5);
    if text.len() > limits.text { cut } else { size::text(text).min(cut) }
}

/// The members that stay: those to keep, and the first of the others.
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
            if let Some((part, shown)) = text(own, limits.text) {
                cut(shown, own.chars().count(), "characters");
                *own = part;
            }
        }
        Value::Array(items) if depth >= limits.depth => {
            cut(0, items.len(), "items");
            *value = MORE.to_string().into();
        }
        Value::Object(members) if depth >= limits.depth => {
            cut(0, members.len(), "members");
            *value = MORE.to_string().into();
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
                    text(name, limits.text).map_or_else(|| name.to_owned(), |(part, _)| part)
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

/// The beginning of a text that costs more than `most`, with the mark, and how many characters it shows.
fn text(whole: &str, most: usize) -> Option<(String, usize)> {
    if size::text(whole) <= most {
        return None;
    }
    let (part, shown) = beginning(whole, most);
    // A joiner at the end would reach for the mark.
    let part = part.trim_end_matches(['\u{200c}', '\u{200d}']);
    Some((format!("{part}{MORE}"), shown))
}

/// The longest beginning that costs at most `most`, and how many characters it has.
pub(super) fn beginning(text: &str, most: usize) -> (&str, usize) {
    let (mut meter, mut shown) = (Meter::default(), 0);
    for (at, c) in text.char_indices() {
        meter.add(c);
        if meter.cost() > most {
            return (text.get(..at).unwrap_or_default(), shown);
        }
        shown += 1;
    }
    (text, shown)
}
