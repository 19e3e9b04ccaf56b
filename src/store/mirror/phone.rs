//! Phone numbers, which people write with and without the country's code, a trunk zero and punctuation. Pure.

/// The digits of a number as they are dialled: not the zero in brackets that only looks so, as in `+49 (0)151 …`.
pub(crate) fn digits(text: &str) -> String {
    text.replace("(0)", "").chars().filter(char::is_ascii_digit).collect()
}

/// The digits that are the same from wherever one calls: without the country's code, as far as it can be told, and
/// without the trunk zero.
pub(crate) fn national(text: &str) -> String {
    /// Two zeros before fewer digits are the middle of a number that somebody remembers the end of.
    const ABROAD: usize = 7;
    let digits = digits(text);
    let abroad = match digits.strip_prefix("00").filter(|rest| rest.len() >= ABROAD) {
        Some(rest) => Some(rest),
        None if text.trim_start().starts_with('+') => Some(digits.as_str()),
        // As North Americans write it.
        None if digits.len() == 11 && digits.starts_with('1') => Some(digits.as_str()),
        None => None,
    };
    let local = abroad.map(|digits| digits.get(code_length(digits)..).unwrap_or_default());
    local.unwrap_or(&digits).trim_start_matches('0').to_owned()
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
