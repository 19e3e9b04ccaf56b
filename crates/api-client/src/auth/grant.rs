//! An OAuth login: what refreshes its access token, and who it is for. It is stored as one text beside the token.

use super::token::{Token, seconds};
use crate::attempt::token_header;
use chrono::{DateTime, TimeDelta, Utc};
use highlevel_core::error::{Code, Error, Result};
use highlevel_store::{NewToken, StoredToken, token_hash};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{collections::BTreeMap, fmt};

/// Whose an access token is, in OAuth's words.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Holder {
    /// An agency's: it is exchanged for a location's.
    Company,
    /// One location's.
    #[default]
    Location,
}

/// Whose token an account sends with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TokenHolder {
    /// Whoever the credential is for.
    Credential,
    /// This location. An agency's login gives a token for it.
    Location(String),
    /// The agency itself.
    Agency,
}

impl TokenHolder {
    pub(crate) fn location(&self) -> Option<&str> {
        match self {
            Self::Location(id) => Some(id),
            Self::Credential | Self::Agency => None,
        }
    }
}

/// The credentials of an app.
#[derive(Clone)]
pub struct AppKeys {
    /// Its id.
    pub id: String,
    /// Its secret.
    pub secret: SecretString,
}

impl fmt::Debug for AppKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AppKeys").field("id", &self.id).finish_non_exhaustive()
    }
}

/// The public part of a login.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoginView {
    /// Whose it is.
    pub holder: Holder,
    /// The agency.
    pub company: Option<String>,
    /// The location, where it is one's.
    pub location: Option<String>,
    /// Who logged in.
    pub user: Option<String>,
    /// The client id of the app that was logged in with.
    pub client_id: String,
    /// The scopes that the login was granted, where OAuth's answers say so.
    pub scopes: Option<Vec<String>>,
}

/// A login as it is stored.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Grant {
    pub(super) client_id: String,
    pub(super) client_secret: String,
    pub(super) refresh_token: String,
    pub(super) holder: Holder,
    pub(super) company: Option<String>,
    pub(super) location: Option<String>,
    pub(super) user: Option<String>,
    /// The granted scopes, separated by spaces. A login of an older version has none until its next refresh.
    #[serde(default)]
    pub(super) scope: Option<String>,
    /// When the access token was given.
    pub(super) issued_at: DateTime<Utc>,
    /// The locations' tokens that an agency's token was exchanged for.
    pub(super) locations: BTreeMap<String, Access>,
}

impl fmt::Debug for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Grant").field("holder", &self.holder).finish_non_exhaustive()
    }
}

/// An access token.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Access {
    pub(super) token: String,
    pub(super) issued_at: DateTime<Utc>,
    pub(super) expires_at: Option<DateTime<Utc>>,
}

impl Access {
    /// The access token of an answer to a request that went out at `from`, by the server's clock.
    pub(super) fn read(answer: &Value, from: DateTime<Utc>) -> Result<Self> {
        let token = text(answer, "access_token")
            .ok_or_else(|| Error::new(Code::UpstreamError, "The API's answer to OAuth holds no access token."))?;
        token_header(&token.as_str().into())?;
        let life = answer.get("expires_in").and_then(seconds).filter(|life| *life > 0);
        let expires_at = life.and_then(TimeDelta::try_seconds).and_then(|life| from.checked_add_signed(life));
        Ok(Self { token, issued_at: from, expires_at })
    }

    fn token(&self, origin: String, line: &str) -> Token {
        let token = Token::new(self.token.as_str().into(), origin, false, self.expires_at, self.issued_at);
        Token { login: true, line: line.to_owned(), ..token }
    }
}

/// The login with its newest access token.
#[derive(Clone)]
pub(super) struct TokenPair {
    pub(super) access: Access,
    pub(super) grant: Grant,
}

