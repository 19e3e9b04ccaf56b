//! A tool of the session API.

use highlevel_catalog::{ALL, Entry};

/// The tool that the first byte names, and the rest.
pub(crate) fn of(data: &[u8]) -> Option<(&'static Entry, &[u8])> {
    let (first, rest) = data.split_first()?;
    let remote: Vec<&Entry> = ALL.iter().filter(|entry| !entry.path.is_empty()).collect();
    Some((remote.get(usize::from(*first) % remote.len())?, rest))
}
