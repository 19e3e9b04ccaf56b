//! Countries by code or name. Pure.

use super::text::fold;

/// A country a line: the codes of two and three letters (ISO 3166-1), then its names, without spaces and signs. As text,
/// since a table of strings is pointers that the loader sets at each start.
const COUNTRIES: &str = include_str!("countries.txt");

/// The two-letter code (ISO 3166-1) of a country code or name; `None` for any other text.
pub(super) fn code(text: &str) -> Option<&'static str> {
    let letters: String = fold(text).chars().filter(|letter| letter.is_alphanumeric()).collect();
    if letters == "uk" {
        return Some("GB");
    }
    COUNTRIES.lines().find_map(|line| {
        let mut words = line.split(' ');
        let (two, three) = (words.next()?, words.next()?);
        let is_code = [two, three].iter().any(|code| code.eq_ignore_ascii_case(&letters));
        let mut is_name = || words.any(|name| name == letters || name.strip_prefix("the") == Some(&letters));
        (is_code || is_name()).then_some(two)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use celes::{Country, LookupTable};

    #[test]
    fn codes_and_names_are_those_of_iso_3166() {
        for country in Country::get_countries() {
            for text in [country.alpha2, country.alpha3, country.long_name] {
                assert_eq!(code(text), Some(country.alpha2), "{text}");
            }
            for alias in country.aliases.iter() {
                // American Samoa's alias is another country's name.
                let expected = Country::from_name(alias).unwrap_or(country).alpha2;
                assert_eq!(code(alias), Some(expected), "{alias}");
            }
        }
        assert_eq!(COUNTRIES.lines().count(), Country::get_countries().len());
    }

    #[test]
    fn another_text_is_no_country() {
        for text in ["", " ", "x", "xx", "the", "Atlantis", "US GB", "us\n"] {
            assert_eq!(code(text), (text == "us\n").then_some("US"), "{text:?}");
        }
    }
}
