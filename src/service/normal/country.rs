//! Countries by code or name. Pure.

use super::text::fold;
use celes::Country;

/// The two-letter code (ISO 3166-1) of a country code or name; `None` for any other text.
pub(super) fn code(text: &str) -> Option<&'static str> {
    let letters: String = fold(text).chars().filter(|letter| letter.is_alphanumeric()).collect();
    let found = match letters.as_str() {
        "uk" => return Some("GB"),
        "unitedstates" | "us" | "usa" => return Some("US"),
        code if code.len() == 2 => Country::from_alpha2(code),
        code if code.len() == 3 => Country::from_alpha3(code),
        name => Country::from_name(name)
            .or_else(|_| Country::from_alias(name))
            .or_else(|_| Country::from_name(format!("the{name}"))),
    };
    found.ok().map(|country| country.alpha2)
}
