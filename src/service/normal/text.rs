//! Normal forms of texts: case, spaces, phone punctuation and URL encoding are removed. Pure.

use highlevel_core::phone;
use icu_normalizer::{ComposingNormalizerBorrowed, DecomposingNormalizerBorrowed};
use percent_encoding::percent_decode_str;
use std::fmt::Write;
use url::Url;

/// The digits from which on two numbers are the same if the longer one ends with the shorter one.
const LONG_NUMBER: usize = 8;

/// The text in lower case and NFKC, with single spaces and without invisible characters.
pub(super) fn fold(text: &str) -> String {
    let text = ComposingNormalizerBorrowed::new_nfkc().normalize(text).to_lowercase();
    let visible = text.split(|c: char| c.is_whitespace() || c.is_control()).map(|word| word.replace(is_invisible, ""));
    visible.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}')
}

/// The digits of a phone number without the country code; `None` for a text without digits.
pub(super) fn phone(text: &str) -> Option<String> {
    Some(phone::national(text)).filter(|digits| !digits.is_empty())
}

pub(super) fn same_phone(a: &str, b: &str) -> bool {
    let (Some(national_a), Some(national_b)) = (phone(a), phone(b)) else { return false };
    let ends = |long: &str, short: &str| short.len() >= LONG_NUMBER && phone::digits(long).ends_with(short);
    national_a == national_b || ends(a, &national_b) || ends(b, &national_a)
}

/// A decimal number without redundant zeros, plus sign and thousands separators; `None` for any other text.
pub(super) fn number(text: &str) -> Option<String> {
    let text = text.trim();
    if text.contains(['e', 'E']) && text.starts_with(|c: char| c.is_ascii_digit() || c == '-') {
        return text
            .parse::<f64>()
            .ok()
            .filter(|number| number.is_finite())
            .and_then(|number| number_of(&format!("{number}")));
    }
    number_of(text)
}

fn number_of(text: &str) -> Option<String> {
    let (sign, text) = match text.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let whole = without_separators(whole)?;
    let is_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if !(is_digits(&whole) && is_digits(fraction)) || (whole.is_empty() && fraction.is_empty()) {
        return None;
    }
    let (whole, fraction) = (whole.trim_start_matches('0'), fraction.trim_end_matches('0'));
    Some(match (whole, fraction) {
        ("", "") => "0".to_owned(),
        (whole, "") => format!("{sign}{whole}"),
        (whole, fraction) => format!("{sign}{whole}.{fraction}"),
    })
}

/// `1,500` as `1500`; `None` if a comma is not a thousands separator.
fn without_separators(whole: &str) -> Option<String> {
    let mut groups = whole.split(',');
    let first = groups.next()?;
    let in_order = (1..=3).contains(&first.len()) && groups.all(|group| group.len() == 3);
    (in_order || !whole.contains(',')).then(|| whole.replace(',', ""))
}

/// The boolean that a text such as `yes` or `off` stands for.
pub(super) fn truth(text: &str) -> Option<bool> {
    match fold(text).as_str() {
        "true" | "yes" | "on" | "1" => Some(true),
        "false" | "no" | "off" | "0" => Some(false),
        _ => None,
    }
}

/// An http or https URL in its normal form: lower-case host, no default port, no trailing slash, no redundant encoding.
/// `None` for any other text.
pub(super) fn url(text: &str) -> Option<String> {
    let mut url = Url::parse(text.trim()).ok().filter(|url| ["http", "https"].contains(&url.scheme()))?;
    if url.query() == Some("") {
        url.set_query(None);
    }
    let path = encoded(url.path());
    let query = url.query().map(|query| format!("?{}", encoded(query))).unwrap_or_default();
    let fragment = url.fragment().map(|fragment| format!("#{}", encoded(fragment))).unwrap_or_default();
    let user = if url.username().is_empty() {
        String::new()
    } else {
        format!("{}:{}@", url.username(), url.password().unwrap_or_default())
    };
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    let host = url.host_str()?;
    let host = host.trim_end_matches('.');
    Some(format!("{}://{user}{host}{port}{}{query}{fragment}", url.scheme(), path.trim_end_matches('/')))
}

/// Decodes unreserved characters and writes the other escapes in upper case (RFC 3986, 6.2.2).
fn encoded(text: &str) -> String {
    let mut normal = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        normal.push_str(before);
        rest = after;
        let byte = after.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match byte {
            Some(byte) => {
                rest = after.get(2..).unwrap_or_default();
                let plain = char::from(byte);
                if plain.is_ascii_alphanumeric() || ['-', '.', '_', '~'].contains(&plain) {
                    normal.push(plain);
                } else {
                    // Writing to a string does not fail.
                    let _ = write!(normal, "%{byte:02X}");
                }
            }
            None => normal.push('%'),
        }
    }
    normal + rest
}

/// Lower-case words without accents, joined by single dashes.
pub(super) fn slug(text: &str) -> String {
    let text = percent_decode_str(text).decode_utf8_lossy();
    let plain: String = DecomposingNormalizerBorrowed::new_nfkd()
        .normalize(&text)
        .chars()
        .filter(|c| !matches!(c, '\u{300}'..='\u{36f}'))
        .collect();
    let words = plain.to_lowercase();
    words.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect::<Vec<_>>().join("-")
}
