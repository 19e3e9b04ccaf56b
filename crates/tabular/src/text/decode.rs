//! A file of text as a stream of UTF-8.

use super::encoding::{TextEncoding, decode};
use crate::reader::Source;
use encoding_rs::Decoder;
use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
};

const CHUNK: usize = 64 * 1024;

/// A file of text, decoded chunk by chunk. Malformed bytes become U+FFFD.
pub(crate) struct Decoded {
    file: File,
    decoder: Decoder,
    input: Vec<u8>,
    /// How much of `input` is read and not yet decoded.
    pending: usize,
    has_ended: bool,
    /// Whether anything so far was malformed.
    pub(crate) is_malformed: bool,
}

impl Decoded {
    pub(crate) fn open(source: &Source, encoding: &TextEncoding) -> io::Result<Self> {
        let mut file = source.rewound()?;
        file.seek(SeekFrom::Start(encoding.mark))?;
        Ok(Self {
            file,
            decoder: encoding.encoding.new_decoder_without_bom_handling(),
            input: vec![0; CHUNK],
            pending: 0,
            has_ended: false,
            is_malformed: false,
        })
    }

    /// Appends more text. Returns false at the end of the file.
    pub(crate) fn more(&mut self, text: &mut String) -> io::Result<bool> {
        while !self.has_ended {
            let free = self.input.get_mut(self.pending..).unwrap_or_default();
            let length = self.file.read(free)?;
            let last = length == 0;
            let filled = self.pending.saturating_add(length);
            // Every byte may become a character of three bytes.
            text.reserve(filled.saturating_mul(3).saturating_add(16));
            let bytes = self.input.get(..filled).unwrap_or_default();
            let before = text.len();
            let (read, is_malformed, is_full) = decode(&mut self.decoder, bytes, text, last);
            self.is_malformed |= is_malformed;
            self.input.copy_within(read..filled, 0);
            self.pending = filled.saturating_sub(read);
            self.has_ended = last && !is_full;
            if text.len() > before {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
