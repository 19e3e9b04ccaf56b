//! Files of text: their encoding, and rows separated by delimiters.

mod decode;
mod delimited;
mod encoding;
mod records;
mod scan;
mod sniff;

pub(crate) use decode::Decoded;
pub(crate) use delimited::open;
pub(crate) use encoding::{TextEncoding, detect};
