//! The socket of a connection to a handler. It knows whether the handler can have read the request that was sent last.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll};

use rustix::io::Errno;
use rustix::net::{RecvFlags, recv};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// A connection's socket.
#[derive(Debug)]
pub(super) struct Socket {
    stream: TcpStream,
    course: Arc<Course>,
    /// Whether something was read since the last acknowledgement was asked for.
    owes_acknowledgement: bool,
}

/// How far a connection has come with its present request.
#[derive(Debug, Default)]
pub(super) struct Course(AtomicU8);

/// The connection was used before, so that the handler may have closed it meanwhile.
const KEPT: u8 = 1;
/// A part of the request was written.
const WRITTEN: u8 = 2;
/// Something came after that.
const ANSWERED: u8 = 4;
/// The handler's side closed the connection before it had taken all that was written.
const RESET: u8 = 8;

impl Course {
    /// Begins another request on the same connection.
    pub(super) fn begin_another(&self) {
        self.0.store(KEPT, Ordering::Relaxed);
    }

    /// Whether the handler cannot have read the whole request.
    pub(super) fn is_unread(&self) -> bool {
        let course = self.0.load(Ordering::Relaxed);
        course & WRITTEN == 0 || course & (RESET | ANSWERED) == RESET
    }

    fn has(&self, step: u8) -> bool {
        self.0.load(Ordering::Relaxed) & step != 0
    }

    fn note(&self, step: u8) {
        self.0.fetch_or(step, Ordering::Relaxed);
    }

    fn note_error(&self, error: &io::Error) {
        use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset};
        if matches!(error.kind(), BrokenPipe | ConnectionAborted | ConnectionReset) {
            self.note(RESET);
        }
    }

    fn note_written(&self, written: &Poll<io::Result<usize>>) {
        match written {
            Poll::Ready(Ok(1..)) => self.note(WRITTEN),
            Poll::Ready(Err(error)) => self.note_error(error),
            Poll::Ready(Ok(0)) | Poll::Pending => {}
        }
    }
}

impl Socket {
    pub(super) fn new(stream: TcpStream) -> (Self, Arc<Course>) {
        let course = Arc::<Course>::default();
        (Self { stream, course: Arc::clone(&course), owes_acknowledgement: false }, course)
    }

    /// Refuses to write the first byte of a request on a connection that the handler has closed. Only the system knows:
    /// nobody may have looked since.
    fn check_before_write(&self) -> io::Result<()> {
        if !self.course.has(KEPT) || self.course.has(WRITTEN) {
            return Ok(());
        }
        match recv(&self.stream, &mut [0; 1], RecvFlags::PEEK | RecvFlags::DONTWAIT) {
            Err(Errno::AGAIN) => Ok(()),
            // Closed, broken, or something came that nobody has asked for.
            _ => Err(io::ErrorKind::ConnectionAborted.into()),
        }
    }

    /// Acknowledges what was read now. A handler that writes its answer in two parts may send the second one only when the
    /// first is acknowledged, and a system puts that off by 40 ms when it has nothing to send.
    fn acknowledge(&mut self) {
        if std::mem::take(&mut self.owes_acknowledgement) {
            #[cfg(target_os = "linux")]
            let _ = rustix::net::sockopt::set_tcp_quickack(&self.stream, true);
        }
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        match &read {
            Poll::Pending => self.acknowledge(),
            Poll::Ready(Ok(())) if buffer.filled().len() > before => {
                self.owes_acknowledgement = true;
                if self.course.has(WRITTEN) {
                    self.course.note(ANSWERED);
                }
            }
            Poll::Ready(Ok(())) => {
                // The end. If what was written came after it, the system has an error too.
                if let Ok(Some(error)) = self.stream.take_error() {
                    self.course.note_error(&error);
                }
            }
            Poll::Ready(Err(error)) => self.course.note_error(error),
        }
        read
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.check_before_write()?;
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.course.note_written(&written);
        written
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.check_before_write()?;
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, parts);
        self.course.note_written(&written);
        written
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    /// A connection with one exchange behind it, and the handler's end.
    async fn kept() -> (Socket, Arc<Course>, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (mut socket, course) = Socket::new(stream);
        let (mut handler, _) = listener.accept().await.unwrap();
        assert!(course.is_unread());
        socket.write_all(b"one").await.unwrap();
        handler.read_exact(&mut [0; 3]).await.unwrap();
        handler.write_all(b"yes").await.unwrap();
        socket.read_exact(&mut [0; 3]).await.unwrap();
        assert!(!course.is_unread());
        course.begin_another();
        (socket, course, handler)
    }

    #[tokio::test]
    async fn nothing_is_written_to_a_handler_that_has_closed_or_speaks_unasked() {
        let (mut socket, course, handler) = kept().await;
        drop(handler);
        assert!(socket.write_all(b"two").await.is_err());
        assert!(course.is_unread());

        let (mut socket, course, mut handler) = kept().await;
        handler.write_all(b"?").await.unwrap();
        assert!(socket.write_all(b"two").await.is_err());
        assert!(course.is_unread());
    }

    #[tokio::test]
    async fn a_request_that_the_handler_has_read_is_not_unread() {
        let (mut socket, course, mut handler) = kept().await;
        socket.write_all(b"two").await.unwrap();
        handler.read_exact(&mut [0; 3]).await.unwrap();
        drop(handler);
        assert_eq!(socket.read(&mut [0; 3]).await.unwrap(), 0);
        assert!(!course.is_unread());
    }

    #[tokio::test]
    async fn a_request_that_the_handler_has_left_is_unread_unless_an_answer_came() {
        let (mut socket, course, handler) = kept().await;
        socket.write_all(b"two").await.unwrap();
        handler.peek(&mut [0; 3]).await.unwrap();
        drop(handler);
        assert!(socket.read(&mut [0; 3]).await.is_err());
        assert!(course.is_unread());

        let (mut socket, course, mut handler) = kept().await;
        socket.write_all(b"two").await.unwrap();
        handler.peek(&mut [0; 3]).await.unwrap();
        handler.write_all(b"n").await.unwrap();
        socket.read_exact(&mut [0; 1]).await.unwrap();
        drop(handler);
        assert!(socket.read(&mut [0; 3]).await.is_err());
        assert!(!course.is_unread());
    }
}
