//! Normal forms of addresses, phone numbers and names, by which duplicates are found.

use super::accents;

/// Below this, two names are two people's.
const NEAR: f64 = 0.92;

/// The same mailbox always gives the same text: case does not matter, nor what follows a plus, nor dots at Gmail.
pub(super) fn email(text: &str) -> Option<String> {
    let text = text.trim().to_lowercase();
    let (local, domain) = text.split_once('@').filter(|(local, domain)| !local.is_empty() && domain.contains('.'))?;
    let local = local.split('+').next().filter(|local| !local.is_empty()).unwrap_or(local);
    match domain {
        "gmail.com" | "googlemail.com" => Some(format!("{}@gmail.com", local.replace('.', ""))),
        _ => Some(format!("{local}@{domain}")),
    }
}

/// The last ten digits: with and without a country's code a number is the same. `None` for what is too short to tell.
pub(super) fn phone(text: &str) -> Option<String> {
    /// The least that tells one number from another.
    const LEAST: usize = 7;
    const MOST: usize = 10;
    let number = highlevel_core::phone::national(text);
    (number.len() >= LEAST).then(|| number.get(number.len().saturating_sub(MOST)..).map(str::to_owned)).flatten()
}

/// A name or a company in lower case, without punctuation, its accents folded.
pub(super) fn folded(text: &str) -> String {
    let text = accents::remove(text);
    let words: Vec<String> = text
        .split(|letter: char| !letter.is_alphanumeric() && letter != '\'')
        .filter(|word| !word.is_empty())
        .map(|word| word.replace('\'', ""))
        .collect();
    words.join(" ")
}

/// A company without the words that say only what kind of company it is.
pub(super) fn company(text: &str) -> String {
    const KINDS: &[&str] = &["inc", "llc", "ltd", "co", "corp", "gmbh", "ag", "sa", "limited", "company", "the"];
    let folded = folded(text);
    let words: Vec<&str> = folded.split(' ').filter(|word| !KINDS.contains(word)).collect();
    words.join(" ")
}

/// Whether two folded names are near enough to be one person's: a slip, a nickname's beginning, or turned round.
pub(super) fn near(one: &str, other: &str) -> bool {
    if one.is_empty() || other.is_empty() {
        return false;
    }
    let sorted = |name: &str| {
        let mut words: Vec<&str> = name.split(' ').collect();
        words.sort_unstable();
        words.join(" ")
    };
    strsim::jaro_winkler(one, other) >= NEAR || sorted(one) == sorted(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_mailbox_has_one_form() {
        for text in ["Ann.Lee+crm@gmail.com", "annlee@googlemail.com", " ANNLEE@GMAIL.COM "] {
            assert_eq!(email(text).as_deref(), Some("annlee@gmail.com"));
        }
        assert_eq!(email("a.b@x.example").as_deref(), Some("a.b@x.example"));
        for text in ["", "@x.example", "no address", "a@b"] {
            assert_eq!(email(text), None, "{text}");
        }
    }

    #[test]
    fn a_number_is_the_same_with_its_country() {
        for text in ["+1 (512) 555-0101", "512.555.0101", "001 512 555 0101"] {
            assert_eq!(phone(text).as_deref(), Some("5125550101"));
        }
        assert_eq!(phone("12345"), None);
    }

    #[test]
    fn near_names_are_slips_and_not_other_people() {
        for (one, other) in
            [("Ann Lee", "Anne Lee"), ("José Núñez", "Jose Nunez"), ("Lee Ann", "Ann Lee"), ("O'Hara Kim", "OHara Kim")]
        {
            assert!(near(&folded(one), &folded(other)), "{one}, {other}");
        }
        for (one, other) in [("Ann Lee", "Bob Lee"), ("John Smith", "Jane Stone"), ("", "Ann")] {
            assert!(!near(&folded(one), &folded(other)), "{one}, {other}");
        }
        assert_eq!(company("The Acme, Inc."), company("ACME LLC"));
    }
}
