//! Questions that people ask of their CRM: in their words, with the SQL that a model would write, and the right answer,
//! computed in plain Rust from the sandbox's objects. `query_crm` must return the same rows over each API. Fields that an
//! API lacks are empty in both.

/// One row of an answer.
macro_rules! row {
    ($($cell:expr),+ $(,)?) => { vec![$(serde_json::json!($cell)),+] };
}

mod contacts;
mod content;
mod cost;
mod daily;
mod deals;
mod describe;
mod duplicates;
mod owners;
mod quality;
mod search;
mod truth;
mod untidy;

use crate::support::{
    Account, Api, Era, Host, Manners, Person, command, error_of, has, in_all_manners, on_both_apis, run,
};
use highlevel_sandbox::SandboxConfig;
use serde_json::{Value, json};
use truth::{Rows, Truth};

/// One question.
struct Question {
    /// The question in a person's words.
    asked: &'static str,
    /// The SQL that a model would write. With ORDER BY, the order of the rows is compared.
    sql: &'static str,
    /// The right answer, computed without the mirror.
    answer: fn(&Truth) -> Rows,
}

impl Question {
    /// The table in the question that this API has no tool to read.
    fn table_without_tool(&self, api: Api) -> Option<&'static str> {
        let missing = ["pages", "webhooks"].into_iter().filter(|table| !has(api, &format!("list_{table}")));
        missing.into_iter().find(|table| self.sql.contains(&format!(" {table} ")))
    }
}

/// Every question, by theme.
fn all() -> impl Iterator<Item = &'static Question> {
    [deals::QUESTIONS, contacts::QUESTIONS, owners::QUESTIONS, content::QUESTIONS, quality::QUESTIONS]
        .into_iter()
        .flatten()
}

/// An account of `n` contacts with a practically unlimited quota.
fn config(api: Api, contacts: usize) -> SandboxConfig {
    SandboxConfig { api, contacts, rate_limit: 1_000_000, daily_limit: 1_000_000, ..SandboxConfig::default() }
}

/// The same at a fixed date, for which the questions are known to have answers.
fn fixed(api: Api, contacts: usize) -> SandboxConfig {
    SandboxConfig { as_of: Some("2025-11-03T15:30:00Z".parse().unwrap()), ..config(api, contacts) }
}

async fn account_of(api: Api, contacts: usize) -> Account {
    Account::with(fixed(api, contacts)).await
}

/// A host whose mirror `sync` has filled.
async fn synced(account: &Account) -> Host {
    let state = tempfile::tempdir().unwrap();
    let mut sync = command(account, state.path());
    sync.arg("sync");
    let done = run(sync).await;
    assert_eq!(done.code, Some(0), "{done:?}");
    Host::start(command(account, state.path()), state, Era::Modern, Person::Absent).await
}

/// Asks every question in an account of this size.
async fn ask_all(config: SandboxConfig) {
    let (api, contacts) = (config.api, config.contacts);
    let account = Account::with(config).await;
    untidy::make(&account).await;
    let (truth, whole) = (Truth::of(&account).await, Truth::whole(&account).await);
    assert_eq!(truth.contacts.len(), contacts);
    let host = synced(&account).await;
    describe::is_short(&host, contacts).await;
    let (mut wrong, mut answered) = (Vec::new(), 0);
    for question in all() {
        assert!(
            !(question.answer)(&whole).is_empty(),
            "{}: a question without an answer shows nothing",
            question.asked
        );
        let result = host.call("query_crm", json!({"sql": question.sql})).await;
        if let Some(table) = question.table_without_tool(api) {
            let error = error_of(&result);
            assert_eq!(error["code"], "policy_denied", "{} has no {table}: {error}", question.asked);
            continue;
        }
        let answer = result.structured_content.unwrap_or_else(|| json!(result.content));
        let expected = (question.answer)(&truth);
        answered += usize::from(!expected.is_empty());
        if let Err(difference) = compare(question, &answer, expected) {
            wrong.push(format!("{}\n{}\n{difference}", question.asked, question.sql));
        }
    }
    assert!(wrong.is_empty(), "{} answers are wrong.\n\n{}", wrong.len(), wrong.join("\n\n"));
    assert!(answered >= 35, "only {answered} questions have an answer here");
}

fn compare(question: &Question, answer: &Value, mut expected: Rows) -> Result<(), String> {
    let Ok(mut rows) = serde_json::from_value::<Rows>(answer["rows"].clone()) else {
        return Err(format!("answered {answer}"));
    };
    if answer["complete"] != true {
        return Err(format!("not complete: {}", answer["note"]));
    }
    if !question.sql.contains("ORDER BY") {
        for rows in [&mut rows, &mut expected] {
            rows.sort_by_key(|row| serde_json::to_string(row).unwrap());
        }
    }
    if rows.len() != expected.len() {
        return Err(format!("{} rows instead of {}:\n{rows:?}\n{expected:?}", rows.len(), expected.len()));
    }
    match rows.iter().zip(&expected).position(|(row, right)| !same_row(row, right)) {
        Some(at) => Err(format!("row {at}: {} instead of {}", json!(rows[at]), json!(expected[at]))),
        None => Ok(()),
    }
}

fn same_row(row: &[Value], right: &[Value]) -> bool {
    row.len() == right.len() && row.iter().zip(right).all(|(cell, right)| same(cell, right))
}

/// Sums in another order may differ in their last digits.
fn same(cell: &Value, right: &Value) -> bool {
    match (cell.as_f64(), right.as_f64()) {
        (Some(cell), Some(right)) => (cell - right).abs() <= 1e-9 * right.abs().max(1.0),
        _ => cell == right,
    }
}

in_all_manners!(every_answer_is_right_in_an_account_of_1_000_contacts);

on_both_apis!(
    // `cargo test --test suite questions::every -- --ignored`
    #[ignore = "takes a minute"]
    every_answer_is_right_in_an_account_of_10_000_contacts,
    #[ignore = "takes minutes"]
    every_answer_is_right_in_an_account_of_100_000_contacts,
);

/// Without a fixed date, dates count back from now, so that "in the last 30 days" has an answer.
async fn every_answer_is_right_in_an_account_of_1_000_contacts(api: Api, manners: Manners) {
    ask_all(SandboxConfig { manners, ..config(api, 1_000) }).await;
}

async fn every_answer_is_right_in_an_account_of_10_000_contacts(api: Api) {
    ask_all(fixed(api, 10_000)).await;
}

async fn every_answer_is_right_in_an_account_of_100_000_contacts(api: Api) {
    ask_all(fixed(api, 100_000)).await;
}

#[test]
fn there_are_many_questions_and_no_duplicates() {
    let asked: std::collections::BTreeSet<_> = all().map(|question| question.asked).collect();
    assert!(asked.len() >= 25 && asked.len() == all().count(), "{}", asked.len());
}
