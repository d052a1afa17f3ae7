//! Runs two futures at once, polls each only when it is woken, and ends when the first of them ends.
//!
//! `select!` polls all of its futures whenever one of them is woken. A connection is woken by every request, but the
//! timers that run beside it only once in half a minute.

use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

/// The output of `often`, or as an error that of `rarely`, when that ends first. Polls `rarely` only when it is woken.
pub(super) async fn beside<T, U>(
    often: impl Future<Output = T>,
    rarely: impl Future<Output = U>,
) -> Result<T, U> {
    let call = Arc::new(Call { has_come: AtomicBool::new(true), task: Mutex::default() });
    let own = Waker::from(Arc::clone(&call));
    let (mut often, mut rarely) = (pin!(often), pin!(rarely));
    let mut task: Option<Waker> = None;
    std::future::poll_fn(|context| {
        if let Poll::Ready(value) = often.as_mut().poll(context) {
            return Poll::Ready(Ok(value));
        }
        // The waker must belong to the task that polls now, which is nearly always the same as before.
        if !task.as_ref().is_some_and(|known| known.will_wake(context.waker())) {
            task = Some(context.waker().clone());
            *call.task.lock().unwrap_or_else(PoisonError::into_inner) = task.clone();
        }
        if call.has_come.load(Ordering::Acquire) {
            call.has_come.store(false, Ordering::Release);
            return rarely.as_mut().poll(&mut Context::from_waker(&own)).map(Err);
        }
        Poll::Pending
    })
    .await
}

/// The waker of the second future.
struct Call {
    has_come: AtomicBool,
    task: Mutex<Option<Waker>>,
}

impl Wake for Call {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.has_come.store(true, Ordering::Release);
        let task = self.task.lock().unwrap_or_else(PoisonError::into_inner).clone();
        task.iter().for_each(Waker::wake_by_ref);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;
    use std::time::Duration;

    use tokio::time::sleep;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn the_first_that_ends_ends_both() {
        assert_eq!(beside(async { 7 }, async {}).await, Ok(7));
        assert_eq!(
            beside(sleep(SECOND), async {
                sleep(SECOND * 2).await;
                8
            })
            .await,
            Ok(())
        );
        assert_eq!(
            beside(sleep(SECOND * 2), async {
                sleep(SECOND).await;
                8
            })
            .await,
            Err(8)
        );
        assert_eq!(beside(std::future::pending::<()>(), async {}).await, Err(()));
    }

    #[tokio::test(start_paused = true)]
    async fn the_second_is_polled_when_it_wakes() {
        let polls = AtomicUsize::new(0);
        let often = async {
            for _ in 0..100 {
                sleep(SECOND).await;
            }
        };
        let mut timer = pin!(async {
            loop {
                sleep(SECOND * 30).await;
            }
        });
        let rarely = std::future::poll_fn(|context| {
            polls.fetch_add(1, Ordering::Relaxed);
            timer.as_mut().poll(context)
        });
        assert_eq!(beside(often, rarely).await, Ok(()));
        assert_eq!(polls.into_inner(), 4, "at the start, and after 30, 60 and 90 seconds");
    }

    #[tokio::test]
    async fn a_task_that_is_moved_is_woken_where_it_is() {
        let (sender, receiver) = tokio::sync::oneshot::channel::<()>();
        let mut both = Box::pin(beside(std::future::pending::<()>(), async {
            let _ = receiver.await;
        }));
        // Polled once with a waker that does nothing, then by another task.
        assert!(both.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        let elsewhere = tokio::spawn(both);
        tokio::task::yield_now().await;
        sender.send(()).unwrap();
        assert_eq!(elsewhere.await.unwrap(), Err(()));
    }
}
