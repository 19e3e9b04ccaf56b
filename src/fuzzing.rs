//! What the fuzz targets drive: one function for each kind of bytes that come from outside. Each asserts what must hold
//! whatever comes. The normal tests drive the same functions with random bytes, since fuzzing is not run everywhere.

/// A caller's arguments, to a request: no panic, and no argument reaches another path, host or service.
pub fn arguments(data: &[u8]) {
    crate::backend::fuzzing::arguments(data);
}

/// The rate headers, `Retry-After` and `Date` of an answer: nothing holds calls for longer than a day.
pub fn headers(data: &[u8]) {
    crate::client::fuzzing::headers(data);
}

/// The body of an answer, to what a host is given: it fits the bound and has its id.
pub fn body(data: &[u8]) {
    crate::backend::fuzzing::body(data);
}

/// A token: its life is read, or it has none that is known.
pub fn token(data: &[u8]) {
    crate::client::fuzzing::token(data);
}

/// Sealed state and forms that come back from a host: only what was sealed here for this call opens, and only a yes is one.
pub fn confirmation(data: &[u8]) {
    crate::mcp::fuzzing::confirmation(data);
}

/// A text of a stranger: cleaning removes, counts, and is done after once.
pub fn text(data: &[u8]) {
    crate::clean::holds(&String::from_utf8_lossy(data));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    /// Random bytes, and texts of the letters that each reader looks for.
    fn bytes() -> impl Strategy<Value = Vec<u8>> {
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

    proptest! {
        #[test]
        fn arguments(data in bytes()) { super::arguments(&data); }
        #[test]
        fn headers(data in bytes()) { super::headers(&data); }
        #[test]
        fn body(data in bytes()) { super::body(&data); }
        #[test]
        fn token(data in bytes()) { super::token(&data); }
        #[test]
        fn confirmation(data in bytes()) { super::confirmation(&data); }
        #[test]
        fn text(data in bytes()) { super::text(&data); }
    }
}
