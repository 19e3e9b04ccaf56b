//! Search finds the right operation for jobs in people's words, and says what HighLevel's API cannot do.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr, reason = "a test fails, and says what it measured")]

use highlevel_operations::{Found, all, find, search};
use serde_json::json;
use std::collections::HashSet;

/// Job, tab, the operations that do it.
const OWN: &str = include_str!("phrases.tsv");
/// Written by a person who did not know the search.
const BLIND: &str = include_str!("phrases-blind.tsv");
const ABSENT: &str = include_str!("absent-phrases.txt");
const SHOWN: usize = 8;

fn jobs() -> Vec<(&'static str, Vec<&'static str>)> {
    let lines = OWN.lines().chain(BLIND.lines());
    lines.map(|line| line.split_once('\t').unwrap()).map(|(job, right)| (job, right.split(',').collect())).collect()
}

fn share(part: usize, all: usize) -> f64 {
    f64::from(u32::try_from(part).unwrap()) / f64::from(u32::try_from(all).unwrap())
}

/// How many of the jobs found their operation, and what was found for the others.
fn measure(jobs: &[(&str, Vec<&str>)]) -> (f64, f64) {
    let (mut first, mut in_five, mut misses) = (0, 0, Vec::new());
    for (job, right) in jobs {
        right.iter().for_each(|name| assert!(find(name).is_ok(), "{job}: {name}"));
        let found = search(job, SHOWN).operations;
        let place = found.iter().position(|one| right.contains(&one.name));
        first += usize::from(place == Some(0));
        in_five += usize::from(place.is_some_and(|place| place < 5));
        if place != Some(0) {
            let names: Vec<&str> = found.iter().take(3).map(|one| one.name).collect();
            let place = place.map_or("not found".to_owned(), |place| (place + 1).to_string());
            misses.push(format!("{place}: {job} ({}): {names:?}", right.join(", ")));
        }
    }
    let (in_five_of, first_of) = (share(in_five, jobs.len()), share(first, jobs.len()));
    let (five_percent, first_percent) = (in_five_of * 100.0, first_of * 100.0);
    let misses = misses.join("\n");
    let all = jobs.len();
    eprintln!(
        "{misses}\nof {all}: {in_five} in the first five ({five_percent:.1} %), {first} first ({first_percent:.1} %)"
    );
    (in_five_of, first_of)
}

#[test]
fn jobs_find_their_operation() {
    let jobs = jobs();
    assert!(jobs.len() >= 1100);
    let (in_five, first) = measure(&jobs);
    assert!(in_five >= 0.97, "{in_five} in the first five");
    assert!(first >= 0.88, "{first} first");
}