impl TokenPair {
    /// The pair of an answer of `/oauth/token`. What is missing in it stays as it was `before`.
    pub(super) fn read(answer: &Value, from: DateTime<Utc>, app: &AppKeys, before: Option<&Grant>) -> Result<Self> {
        let access = Access::read(answer, from)?;
        let kept = |get: fn(&Grant) -> Option<String>| before.and_then(get);
        let refresh_token = text(answer, "refresh_token").or_else(|| kept(|grant| Some(grant.refresh_token.clone())));
        let refresh_token = refresh_token
            .ok_or_else(|| Error::new(Code::UpstreamError, "The API's answer to OAuth holds no refresh token."))?;
        let location = text(answer, "locationId").or_else(|| kept(|grant| grant.location.clone()));
        let holder = match text(answer, "userType").as_deref() {
            Some("Company") => Holder::Company,
            Some("Location") => Holder::Location,
            _ if location.is_some() => Holder::Location,
            _ => before.map_or(Holder::Company, |grant| grant.holder),
        };
        let grant = Grant {
            client_id: app.id.clone(),
            client_secret: app.secret.expose_secret().to_owned(),
            refresh_token,
            holder,
            company: text(answer, "companyId").or_else(|| kept(|grant| grant.company.clone())),
            location,
            user: text(answer, "userId").or_else(|| kept(|grant| grant.user.clone())),
            scope: text(answer, "scope").or_else(|| kept(|grant| grant.scope.clone())),
            issued_at: from,
            locations: before.map(|grant| grant.locations.clone()).unwrap_or_default(),
        };
        Ok(Self { access, grant })
    }

    /// As it was stored; `None` for a token that came of no login.
    pub(super) fn of(stored: &StoredToken) -> Option<Self> {
        let grant: Grant = serde_json::from_str(stored.login.as_ref()?.expose_secret()).ok()?;
        let token = stored.token.expose_secret().to_owned();
        Some(Self { access: Access { token, issued_at: grant.issued_at, expires_at: stored.expires_at }, grant })
    }

    /// As it is stored.
    pub(super) fn kept(&self) -> Result<NewToken> {
        let login = serde_json::to_string(&self.grant)
            .map_err(|_| Error::new(Code::Internal, "The login could not be serialized."))?;
        let token = self.access.token.as_str().into();
        Ok(NewToken { token, expires_at: self.access.expires_at, login: Some(login.into()) })
    }

    /// What the store knows the access token by.
    pub(super) fn hash(&self) -> String {
        token_hash(&self.access.token.as_str().into())
    }

    /// Every secret of it.
    pub(super) fn secrets(&self) -> impl Iterator<Item = SecretString> {
        let Grant { client_secret, refresh_token, locations, .. } = &self.grant;
        let others = locations.values().map(|access| access.token.as_str());
        [client_secret.as_str(), refresh_token, &self.access.token].into_iter().chain(others).map(SecretString::from)
    }

    /// The token to send with. An agency's token has to be exchanged first for a location's: it is `promised`.
    pub(super) fn token(&self, holder: &TokenHolder, origin: String, line: &str) -> Token {
        let exchanged = holder.location().and_then(|location| self.grant.locations.get(location));
        let token = match (self.grant.holder, exchanged) {
            (Holder::Location, _) => self.access.token(origin, line),
            (Holder::Company, _) if *holder == TokenHolder::Agency => self.access.token(origin, line),
            (Holder::Company, Some(access)) => access.token(origin, line),
            (Holder::Company, None) => Token { promised: true, ..self.access.token(origin, line) },
        };
        Token { credential: self.hash(), ..token }
    }

    /// Whether the access token is due for a refresh, two thirds through its life.
    pub(super) fn is_due(&self, now: DateTime<Utc>) -> bool {
        self.access.token(String::new(), "").due_at.is_some_and(|due| due <= now)
    }

    pub(super) fn app(&self) -> AppKeys {
        AppKeys { id: self.grant.client_id.clone(), secret: self.grant.client_secret.as_str().into() }
    }

    pub(super) fn view(&self) -> LoginView {
        let Grant { holder, company, location, user, client_id, scope, .. } = self.grant.clone();
        let scopes = scope.map(|scope| scope.split_whitespace().map(str::to_owned).collect());
        LoginView { holder, company, location, user, client_id, scopes }
    }
}

/// The public part of the login in this row.
pub fn login_view(stored: &StoredToken) -> Option<LoginView> {
    TokenPair::of(stored).map(|pair| pair.view())
}

fn text(answer: &Value, name: &str) -> Option<String> {
    answer.get(name).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
}
