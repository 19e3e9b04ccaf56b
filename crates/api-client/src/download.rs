//! Answers that are files: written to disk as they arrive, however large they are.

use super::{
    AnswerFile, Body, Fate, SaveFile,
    attempt::{self, AttemptOutcome, Reading, Wire, unreadable},
    content::{self, Content},
    http::Read,
    retry::AttemptFailure,
    urls::Outgoing,
};
use bytes::Bytes;
use highlevel_core::{
    error::{Code, Error, Result},
    folders::{NewFile, WriteFolder},
};
use std::{io::Write, path::PathBuf, time::Duration};
use tokio::{sync::mpsc, task::JoinHandle};

/// The most bytes of a text that is answered and not saved.
const SHORT_TEXT: usize = 16 * 1024;

/// The pieces of a file that wait for the disk.
const PIECES: usize = 8;

/// What is written, in errors.
const PURPOSE: &str = "The answer is a file";

/// An answer as it was received.
#[derive(Debug)]
enum Received {
    /// JSON, a short text or a page, in memory.
    Body(Read),
    /// A file that was saved.
    Saved(AnswerFile),
}

/// Why an answer was not received.
#[derive(Debug)]
enum Trouble {
    /// The connection broke, or the compression is damaged.
    Broken,
    /// Nothing arrived for so long.
    Silent,
    /// It cannot be kept: too large, or the disk refuses it.
    Lasting(Error),
}

impl Wire {
    /// The answer to a request for a file, or to the redirect that answered it.
    pub(crate) async fn receive_file(
        &self,
        response: reqwest::Response,
        reading: Reading,
        out: &Outgoing,
    ) -> AttemptOutcome {
        let response = match self.follow(response, out).await {
            Ok(response) => response,
            Err(failure) => return AttemptOutcome::Failed(failure),
        };
        let (status, content_type) = (response.status(), content::content_type(response.headers()));
        let Some(save) = &out.save else { return unreadable("it is a file") };
        let idle = self.runtime.attempt_timeout();
        match receive(response, save, self.max_body, idle).await {
            Ok(Received::Saved(file)) => AttemptOutcome::Answer(status, Body::File(file)),
            Ok(Received::Body(Read::Whole(bytes))) => self.understand(status, &content_type, &bytes, reading, out),
            Ok(Received::Body(_)) => lasting(attempt::too_large(self.max_body)),
            Err(Trouble::Broken) => unreadable("it broke off"),
            Err(Trouble::Silent) => attempt::silent(idle),
            Err(Trouble::Lasting(error)) => lasting(error),
        }
    }
}

fn lasting(error: Error) -> AttemptOutcome {
    AttemptOutcome::Failed(AttemptFailure::lasting(error, Fate::Unknown))
}

/// Reads an answer that is to be a file. What is no file stays in memory: an error in JSON, a page, a short text, at most
/// `max_body` bytes. `idle` is the longest time without a byte.
async fn receive(
    response: reqwest::Response,
    save: &SaveFile,
    max_body: usize,
    idle: Duration,
) -> Result<Received, Trouble> {
    let content_type = content::content_type(response.headers());
    let extension = content::extension(response.headers());
    let announced = response.content_length();
    let mut pieces = Pieces { response, idle };
    let mut head = Vec::new();
    while head.len() <= SHORT_TEXT {
        match pieces.next().await? {
            Some(piece) => head.extend_from_slice(&piece),
            None if content::of(&head, &content_type) != Content::Binary => {
                return Ok(Received::Body(Read::Whole(head)));
            }
            None => break,
        }
    }
    if stays_in_memory(&head, &content_type) {
        return pieces.rest(head, max_body).await.map(Received::Body);
    }
    if announced.is_some_and(|bytes| bytes > save.max_bytes) {
        return Err(Trouble::Lasting(too_large(save.max_bytes)));
    }
    let mut writer = FileWriter::start(save.folder.clone());
    let bytes = match pass_on(&mut pieces, head, &mut writer, save.max_bytes).await {
        Ok(bytes) => bytes,
        Err(trouble) => {
            writer.abandon().await;
            return Err(trouble);
        }
    };
    let path = writer.finish(format!("{}.{extension}", save.name)).await.map_err(Trouble::Lasting)?;
    Ok(Received::Saved(AnswerFile { path: Some(path), bytes, content_type }))
}

