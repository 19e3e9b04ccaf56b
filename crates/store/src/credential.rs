//! The credential that `auth set` keeps: a file `token` in the state directory, or an entry of the platform's keyring.

use super::{
    Store, create_private_dir, off_thread, private_file, read_file, text_of, token_from, token_hash, unusable,
};
use highlevel_core::error::Result;
use secrecy::{ExposeSecret, SecretString};
use std::{
    fs,
    io::{self, Read, Write},
    path::Path,
    time::SystemTime,
};

/// Where a credential is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CredentialPlace {
    /// The file `token` in the state directory, readable by its owner only.
    File,
    /// The platform's keyring.
    #[cfg(feature = "keyring")]
    Keyring,
}

impl CredentialPlace {
    /// The place's name, such as `the stored token file`.
    pub fn describe(self) -> &'static str {
        match self {
            Self::File => "the stored token file",
            #[cfg(feature = "keyring")]
            Self::Keyring => "the keyring",
        }
    }
}

/// A stamp that changes with the stored credential.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CredentialStamp([Option<(SystemTime, u64, u64)>; 2]);

impl CredentialStamp {
    /// The stamp of a credential's file, following links; none for a pipe, which can be read only once.
    pub fn of_file(path: &Path) -> Self {
        Self([fs::metadata(path).ok().filter(fs::Metadata::is_file).as_ref().and_then(mark), None])
    }
}

/// A file's time of writing, its length, and its inode.
fn mark(about: &fs::Metadata) -> Option<(SystemTime, u64, u64)> {
    #[cfg(unix)]
    let number = std::os::unix::fs::MetadataExt::ino(about);
    #[cfg(not(unix))]
    let number = 0;
    Some((about.modified().ok()?, about.len(), number))
}

/// A file that is written with each change of the keyring's entry, since checking the keyring itself is expensive.
const CHANGED: &str = "token.changed";

/// The prefix of an OAuth login's name. The name is stored as the credential, and is not secret; the login itself is in
/// `state.db` under the name's hash.
const LOGIN: &str = "oauth:";

/// Whether this is the name of an OAuth login.
pub fn is_login(token: &SecretString) -> bool {
    token.expose_secret().trim().starts_with(LOGIN)
}

/// The name of a new login.
pub fn new_login() -> SecretString {
    format!("{LOGIN}{:032x}", rand::random::<u128>()).into()
}

/// A stored credential and where it was found.
#[derive(Debug, Clone)]
pub struct Credential {
    /// The token.
    pub token: SecretString,
    /// Where it is stored.
    pub place: CredentialPlace,
}

impl Store {
    /// Stores the credential in this place and removes it from the other, so that there is only one.
    ///
    /// # Errors
    /// `internal` when the place cannot be written.
    pub async fn set_credential(&self, token: &SecretString, place: CredentialPlace) -> Result<()> {
        // A replaced login is deleted with its refresh token.
        let before = self.credential().await?.map(|found| found.token).filter(is_login);
        if self.dir.join("state.db").exists() {
            self.admit_token(token_hash(token)).await?;
        }
        self.write_credential(token, place).await?;
        match before.map(|before| token_hash(&before)) {
            Some(before) if before != token_hash(token) => self.forget_tokens(&before).await,
            _ => Ok(()),
        }
    }

    async fn write_credential(&self, token: &SecretString, place: CredentialPlace) -> Result<()> {
        let (dir, token) = (self.dir.clone(), token.clone());
        off_thread(move || match place {
            CredentialPlace::File => {
                write_file(&dir, &token).map_err(|fault| unusable(&dir, fault))?;
                #[cfg(feature = "keyring")]
                if let Err(fault) = keyring_entry::clear() {
                    // A machine without a keyring holds none there either.
                    tracing::debug!("the keyring was not cleared: {}", fault.message);
                }
                Ok(())
            }
            #[cfg(feature = "keyring")]
            CredentialPlace::Keyring => {
                keyring_entry::set(&token)?;
                changed(&dir).map_err(|fault| unusable(&dir, fault))?;
                remove_file(&dir).map_err(|fault| unusable(&dir, fault)).map(drop)
            }
        })
        .await
    }

    /// The stamp of the stored credential. It costs a look at two files, which each call can afford.
    pub fn credential_stamp(&self) -> CredentialStamp {
        CredentialStamp(
            ["token", CHANGED].map(|name| fs::symlink_metadata(self.dir.join(name)).ok().as_ref().and_then(mark)),
        )
    }

