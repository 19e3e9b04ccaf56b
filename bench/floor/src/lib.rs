//! What both programs ask, and the client that they ask with: the server's features of reqwest, no settings.

use std::env;

/// The address of the contact that is asked for: `FLOOR_URL`, or the one of the static upstream.
pub fn address() -> String {
    env::var("FLOOR_URL").unwrap_or_else(|_| "http://127.0.0.1:18642/contacts/contact123".to_owned())
}

/// A client with ring for TLS.
pub fn client() -> reqwest::Client {
    // Fails only if there is a provider already.
    drop(rustls::crypto::ring::default_provider().install_default());
    reqwest::Client::builder().no_proxy().build().expect("a client")
}
