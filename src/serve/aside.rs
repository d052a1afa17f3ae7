//! Requests to the control interface: answers them on threads beside the workers, which answer exchanges meanwhile. What is
//! quick is answered at once.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep_until};

use super::deliver::Line;
use super::shared::Shared;
use super::{clock, page};
use crate::control::{self, Watch};
use crate::engine::{Namespaces, UnderWay, World};
use crate::http::{Reply, Request};

/// How often a waiting request checks its condition when no exchange arrives: time alone can also change the state.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// How long a request that moves a clock waits for what it made due.
const MOST_IDLE: Duration = Duration::from_secs(10);

/// How long it waits for what was under way before. A handler may move the clock itself, and answer its event only then.
const MOST_BEFORE: Duration = Duration::from_secs(1);

/// The answer of the control interface.
pub(super) struct Told {
    pub(super) reply: Reply,
    /// What goes on behind the reply.
    pub(super) watch: Option<Box<Watch>>,
}

/// Answers a request to the control interface, or begins to watch.
pub(super) async fn control(shared: &Arc<Shared>, request: &Request) -> Told {
    if !control::watches(request) {
        return Told { reply: answer(shared, request).await, watch: None };
    }
    if let Some(refused) = control::refusal(request, &shared.access) {
        return Told { reply: refused, watch: None };
    }
    let asked = request.clone();
    let opened = aside(shared, move |namespaces| Watch::open(namespaces, &asked, clock::now())).await;
    match opened {
        Some(Ok((watch, reply))) => Told { reply, watch: Some(Box::new(watch)) },
        Some(Err(reply)) => Told { reply, watch: None },
        None => Told { reply: control::failure(), watch: None },
    }
}

async fn answer(shared: &Arc<Shared>, request: &Request) -> Reply {
    let token = shared.access.token.as_deref();
    if let Some(reply) = control::page(request, token, page::present) {
        return reply;
    }
    if let Some(refused) = control::refusal(request, &shared.access) {
        return refused;
    }
    if control::is_quick(request) {
        let answer = || control::answer(shared.namespaces(), request, clock::now());
        return unless_panic(answer).unwrap_or_else(control::failure);
    }
    let before = control::moves_time(request).then(|| under_way(shared, request));
    let asked = request.clone();
    let reply = match control::patience(request) {
        None => aside(shared, move |namespaces| control::answer(namespaces, &asked, clock::now())).await,
        Some(patience) => {
            let question =
                aside(shared, move |namespaces| control::question(namespaces, &asked, clock::now())).await;
            match question {
                Some(Ok(question)) => wait_for(shared, question, patience).await,
                Some(Err(reply)) => Some(reply),
                None => None,
            }
        }
    }
    .inspect(|reply| {
        look(shared, request, reply);
        log(shared, request, reply);
    });
    if let Some(before) = before {
        until_idle(shared, request, &before).await;
    }
    reply.unwrap_or_else(control::failure)
}

/// What the world of a request has under way.
fn under_way(shared: &Shared, request: &Request) -> UnderWay {
    in_world(shared, request, |world| world.under_way()).unwrap_or_default()
}

/// What `ask` finds in the world that a request is directed to; `None` when there is none.
fn in_world<T>(shared: &Shared, request: &Request, ask: impl FnOnce(&World) -> T) -> Option<T> {
    let Some(name) = control::namespace_of(request) else {
        return Some(ask(&shared.namespaces().main()));
    };
    let namespace = shared.namespaces().called(&name, clock::now()).ok()?;
    let world = namespace.world()?;
    Some(ask(&world))
}

/// Waits until everything that is due in the world of a request has ended, for at most [`MOST_IDLE`]; for what was under way
/// `before`, at most [`MOST_BEFORE`].
async fn until_idle(shared: &Arc<Shared>, request: &Request, before: &UnderWay) {
    let begin = Instant::now();
    let deadline = begin + MOST_IDLE;
    let mut stopping = shared.stopping();
    loop {
        let recorded = shared.recorded.notified();
        let waits_for_all = begin.elapsed() < MOST_BEFORE;
        let ask = |world: &World| match waits_for_all {
            true => world.is_idle(clock::now()),
            false => world.is_idle_besides(before, clock::now()),
        };
        let is_idle = in_world(shared, request, ask).unwrap_or(true);
        if is_idle || Instant::now() >= deadline {
            return;
        }
        tokio::select! {
            () = recorded => {}
            // A reset ends deliveries too, and records nothing.
            () = sleep_until(deadline.min(Instant::now() + LOOK_AGAIN)) => {}
            _ = stopping.wait_for(|stopping| *stopping) => return,
        }
    }
}

