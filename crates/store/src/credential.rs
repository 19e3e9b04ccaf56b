//! The credentials that `auth set` keeps: a file in the state directory, or an entry of the platform's keyring.

use super::{CredentialName, Store, off_thread, read_file, replace_file, text_of, token_from, token_hash, unusable};
#[cfg(feature = "keyring")]
use super::{create_private_dir, keyring_entry, private_file};
use highlevel_core::error::Result;
use secrecy::{ExposeSecret, SecretString};
use std::{
    collections::BTreeSet,
    fs,
    io::{self, Read},
    path::Path,
    time::SystemTime,
};

/// Where a credential is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CredentialPlace {
    /// A file in the state directory, readable by its owner only.
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
    pub async fn set_credential(
        &self,
        name: &CredentialName,
        token: &SecretString,
        place: CredentialPlace,
    ) -> Result<()> {
        // A replaced login is deleted with its refresh token.
        let before = self.credential(name).await?.map(|found| found.token).filter(is_login);
        if self.dir.join("state.db").exists() {
            self.admit_token(token_hash(token)).await?;
        }
        self.write_credential(name, token, place).await?;
        match before.map(|before| token_hash(&before)) {
            Some(before) if before != token_hash(token) => self.forget_tokens(&before).await,
            _ => Ok(()),
        }
    }

    async fn write_credential(
        &self,
        name: &CredentialName,
        token: &SecretString,
        place: CredentialPlace,
    ) -> Result<()> {
        let (dir, name, token) = (self.dir.clone(), name.clone(), token.clone());
        off_thread(move || match place {
            CredentialPlace::File => {
                write_file(&dir, &name, &token).map_err(|fault| unusable(&dir, fault))?;
                #[cfg(feature = "keyring")]
                if let Err(fault) = keyring_entry::clear(&name) {
                    // A machine without a keyring holds none there either.
                    tracing::debug!("the keyring was not cleared: {}", fault.message);
                }
                Ok(())
            }
            #[cfg(feature = "keyring")]
            CredentialPlace::Keyring => {
                keyring_entry::set(&name, &token)?;
                changed(&dir, &name).map_err(|fault| unusable(&dir, fault))?;
                remove_file(&dir, &name).map_err(|fault| unusable(&dir, fault)).map(drop)
            }
        })
        .await
    }

    /// The stamp of the stored credential. It costs a look at two files, which each call can afford.
    pub fn credential_stamp(&self, name: &CredentialName) -> CredentialStamp {
        let files = [name.file(), name.changed_file()];
        CredentialStamp(files.map(|file| fs::symlink_metadata(self.dir.join(file)).ok().as_ref().and_then(mark)))
    }

    /// The stored credential, without what is around it; the file comes before the keyring, and an empty one
    /// counts as none.
    ///
    /// # Errors
    /// `internal` when the file is there and cannot be read.
    pub async fn credential(&self, name: &CredentialName) -> Result<Option<Credential>> {
        let (dir, name) = (self.dir.clone(), name.clone());
        off_thread(move || {
            let mut bytes = Vec::new();
            let read = read_file(&dir.join(name.file())).and_then(|mut file| file.read_to_end(&mut bytes));
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
            match keyring_entry::get(&name) {
                Ok(found) => return Ok(found.map(|token| Credential { token, place: CredentialPlace::Keyring })),
                // A server that uses no keyring must not fail because the machine has none.
                Err(fault) => tracing::debug!("the keyring was not read: {}", fault.message),
            }
            Ok(None)
        })
        .await
    }

    /// The hashes of the credentials that are stored under other names. What cannot be read does not count.
    async fn other_credentials(&self, name: &CredentialName) -> Vec<String> {
        let files = fs::read_dir(&self.dir).into_iter().flatten().flatten();
        let names = files.filter_map(|file| CredentialName::of_file(file.file_name().to_str()?));
        let names: BTreeSet<CredentialName> = names.filter(|other| other != name).collect();
        let mut hashes = Vec::new();
        for other in &names {
            if let Ok(Some(found)) = self.credential(other).await {
                hashes.push(token_hash(&found.token));
            }
        }
        hashes
    }

    /// Removes the stored credential from every place, and the tokens that came of it, unless another stored credential
    /// has the same token. Returns whether there was one.
    ///
    /// # Errors
    /// `internal` when a place cannot be written.
    pub async fn clear_credential(&self, name: &CredentialName) -> Result<bool> {
        let Some(found) = self.credential(name).await? else { return Ok(false) };
        let others = self.other_credentials(name).await;
        self.forget_tokens_unless(&token_hash(&found.token), others).await?;
        let (dir, name) = (self.dir.clone(), name.clone());
        off_thread(move || {
            remove_file(&dir, &name).map_err(|fault| unusable(&dir, fault))?;
            #[cfg(feature = "keyring")]
            match keyring_entry::clear(&name) {
                Err(fault) if found.place == CredentialPlace::Keyring => return Err(fault),
                Err(fault) => tracing::debug!("the keyring was not cleared: {}", fault.message),
                Ok(()) => changed(&dir, &name).map_err(|fault| unusable(&dir, fault))?,
            }
            Ok(true)
        })
        .await
    }
}

fn write_file(dir: &Path, name: &CredentialName, token: &SecretString) -> io::Result<()> {
    let line = SecretString::from(format!("{}\n", token.expose_secret().trim()));
    replace_file(&dir.join(name.file()), line.expose_secret().as_bytes())
}

#[cfg(feature = "keyring")]
fn changed(dir: &Path, name: &CredentialName) -> io::Result<()> {
    use std::io::Write;
    create_private_dir(dir)?;
    let mut file = private_file(&dir.join(name.changed_file()))?;
    file.set_len(0)?;
    writeln!(file, "{:016x}", rand::random::<u64>())
}

fn remove_file(dir: &Path, name: &CredentialName) -> io::Result<()> {
    match fs::remove_file(dir.join(name.file())) {
        Err(fault) if fault.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}
