//! The names of accounts: what is a name, and which names a reader could mistake for one another.

use highlevel_core::clean;
use icu_normalizer::ComposingNormalizerBorrowed;

/// The word that stands for every account in `account` of query_crm and chart_crm.
pub const ALL: &str = "all";

/// The most characters of a name.
const MOST: usize = 100;

/// The name without what a reader overlooks: case, repeated spaces, invisible characters, letters of another width.
pub fn fold(name: &str) -> String {
    let (visible, _) = clean::text(name);
    let composed = ComposingNormalizerBorrowed::new_nfkc().normalize(&visible).to_lowercase();
    composed.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Refuses what is no name.
pub(super) fn check(name: &str) -> Result<(), String> {
    let problem = if name.trim().is_empty() {
        "an account needs a `name`".to_owned()
    } else if name.trim() != name {
        format!("the account's name \"{name}\" begins or ends with a space")
    } else if name.chars().count() > MOST || name.chars().any(char::is_control) || clean::text(name).1 > 0 {
        format!("the account's name \"{}\" has invisible characters or more than {MOST}", clean::line(name, MOST))
    } else if fold(name) == ALL {
        format!("an account cannot be named \"{name}\": `{ALL}` stands for every account")
    } else {
        return Ok(());
    };
    Err(problem)
}
