//! Queries of the full-text index: case, accents and the punctuation of phone numbers do not matter.

use super::accents;
use highlevel_core::phone;
use std::fmt::Write;

/// Fewer digits than this are a house number or a year, not part of a phone number.
const PHONE_DIGITS: usize = 4;

/// The phone numbers in a text, each with its digits reversed: the remembered end of a number is then a prefix, which an
/// index finds.
pub(super) fn numbers_backwards(text: &str) -> String {
    let mut all = String::new();
    for number in text.split(|letter: char| letter.is_alphabetic() || letter == '@') {
        let digits = phone::digits(number);
        if digits.len() >= PHONE_DIGITS {
            // Writing to a string does not fail.
            let _ = write!(all, "{} ", backwards(&digits));
        }
    }
    all
}

/// The index's own query for what a person typed: every word, in any order, from its beginning; or a phone number. `None`
/// if there is nothing in it to look for.
pub(super) fn query(text: &str) -> Option<String> {
    let digits = phone::digits(text);
    if digits.len() >= PHONE_DIGITS && !text.chars().any(char::is_alphabetic) {
        // What all ways to write the number end with; or its last digits, if they are all zeros.
        let number = Some(phone::national(text)).filter(|number| !number.is_empty()).unwrap_or(digits);
        return Some(format!("digits : \"{}\"*", backwards(&number)));
    }
    let text = accents::remove(text);
    let words: Vec<String> = text
        .split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(|word| format!("\"{word}\"*"))
        .collect();
    (!words.is_empty()).then(|| format!("{{title other}} : ({})", words.join(" AND ")))
}

fn backwards(digits: &str) -> String {
    digits.chars().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_found_by_its_end() {
        assert_eq!(numbers_backwards("a@b.example Acme +1 (512) 555-0101"), "10105552151 ");
        assert_eq!(query("555-0101").unwrap(), "digits : \"1010555\"*");
        assert_eq!(query("0512 5550101").unwrap(), "digits : \"1010555215\"*");
        assert_eq!(query("0000").unwrap(), "digits : \"0000\"*");
    }

    #[test]
    fn nothing_a_person_types_is_a_command_to_the_index() {
        assert_eq!(query("Ann-Lee OR \"x").unwrap(), r#"{title other} : ("ann"* AND "lee"* AND "or"* AND "x"*)"#);
        assert_eq!(query(" \"*() "), None);
    }
}