/// Lets the deliverer look, because a request to the control interface may have made, reset, dropped or changed a world.
fn look(shared: &Shared, request: &Request, reply: &Reply) {
    // Whoever looks at a world makes what is due in it.
    shared.ring();
    if matches!(&*request.method, "GET" | "HEAD") {
        return;
    }
    let name = control::namespace_made(request, reply).or_else(|| control::namespace_of(request));
    match name.map(|name| shared.namespaces().called(&name, clock::now())) {
        None => shared.deliverer.wake(None),
        Some(Ok(namespace)) => shared.deliverer.wake(Some(&namespace)),
        Some(Err(_)) => {}
    }
    shared.deliverer.look();
    shared.has_changed();
}

/// Writes the line about an event that a test has taken and answered now.
fn log(shared: &Shared, request: &Request, reply: &Reply) {
    let line = control::delivery_answered(request, reply)
        .and_then(|number| in_world(shared, request, |world| Line::of(world, number))?);
    line.iter().for_each(Line::write);
}

/// Looks after each exchange and at intervals, until the answer is final or `patience` is over. `None` after a panic.
async fn wait_for(shared: &Arc<Shared>, question: control::Question, patience: Duration) -> Option<Reply> {
    let deadline = Instant::now() + patience;
    let mut stopping = shared.stopping();
    let question = Arc::new(question);
    loop {
        let recorded = shared.recorded.notified();
        let asked = Arc::clone(&question);
        let look = match aside(shared, move |namespaces| asked.look(namespaces, clock::now())).await? {
            Ok(look) => look,
            Err(reply) => return Some(reply),
        };
        if look.is_final() || Instant::now() >= deadline {
            return Some(look.reply());
        }
        let next = deadline.min(Instant::now() + LOOK_AGAIN);
        tokio::select! {
            () = recorded => {}
            () = sleep_until(next) => {}
            _ = stopping.wait_for(|stopping| *stopping) => return Some(look.reply()),
        }
    }
}

/// What `make` returns, made on a thread that may be held up; `None` if it panics. To read a scenario or to hide secrets
/// takes as long as thousands of answers of a service, which the workers give meanwhile.
pub(super) async fn aside<T: Send + 'static>(
    shared: &Arc<Shared>,
    make: impl FnOnce(&Namespaces) -> T + Send + 'static,
) -> Option<T> {
    let shared = Arc::clone(shared);
    let made = spawn_blocking(move || unless_panic(|| make(shared.namespaces()))).await;
    made.ok().flatten()
}

