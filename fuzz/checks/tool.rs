//! A tool of the session API.

use highlevel_catalog::{Catalog, OperationSpec};

/// The tool that the first byte names, and the rest.
pub(crate) fn of(data: &[u8]) -> Option<(&'static OperationSpec, &[u8])> {
    let (first, rest) = data.split_first()?;
    let remote: Vec<&OperationSpec> = Catalog::session().iter().filter(|spec| !spec.is_local()).collect();
    Some((remote.get(usize::from(*first) % remote.len())?, rest))
}
