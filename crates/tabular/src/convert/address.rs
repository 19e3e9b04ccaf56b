//! E-mail addresses and phone numbers.

use super::{Result, ValueError};

/// The addresses in a text, separated by `:::`, semicolons, commas or lines.
///
/// # Errors
///
/// If one of them is no address.
pub fn emails(text: &str) -> Result<Vec<String>> {
    parts(text).map(email).collect()
}

/// One address, also as `Ann Lee <ann@lee.example>` or with `mailto:`.
///
/// # Errors
///
/// If it is no address.
pub fn email(text: &str) -> Result<String> {
    let text = text.trim();
    let within = text.rsplit_once('<').and_then(|(_, rest)| rest.strip_suffix('>')).unwrap_or(text);
    let address = within.strip_prefix("mailto:").unwrap_or(within).trim();
    let is_address = address.split_once('@').is_some_and(|(name, host)| {
        !name.is_empty()
            && host.contains('.')
            && host.split('.').all(|part| !part.is_empty())
            && !host.contains('@')
            && !address
                .contains(|letter: char| letter.is_whitespace() || letter.is_control() || ",;<>\"()".contains(letter))
    });
    if is_address { Ok(address.to_owned()) } else { Err(ValueError::new("is no e-mail address")) }
}

/// The numbers in a text, separated by `:::`, semicolons, commas or lines.
///
/// # Errors
///
/// If one of them is no phone number.
pub fn phones(text: &str) -> Result<Vec<String>> {
    parts(text).map(phone).collect()
}

/// One phone number as it is written, without `tel:`.
///
/// # Errors
///
/// For letters, too few or too many digits, and numbers that a spreadsheet has rounded.
pub fn phone(text: &str) -> Result<String> {
    const DIGITS: std::ops::RangeInclusive<usize> = 5..=15;
    let number = text.trim().trim_start_matches("tel:").trim();
    let digits = number.bytes().filter(u8::is_ascii_digit).count();
    if is_rounded(number) {
        let message = "was rounded by a spreadsheet; format the column as text there and export it again";
        return Err(ValueError::new(message));
    }
    if number.contains(|letter: char| letter.is_alphabetic()) {
        return Err(ValueError::new("is no phone number: it has letters; leave out an extension"));
    }
    if !DIGITS.contains(&digits) {
        return Err(ValueError::new(format!("is no phone number: it has {digits} digits, and 5 to 15 are allowed")));
    }
    Ok(number.to_owned())
}

/// Whether a text is a number such as 4.47911E+11.
fn is_rounded(text: &str) -> bool {
    text.split_once(['E', 'e']).is_some_and(|(number, exponent)| {
        let is_number = |text: &str| {
            !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.' || byte == b',')
        };
        is_number(number) && is_number(exponent.trim_start_matches('+'))
    })
}

fn parts(text: &str) -> impl Iterator<Item = &str> {
    let pieces = text.split(":::").flat_map(|piece| piece.split([';', ',', '\n', '\r']));
    pieces.map(str::trim).filter(|piece| !piece.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        for (text, expected) in [
            ("a@b.example", "a@b.example"),
            (" mailto:a@b.example ", "a@b.example"),
            ("Ann Lee <a+b@c.d.example>", "a+b@c.d.example"),
            ("jürgen@köln.example", "jürgen@köln.example"),
        ] {
            assert_eq!(email(text).unwrap(), expected);
        }
        for wrong in ["", "a", "a@b", "@b.example", "a@b..example", "a b@c.example", "a@b@c.example", "a@.example"] {
            assert!(email(wrong).is_err(), "{wrong}");
        }
        assert_eq!(emails("a@b.example ::: c@d.example; e@f.example").unwrap().len(), 3);
        assert!(emails("a@b.example, c").is_err());
    }

    #[test]
    fn numbers() {
        for text in ["+49 170 1234567", "(555) 010-0100", "0221/123456", "447911123456"] {
            assert_eq!(phone(text).unwrap(), text);
        }
        assert_eq!(phones("tel:+15550100 ::: +15550101").unwrap(), ["+15550100", "+15550101"]);
        for (text, part) in [
            ("4.47911E+11", "rounded by a spreadsheet"),
            ("4,48E+11", "rounded"),
            ("555 0100 ext. 5", "extension"),
            ("123", "3 digits"),
            ("1234567890123456", "16 digits"),
            ("none", "letters"),
        ] {
            assert!(phone(text).unwrap_err().message.contains(part), "{text}");
        }
    }
}
