//! The tokens of clients. Only their hashes are kept.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use highlevel_core::error::{Code, Error, Result};
use highlevel_store::sha256_hex;

/// How tokens begin, so that a search for leaked ones finds them.
const PREFIX: &str = "hlmcp_";

/// A new token of 256 random bits.
///
/// # Errors
/// `internal` if the system has no random numbers.
pub fn new_token() -> Result<String> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)
        .map_err(|error| Error::new(Code::Internal, format!("The system has no random numbers: {error}.")))?;
    Ok(format!("{PREFIX}{}", BASE64.encode(bytes)))
}

/// What is kept of a token. A token is random, so that its plain hash cannot be guessed back.
pub fn token_hash(token: &str) -> String {
    sha256_hex(token.as_bytes())
}
