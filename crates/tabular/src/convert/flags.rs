//! Yes and no, consent, and the status of an opportunity.

use super::{Result, ValueError, date};
use crate::{Cell, normal::normal};
use serde_json::json;

const YES: [&str; 17] =
    ["true", "yes", "y", "1", "x", "on", "ja", "j", "wahr", "si", "s", "verdadero", "oui", "o", "vrai", "sim", "vero"];
const NO: [&str; 11] = ["false", "no", "n", "0", "off", "nein", "falsch", "falso", "non", "faux", "nao"];

/// Words of consent, and whether they forbid messages.
const CONSENT: [(&str, bool); 14] = [
    ("unsubscribed", true),
    ("optedout", true),
    ("optout", true),
    ("noconsent", true),
    ("cleaned", true),
    ("archived", true),
    ("donotcontact", true),
    ("abgemeldet", true),
    ("subscribed", false),
    ("optedin", false),
    ("optin", false),
    ("pending", false),
    ("nonsubscribed", false),
    ("never", false),
];

/// Statuses of opportunities and the words that other systems have for them.
const STATUSES: [(&str, &[&str]); 4] = [
    ("open", &["open", "new", "inprogress", "offen", "abierto", "abierta", "encours", "ouvert", "aperto"]),
    ("won", &["won", "closedwon", "gewonnen", "ganado", "ganada", "gagne", "gagnee", "vinto"]),
    ("lost", &["lost", "closedlost", "verloren", "perdido", "perdida", "perdu", "perdue", "perso"]),
    ("abandoned", &["abandoned", "aufgegeben", "abandonado", "abandonada", "abandonne", "abandonnee"]),
];

/// Yes or no.
///
/// # Errors
///
/// For other words.
pub fn flag(cell: &Cell) -> Result<bool> {
    match (cell, &*normal(&cell.text())) {
        (Cell::Bool(bool), _) => Ok(*bool),
        (_, word) if YES.contains(&word) => Ok(true),
        (_, word) if NO.contains(&word) => Ok(false),
        _ => Err(ValueError::new("is neither yes nor no; write true or false")),
    }
}

/// Whether a cell forbids messages: a yes, a word such as `unsubscribed`, or the time at which someone said so.
///
/// # Errors
///
/// For other words.
pub fn opt_out(cell: &Cell) -> Result<bool> {
    let word = normal(&cell.text());
    if let Some((_, forbids)) = CONSENT.into_iter().find(|(known, _)| *known == word) {
        return Ok(forbids);
    }
    flag(cell).or_else(|_| {
        let is_time = date(cell, Some(date::DateOrder::DayFirst)).is_ok();
        if is_time { Ok(true) } else { Err(ValueError::new("says nothing of consent; write true, false or a date")) }
    })
}

/// The status of an opportunity: `open`, `won`, `lost` or `abandoned`.
///
/// # Errors
///
/// For other words.
pub fn status(text: &str) -> Result<&'static str> {
    let word = normal(text);
    let known = STATUSES.into_iter().find(|(_, words)| words.contains(&&*word));
    let allowed = json!(STATUSES.map(|(status, _)| status));
    known.map(|(status, _)| status).ok_or_else(|| ValueError::new(format!("is no status; allowed are {allowed}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(text: &str) -> Cell {
        Cell::of_text(text)
    }

    #[test]
    fn yes_and_no_in_five_languages() {
        for yes in ["TRUE", "Yes", "1", "ja", "Sí", "oui", "x"] {
            assert_eq!(flag(&cell(yes)), Ok(true), "{yes}");
        }
        for no in ["false", "No", "0", "Nein", "non", "Não"] {
            assert_eq!(flag(&cell(no)), Ok(false), "{no}");
        }
        assert_eq!(flag(&Cell::Bool(true)), Ok(true));
        assert!(flag(&cell("maybe")).is_err());
    }

    #[test]
    fn consent_is_a_word_or_a_time() {
        for (text, forbids) in [
            ("unsubscribed", true),
            ("No consent", true),
            ("2024-01-31 10:00:00", true),
            ("Subscribed", false),
            ("No", false),
        ] {
            assert_eq!(opt_out(&cell(text)), Ok(forbids), "{text}");
        }
        assert!(opt_out(&cell("perhaps")).is_err());
    }

    #[test]
    fn statuses_of_other_systems() {
        for (text, expected) in [("Won", "won"), ("Closed Lost", "lost"), ("closedwon", "won"), ("offen", "open")] {
            assert_eq!(status(text), Ok(expected));
        }
        assert!(status("Negotiation").unwrap_err().message.contains("\"abandoned\""));
    }
}
