//! Measures an answer: the bytes of its compact JSON. Long texts with many tokens per byte (rare scripts, symbols, random
//! letters) count for more, so that the bound also limits what an answer costs a model.

use serde_json::Value;

/// The default of `--max-answer`: a hundred ordinary contacts, and less than 20,000 tokens.
pub const DEFAULT_MAX_BYTES: usize = 50 * 1024;

/// Bytes per token of an ordinary answer, in hundredths: 50 KiB are 20,000 tokens.
const BYTES_PER_TOKEN: usize = 256;

/// Texts up to this length are measured in bytes alone.
const SHORT_TEXT: usize = 256;

/// Adds up the cost of a text, character by character.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct CostMeter {
    bytes: usize,
    /// Estimated tokens, in hundredths.
    tokens: usize,
    last: CharKind,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum CharKind {
    #[default]
    Space,
    Lower,
    Upper,
    Digit,
    Symbol,
    Other,
}

impl CostMeter {
    pub(super) fn add(&mut self, c: char) {
        self.bytes += escaped(c);
        let kind = match c {
            ' ' | '\n' | '\t' => CharKind::Space,
            'a'..='z' => CharKind::Lower,
            'A'..='Z' => CharKind::Upper,
            '0'..='9' => CharKind::Digit,
            _ if c.is_ascii() => CharKind::Symbol,
            _ => CharKind::Other,
        };
        // Calibrated against the tokenizer o200k: a token has about 4.5 letters, and a change of kind within a word starts a
        // new token.
        let starts_token = match (self.last, kind) {
            (_, CharKind::Space | CharKind::Symbol | CharKind::Other)
            | (CharKind::Space, _)
            | (CharKind::Upper, CharKind::Lower) => false,
            (last, kind) => last != kind,
        };
        self.tokens += if starts_token { 100 } else { 0 };
        self.tokens += match (kind, c) {
            (CharKind::Space, _) => 0,
            (CharKind::Symbol, _) => 60,
            (CharKind::Lower | CharKind::Upper | CharKind::Digit, _) => 24,
            (CharKind::Other, '\u{10000}'..) => 400,
            (CharKind::Other, '\u{2000}'..) => 200,
            (CharKind::Other, '\u{800}'..) => 100,
            (CharKind::Other, _) => 60,
        };
        self.last = kind;
    }

    pub(super) fn cost(&self) -> usize {
        if self.bytes <= SHORT_TEXT {
            self.bytes
        } else {
            self.bytes.max(self.tokens.saturating_mul(BYTES_PER_TOKEN) / 10_000)
        }
    }
}

/// The bytes of a character in a JSON string, with its escape.
fn escaped(c: char) -> usize {
    match c {
        '"' | '\\' | '\n' | '\r' | '\t' | '\u{8}' | '\u{c}' => 2,
        '\0'..='\u{1f}' => 6,
        _ => c.len_utf8(),
    }
}

/// The cost of a text with its quotes.
pub(super) fn text(text: &str) -> usize {
    // The fast path: most texts are short.
    if text.len() <= SHORT_TEXT {
        let bytes: usize = text.chars().map(escaped).sum();
        if bytes <= SHORT_TEXT {
            return bytes + 2;
        }
    }
    let mut meter = CostMeter::default();
    text.chars().for_each(|c| meter.add(c));
    meter.cost() + 2
}

/// The cost of a value.
pub(super) fn value(value: &Value) -> usize {
    match value {
        Value::Null => 4,
        Value::Bool(_) => 5,
        Value::Number(number) => number.to_string().len(),
        Value::String(own) => text(own),
        Value::Array(items) => 2 + items.iter().map(|item| self::value(item) + 1).sum::<usize>(),
        Value::Object(members) => {
            2 + members.iter().map(|(name, member)| text(name) + self::value(member) + 2).sum::<usize>()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn what_fills_the_bound_is_about_20_000_tokens_at_most() {
        let tokens = tiktoken_rs::o200k_base().unwrap();
        let random = |signs: &[u8]| -> String {
            let mut state = 1_u64;
            let mut next = || {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                usize::try_from(state >> 40).unwrap()
            };
            (0..60_000).map(|_| char::from(signs[next() % signs.len()])).collect()
        };
        let printable: Vec<u8> = (b'!'..=b'~').collect();
        let base64: Vec<u8> = printable.iter().copied().filter(u8::is_ascii_alphanumeric).collect();
        let texts = [
            "The roof was inspected on Monday, and everything is in order. ".repeat(1000),
            "<div class=\"row\"><p style=\"color: #333\">Hello, world</p></div>\n".repeat(1000),
            "👨\u{200d}👩\u{200d}👧 ❤\u{fe0f}🔥".repeat(3000),
            "می\u{200c}خواهم کتاب بخوانم ".repeat(2000),
            "नमस्ते दुनिया, यह एक परीक्षा है। ".repeat(2000),
            (0..20_000).filter_map(|i| char::from_u32(0x4e00 + i * 7919 % 20_000)).collect(),
            "𒀀𓀀".repeat(10_000),
            random(&printable),
            random(&base64),
            random(b"0123456789abcdef"),
        ];
        for text in texts {
            let mut meter = CostMeter::default();
            let mut part = String::new();
            for c in text.chars() {
                meter.add(c);
                if meter.cost() > DEFAULT_MAX_BYTES {
                    break;
                }
                part.push(c);
            }
            let count = tokens.encode_ordinary(&part).len();
            let start: String = part.chars().take(20).collect();
            assert!(count <= 20_000, "{count} tokens in {} bytes of {start}", part.len());
            assert!(
                part.len() == text.len() || count > 3_000,
                "{count} tokens only in {} bytes of {start}",
                part.len()
            );
        }
    }

    proptest! {
        #[test]
        fn the_cost_is_never_below_the_bytes(name in ".{0,300}", number in any::<f64>(), items in prop::collection::vec("\\PC{0,40}|[\\x00-\\x7f]{0,400}", 0..5)) {
            let value = json!({name: [items, number, null, true, {"a": {}}]});
            prop_assert!(super::value(&value) >= value.to_string().len());
        }
    }
}
