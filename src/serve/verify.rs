//! The requests of a [`Session`] → a server, one after the other, until all is done and put back.

use std::io;
use std::pin::pin;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};
use tokio_rustls::rustls::pki_types::CertificateDer;

use super::clock;
use super::probe::{NoAnswer, Probe, Target};
use super::signals::{Stop, stop};
use crate::contract::verify::{Ended, Session};

/// How a server is asked.
#[derive(Clone, Debug)]
pub struct Asking {
    /// Where the server is.
    pub target: Target,
    /// Certificates that are trusted besides those of the public authorities.
    pub authorities: Vec<CertificateDer<'static>>,
    /// How long an answer may take.
    pub time_limit: Duration,
    /// The time from the beginning of one request to that of the next.
    pub pause: Duration,
}

/// The longest pause between requests when the user has stopped the checks, and something is put back.
const LAST_PAUSE: Duration = Duration::from_secs(1);

/// Makes all checks of a session. SIGINT and SIGTERM end the checks; what they have changed is still put back.
///
/// # Errors
/// When the checks cannot begin: the name has no address, or the server has never answered.
pub fn verify(session: &mut Session, asking: Asking) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let done = runtime.block_on(ask(session, asking));
    // Does not wait for threads: a name server that does not answer would hold one up.
    runtime.shutdown_background();
    done
}

async fn ask(session: &mut Session, asking: Asking) -> io::Result<()> {
    let Asking { target, authorities, time_limit, pause } = asking;
    let mut stopped = pin!(stop(Stop::Signal, || {})?);
    let mut is_stopped = false;
    let probe = Probe::new(target, &authorities, time_limit).await?;
    let mut due = Instant::now();
    let mut first_failure = None;
    loop {
        // Before the request is chosen, so that a stop meanwhile finds none that was not sent.
        if !is_stopped {
            tokio::select! {
                () = sleep_until(due) => {}
                () = &mut stopped => is_stopped = true,
            }
        }
        if is_stopped {
            session.stop("the user has stopped it");
            if !session.owes() {
                break;
            }
            sleep_until(due.min(Instant::now() + LAST_PAUSE)).await;
        }
        let Some(prepared) = session.next(clock::now()) else { break };
        due = Instant::now() + pause;
        let mut answer = pin!(probe.ask(&prepared));
        let answer = if is_stopped {
            answer.await
        } else {
            tokio::select! {
                answer = &mut answer => answer,
                () = &mut stopped => {
                    is_stopped = true;
                    if session.is_putting_back() {
                        answer.await
                    } else {
                        session.took(Ended::Abandoned);
                        continue;
                    }
                }
            }
        };
        match answer {
            Ok(response) => session.took(Ended::Answered(response)),
            Err(NoAnswer::NotConnected(why)) if !session.has_answer() => return Err(io::Error::other(why)),
            Err(NoAnswer::NotConnected(why) | NoAnswer::Broken(why)) => {
                first_failure.get_or_insert_with(|| why.clone());
                session.took(Ended::Failed(why));
            }
        }
    }
    match first_failure {
        Some(why) if !session.has_answer() && !is_stopped => Err(io::Error::other(why)),
        _ => Ok(()),
    }
}
