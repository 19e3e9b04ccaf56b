//! Cleaning of untrusted text: removes and counts what a reader cannot see.
//!
//! A CRM is filled by web forms, so its texts may contain words that a model reads and a person does not see: Unicode tags,
//! bidirectional controls, zero-width characters, variation selectors. By Unicode's properties this removes controls (but
//! not line feed and tab), format characters, private and unassigned code points, and all other default ignorables. It keeps
//! those that real text needs, where it needs them: joiners in emoji and between letters of scripts that join, a
//! presentation selector after an emoji, the flags of England, Scotland and Wales, and number signs that are visible
//! although their category is format.

#[cfg(test)]
mod tests;

use icu_properties::{
    CodePointMapData, CodePointSetData,
    props::{
        DefaultIgnorableCodePoint, Emoji, EmojiModifier, ExtendedPictographic, GeneralCategory,
        PrependedConcatenationMark, Script,
    },
};
use serde_json::{Map, Value};
use std::borrow::Cow;

const ZWNJ: char = '\u{200c}';
const ZWJ: char = '\u{200d}';
const TEXT_STYLE: char = '\u{fe0e}';
const EMOJI_STYLE: char = '\u{fe0f}';
const KEYCAP: char = '\u{20e3}';

/// The only emoji that are made of tags: three fixed sequences, which cannot hide anything.
const TAGGED_FLAGS: [&str; 3] = [
    "\u{1f3f4}\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}",
    "\u{1f3f4}\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}",
    "\u{1f3f4}\u{e0067}\u{e0062}\u{e0077}\u{e006c}\u{e0073}\u{e007f}",
];

/// The text without invisible characters, and how many they were. The carriage return of a Windows line end is removed
/// too, but not counted, since every web form sends it.
pub fn text(text: &str) -> (Cow<'_, str>, usize) {
    let mut removed = 0;
    let clean = sifted(text, |_, c, next| {
        if !(c == '\r' && next == Some('\n')) {
            removed += 1;
        }
    });
    (clean, removed)
}

/// The same JSON with invisible characters escaped: its values stay the same, and a terminal obeys none of it.
pub fn json(text: &str) -> Cow<'_, str> {
    sifted(text, |kept, c, _| {
        // Outside of strings the only such character is the end of a line, which is dropped.
        if c != '\r' {
            kept.extend(c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")));
        }
    })
}

/// The text without invisible characters. Calls `gone` for each, with the text kept before it and the character after it.
fn sifted(text: &str, mut gone: impl FnMut(&mut String, char, Option<char>)) -> Cow<'_, str> {
    let plain = |byte: u8| (b' '..0x7f).contains(&byte) || byte == b'\n' || byte == b'\t';
    if text.bytes().all(plain) {
        return Cow::Borrowed(text);
    }
    let mut kept = String::with_capacity(text.len());
    let mut last = None;
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if let Some(flag) = TAGGED_FLAGS.iter().find(|flag| rest.starts_with(**flag)) {
            kept.push_str(flag);
            last = None;
            rest = rest.strip_prefix(flag).unwrap_or_default();
            continue;
        }
        rest = rest.strip_prefix(c).unwrap_or_default();
        let next = rest.chars().next();
        if stays(last, c, next) {
            kept.push(c);
            last = Some(c);
        } else {
            gone(&mut kept, c, next);
        }
    }
    Cow::Owned(kept)
}

/// Whether a character stays between the last one kept and the next one.
fn stays(last: Option<char>, c: char, next: Option<char>) -> bool {
    match c {
        ' '..='~' | '\n' | '\t' => true,
        ZWJ => last.is_some_and(|last| joins(last) || (ends_emoji(last) && next.is_some_and(is_pictograph))),
        ZWNJ => last.is_some_and(|last| is_virama(last) || (joins(last) && next.is_some_and(joins))),
        // A digit is an emoji only as a keycap.
        TEXT_STYLE | EMOJI_STYLE => last.is_some_and(|last| {
            CodePointSetData::new::<Emoji>().contains(last) && (!last.is_ascii() || next == Some(KEYCAP))
        }),
        // Free variation selectors and the vowel separator.
        '\u{180b}'..='\u{180f}' => last.is_some_and(|last| script(last) == Script::Mongolian && joins(last)),
        _ => is_visible(c),
    }
}

