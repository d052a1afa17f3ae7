//! SIGINT and SIGTERM → one future that ends at the first of them.

use std::io;

/// A future that ends at the first SIGINT or SIGTERM after this call. Must be called in a tokio runtime.
///
/// # Errors
/// When the operating system refuses the handlers.
pub fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        std::future::poll_fn(|context| match interrupt.poll_recv(context) {
            std::task::Poll::Ready(_) => std::task::Poll::Ready(()),
            std::task::Poll::Pending => terminate.poll_recv(context).map(|_| ()),
        })
        .await;
    })
}
