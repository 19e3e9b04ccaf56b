//! Standard input and output without blocking threads, where the system allows it.
//!
//! Node's hosts (Claude Desktop, VS Code) pass Unix sockets, most others pipes. Terminals, files and other systems get tokio's
//! threads.

use rmcp::transport::{StdioReader, StdioWriter, stdio_pipes};
use tokio::io::{AsyncRead, AsyncWrite};
#[cfg(unix)]
use {std::os::fd::AsFd, tokio::net::UnixStream, tokio_util::either::Either};

/// Standard input and output. Needs a runtime.
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

/// Standard input and output. Needs a runtime.
#[cfg(not(unix))]
pub fn stdio() -> (StdioReader, StdioWriter) {
    stdio_pipes()
}

/// The stream, if it is a Unix socket. The descriptor is a duplicate, but it shares the non-blocking mode with the original.
/// Nothing else uses this end of the socket.
#[cfg(unix)]
fn socket(stream: &impl AsFd) -> Option<UnixStream> {
    let stream = std::os::unix::net::UnixStream::from(stream.as_fd().try_clone_to_owned().ok()?);
    // Fails for everything that is not a Unix socket.
    stream.local_addr().ok()?;
    stream.set_nonblocking(true).ok()?;
    UnixStream::from_std(stream).ok()
}
