//! The process's limit on open files.

/// As many open files as some hundred accounts need: each mirror and database that is in use keeps a few open.
#[cfg(unix)]
const WANTED: u64 = 10_240;

/// Raises the limit on this process's open files, as far as its user may. For a process that serves several accounts: usual
/// limits are 256 and 1,024. Does nothing where there is no such limit.
#[cfg(unix)]
pub fn raise_open_files() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let wanted = maximum.map_or(WANTED, |maximum| WANTED.min(maximum));
    if current.is_some_and(|current| current < wanted)
        && let Err(fault) = setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum })
    {
        tracing::debug!("the limit on open files stays as it is: {fault}");
    }
}

/// How many files this process may have open, where there is such a limit.
#[cfg(unix)]
pub fn open_files_limit() -> Option<u64> {
    use rustix::process::{Resource, getrlimit};
    getrlimit(Resource::Nofile).current
}

/// Does nothing: this system has no such limit.
#[cfg(not(unix))]
pub fn raise_open_files() {}

/// None: this system has no such limit.
#[cfg(not(unix))]
pub fn open_files_limit() -> Option<u64> {
    None
}
