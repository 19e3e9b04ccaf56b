//! Finding a token in text: with the name of its variable, quotes, `Bearer`, a byte order mark, line breaks.

use super::is_login;
use secrecy::SecretString;
use std::{
    borrow::Cow,
    io,
    sync::atomic::{AtomicBool, Ordering},
};

/// The remark on a token with more than white space around it. It does not quote it.
pub const REMARK: &str =
    "the token had more than itself around it (a name, quotes, `Bearer` or a mark): what is left after that is used";

/// Names of headers and variables that hold a token have one of these words in them.
const NAMED: [&str; 3] = ["token", "authorization", "api_key"];

/// The token in a text, and whether more than white space was around it.
pub fn token_in(text: &str) -> (SecretString, bool) {
    let trimmed = text.trim();
    if is_login(&SecretString::from(trimmed)) {
        return (trimmed.into(), false);
    }
    let token = joined(value(line_of(trimmed)));
    let is_other = *token != *trimmed;
    (token.into_owned().into(), is_other)
}

/// The beginnings of tokens: private integration tokens, JSON Web Tokens, and the names of OAuth logins.
const BEGINNINGS: [&str; 3] = ["pit-", "eyJ", "oauth:"];

/// Whether a text that should be a name or a word is a token, which no message may quote.
pub fn looks_like_token(text: &str) -> bool {
    let text = text.trim();
    // A name may begin with the same letters; a token goes on without a space.
    let is_long = text.len() >= 20 && !text.contains(char::is_whitespace);
    is_long && BEGINNINGS.iter().any(|beginning| text.starts_with(beginning))
}

/// The text with each word in it that looks like a token replaced.
pub fn hide_tokens(text: &str) -> String {
    let is_inside = |c: char| c.is_ascii_alphanumeric() || ['-', '_', '.', ':'].contains(&c);
    let mut hidden = String::with_capacity(text.len());
    for part in text.split_inclusive(|c| !is_inside(c)) {
        let word = part.trim_end_matches(|c| !is_inside(c));
        let shown = if looks_like_token(word) { "[hidden]" } else { word };
        hidden.push_str(shown);
        hidden.push_str(part.strip_prefix(word).unwrap_or_default());
    }
    hidden
}

/// The text of a file or a stream, also in the two-byte form that Windows' shells write.
///
/// # Errors
/// `InvalidData` for what is no text.
pub fn text_of(bytes: Vec<u8>) -> io::Result<String> {
    let invalid = || io::Error::new(io::ErrorKind::InvalidData, "it holds no text");
    let (pairs, read): (_, fn([u8; 2]) -> u16) = match bytes.as_slice() {
        [0xff, 0xfe, rest @ ..] => (rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => (rest, u16::from_be_bytes),
        _ => return String::from_utf8(bytes).map_err(|_| invalid()),
    };
    let (pairs, rest) = pairs.as_chunks::<2>();
    let units: Vec<u16> = pairs.iter().map(|pair| read(*pair)).collect();
    if rest.is_empty() { String::from_utf16(&units).map_err(|_| invalid()) } else { Err(invalid()) }
}

/// The token, with a remark on stderr the first time that more than white space was around one.
pub fn token_from(text: &str, origin: &str) -> SecretString {
    static SAID: AtomicBool = AtomicBool::new(false);
    let (token, is_other) = token_in(text);
    if is_other && !SAID.swap(true, Ordering::Relaxed) {
        tracing::warn!("{origin}: {REMARK}");
    }
    token
}

/// Of several lines that name values, as in a file of variables, the one that names a token; else all of them.
fn line_of(text: &str) -> &str {
    let lines = || text.lines().map(blank_trimmed).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let mut named = lines().filter(|line| name_of(line).is_some());
    match (named.next(), named.next()) {
        (Some(only), None) if lines().all(|line| line.contains('=')) => only,
        _ => text,
    }
}

/// The name that a line gives its value, and the value.
fn name_of(line: &str) -> Option<&str> {
    let (name, value) = line.split_once(['=', ':'])?;
    let name = blank_trimmed(name);
    let name = name.rsplit(char::is_whitespace).next().unwrap_or(name).trim_matches(is_quote);
    let lower = name.trim_start_matches("$env:").to_lowercase();
    let is_name = !lower.is_empty() && lower.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    let has_value = !blank_trimmed(value).trim_matches('=').is_empty();
    (is_name && has_value && NAMED.iter().any(|word| lower.contains(word))).then_some(value)
}

/// What is left of a value without the name, the quotes and the scheme before it.
fn value(text: &str) -> &str {
    let mut value = text;
    loop {
        let before = value;
        value = blank_trimmed(value).trim_end_matches([';', ',']);
        value = name_of(value).unwrap_or(value);
        value = blank_trimmed(value).trim_matches(is_quote);
        value = value
            .get(..7)
            .filter(|scheme| scheme.eq_ignore_ascii_case("bearer "))
            .and_then(|scheme| value.strip_prefix(scheme))
            .unwrap_or(value);
        // `$env:NAME=…`: the colon is no name's end.
        value = value.strip_prefix("$env:").unwrap_or(value);
        if value == before {
            return value;
        }
    }
}

/// A token that was broken into lines, put together again: only where the parts make one of a known kind.
fn joined(text: &str) -> Cow<'_, str> {
    if !text.contains(|c: char| c.is_whitespace() || is_mark(c)) {
        return text.into();
    }
    let whole: String = text.chars().filter(|c| !c.is_whitespace() && !is_mark(*c)).collect();
    let is_plain = whole.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.=".contains(&byte));
    let is_jwt = whole.starts_with("eyJ") && whole.matches('.').count() == 2;
    if is_plain && (is_jwt || whole.starts_with("pit-")) { whole.into() } else { text.into() }
}

