//! Runs a command beside the server: starts it, passes signals on, waits for its end, ends the processes it left.

use std::ffi::OsString;
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::time::Duration;

use rustix::process::{Pid, Signal, WaitOptions, getpgrp, kill_process, waitpid};
use rustix::termios::tcgetpgrp;
use tokio::process::Command;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};

/// A variable of a command's environment; `None` as the value removes it.
pub type Variable = (String, Option<OsString>);

/// How a command ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// The exit code; `None` when a signal ended the command.
    pub code: Option<i32>,
    /// The number of the signal that ended the command; `None` when it exited by itself.
    pub signal: Option<i32>,
    /// The names of the processes that the command left running; they have been ended.
    pub left_behind: Vec<String>,
    /// Why the command was stopped; `None` when it ended by itself.
    pub stopped: Option<String>,
}

/// How long a process has to end after SIGTERM, before it is killed.
const PATIENCE: Duration = Duration::from_secs(2);
/// How often to check whether the processes have ended.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// Runs `command` with the server's own environment, changed by `environment`, and waits for its end. When `stop` ends
/// first, the command is ended. `settle` is waited for before the processes end that the command left running, unless a
/// signal asks for the end. Must be called in a tokio runtime.
///
/// # Errors
/// When the command cannot be started.
pub async fn run(
    command: &[OsString],
    environment: &[Variable],
    stop: impl Future<Output = String>,
    settle: impl Future<Output = ()>,
) -> io::Result<Ended> {
    let (program, arguments) = command.split_first().ok_or(io::ErrorKind::InvalidInput)?;
    adopt_orphans();
    // Before the command starts: a signal that arrives now must not end the server and leave the command running.
    let mut signals = signals()?;
    let mut command = Command::new(program);
    command.args(arguments);
    for (name, value) in environment {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    let mut child = command.spawn()?;
    let pid = child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
    let mut stop = std::pin::pin!(stop);
    let mut stopped = None;
    let mut is_in_a_hurry = false;
    let status = loop {
        tokio::select! {
            status = child.wait() => break status?,
            Some(number) = signals.recv() => {
                is_in_a_hurry |= asks_for_the_end(number);
                pass_on(pid, number);
            }
            why = &mut stop, if stopped.is_none() => {
                stopped = Some(why);
                send(pid.as_slice(), Signal::TERM);
            }
            () = sleep(PATIENCE), if stopped.is_some() => send(pid.as_slice(), Signal::KILL),
        }
    };
    let mut settle = std::pin::pin!(settle);
    while !is_in_a_hurry {
        tokio::select! {
            () = &mut settle => break,
            Some(number) = signals.recv() => is_in_a_hurry = asks_for_the_end(number),
        }
    }
    let left_behind = end_orphans().await;
    // How a command ends that was stopped says nothing of it.
    let (code, signal) = match stopped {
        Some(_) => (Some(0), None),
        None => (status.code(), status.signal()),
    };
    Ok(Ended { code, signal, left_behind, stopped })
}

/// The signals to pass on to the command, as they arrive.
fn signals() -> io::Result<mpsc::UnboundedReceiver<i32>> {
    let (sender, receiver) = mpsc::unbounded_channel();
    let kinds = [
        SignalKind::interrupt(),
        SignalKind::terminate(),
        SignalKind::hangup(),
        SignalKind::quit(),
        SignalKind::user_defined1(),
        SignalKind::user_defined2(),
    ];
    // Signals that this process was started to ignore, as by `nohup`, stay ignored by it and by the command.
    let ignored = ignored_signals();
    for kind in kinds.into_iter().filter(|kind| ignored & (1 << (kind.as_raw_value() - 1)) == 0) {
        let (mut signals, sender) = (signal(kind)?, sender.clone());
        tokio::spawn(async move {
            while signals.recv().await.is_some() && sender.send(kind.as_raw_value()).is_ok() {}
        });
    }
    Ok(receiver)
}

/// The signals that this process ignores, one bit each; 0 when `/proc` is not available.
fn ignored_signals() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default()
}

/// Whether a signal asks a process to end.
fn asks_for_the_end(number: i32) -> bool {
    let kinds = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup(), SignalKind::quit()];
    kinds.iter().any(|kind| kind.as_raw_value() == number)
}

fn pass_on(pid: Option<Pid>, number: i32) {
    let of_terminal = number == SignalKind::interrupt().as_raw_value()
        || number == SignalKind::quit().as_raw_value()
        || number == SignalKind::hangup().as_raw_value();
    // A terminal sends its signals to all processes in the foreground, so the command has received this one already.
    if of_terminal && is_in_front() {
        return;
    }
    if let (Some(pid), Some(signal)) = (pid, Signal::from_named_raw(number)) {
        let _ = kill_process(pid, signal);
    }
}

/// Whether this process is in the foreground of a terminal.
fn is_in_front() -> bool {
    let own = Ok(getpgrp());
    tcgetpgrp(io::stdin()) == own || tcgetpgrp(io::stdout()) == own || tcgetpgrp(io::stderr()) == own
}

/// Makes this process the new parent of processes whose parent has ended. Works on Linux only.
fn adopt_orphans() {
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_child_subreaper(Some(rustix::process::getpid()));
}

/// Ends the processes that the command has left running. Returns their names.
async fn end_orphans() -> Vec<String> {
    let orphans = living_children();
    let names = orphans.iter().map(|pid| name_of(*pid)).collect();
    send(&orphans, Signal::TERM);
    let deadline = Instant::now() + PATIENCE;
    while !living_children().is_empty() {
        if Instant::now() >= deadline {
            send(&living_children(), Signal::KILL);
        }
        sleep(LOOK_AGAIN).await;
    }
    names
}

fn send(pids: &[Pid], signal: Signal) {
    for pid in pids {
        // An error means that the process has ended meanwhile.
        let _ = kill_process(*pid, signal);
    }
}

/// The children of this process that are still running.
fn living_children() -> Vec<Pid> {
    let tasks = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let children = tasks.filter_map(|task| std::fs::read_to_string(task.path().join("children")).ok());
    let children: String = children.collect();
    let pids = children.split_whitespace().filter_map(|pid| Pid::from_raw(pid.parse().ok()?));
    // `waitpid` also reaps the children that have ended.
    pids.filter(|pid| matches!(waitpid(Some(*pid), WaitOptions::NOHANG), Ok(None))).collect()
}

fn name_of(pid: Pid) -> String {
    let path = format!("/proc/{}/comm", pid.as_raw_nonzero());
    std::fs::read_to_string(path).map_or_else(|_| "?".to_owned(), |name| name.trim().to_owned())
}