/// `PHRASES=/path/of/jobs.tsv cargo test -p highlevel-operations --test search -- --ignored --nocapture` measures jobs that
/// are not in the repository.
#[test]
#[ignore = "measures the file that PHRASES names"]
fn jobs_of_a_file() {
    let path = std::env::var("PHRASES").unwrap_or_else(|_| panic!("set PHRASES to a file of jobs"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let lines = text.lines().filter_map(|line| line.split_once('\t'));
    let jobs: Vec<_> = lines.map(|(job, right)| (job, right.split(',').map(str::trim).collect())).collect();
    measure(&jobs);
}

#[test]
fn absent_jobs_are_told_and_others_are_not() {
    let told: Vec<&str> = ABSENT.lines().filter(|job| search(job, SHOWN).absent.is_some()).collect();
    assert!(share(told.len(), ABSENT.lines().count()) >= 0.9, "told: {told:?}");
    let jobs = jobs();
    let wrong: Vec<&str> = jobs.iter().map(|(job, _)| *job).filter(|job| search(job, SHOWN).absent.is_some()).collect();
    assert!(share(wrong.len(), jobs.len()) < 0.03, "told without need: {wrong:?}");
}

#[test]
fn sentences_on_absent_jobs_are_short_and_name_what_exists() {
    const TABLE: &str = include_str!("../data/absent.txt");
    let groups: HashSet<&str> = all().iter().map(|one| one.group).collect();
    let mut said = HashSet::new();
    for line in TABLE.lines().filter(|line| !line.starts_with('#')) {
        let (phrases, sentence) = line.split_once(" | ").unwrap_or_else(|| panic!("{line}"));
        assert!(sentence.split_whitespace().count() <= 30, "{sentence}");
        for phrase in phrases.split(", ") {
            assert!(said.insert(phrase), "twice: {phrase}");
        }
        let is_end = |c: char| !(c.is_alphanumeric() || c == '-' || c == '.');
        for name in sentence.split(is_end).map(|word| word.trim_end_matches('.')) {
            if name.split_once('.').is_some_and(|(group, _)| groups.contains(group)) {
                assert!(all().iter().any(|one| one.name == name), "{name} of `{sentence}`");
            }
        }
    }
}

#[test]
fn times_names_and_numbers_do_not_disturb() {
    let first = |job: &str| search(job, 1).operations.first().map(|one| one.name);
    for (plain, adorned) in [
        ("text a client", "Please text a client, Maria, tomorrow at 9:30!"),
        ("unpaid invoices", "unpaid invoices of the last 3 months"),
        ("book an appointment", "can you book an appointment on Friday 12 June 2026?"),
        ("add a tag to a contact", "Add a tag to a contact \u{1f642} asap"),
    ] {
        assert!(first(plain).is_some());
        assert_eq!(first(plain), first(adorned), "{adorned}");
    }
    assert_eq!(first("send an invoce"), first("send an invoice"), "a typo");
    assert_eq!(first("list oppotunities"), first("list opportunities"), "a typo");
}

#[test]
fn nothing_is_found_for_nothing() {
    for query in ["", "   ", "the of and", "tomorrow", "12 34", "\u{0}", "!!!", "日本語のメッセージ", "zzzzqqqq"]
    {
        let Found { operations, absent } = search(query, SHOWN);
        assert!(operations.is_empty() && absent.is_none(), "{query:?}: {operations:?} {absent:?}");
    }
    assert!(search("text a client", 0).operations.is_empty());
    let long = "text a client ".repeat(10_000);
    assert!(search(&long, SHOWN).operations.len() <= SHOWN);
}

#[test]
fn the_same_query_finds_the_same() {
    let names = || search("send", SHOWN).operations.iter().map(|one| one.name).collect::<Vec<_>>();
    assert_eq!(names(), names());
}

#[test]
fn an_operation_is_found_by_its_own_name_and_summary() {
    let mut lost = Vec::new();
    for one in all().iter().step_by(20) {
        assert_eq!(search(one.name, SHOWN).operations.first().map(|first| first.name), Some(one.name));
    }
    for one in all() {
        if !search(one.summary, SHOWN).operations.iter().any(|hit| job(hit.name) == job(one.name)) {
            lost.push(one.name);
        }
    }
    assert!(share(lost.len(), all().len()) < 0.03, "{} lost: {lost:?}", lost.len());
}

/// Some operations have two routes for one job: the search names one of them.
fn job(name: &str) -> &str {
    name.trim_end_matches("-deprecated").trim_end_matches("-2")
}

/// The eight longest answers fit into 400 tokens, as the tool writes them.
#[test]
fn eight_hits_fit_into_400_tokens() {
    let tokens = tiktoken_rs::o200k_base().unwrap();
    let mut hits: Vec<(usize, String)> = all()
        .iter()
        .map(|one| {
            let hit = json!({"operation": one.name, "summary": one.summary, "effect": "publish"}).to_string();
            (tokens.encode_ordinary(&hit).len(), hit)
        })
        .collect();
    hits.sort();
    let longest: Vec<_> = hits.iter().rev().take(SHOWN).collect();
    let total: usize = longest.iter().map(|(tokens, _)| tokens).sum();
    eprintln!("the eight longest hits: {total} tokens");
    assert!(total <= 400, "{total}: {longest:?}");
}
