//! A credential that a person changes while servers run: by `auth clear`, `auth set`, `auth login`, or a rotated secret.
//! The next call uses the new one.

use super::{AccountToken, TokenState, token::TokenSource};
use crate::Scheme;
use highlevel_core::error::{Code, Error, Result};
use highlevel_store::{is_login, token_hash};
use secrecy::ExposeSecret;

impl AccountToken {
    /// Drops the token if its source holds another credential by now, or the stored one is gone.
    ///
    /// # Errors
    /// What prevents reading the source; `unauthorized` for a credential that this server cannot use.
    pub(crate) async fn follow_source(&self) -> Result<()> {
        let Some(stamp) = self.login.source.stamp(self.login.store()) else { return Ok(()) };
        {
            let mut state = self.state();
            match &state.stamp {
                Some(before) if *before != stamp => {}
                Some(_) => return Ok(()),
                None => {
                    state.stamp = Some(stamp);
                    return Ok(());
                }
            }
        }
        let _turn = self.looking.lock().await;
        let given = match (&self.login.source, self.login.source.read(self.login.store()).await) {
            // A missing file does not revoke its token.
            (TokenSource::File(_), Ok(None) | Err(_)) => return Ok(()),
            (_, read) => read?,
        };
        if let Some(given) = &given {
            let official = is_login(&given.token) || given.token.expose_secret().starts_with("pit-");
            if official && self.login.wire.scheme == Scheme::TokenId {
                self.state().forget();
                let what = "The stored credential is now for HighLevel's official API, and this server uses the session API. Restart the server.";
                return Err(Error::new(Code::Unauthorized, what));
            }
        }
        let mut state = self.state();
        let is_other = given.map(|given| token_hash(&given.token)) != state.given;
        if is_other && state.current.is_some() {
            tracing::info!("the credential was changed: the next call takes what is there now");
            state.forget();
        }
        state.stamp = Some(stamp);
        Ok(())
    }
}

impl TokenState {
    /// Resets the state to that before the first read. The result of a refresh under way is dropped.
    fn forget(&mut self) {
        self.generation += 1;
        self.epoch += 1;
        self.current = None;
        self.given = None;
        self.refresh = None;
        self.failed = None;
        self.tried.clear();
    }
}
