//! A text of a stranger: cleaning it removes only what is invisible, counts it, and is complete after one pass.

use highlevel_core::clean;
use std::borrow::Cow;

pub(crate) fn check(data: &[u8]) {
    let raw = &*String::from_utf8_lossy(data);
    let (text, removed) = clean::text(raw);
    let mut left = raw.chars();
    assert!(text.chars().all(|kept| left.any(|c| c == kept)), "what stays was there, in its order");
    let line_ends = raw.matches("\r\n").count();
    assert_eq!(text.chars().count() + removed + line_ends, raw.chars().count(), "everything removed is counted");
    let hidden = |c: char| (c.is_control() && c != '\n' && c != '\t') || ('\u{202a}'..='\u{202e}').contains(&c);
    assert!(!text.contains(hidden), "{text:?}");
    assert_eq!(clean::text(&text), (Cow::Borrowed(&*text), 0), "one pass is enough: {raw:?}");
    let line = clean::line(raw, 40);
    assert!(line.chars().count() <= 40 && !line.contains('\n'), "{line:?}");
}
