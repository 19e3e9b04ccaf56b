//! Tokens: found at first need, refreshed ahead of their end and when they are refused, one refresh at a time.
//!
//! A [`Login`] is a credential with its refresh. An [`AccountToken`] is the token that one account of a login sends with:
//! the login's own, or for an agency's login the token that its location was given for it.

mod account_refresh;
mod account_token;
mod consent;
mod grant;
mod login;
mod oauth;
mod refresh;
mod replacement;
mod session;
mod token;
mod token_file;
mod token_life;
mod token_refresh;

pub(crate) use account_token::AccountToken;
use account_token::TokenState;
pub use consent::{Consent, login_gone};
pub(crate) use grant::TokenHolder;
pub use grant::{AppKeys, Holder, LoginView, login_view};
pub use login::Login;
pub(crate) use login::{LoginInner, sharing};
pub(crate) use token::Token;
pub use token::TokenSource;
pub use token_life::TokenLife;

use chrono::{DateTime, Utc};
use highlevel_core::error::Error;

/// What is known of the credential; never the credential itself.
#[derive(Debug, Clone, PartialEq)]
pub struct TokenStatus {
    /// Whether there is one.
    pub present: bool,
    /// Where it came from, such as `GHL_TOKEN_ID`.
    pub source: Option<String>,
    /// Whether it came of the source's token by a refresh.
    pub renewed: bool,
    /// When it expires by the server's clock, if that is known.
    pub expires_at: Option<DateTime<Utc>>,
    /// The OAuth login that it came of, if it came of one.
    pub login: Option<LoginView>,
    /// Why there is none, or why it no longer works.
    pub problem: Option<Error>,
}
