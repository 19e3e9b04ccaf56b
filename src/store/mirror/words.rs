//! What is searched for, in the words of the full-text index: case and accents do not matter, nor how a phone number is
//! punctuated.

use std::fmt::Write;

/// Fewer digits than this are a house number or a year, not part of a phone number.
const PHONE_DIGITS: usize = 4;

/// The phone numbers in a text, each with its digits backwards: the end of a number, which people know, is then a
/// beginning, which an index finds.
pub(super) fn numbers_backwards(text: &str) -> String {
    let mut all = String::new();
    for number in text.split(|letter: char| letter.is_alphabetic() || letter == '@') {
        let digits: String = number.chars().rev().filter(char::is_ascii_digit).collect();
        if digits.len() >= PHONE_DIGITS {
            // Writing to a string does not fail.
            let _ = write!(all, "{digits} ");
        }
    }
    all
}

/// The index's own query for what a person typed: every word, in any order, from its beginning; or a phone number. `None`
/// if there is nothing in it to look for.
pub(super) fn query(text: &str) -> Option<String> {
    let digits: String = text.chars().rev().filter(char::is_ascii_digit).collect();
    let is_number = digits.len() >= PHONE_DIGITS && !text.chars().any(char::is_alphabetic);
    if is_number {
        // A number may be typed with a trunk zero or without its country.
        let local = digits.trim_end_matches('0');
        return Some(format!("digits : \"{local}\"*"));
    }
    let words: Vec<String> = text
        .split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(|word| format!("\"{word}\"*"))
        .collect();
    (!words.is_empty()).then(|| format!("{{title other}} : ({})", words.join(" AND ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_found_by_its_end() {
        assert_eq!(numbers_backwards("a@b.example Acme +1 (512) 555-0101"), "10105552151 ");
        assert_eq!(query("555-0101").unwrap(), "digits : \"1010555\"*");
        assert_eq!(query("0512 5550101").unwrap(), "digits : \"1010555215\"*");
    }

    #[test]
    fn nothing_a_person_types_is_a_command_to_the_index() {
        assert_eq!(query("Ann-Lee OR \"x").unwrap(), r#"{title other} : ("Ann"* AND "Lee"* AND "OR"* AND "x"*)"#);
        assert_eq!(query(" \"*() "), None);
    }
}
