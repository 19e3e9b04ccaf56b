//! Lines from the host, up to a bound.

use super::id_finder::IdFinder;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};

/// The longest line that is read. It is rmcp's own bound.
pub(super) const MAX_LINE: usize = 16 * 1024 * 1024;

/// Reads lines. A read can be cancelled at any await: the next one goes on where it stopped.
pub(super) struct LineReader<R> {
    read: BufReader<R>,
    line: Vec<u8>,
    /// Set while the rest of a line that is too long is skipped.
    skipping: Option<IdFinder>,
}

/// What a read gives.
pub(super) enum Line {
    Whole(Vec<u8>),
    /// A line above the bound, with its id as it is written there.
    TooLong(Option<String>),
    End,
}

impl<R: AsyncRead + Unpin> LineReader<R> {
    pub(super) fn new(read: R) -> Self {
        Self { read: BufReader::with_capacity(64 * 1024, read), line: Vec::new(), skipping: None }
    }

    pub(super) async fn next(&mut self) -> Line {
        loop {
            let available = match self.read.fill_buf().await {
                Ok(bytes) if !bytes.is_empty() => bytes,
                // A stream that fails has ended, too.
                _ => return Line::End,
            };
            let end = available.iter().position(|byte| *byte == b'\n');
            let take = end.map_or(available.len(), |at| at + 1);
            let bytes = available.get(..take).unwrap_or_default();
            match &mut self.skipping {
                Some(finder) => finder.feed(bytes),
                None => self.line.extend_from_slice(bytes),
            }
            self.read.consume(take);
            if self.line.len() > MAX_LINE {
                let mut finder = IdFinder::default();
                finder.feed(&std::mem::take(&mut self.line));
                self.skipping = Some(finder);
            }
            if end.is_some() {
                return match self.skipping.take() {
                    Some(finder) => Line::TooLong(finder.id()),
                    None => Line::Whole(std::mem::take(&mut self.line)),
                };
            }
        }
    }
}
