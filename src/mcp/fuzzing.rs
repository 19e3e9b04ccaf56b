//! What comes back from a host in a confirmation, for the fuzz targets and their tests.

pub(crate) fn confirmation(data: &[u8]) {
    super::confirm::holds(data);
}
