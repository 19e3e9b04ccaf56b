//! The host's stdin and stdout without a thread that blocks, where the system allows it.
//!
//! Node's hosts (Claude Desktop, VS Code) hand over Unix sockets, most others pipes. Terminals, files and other systems have
//! tokio's threads.

use rmcp::transport::{StdioReader, StdioWriter, stdio_pipes};
use tokio::io::{AsyncRead, AsyncWrite};
#[cfg(unix)]
use {std::os::fd::AsFd, tokio::net::UnixStream, tokio_util::either::Either};

/// What is read from the host, and what is written to it. Has to be made on a runtime.
#[cfg(unix)]
pub fn stdio() -> (impl AsyncRead + Send + Unpin + 'static, impl AsyncWrite + Send + Unpin + 'static) {
    match (socket(&std::io::stdin()), socket(&std::io::stdout())) {
        (Some(read), Some(write)) => (Either::Left(read), Either::Left(write)),
        _ => {
            let (read, write): (StdioReader, StdioWriter) = stdio_pipes();
            (Either::Right(read), Either::Right(write))
        }
    }
}

/// What is read from the host, and what is written to it. Has to be made on a runtime.
#[cfg(not(unix))]
pub fn stdio() -> (StdioReader, StdioWriter) {
    stdio_pipes()
}

/// The stream, if it is a Unix socket. It gets a descriptor of its own; that it does not block any more is also so for who
/// shares the socket, and nobody does: the host holds the pair's other end.
#[cfg(unix)]
fn socket(stream: &impl AsFd) -> Option<UnixStream> {
    let stream = std::os::unix::net::UnixStream::from(stream.as_fd().try_clone_to_owned().ok()?);
    // Fails for whatever is no Unix socket.
    stream.local_addr().ok()?;
    stream.set_nonblocking(true).ok()?;
    UnixStream::from_std(stream).ok()
}