/// What `make` returns; `None` if it panics, which is logged.
pub(super) fn unless_panic<T>(make: impl FnOnce() -> T) -> Option<T> {
    let made = catch_unwind(AssertUnwindSafe(make));
    made.inspect_err(|_| tracing::error!("a panic while answering; this is a bug of standin")).ok()
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::thread;

    use jiff::Timestamp;

    use super::super::shared::Options;
    use super::super::shared::tests::{WRITE, with_an_event_under_way};
    use super::*;
    use crate::emulator::Outcome;
    use crate::scenario::Scenario;

    /// Longer than anything takes unless it hangs.
    const STUCK: Duration = Duration::from_secs(30);

    fn shared() -> Arc<Shared> {
        let world = World::new(Arc::new(Scenario::built_in()), 1, Timestamp::UNIX_EPOCH);
        Arc::new(Shared::new(world, Options::default()).0)
    }

    /// Sends a request to the control interface in a task of its own.
    fn ask(
        shared: &Arc<Shared>,
        method: &str,
        target: &str,
        body: &'static str,
    ) -> tokio::task::JoinHandle<Reply> {
        let headers = [("host", "localhost")].into_iter().collect();
        let request = Request::new(method, target, headers, body.into());
        let shared = Arc::clone(shared);
        tokio::spawn(async move { control(&shared, &request).await.reply })
    }

    #[tokio::test]
    async fn health_is_answered_at_once() {
        let shared = shared();
        let asked = ask(&shared, "GET", "/__standin/health", "");
        // An answer from another thread would not be here yet.
        tokio::task::yield_now().await;
        assert!(asked.is_finished());
        assert_eq!(asked.await.unwrap().status, 200);
        assert_eq!(ask(&shared, "POST", "/__standin/health", "").await.unwrap().status, 405);
    }

    #[tokio::test]
    async fn a_request_that_takes_long_does_not_hold_up_the_worker() {
        let shared = shared();
        let ((is_held, held), (let_go, may_go)) = (mpsc::channel(), mpsc::channel());
        let holder = thread::spawn({
            let shared = Arc::clone(&shared);
            move || {
                let _world = shared.namespaces().main();
                is_held.send(()).unwrap();
                may_go.recv_timeout(STUCK).is_ok()
            }
        });
        held.recv().unwrap();
        let asked = ask(&shared, "GET", "/__standin/state", "");
        // The worker starts to answer, and must come back here.
        tokio::task::yield_now().await;
        let_go.send(()).unwrap();
        assert_eq!(asked.await.unwrap().status, 200);
        assert!(holder.join().unwrap(), "the worker was held up");
    }

    #[tokio::test(start_paused = true)]
    async fn a_question_that_waits_is_read_once() {
        let shared = shared();
        let question = r#"[{"name": "e", "on": "chert.chats.rename", "calls": {"exactly": 1}}]"#;
        let start = Instant::now();
        let asked = ask(&shared, "POST", "/__standin/verify?wait_for=10s", question);
        tokio::time::sleep(Duration::from_secs(1)).await;
        let other = Scenario::parse("test", "{standin: 1, name: no chert, bitrix24: {}}").unwrap();
        shared.namespaces().main().replace(Arc::new(other), Timestamp::UNIX_EPOCH);
        let reply = asked.await.unwrap();
        // Read against the new scenario, the question would have mistakes.
        assert_eq!((reply.status, start.elapsed().as_secs()), (417, 10));
        let again = ask(&shared, "POST", "/__standin/verify?wait_for=10s", question).await.unwrap();
        assert_eq!(again.status, 422);
    }

    #[tokio::test(start_paused = true)]
    async fn a_question_that_waits_ends_with_its_namespace() {
        let shared = shared();
        shared.namespaces().open(None, None, clock::now()).unwrap();
        let question = r#"[{"name": "e", "on": "chert.chats.rename", "calls": {"exactly": 1}}]"#;
        let asked = ask(&shared, "POST", "/__standin/namespaces/n1/verify?wait_for=1h", question);
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert!(!asked.is_finished());
        assert!(shared.namespaces().close("n1", clock::now()));
        assert_eq!(asked.await.unwrap().status, 404);
    }

    #[tokio::test(start_paused = true)]
    async fn a_handler_that_moves_the_clock_does_not_wait_for_its_own_event() {
        let (shared, sent) = with_an_event_under_way();
        let advance = r#"{"advance": "100ms"}"#;
        let start = Instant::now();
        assert_eq!(ask(&shared, "POST", "/__standin/clock", advance).await.unwrap().status, 200);
        assert_eq!(start.elapsed().as_secs(), MOST_BEFORE.as_secs());
        shared.namespaces().main().delivered(sent, Outcome::Answered(200), Duration::ZERO, clock::now());
        // What became due after it is waited for: here nobody sends it.
        assert_eq!(ask(&shared, "POST", "/__standin/actions", WRITE).await.unwrap().status, 200);
        let start = Instant::now();
        assert_eq!(ask(&shared, "POST", "/__standin/clock", advance).await.unwrap().status, 200);
        assert_eq!(start.elapsed().as_secs(), MOST_IDLE.as_secs());
    }

    #[tokio::test(start_paused = true)]
    async fn the_clock_of_an_unknown_namespace_is_not_waited_for() {
        let shared = shared();
        let start = Instant::now();
        let asked = ask(&shared, "POST", "/__standin/namespaces/n7/clock", r#"{"advance": "1s"}"#);
        assert_eq!((asked.await.unwrap().status, start.elapsed()), (404, Duration::ZERO));
    }

    #[test]
    fn a_panic_while_answering_is_caught() {
        assert_eq!(unless_panic(|| 7), Some(7));
        assert_eq!(unless_panic(|| -> u8 { panic!("this panic is part of a test") }), None);
    }
}
