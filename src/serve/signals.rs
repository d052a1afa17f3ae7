//! SIGINT and SIGTERM, or the end of stdin → one future that ends at the first of them.

use std::io::{self, Read};
use std::thread;

use rustix::event::{PollFd, PollFlags, poll};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

/// What ends a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// SIGINT or SIGTERM.
    Signal,
    /// The end of stdin, SIGINT or SIGTERM.
    EndOfStdin,
}

/// A future that ends at the first event after this call that `stop` names. `stdin_ended` is called if it is the end of
/// stdin. Must be called in a tokio runtime.
///
/// # Errors
/// When the operating system refuses the handlers or a thread.
pub fn stop(stop: Stop, stdin_ended: impl FnOnce()) -> io::Result<impl Future<Output = ()>> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let (ended, end_of_stdin) = oneshot::channel();
    // Without a reader of stdin, the sender lives as long as the future does.
    let kept = match stop {
        Stop::Signal => Some(ended),
        Stop::EndOfStdin => {
            // A thread that the runtime does not know: its end is not waited for, as a read may last for ever.
            thread::Builder::new().name("stdin".into()).spawn(move || {
                read_to_the_end(io::stdin().lock());
                let _ = ended.send(());
            })?;
            None
        }
    };
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = end_of_stdin => stdin_ended(),
        }
        drop(kept);
    })
}

/// Reads and forgets. A stdin that cannot be read has ended.
fn read_to_the_end(mut stdin: io::StdinLock<'static>) {
    let mut ignored = [0; 4096];
    loop {
        match stdin.read(&mut ignored) {
            Ok(0) => return,
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            // The starter has made a pipe that does not block.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                // However that ends, the next read tells.
                let _ = poll(&mut [PollFd::new(&stdin, PollFlags::IN)], None);
            }
            Err(_) => return,
        }
    }
}
