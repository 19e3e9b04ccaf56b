//! Jobs that HighLevel's API has no operation for.

use std::sync::LazyLock;

const TABLE: &str = include_str!("../../data/absent.txt");

/// A job that HighLevel's API has no operation for.
#[derive(Debug)]
pub(super) struct AbsentJob {
    /// What people say for it, separated by commas.
    pub(super) phrases: &'static str,
    /// What is so, and what is possible instead.
    pub(super) sentence: &'static str,
}

static ALL: LazyLock<Vec<AbsentJob>> = LazyLock::new(|| {
    let lines = TABLE.lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| line.split_once(" | ")).map(|(phrases, sentence)| AbsentJob { phrases, sentence }).collect()
});

/// Every absent job, in the order of the table.
pub(super) fn all() -> &'static [AbsentJob] {
    &ALL
}