    /// The stored credential, without what is around it; the file comes before the keyring, and an empty one
    /// counts as none.
    ///
    /// # Errors
    /// `internal` when the file is there and cannot be read.
    pub async fn credential(&self) -> Result<Option<Credential>> {
        let dir = self.dir.clone();
        off_thread(move || {
            let mut bytes = Vec::new();
            let read = read_file(&dir.join("token")).and_then(|mut file| file.read_to_end(&mut bytes));
            let text = match read.and_then(|_| text_of(bytes)) {
                Ok(text) => text,
                Err(fault) if fault.kind() == io::ErrorKind::NotFound => String::new(),
                Err(fault) => {
                    let what = format!("{fault} (a secret that is mounted is given with --token-file)");
                    return Err(unusable(&dir, what));
                }
            };
            if !text.trim().is_empty() {
                let token = token_from(&text, CredentialPlace::File.describe());
                return Ok(Some(Credential { token, place: CredentialPlace::File }));
            }
            #[cfg(feature = "keyring")]
            match keyring_entry::get() {
                Ok(found) => return Ok(found.map(|token| Credential { token, place: CredentialPlace::Keyring })),
                // A server that uses no keyring must not fail because the machine has none.
                Err(fault) => tracing::debug!("the keyring was not read: {}", fault.message),
            }
            Ok(None)
        })
        .await
    }

    /// Removes the stored credential from every place, and the tokens that came of it. Returns whether there was
    /// one.
    ///
    /// # Errors
    /// `internal` when a place cannot be written.
    pub async fn clear_credential(&self) -> Result<bool> {
        let Some(found) = self.credential().await? else { return Ok(false) };
        self.forget_tokens(&token_hash(&found.token)).await?;
        let dir = self.dir.clone();
        off_thread(move || {
            remove_file(&dir).map_err(|fault| unusable(&dir, fault))?;
            #[cfg(feature = "keyring")]
            match keyring_entry::clear() {
                Err(fault) if found.place == CredentialPlace::Keyring => return Err(fault),
                Err(fault) => tracing::debug!("the keyring was not cleared: {}", fault.message),
                Ok(()) => changed(&dir).map_err(|fault| unusable(&dir, fault))?,
            }
            Ok(true)
        })
        .await
    }
}

/// Writes beside the file and renames: a reader sees the old token or the new one, never half of one.
fn write_file(dir: &Path, token: &SecretString) -> io::Result<()> {
    create_private_dir(dir)?;
    let temporary = dir.join(format!("token.{}.new", std::process::id()));
    let written = private_file(&temporary).and_then(|mut file| {
        file.set_len(0)?;
        file.write_all(token.expose_secret().trim().as_bytes())?;
        file.write_all(b"\n")?;
        file.sync_all()?;
        fs::rename(&temporary, dir.join("token"))
    });
    if written.is_err() {
        // The first error is reported; the temporary file is removed if possible.
        drop(fs::remove_file(&temporary));
    }
    written
}

#[cfg(feature = "keyring")]
fn changed(dir: &Path) -> io::Result<()> {
    create_private_dir(dir)?;
    let mut file = private_file(&dir.join(CHANGED))?;
    file.set_len(0)?;
    writeln!(file, "{:016x}", rand::random::<u64>())
}

fn remove_file(dir: &Path) -> io::Result<()> {
    match fs::remove_file(dir.join("token")) {
        Err(fault) if fault.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

#[cfg(feature = "keyring")]
mod keyring_entry {
    //! The keyring's entry; every function blocks (on Linux it speaks to the Secret Service over D-Bus).

    use super::token_from;
    use highlevel_core::error::{Code, Error, Result};
    use keyring::v1::{Entry, Error as Fault};
    use secrecy::{ExposeSecret, SecretString};

    fn entry() -> Result<Entry> {
        Entry::new("highlevel-mcp", "token").map_err(unusable)
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

    pub(super) fn set(token: &SecretString) -> Result<()> {
        entry()?.set_password(token.expose_secret().trim()).map_err(unusable)
    }

    pub(super) fn get() -> Result<Option<SecretString>> {
        match entry()?.get_password() {
            Ok(token) if token.trim().is_empty() => Ok(None),
            Ok(token) => Ok(Some(token_from(&token, "the keyring"))),
            Err(Fault::NoEntry) => Ok(None),
            Err(fault) => Err(unusable(fault)),
        }
    }

    pub(super) fn clear() -> Result<()> {
        match entry()?.delete_credential() {
            Ok(()) | Err(Fault::NoEntry) => Ok(()),
            Err(fault) => Err(unusable(fault)),
        }
    }
}
