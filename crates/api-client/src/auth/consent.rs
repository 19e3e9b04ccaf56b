//! OAuth's consent: the code of a consent page becomes a stored login, which is found again by its name.

use super::{
    AccountToken,
    grant::{AppKeys, Holder, LoginView, TokenPair},
    oauth::word,
    token_refresh::{Intention, RefreshRequest},
};
use crate::{Repeat, urls::Outgoing};
use highlevel_core::context::CallContext;
use highlevel_core::error::{Code, Error, Result};
use highlevel_store::{CredentialName, CredentialPlace, new_login, token_hash};
use secrecy::{ExposeSecret, SecretString};

/// The code that a consent page gave, with the parameters that it was requested with.
#[derive(Debug)]
pub struct Consent<'a> {
    /// The app that asks for consent.
    pub app: &'a AppKeys,
    /// The code that the page gave.
    pub code: &'a SecretString,
    /// The address that it was sent to.
    pub redirect: &'a str,
    /// Whose token is requested.
    pub holder: Holder,
    /// The name under which the login is stored.
    pub store_as: &'a CredentialName,
    /// PKCE's verifier, where the server takes one.
    pub verifier: Option<&'a SecretString>,
}

impl AccountToken {
    /// Exchanges a code, stores the pair, and makes it the stored credential; in this order.
    pub(crate) async fn log_in(&self, consent: &Consent<'_>, context: &CallContext) -> Result<LoginView> {
        let mut fields = vec![
            ("client_id", consent.app.id.as_str()),
            ("client_secret", consent.app.secret.expose_secret()),
            ("grant_type", "authorization_code"),
            ("code", consent.code.expose_secret()),
            ("user_type", word(consent.holder)),
            ("redirect_uri", consent.redirect),
        ];
        if let Some(verifier) = consent.verifier {
            fields.push(("code_verifier", verifier.expose_secret()));
        }
        for secret in [&consent.app.secret, consent.code].into_iter().chain(consent.verifier) {
            self.login.runtime.secrets().add(secret);
        }
        let out = Outgoing::form("/oauth/token", None, &fields, self.login.base())?;
        let request =
            RefreshRequest { out: &out, token: None, repeat: Repeat::IfNotExecuted, intention: Intention::None };
        let (answer, from) =
            self.login.post_form(&request, self.caller(context)).await.map_err(|failure| failure.error)?;
        let pair = TokenPair::read(&answer, from, consent.app, None)?;
        pair.secrets().for_each(|secret| self.login.runtime.secrets().add(&secret));
        let name = new_login();
        self.login.store().keep_token(&token_hash(&name), pair.kept()?).await?;
        self.login.store().set_credential(consent.store_as, &name, CredentialPlace::File).await?;
        Ok(pair.view())
    }

    /// Adopts the newest token of the login, which is known by its name's hash, if it was not tried yet.
    pub(super) async fn look_at_login(&self, line: &str, origin: &str) -> Result<bool> {
        let stored = self.login.store().newest_token(line).await?;
        let pair = stored.as_ref().and_then(TokenPair::of).ok_or_else(login_gone)?;
        pair.secrets().for_each(|secret| self.login.runtime.secrets().add(&secret));
        if let (Some(theirs), Some(ours)) = (pair.grant.location.as_deref(), self.holder.location())
            && pair.grant.holder == Holder::Location
            && theirs != ours
        {
            let what = format!(
                "The login is for location {theirs}, and this server is held to {ours}. Restart it, or log in to that one."
            );
            return Err(Error::new(Code::Unauthorized, what));
        }
        let token = pair.token(&self.holder, origin.to_owned(), line);
        let mut state = self.state();
        state.given = Some(line.to_owned());
        let is_new = !state.tried.contains(&token.hash);
        Ok(is_new.then(|| self.adopt(&mut state, token)).is_some())
    }
}

/// The error for a login that is not in the state directory.
pub fn login_gone() -> Error {
    Error::new(
        Code::Unauthorized,
        "The login is not in the state directory. Log in with `highlevel-mcp auth login`, or choose the directory it is in with --state-dir.",
    )
}
