//! The names of accounts: what is a name, and which names a reader could mistake for one another.

use highlevel_core::clean;
use highlevel_store::looks_like_token;
use icu_normalizer::ComposingNormalizerBorrowed;

/// The word that stands for every account in `account` of query_crm and chart_crm.
pub const ALL: &str = "all";

/// The most characters of a name.
pub const MAX_NAME: usize = 100;

/// The name without what a reader overlooks: case, repeated spaces, invisible characters, letters of another width.
pub fn fold(name: &str) -> String {
    let (visible, _) = clean::text(name);
    // A letter without dots, which looks like a space.
    let visible = visible.replace('\u{2800}', " ");
    let composed = ComposingNormalizerBorrowed::new_nfkc().normalize(&visible).to_lowercase();
    composed.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether an account can have this name, as far as the name itself says.
pub fn is_name(name: &str) -> bool {
    check(name).is_ok() && !looks_like_token(name)
}

/// Refuses what is no name.
pub(super) fn check(name: &str) -> Result<(), String> {
    let problem = if name.trim().is_empty() {
        "an account needs a `name`".to_owned()
    } else if name.trim() != name {
        format!("the account's name \"{name}\" begins or ends with a space")
    } else if name.chars().count() > MAX_NAME || name.chars().any(char::is_control) || clean::text(name).1 > 0 {
        format!(
            "the account's name \"{}\" has invisible characters or more than {MAX_NAME}",
            clean::line(name, MAX_NAME)
        )
    } else if fold(name) == ALL {
        format!("an account cannot be named \"{name}\": `{ALL}` stands for every account")
    } else if serde_json::from_str::<Vec<serde_json::Value>>(name).is_ok() {
        format!("an account cannot be named \"{name}\": a call that gives this text names a list of accounts")
    } else {
        return Ok(());
    };
    Err(problem)
}
