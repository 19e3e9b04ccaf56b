//! Who makes a request: a client with a token of its own, or anybody with --no-auth.

use super::{
    HttpOptions,
    clients::Clients,
    oauth::{Grant, Issuer},
    refusal::HttpError,
};
use crate::settings::clients::{ClientEntry, ClientsFile, token_hash};
use axum::http::{HeaderMap, StatusCode, header};
use highlevel_core::{clean, context::Caller};
use subtle::ConstantTimeEq;

/// The challenge of a server without an OAuth issuer.
const REALM: &str = "Bearer realm=\"highlevel-mcp\"";

/// The most characters of an OAuth client's name in the journal.
const CALLER_CHARS: usize = 100;

/// Who makes a request.
#[derive(Debug, Clone)]
pub(super) struct Who {
    /// The client's entry, if it has one.
    pub(super) entry: Option<ClientEntry>,
    /// The caller for the journal, if he is known.
    pub(super) caller: Option<Caller>,
    /// Whether the scopes of the token allow writes.
    pub(super) may_write: bool,
}

impl Who {
    /// Who owns the sessions that the request opens.
    pub(super) fn owner(&self) -> Caller {
        self.caller.clone().unwrap_or_default()
    }

    /// The name by which the client is served. What may only read is served apart.
    pub(super) fn served_name(&self) -> String {
        let name = self.entry.as_ref().map_or("", |entry| entry.name.as_str());
        // No client's name has a space.
        if self.may_write { name.to_owned() } else { format!("{name} reads") }
    }
}

/// How clients are recognized.
#[derive(Debug)]
pub(super) struct Access {
    is_open: bool,
    issuer: Option<Issuer>,
}

impl Access {
    pub(super) fn new(options: &HttpOptions, issuer: Option<Issuer>) -> Self {
        Self { is_open: options.no_auth, issuer }
    }

    /// The issuer whose tokens are accepted, too.
    pub(super) fn issuer(&self) -> Option<&Issuer> {
        self.issuer.as_ref()
    }

    /// Refuses a write for which the token's scopes are not enough.
    pub(super) fn check_write(&self, who: &Who) -> Result<(), HttpError> {
        match &self.issuer {
            Some(issuer) if !who.may_write => Err(issuer.insufficient(true)),
            _ => Ok(()),
        }
    }

    /// What keeps anybody from connecting.
    pub(super) fn warning(&self, clients: &Clients) -> Option<String> {
        let nobody = !self.is_open && self.issuer.is_none() && clients.file().is_ok_and(|file| file.clients.is_empty());
        nobody.then(|| {
            "No client may connect yet. `highlevel-mcp clients add NAME` makes a token for one; it takes effect at once."
                .to_owned()
        })
    }

    /// Who makes a request with these headers.
    pub(super) async fn identify(&self, clients: &Clients, headers: &HeaderMap) -> Result<Who, HttpError> {
        if self.is_open {
            return Ok(Who { entry: None, caller: None, may_write: true });
        }
        let file = clients.file().map_err(|()| {
            let message = "The file of the clients cannot be read; the server's log says why.";
            HttpError::new(StatusCode::SERVICE_UNAVAILABLE, message).retry_after(30)
        })?;
        let token = bearer(headers).ok_or_else(|| match &self.issuer {
            Some(issuer) => issuer.missing(),
            None => {
                let message = "This server needs a token: Authorization: Bearer TOKEN.";
                HttpError::new(StatusCode::UNAUTHORIZED, message).challenge(REALM)
            }
        })?;
        match (with_token(&file, token), &self.issuer) {
            (Some(entry), _) => {
                let caller = Caller { client: entry.name.clone(), subject: None };
                Ok(Who { entry: Some(entry), caller: Some(caller), may_write: true })
            }
            (None, Some(issuer)) => granted(&file, issuer.verify(token).await?),
            (None, None) => {
                let challenge = format!("{REALM}, error=\"invalid_token\"");
                let message = "This token is not, or no longer, a client's.";
                Err(HttpError::new(StatusCode::UNAUTHORIZED, message).challenge(&challenge))
            }
        }
    }
}

/// The client whose token this is.
fn with_token(file: &ClientsFile, token: &str) -> Option<ClientEntry> {
    let hash = token_hash(token);
    // Every hash is compared, each in constant time.
    let is_its = |client: &&ClientEntry| {
        let known = client.token_sha256.as_deref().unwrap_or_default();
        bool::from(known.as_bytes().ct_eq(hash.as_bytes()))
    };
    file.clients.iter().filter(is_its).fold(None, |_, client| Some(client.clone()))
}

/// Who has a token of the issuer: the client that names its subject, or else its OAuth client. Where no entry has either,
/// every valid token is let in, with all that the server allows.
fn granted(file: &ClientsFile, grant: Grant) -> Result<Who, HttpError> {
    let named = |names: fn(&ClientEntry) -> &Vec<String>, wanted: &Option<String>| {
        let wanted = wanted.as_ref()?;
        file.clients.iter().find(|client| names(client).contains(wanted))
    };
    let entry = named(|client| &client.oauth_subjects, &grant.subject)
        .or_else(|| named(|client| &client.oauth_clients, &grant.client));
    if entry.is_none() && file.clients.iter().any(ClientEntry::has_oauth) {
        let message = "The operator has not admitted this token's subject or client.";
        return Err(HttpError::new(StatusCode::FORBIDDEN, message));
    }
    let unnamed = || "oauth".to_owned();
    // A caller without a subject is a client with a token of its own, whose name an OAuth client may have, too.
    let subject = grant.subject.or_else(|| grant.client.clone()).unwrap_or_else(unnamed);
    let client = entry.map(|entry| entry.name.clone()).or(grant.client).unwrap_or_else(unnamed);
    let caller = Caller { client: clean::line(&client, CALLER_CHARS), subject: Some(subject) };
    Ok(Who { entry: entry.cloned(), caller: Some(caller), may_write: grant.may_write })
}

/// The token of a request that has one.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut given = headers.get_all(header::AUTHORIZATION).iter();
    let (value, None) = (given.next()?.to_str().ok()?, given.next()) else { return None };
    let (scheme, token) = value.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}
