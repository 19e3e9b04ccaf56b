//! The keyring's entry; every function blocks (on Linux it speaks to the Secret Service over D-Bus).

use super::{CredentialName, token_from};
use highlevel_core::error::{Code, Error, Result};
use keyring::v1::{Entry, Error as Fault};
use secrecy::{ExposeSecret, SecretString};

fn entry(name: &CredentialName) -> Result<Entry> {
    Entry::new("highlevel-mcp", &name.file()).map_err(unusable)
}

// Only the kind of the error is reported: some variants contain the secret.
fn unusable(fault: Fault) -> Error {
    let what = match fault {
        Fault::NoDefaultStore => "this machine has none that can be reached",
        Fault::NoStorageAccess(_) => "it is locked or cannot be reached",
        _ => "it refused",
    };
    Error::new(Code::Internal, format!("The keyring cannot be used: {what}. Store the token in a file instead."))
}

pub(super) fn set(name: &CredentialName, token: &SecretString) -> Result<()> {
    entry(name)?.set_password(token.expose_secret().trim()).map_err(unusable)
}

pub(super) fn get(name: &CredentialName) -> Result<Option<SecretString>> {
    match entry(name)?.get_password() {
        Ok(token) if token.trim().is_empty() => Ok(None),
        Ok(token) => Ok(Some(token_from(&token, "the keyring"))),
        Err(Fault::NoEntry) => Ok(None),
        Err(fault) => Err(unusable(fault)),
    }
}

pub(super) fn clear(name: &CredentialName) -> Result<()> {
    match entry(name)?.delete_credential() {
        Ok(()) | Err(Fault::NoEntry) => Ok(()),
        Err(fault) => Err(unusable(fault)),
    }
}
