//! A text given as a token: its life is read, or nothing is known of it.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use highlevel_api_client::TokenLife;
use highlevel_store::token_in;

pub(crate) fn check(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let Some(now) = DateTime::from_timestamp(1_700_000_000, 0) else { return };
    // As it is, and as the payload of a JWT.
    for text in [text.to_string(), format!("e30.{}.s", URL_SAFE_NO_PAD.encode(&*text))] {
        let life = TokenLife::of(&token_in(&text).0, None, now);
        assert_eq!(life.expires_at.is_some(), life.due_at.is_some());
        if let (Some(due), Some(end)) = (life.due_at, life.expires_at) {
            assert!(due <= end.max(now), "due after its end: {due}, {end}");
        }
        assert!(!life.is_over(DateTime::<Utc>::MIN_UTC) || life.expires_at == Some(DateTime::<Utc>::MIN_UTC));
    }
}
