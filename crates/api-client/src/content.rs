//! What a body is: by its bytes, and by its `Content-Type` where those do not say.

use http::{HeaderMap, header};
use serde::de::IgnoredAny;

/// What a body is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Content {
    Json,
    /// HTML or XML.
    Page,
    Text,
    /// Anything else, such as a picture.
    Binary,
}

/// The types whose bodies are no text, by their beginnings.
const BINARY: [&str; 9] = [
    "audio/",
    "image/",
    "video/",
    "font/",
    "application/pdf",
    "application/zip",
    "application/gzip",
    "application/vnd.",
    "application/msword",
];

/// Extensions by type, for those that are not the type's second half.
const EXTENSIONS: [(&str, &str); 12] = [
    ("audio/mpeg", "mp3"),
    ("audio/mp4", "m4a"),
    ("audio/wave", "wav"),
    ("audio/vnd.wave", "wav"),
    ("image/jpeg", "jpg"),
    ("image/svg+xml", "svg"),
    ("text/plain", "txt"),
    ("video/quicktime", "mov"),
    ("application/msword", "doc"),
    ("application/octet-stream", "bin"),
    ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"),
    ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx"),
];

/// The extension where nothing says one.
const UNKNOWN: &str = "bin";

/// The longest extension.
const MAX_EXTENSION: usize = 8;

/// What a body is. `bytes` may be its beginning only.
pub(crate) fn of(bytes: &[u8], content_type: &str) -> Content {
    let is_utf8 = std::str::from_utf8(bytes).map_or_else(|fault| fault.error_len().is_none(), |_| true);
    if bytes.iter().any(|byte| is_no_text(*byte)) {
        return Content::Binary;
    }
    let first = bytes.iter().find(|byte| !byte.is_ascii_whitespace() && ![0xef, 0xbb, 0xbf].contains(*byte));
    match first {
        Some(b'{' | b'[') if begins_as_json(bytes) => Content::Json,
        _ if BINARY.iter().any(|binary| content_type.starts_with(binary)) && first.is_some() => Content::Binary,
        Some(b'<') => Content::Page,
        _ if content_type.contains("json") => Content::Json,
        // Texts in older encodings.
        _ if is_utf8 || content_type.starts_with("text/") => Content::Text,
        _ => Content::Binary,
    }
}

/// Whether the bytes are JSON or the beginning of some. A transcript may begin with `[00:01]`.
fn begins_as_json(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    serde_json::from_slice::<IgnoredAny>(bytes).map_or_else(|fault| fault.is_eof(), |_| true)
}

/// Controls that no text has.
fn is_no_text(byte: u8) -> bool {
    matches!(byte, 0..=8 | 0x0e..=0x1a | 0x1c..=0x1f)
}

/// The media type, in lower case and without parameters. `application/octet-stream` where there is none.
pub(crate) fn content_type(headers: &HeaderMap) -> String {
    let given = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let plain = given.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if plain.is_empty() { "application/octet-stream".to_owned() } else { plain }
}

/// The extension of the file's name: that of the server's own name for it, else by its type.
pub(crate) fn extension(headers: &HeaderMap) -> String {
    let named = headers.get(header::CONTENT_DISPOSITION).and_then(|value| value.to_str().ok()).and_then(|value| {
        let name = value.split(';').find_map(|part| {
            let (key, name) = part.split_once('=')?;
            key.trim().to_ascii_lowercase().starts_with("filename").then_some(name)
        })?;
        name.trim().trim_matches('"').rsplit_once('.').map(|(_, extension)| extension)
    });
    let content_type = content_type(headers);
    let second = content_type.split_once('/').map(|(_, second)| second.trim_start_matches("x-"));
    let known = EXTENSIONS.iter().find(|(of, _)| *of == content_type).map(|(_, extension)| *extension);
    let extension = [named, known, second].into_iter().flatten().find(|extension| is_extension(extension));
    extension.unwrap_or(UNKNOWN).to_ascii_lowercase()
}

fn is_extension(text: &str) -> bool {
    (1..=MAX_EXTENSION).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let pair = |(name, value): &(&'static str, &str)| (name.parse().unwrap(), value.parse().unwrap());
        pairs.iter().map(pair).collect()
    }

    #[test]
    fn bytes_say_what_a_body_is_and_the_type_where_they_do_not() {
        for (bytes, content_type, expected) in [
            (b"{\"a\": 1}".as_slice(), "application/json", Content::Json),
            (b"{\"a\": 1}", "audio/x-wav", Content::Json),
            (b"null", "application/json", Content::Json),
            (b"[{\"cut\": \"of", "text/plain", Content::Json),
            (b"[00:01] Agent: hello", "text/plain", Content::Text),
            (b"RIFF\x24\0\0\0WAVE", "application/json", Content::Binary),
            (b"RIFF\x24\0\0\0WAVE", "text/plain", Content::Binary),
            (b"%PDF-1.7 ascii", "application/pdf", Content::Binary),
            (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3", "application/octet-stream", Content::Binary),
            (b"<html>", "text/plain", Content::Page),
            (b"<svg/>", "image/svg+xml", Content::Binary),
            (b"Hello\r\n", "application/octet-stream", Content::Text),
            (b"caf\xe9 au lait", "text/plain", Content::Text),
            (b"caf\xe9 au lait", "application/octet-stream", Content::Binary),
            ("ends within é".as_bytes().split_last().unwrap().1, "text/plain", Content::Text),
            (b"", "audio/x-wav", Content::Text),
        ] {
            assert_eq!(of(bytes, content_type), expected, "{content_type} {:?}", String::from_utf8_lossy(bytes));
        }
    }

    #[test]
    fn an_extension_comes_from_the_name_else_from_the_type() {
        for (given, expected) in [
            (
                headers(&[("content-type", "audio/x-wav"), ("content-disposition", "Attachment; filename=audio.wav")]),
                "wav",
            ),
            (headers(&[("content-type", "audio/x-wav")]), "wav"),
            (headers(&[("content-type", "audio/mpeg; charset=x")]), "mp3"),
            (
                headers(&[("content-type", "text/plain"), ("content-disposition", "attachment; filename=\"a.TXT\"")]),
                "txt",
            ),
            (headers(&[("content-disposition", "attachment; filename=\"../x.p/h\"")]), "bin"),
            (headers(&[("content-type", "application/octet-stream")]), "bin"),
            (headers(&[]), "bin"),
        ] {
            assert_eq!(extension(&given), expected, "{given:?}");
        }
    }
}
