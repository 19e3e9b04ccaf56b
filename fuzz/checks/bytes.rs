//! Random bytes, and texts of the letters that each reader looks for.

use proptest::prelude::*;

pub(crate) fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..60),
        "[0-9.:,GMTadeJnuoct -]{0,40}".prop_map(String::into_bytes),
        "[{}\\[\\]\",:a-zA-Z0-9.\\\\/%?#&=@-]{0,80}".prop_map(String::into_bytes),
        prop::sample::select(vec![
            r#"{"id":"a","data":[{"id":"b"},7],"meta":{"total":"9"},"tags":"x,y"}"#,
            r#"{"tokenId":"x","expiresIn":"1200"}"#,
            "https://example.com/hook",
            "ann@example.com",
            "../../users/me",
            "%2e%2e%2f",
            "Tue, 24 Oct 2023 14:30:00 GMT",
            "18446744073709551616",
            "1698157872000.5",
            "e30.eyJleHAiOjE3MDAwMDAwMDB9.s",
            "open",
            "[\"contact.created\"]",
            "null",
            "-1e308",
        ])
        .prop_map(|text| text.as_bytes().to_vec()),
    ];
    (any::<u8>(), prop::collection::vec(piece, 0..12)).prop_map(|(first, pieces)| {
        let mut all = vec![first];
        all.extend(pieces.join(&b'\n'));
        all
    })
}