/// Writes what was read and what follows, and gives its size. Ends early where the file takes no more.
async fn pass_on(pieces: &mut Pieces, head: Vec<u8>, writer: &mut FileWriter, max_bytes: u64) -> Result<u64, Trouble> {
    let mut bytes = 0;
    let mut piece = Some(Bytes::from(head));
    while let Some(some) = piece {
        bytes += some.len() as u64;
        if bytes > max_bytes {
            return Err(Trouble::Lasting(too_large(max_bytes)));
        }
        if !writer.write(some).await {
            break;
        }
        piece = pieces.next().await?;
    }
    Ok(bytes)
}

/// Whether an answer of which this is the beginning is an error or data, and no file.
fn stays_in_memory(head: &[u8], content_type: &str) -> bool {
    match content::of(head, content_type) {
        Content::Json | Content::Page => true,
        Content::Text | Content::Binary => false,
    }
}

fn too_large(most: u64) -> Error {
    let message = format!("The file is larger than {} MB, and is not saved.", most / 1024 / 1024);
    Error::new(Code::TooLarge, message)
}

/// The pieces of a body as they arrive.
struct Pieces {
    response: reqwest::Response,
    idle: Duration,
}

impl Pieces {
    async fn next(&mut self) -> Result<Option<Bytes>, Trouble> {
        match tokio::time::timeout(self.idle, self.response.chunk()).await {
            Ok(piece) => piece.map_err(|_| Trouble::Broken),
            Err(_) => Err(Trouble::Silent),
        }
    }

    /// What was read and what follows, of at most `most` bytes.
    async fn rest(mut self, mut read: Vec<u8>, most: usize) -> Result<Read, Trouble> {
        while let Some(piece) = self.next().await? {
            read.extend_from_slice(&piece);
            if read.len() > most {
                return Ok(Read::TooLarge(read));
            }
        }
        Ok(Read::Whole(read))
    }
}

/// A file that another thread writes, because disks block. Dropped before its end, it leaves nothing.
struct FileWriter {
    pieces: mpsc::Sender<Bytes>,
    file: JoinHandle<Result<NewFile>>,
}

impl FileWriter {
    fn start(folder: WriteFolder) -> Self {
        let (pieces, mut arriving) = mpsc::channel::<Bytes>(PIECES);
        let write = move || {
            let mut file = folder.create(PURPOSE)?;
            while let Some(piece) = arriving.blocking_recv() {
                file.write_all(&piece).map_err(|fault| file.failed(fault))?;
            }
            Ok(file)
        };
        Self { pieces, file: tokio::task::spawn_blocking(write) }
    }

    /// Whether the file takes more. [`FileWriter::finish`] says why it does not.
    async fn write(&mut self, piece: Bytes) -> bool {
        self.pieces.send(piece).await.is_ok()
    }

    /// Leaves nothing, and returns when that is so.
    async fn abandon(self) {
        drop(self.pieces);
        drop(self.file.await);
    }

    async fn finish(self, name: String) -> Result<PathBuf> {
        drop(self.pieces);
        let interrupted = |fault| Error::new(Code::Internal, "Writing the file was interrupted.").caused_by(fault);
        let file = self.file.await.map_err(interrupted)??;
        tokio::task::spawn_blocking(move || file.finish(&name)).await.map_err(interrupted)?
    }
}

impl SaveFile {
    /// Refuses a call whose file could not be saved.
    ///
    /// # Errors
    /// `policy_denied` naming the setting.
    pub async fn check(&self) -> Result<()> {
        let folder = self.folder.clone();
        let checked = tokio::task::spawn_blocking(move || folder.create(PURPOSE).map(drop)).await;
        checked.map_err(|fault| Error::new(Code::Internal, "The folder could not be checked.").caused_by(fault))?
    }
}