fn is_visible(c: char) -> bool {
    match CodePointMapData::<GeneralCategory>::new().get(c) {
        GeneralCategory::Format => CodePointSetData::new::<PrependedConcatenationMark>().contains(c),
        // Reserved for future emoji, which other programs may know already.
        GeneralCategory::Unassigned => is_pictograph(c),
        GeneralCategory::Control | GeneralCategory::PrivateUse | GeneralCategory::Surrogate => false,
        _ => !CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c),
    }
}

fn is_pictograph(c: char) -> bool {
    CodePointSetData::new::<ExtendedPictographic>().contains(c)
}

fn ends_emoji(c: char) -> bool {
    c == EMOJI_STYLE || is_pictograph(c) || CodePointSetData::new::<EmojiModifier>().contains(c)
}

fn script(c: char) -> Script {
    CodePointMapData::<Script>::new().get(c)
}

fn is_virama(c: char) -> bool {
    use icu_properties::props::CanonicalCombiningClass;
    CodePointMapData::<CanonicalCombiningClass>::new().get(c) == CanonicalCombiningClass::Virama
}

/// Whether it is a visible letter or mark of a script in which a joiner changes how letters look.
fn joins(c: char) -> bool {
    use GeneralCategory as Category;
    const JOINING: [Script; 17] = [
        Script::Arabic,
        Script::Syriac,
        Script::Mongolian,
        Script::Nko,
        Script::Adlam,
        Script::Devanagari,
        Script::Bengali,
        Script::Gurmukhi,
        Script::Gujarati,
        Script::Oriya,
        Script::Tamil,
        Script::Telugu,
        Script::Kannada,
        Script::Malayalam,
        Script::Sinhala,
        Script::Khmer,
        Script::Myanmar,
    ];
    let letter = matches!(
        CodePointMapData::<Category>::new().get(c),
        Category::OtherLetter
            | Category::ModifierLetter
            | Category::NonspacingMark
            | Category::SpacingMark
            | Category::UppercaseLetter
            | Category::LowercaseLetter
    );
    letter && JOINING.contains(&script(c)) && is_visible(c)
}

/// Cleans every text in a value, the names of members too, and says how many characters were removed.
pub fn value(value: &mut Value) -> usize {
    match value {
        Value::String(own) => match text(own) {
            (Cow::Borrowed(_), _) => 0,
            (Cow::Owned(clean), removed) => {
                *own = clean;
                removed
            }
        },
        Value::Array(items) => items.iter_mut().map(self::value).sum(),
        Value::Object(members) => {
            let mut removed: usize = members.values_mut().map(self::value).sum();
            let names: usize = members.keys().map(|name| text(name).1).sum();
            if names > 0 {
                removed += names;
                *members = renamed(std::mem::take(members), |name| text(name).0.into_owned());
            }
            removed
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
    }
}

/// The members under other names. Names that become the same get a number, so that nothing is dropped.
pub fn renamed(members: Map<String, Value>, rename: impl Fn(&str) -> String) -> Map<String, Value> {
    let mut all = Map::new();
    // Members that keep their name take precedence.
    let (same, other): (Vec<_>, Vec<_>) =
        members.into_iter().map(|(name, value)| (rename(&name), name, value)).partition(|(new, name, _)| new == name);
    for (new, _, value) in same.into_iter().chain(other) {
        let mut free = new.clone();
        let mut number = 2;
        while all.contains_key(&free) {
            free = format!("{new} ({number})");
            number += 1;
        }
        all.insert(free, value);
    }
    all
}

/// One clean line: white space and controls become single spaces, and at most `most` characters stay.
pub fn line(raw: &str, most: usize) -> String {
    let mut line = String::new();
    for word in raw.split(|c: char| c.is_control() || c.is_whitespace()) {
        let (word, _) = text(word);
        if word.is_empty() {
            continue;
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(&word);
        // A character has at most four bytes; the rest is cut below.
        if line.len() > most.saturating_mul(4) {
            break;
        }
    }
    if line.chars().count() > most {
        line = line.chars().take(most.saturating_sub(1)).collect();
        line.push('…');
    }
    line
}
