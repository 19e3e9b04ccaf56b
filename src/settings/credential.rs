//! Which credential is used, and which API it is for.

use super::Settings;
use crate::api::Api;
use highlevel_api_client::{TokenSource, login_gone, login_view};
use highlevel_core::error::{Error, Result};
use highlevel_store::{Store, is_login, token_from, token_hash};
use secrecy::{ExposeSecret, SecretString};

impl Settings {
    /// Where the credential comes from: --token-file, GHL_TOKEN_ID, GHL_TOKEN_FILE, or the stored token, in this order.
    /// A named account and a named credential have what is stored alone.
    pub fn token_source(&self) -> TokenSource {
        let variable = |name| std::env::var(name).ok().filter(|value: &String| !value.trim().is_empty());
        if let Some(token) = &self.given_token {
            return TokenSource::Value(token.clone(), "the embedded account");
        }
        if self.account_name.is_some() || self.credential.as_str().is_some() {
            return TokenSource::Stored(self.credential.clone());
        }
        if let Some(path) = &self.token_file {
            return TokenSource::File(path.clone());
        }
        if let Some(token) = variable("GHL_TOKEN_ID") {
            return TokenSource::Value(token_from(&token, "GHL_TOKEN_ID"), "GHL_TOKEN_ID");
        }
        match variable("GHL_TOKEN_FILE") {
            Some(path) => TokenSource::File(path.into()),
            None => TokenSource::Stored(self.credential.clone()),
        }
    }

    /// The credential's name in the journal: where it comes from, never what it is.
    pub fn login_name(&self) -> String {
        match self.token_source() {
            TokenSource::Stored(name) => name.to_string(),
            TokenSource::Value(_, origin) => origin.to_owned(),
            TokenSource::File(path) => path.display().to_string(),
            TokenSource::None => String::new(),
        }
    }

    /// The API to use, as far as it is known without reading a file. [`Settings::resolve_api`] also reads the token.
    pub fn effective_api(&self) -> Api {
        let official = || matches!(self.token_source(), TokenSource::Value(token, _) if is_private(&token));
        self.api.unwrap_or_else(|| if official() { Api::Official } else { Api::Session })
    }

    /// Sets the API, and for an OAuth login its location, from the credential.
    ///
    /// # Errors
    /// `invalid_arguments` for `--api session` with an OAuth login, for a login to another location than
    /// `--location-id`, and when the platform has no data directory. `unauthorized` for a login that is gone.
    pub async fn resolve_api(&mut self) -> Result<()> {
        if self.sandbox {
            self.api.get_or_insert_default();
        }
        if self.given_token.is_some() || self.sandbox {
            return Ok(());
        }
        let store = Store::open(self.state_dir()?);
        let token = self.token_source().peek(&store).await;
        let official = token.as_ref().is_some_and(|token| is_private(token) || is_login(token));
        let api = *self.api.get_or_insert(if official { Api::Official } else { Api::Session });
        match token.filter(is_login) {
            Some(_) if api == Api::Session => Err(Error::invalid(
                "--api",
                "An OAuth login works only with the official API. Leave --api out, or set a session's token-id.",
            )),
            Some(login) => self.resolve_login(&store, &token_hash(&login)).await,
            None => Ok(()),
        }
    }

    /// Reads the login, and pins the server to its location if it is for one.
    async fn resolve_login(&mut self, store: &Store, login: &str) -> Result<()> {
        // A fault in reading it is reported by the first call.
        self.login = store.newest_token(login).await.ok().flatten().as_ref().and_then(login_view);
        let logged_in_to = self.login.as_ref().and_then(|login| login.location.clone());
        match (logged_in_to, &self.location_id) {
            // Without this, the error would be a missing --location-id, which is not the cause.
            (None, None) if self.login.is_none() => return Err(login_gone()),
            (Some(location), None) => self.location_id = Some(location),
            (Some(location), Some(wanted)) if location != *wanted => {
                return Err(Error::invalid(
                    "--location-id",
                    format!(
                        "The OAuth login is for location {location}, but --location-id is {wanted}. Leave --location-id out, or run `highlevel-mcp auth login` for {wanted}."
                    ),
                ));
            }
            _ => {}
        }
        Ok(())
    }
}

/// Whether this is a private integration token.
fn is_private(token: &SecretString) -> bool {
    token.expose_secret().trim().starts_with("pit-")
}
