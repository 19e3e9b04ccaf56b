//! Search by words as people say them.
//!
//! A query is compared with the phrases, the summary and the name of every operation, word by word: words of one concept
//! (`data/synonyms.txt`) are nearly the same, rare words count more, and what the query wants to do (read, create, …) has
//! to fit what the operation does. Words that nobody knows, such as people's names, do not count.

mod absent;
mod index;
mod lexicon;
mod postings;
mod text;

use crate::operation::{self, Operation};
use highlevel_catalog::Effect;
use index::{Document, Index, Part, Shows};
use lexicon::{Intent, Lexicon};
use std::{cmp::Ordering, sync::LazyLock};

const SYNONYMS: &str = include_str!("../../data/synonyms.txt");
/// Operations that are less like the query than this part of the best one are not worth reading.
const WORTH: f32 = 0.45;
/// The least likeness of a hit.
const LEAST: f32 = 0.2;
/// The likeness from which a job counts as absent.
const LEAST_ABSENT: f32 = 0.45;

/// What a search found.
#[derive(Debug)]
pub struct Found {
    /// The operations, the best first.
    pub operations: Vec<&'static Operation>,
    /// A sentence on what HighLevel's API cannot do, if that was asked for.
    pub absent: Option<&'static str>,
}

/// The operations, then the absent jobs.
static INDEX: LazyLock<Index> = LazyLock::new(|| {
    let mut lexicon = Lexicon::new(SYNONYMS);
    let mut documents: Vec<Document> = Vec::new();
    for operation in operation::all() {
        documents.push(document(&mut lexicon, operation));
    }
    for job in absent::all() {
        let parts: Vec<Part<'_>> =
            job.phrases.split(", ").map(|text| Part { text, share: 1.0, is_name: false, is_own: false }).collect();
        documents.push(Document::new(&mut lexicon, &parts, Vec::new(), 1.0, None));
    }
    Index::new(lexicon, documents)
});

/// The operations for a job in words, at most `limit`.
pub fn search(query: &str, limit: usize) -> Found {
    const LONGEST: usize = 400;
    let query: String = query.chars().take(LONGEST).collect();
    let likeness = INDEX.likeness(&query);
    let mut hits: Vec<(f32, &'static Operation)> = likeness.iter().copied().zip(operation::all()).collect();
    hits.sort_by(|(a, one), (b, other)| b.total_cmp(a).then_with(|| prefer(one, other)));
    let best = hits.first().map_or(0.0, |(likeness, _)| *likeness);
    let absent = likeness.iter().skip(operation::all().len()).zip(absent::all());
    let absent = absent.max_by(|(a, _), (b, _)| a.total_cmp(b));
    let absent = absent.filter(|(likeness, _)| **likeness > LEAST_ABSENT.max(best)).map(|(_, job)| job.sentence);
    let is_name = !query.trim().contains(char::is_whitespace);
    let named = if is_name && limit > 0 { operation::find(&query).ok() } else { None };
    let mut operations: Vec<&'static Operation> = named.into_iter().collect();
    for (likeness, operation) in hits {
        let is_worth = likeness >= LEAST.max(best * WORTH);
        if is_worth && operations.len() < limit && !operations.iter().any(|found| job(found) == job(operation)) {
            operations.push(operation);
        }
    }
    Found { operations, absent }
}

fn prefer(one: &Operation, other: &Operation) -> Ordering {
    one.name.len().cmp(&other.name.len()).then_with(|| one.name.cmp(other.name))
}

/// The job of an operation: some have two routes for one job.
fn job(operation: &Operation) -> &str {
    operation.name.trim_end_matches("-deprecated").trim_end_matches("-2")
}

fn document(lexicon: &mut Lexicon, operation: &'static Operation) -> Document {
    const SUMMARY: f32 = 0.95;
    const NAME: f32 = 0.8;
    let mut parts: Vec<Part<'_>> =
        operation.words.split(", ").map(|text| Part { text, share: 1.0, is_name: false, is_own: false }).collect();
    parts.push(Part { text: operation.summary, share: SUMMARY, is_name: false, is_own: true });
    parts.push(Part { text: head(operation.summary), share: SUMMARY, is_name: false, is_own: true });
    parts.push(Part { text: object(operation.summary), share: NAME, is_name: false, is_own: true });
    parts.push(Part { text: operation.name, share: NAME, is_name: true, is_own: true });
    let intent_of = |verb: String| lexicon.read_own(text::words(&verb)).intent;
    let mut intents: Vec<Intent> = verbs(operation.summary).into_iter().filter_map(intent_of).collect();
    let of_effect = match operation.effect {
        Effect::Read => Some(Intent::Read),
        Effect::Create => Some(Intent::Create),
        Effect::Update => Some(Intent::Update),
        Effect::Delete => Some(Intent::Delete),
        Effect::Send => Some(Intent::Send),
        _ => None,
    };
    if intents.is_empty() {
        intents.push(of_effect.unwrap_or(Intent::Update));
    }
    let starts_with = |starts: &[&str]| starts.iter().any(|start| operation.summary.starts_with(start));
    let shows = if starts_with(&["Show one ", "Read one "]) {
        Some(Shows::One)
    } else {
        starts_with(&["List "]).then_some(Shows::Several)
    };
    Document::new(lexicon, &parts, intents, prior(operation), shows)
}

/// The verbs that a summary begins with, each with the word after it: `Move, cancel or change an appointment`.
fn verbs(summary: &str) -> Vec<String> {
    let words: Vec<&str> = summary.split(' ').collect();
    let mut verbs = Vec::new();
    let mut rest = words.as_slice();
    while let [verb, after @ ..] = rest {
        let next = after.first().copied().unwrap_or_default();
        verbs.push(format!("{verb} {next}"));
        rest = match after {
            ["or", after @ ..] => after,
            _ if verb.ends_with(',') => after,
            _ => break,
        };
    }
    verbs
}

/// The summary without its details.
fn head(summary: &str) -> &str {
    before(summary, &[":", ",", " by ", " with ", " between ", " of the account", " of a location", " in one "])
}

/// What the summary does, and to what.
fn object(summary: &str) -> &str {
    before(head(summary), &[" of ", " to ", " from ", " for ", " on ", " in ", " that "])
}

fn before<'a>(text: &'a str, ends: &[&str]) -> &'a str {
    let end = ends.iter().filter_map(|end| text.find(end)).min();
    end.and_then(|end| text.get(..end)).unwrap_or(text)
}

/// A factor for what people want more often.
fn prior(operation: &Operation) -> f32 {
    let of_group = match operation.group {
        "contacts" | "conversations" | "calendars" | "opportunities" | "invoices" | "payments" | "forms"
        | "workflows" | "users" | "locations" | "emails" => 1.0,
        "ad-manager" | "saas-api" | "store" | "marketplace" | "agent-studio" | "companies" | "custom-fields"
        | "custom-menus" => 0.93,
        _ => 0.97,
    };
    let of_age = if operation.is_deprecated() {
        0.6
    } else if operation.summary.ends_with(" route") || operation.summary.contains("old route") {
        0.85
    } else {
        1.0
    };
    of_group * of_age
}
