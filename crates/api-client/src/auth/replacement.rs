//! A person changes the credential while servers run: `auth clear`, `auth set`, `auth login`, a secret that is rotated.
//! The next call goes by what is there now.

use super::{AccountToken, TokenState, token::TokenSource};
use crate::Scheme;
use highlevel_core::error::{Code, Error, Result};
use highlevel_store::{is_login, token_hash};
use secrecy::ExposeSecret;

impl AccountToken {
    /// Drops the token if its source holds another credential by now, or the stored one is gone.
    ///
    /// # Errors
    /// What keeps the source from being read; `unauthorized` for a credential that this server cannot take up.
    pub(super) async fn follow_source(&self) -> Result<()> {
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
            // A file that went away takes nothing back.
            (TokenSource::File(_), Ok(None) | Err(_)) => return Ok(()),
            (_, read) => read?,
        };
        if let Some(given) = &given {
            let official = is_login(&given.token) || given.token.expose_secret().starts_with("pit-");
            if official && self.login.wire.scheme == Scheme::TokenId {
                self.state().forget();
                let what = "The stored credential is for HighLevel's official API by now, and this server speaks the other one. Restart it.";
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
    /// As if no token had ever been read. A renewal that is under way comes too late.
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