fn blank_trimmed(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || c.is_control() || is_mark(c))
}

fn is_mark(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}')
}

fn is_quote(c: char) -> bool {
    matches!(c, '"' | '\'' | '`' | '\u{2018}' | '\u{2019}' | '\u{201c}' | '\u{201d}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;

    const KINDS: [&str; 3] =
        ["pit-0b4ef1c2-7d0a-4f7e-9a53-1f5f0a5d2c11", "eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjF9.c2ln-_x", "opaque-token_1.x=="];

    #[test]
    fn a_token_is_found_in_what_people_hand_over() {
        for token in KINDS {
            for plain in [token.to_owned(), format!(" {token}\r\n"), format!("\n{token}\n\n")] {
                let (found, other) = token_in(&plain);
                assert_eq!((found.expose_secret(), other), (token, false), "{plain:?}");
            }
            for around in [
                format!("Bearer {token}"),
                format!("bearer  {token}\n"),
                format!("\"{token}\""),
                format!("'{token}'"),
                format!("\u{201c}{token}\u{201d}"),
                format!("\u{feff}{token}\n"),
                format!("GHL_TOKEN_ID={token}"),
                format!("GHL_TOKEN_ID=\"{token}\""),
                format!("export GHL_TOKEN_ID=\"{token}\""),
                format!("export GHL_TOKEN_ID='Bearer {token}';"),
                format!("set GHL_TOKEN_ID={token}"),
                format!("$env:GHL_TOKEN_ID = \"{token}\""),
                format!("token-id: {token}"),
                format!("Authorization: Bearer {token}"),
                format!("\"token-id\": \"{token}\","),
                format!("# mine\nGHL_LOCATION_ID=ve9EPM428h8vShlRW1KT\nGHL_TOKEN_ID={token}\n"),
                format!("\u{feff}\"Bearer {token}\"\r\n"),
            ] {
                let (found, other) = token_in(&around);
                assert_eq!((found.expose_secret(), other), (token, true), "{around:?}");
            }
        }
    }

    #[test]
    fn a_token_that_was_broken_into_lines_is_put_together() {
        for token in &KINDS[..2] {
            let (one, other) = token.split_at(20);
            assert_eq!(token_in(&format!("{one}\n  {other}\n")).0.expose_secret(), *token);
            assert_eq!(token_in(&format!("GHL_TOKEN_ID=\"{one}\r\n{other}\"")).0.expose_secret(), *token);
        }
        assert_eq!(token_in("two words").0.expose_secret(), "two words");
    }

    #[test]
    fn what_is_no_wrapping_stays() {
        for text in ["oauth:00ff", "a=b", "a:b", "", "Bearer", "ABC==", "my-token=="] {
            assert_eq!(token_in(text).0.expose_secret(), text);
        }
    }

    #[test]
    fn what_looks_like_a_token_is_hidden() {
        let pit = "pit-0a1b2c3d-4e5f-6789-abcd-ef0123456789";
        let said = format!("unknown field `{pit}`, \"{pit}\", (eyJhbGciOiJIUzI1NiJ9.e30.x) or pit-stop.");
        assert_eq!(hide_tokens(&said), "unknown field `[hidden]`, \"[hidden]\", ([hidden]) or pit-stop.");
        for plain in ["pit-stop", "eyJ", "Smile Dental", "ve9EPM428h8vShlRW1KT", "pit-stop of the whole north-west"] {
            assert!(!looks_like_token(plain), "{plain}");
        }
    }

    #[test]
    fn text_of_windows_shells_is_text() {
        let utf16 = |text: &str, mark: [u8; 2], bytes: fn(u16) -> [u8; 2]| {
            mark.into_iter().chain(text.encode_utf16().flat_map(bytes)).collect::<Vec<u8>>()
        };
        assert_eq!(text_of(utf16("pit-é\r\n", [0xff, 0xfe], u16::to_le_bytes)).unwrap(), "pit-é\r\n");
        assert_eq!(text_of(utf16("pit-x", [0xfe, 0xff], u16::to_be_bytes)).unwrap(), "pit-x");
        assert_eq!(text_of(b"pit-x".to_vec()).unwrap(), "pit-x");
        assert!(text_of(vec![0xff, 0xfe, 1]).is_err() && text_of(vec![0xc3, 0x28]).is_err());
    }
}
