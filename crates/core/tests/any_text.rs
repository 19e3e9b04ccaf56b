//! Cleaning, driven with random text: the check is the fuzz target's.

#[path = "../../../fuzz/checks/bytes.rs"]
mod bytes;
#[path = "../../../fuzz/checks/text.rs"]
mod check;

use proptest::prelude::*;

proptest! {
    #[test]
    fn text(data in bytes::bytes()) {
        check::check(&data);
    }

    #[test]
    fn cleaning_only_removes_and_counts_and_is_done_after_once(chars in prop::collection::vec(prop_oneof![
        any::<char>(),
        prop::sample::select("a1\n\r\u{200c}\u{200d}\u{fe0f}\u{e0067}\u{e007f}\u{1f3f4}\u{1f468}\u{1f3fd}\u{94d}क\u{645}\u{1820}\u{180b}\u{20e3}".chars().collect::<Vec<_>>()),
    ], 0..60)) {
        let raw: String = chars.into_iter().collect();
        check::check(raw.as_bytes());
    }
}
