//! Phone numbers, with and without country code, trunk zero and punctuation.

/// The digits of a number as they are dialled: without the zero in brackets of `+49 (0)151 …`.
pub fn digits(text: &str) -> String {
    text.replace("(0)", "").chars().filter(char::is_ascii_digit).collect()
}

/// The national digits: without the country code, as far as it can be recognized, and without the trunk zero.
pub fn national(text: &str) -> String {
    /// Two zeros before fewer digits belong to the end of a number, and are no prefix.
    const ABROAD: usize = 7;
    let digits = digits(text);
    let abroad = match digits.strip_prefix("00").filter(|rest| rest.len() >= ABROAD) {
        Some(rest) => Some(rest),
        None if text.trim_start().starts_with('+') => Some(digits.as_str()),
        // The North American form.
        None if digits.len() == 11 && digits.starts_with('1') => Some(digits.as_str()),
        None => None,
    };
    let local = abroad.map(|digits| digits.get(code_length(digits)..).unwrap_or_default());
    local.unwrap_or(&digits).trim_start_matches('0').to_owned()
}

/// Fewer digits are an extension, or the end of a number.
const LEAST: usize = 7;

/// A number with its area code has at least as many digits; fewer are the end of many numbers.
pub const WITH_AREA: usize = 9;

/// The forms in which a number may be stored, the one given first: an API may compare them letter by letter. A number of
/// ten digits without a country's code is also looked for as a North American one.
pub fn forms(text: &str) -> Vec<String> {
    let (text, digits, national) = (text.trim(), digits(text), national(text));
    let mut all = vec![text.to_owned()];
    if digits.len() >= LEAST {
        let abroad = digits.strip_prefix("00").filter(|rest| rest.len() >= LEAST);
        all.push(match abroad {
            Some(rest) => format!("+{rest}"),
            // A trunk zero stands for an unknown country.
            None if digits.starts_with('0') => national.clone(),
            None if digits.len() == 10 && !text.starts_with('+') => format!("+1{digits}"),
            None => format!("+{digits}"),
        });
        all.push(national);
    }
    let mut met = Vec::new();
    all.retain(|form| {
        !form.is_empty() && !met.contains(form) && {
            met.push(form.clone());
            true
        }
    });
    all
}

/// Whether two texts are the same number. With different country codes they are not.
pub fn same(one: &str, other: &str) -> bool {
    let number = national(one);
    let abroad = |text: &str| text.trim_start().starts_with('+').then(|| digits(text));
    let countries_differ = matches!((abroad(one), abroad(other)), (Some(one), Some(other)) if one != other);
    !number.is_empty() && number == national(other) && !countries_differ
}

/// How many digits of an international number are its country's code (ITU-T E.164).
fn code_length(digits: &str) -> usize {
    match digits.as_bytes() {
        [b'1' | b'7', ..] => 1,
        [b'2', b'0' | b'7', ..]
        | [b'3', b'0'..=b'4' | b'6' | b'9', ..]
        | [b'4', b'0' | b'1' | b'3'..=b'9', ..]
        | [b'5', b'1'..=b'8', ..]
        | [b'6', b'0'..=b'6', ..]
        | [b'8', b'1' | b'2' | b'4' | b'6', ..]
        | [b'9', b'0'..=b'5' | b'8', ..] => 2,
        _ => 3,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_looked_for_in_each_of_its_forms() {
        let all = |text: &str| forms(text).join(" | ");
        assert_eq!(all("(555) 010-0100"), "(555) 010-0100 | +15550100100 | 5550100100");
        assert_eq!(all("+15550100100"), "+15550100100 | 5550100100");
        assert_eq!(all("0049 151 2345678"), "0049 151 2345678 | +491512345678 | 1512345678");
        assert_eq!(all(" 4711 "), "4711");
        assert!(!same("+44 5550100100", "+1 5550100100"));
        assert!(same("(555) 010-0100", "+1 555 0100100") && !same("", "+") && !same("5550100100", "5550100101"));
    }

    #[test]
    fn a_number_is_the_same_from_wherever_one_calls() {
        for (number, ways) in [
            ("5125550101", &["+1 (512) 555-0101", "512.555.0101", "001 512 555 0101", "15125550101"][..]),
            ("1512345678", &["+49 (0)151 2345678", "0151/2345678", "0049 151 2345678", "+491512345678"]),
            ("15123456789", &["+49 151 23456789", "0151 23456789"]),
            ("15550188", &["+353-1-555-0188", "01 555 0188"]),
            ("10", &["0010"]),
            ("", &["", "0", "0000", "+", "call me"]),
        ] {
            for text in ways {
                assert_eq!(national(text), number, "{text}");
            }
        }
    }
}
