//! Questions that people ask of their CRM: in their words, with the SQL that a model would write and the right answer,
//! computed in plain Rust from what the sandbox truly holds. `query_crm` has to give the same rows.

/// One row of an answer.
macro_rules! row {
    ($($cell:expr),+ $(,)?) => { vec![$(serde_json::json!($cell)),+] };
}

mod contacts;
mod content;
mod cost;
mod deals;
mod describe;
mod duplicates;
mod owners;
mod quality;
mod search;
mod truth;
mod untidy;

use crate::support::{Account, Era, Host, Person, command, run};
use highlevel_mcp::sandbox::SandboxConfig;
use serde_json::{Value, json};
use truth::{Rows, Truth};

/// One question.
struct Question {
    /// In a person's words.
    asked: &'static str,
    /// What a model would write. Where it says ORDER BY, the order counts.
    sql: &'static str,
    /// The answer, by other means.
    answer: fn(&Truth) -> Rows,
}

/// Every question, by theme.
fn all() -> impl Iterator<Item = &'static Question> {
    [deals::QUESTIONS, contacts::QUESTIONS, owners::QUESTIONS, content::QUESTIONS, quality::QUESTIONS]
        .into_iter()
        .flatten()
}

/// An account of so many contacts, with a quota that is never used up.
async fn account_of(contacts: usize) -> Account {
    Account::with(SandboxConfig { contacts, rate_limit: 1_000_000, ..SandboxConfig::default() }).await
}

/// A host whose mirror was filled by the command line.
async fn synced(account: &Account) -> Host {
    let state = tempfile::tempdir().unwrap();
    let mut sync = command(account, state.path());
    sync.arg("sync");
    let done = run(sync).await;
    assert_eq!(done.code, Some(0), "{done:?}");
    Host::start(command(account, state.path()), state, Era::Modern, Person::Absent).await
}

/// Asks every question of an account of this size.
async fn ask_all(contacts: usize) {
    let account = account_of(contacts).await;
    untidy::make(&account).await;
    let truth = Truth::of(&account).await;
    assert_eq!(truth.contacts.len(), contacts);
    let host = synced(&account).await;
    describe::is_short(&host, contacts).await;
    let mut wrong = Vec::new();
    for question in all() {
        let result = host.call("query_crm", json!({"sql": question.sql})).await;
        let answer = result.structured_content.unwrap_or_else(|| json!(result.content));
        let expected = (question.answer)(&truth);
        assert!(!expected.is_empty(), "{}: a question without an answer shows nothing", question.asked);
        if let Err(difference) = compare(question, &answer, expected) {
            wrong.push(format!("{}\n{}\n{difference}", question.asked, question.sql));
        }
    }
    assert!(wrong.is_empty(), "{} answers are wrong.\n\n{}", wrong.len(), wrong.join("\n\n"));
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

/// Numbers that were added up in another order differ in their last digits.
fn same(cell: &Value, right: &Value) -> bool {
    match (cell.as_f64(), right.as_f64()) {
        (Some(cell), Some(right)) => (cell - right).abs() <= 1e-9 * right.abs().max(1.0),
        _ => cell == right,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_answer_is_right_in_an_account_of_1_000_contacts() {
    ask_all(1_000).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_answer_is_right_in_an_account_of_10_000_contacts() {
    ask_all(10_000).await;
}

/// `cargo test --test suite questions::every -- --ignored`
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes"]
async fn every_answer_is_right_in_an_account_of_100_000_contacts() {
    ask_all(100_000).await;
}

#[test]
fn there_are_many_questions_and_each_is_another() {
    let asked: std::collections::BTreeSet<_> = all().map(|question| question.asked).collect();
    assert!(asked.len() >= 25 && asked.len() == all().count(), "{}", asked.len());
}
