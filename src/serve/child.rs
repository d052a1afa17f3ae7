//! A command that runs beside the server: started, passed signals on, waited for, cleaned up after.

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

/// A variable of a command's environment; one without a value is taken out.
pub type Variable = (String, Option<OsString>);

/// How a command ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Its exit code; `None` when a signal ended it.
    pub code: Option<i32>,
    /// The number of the signal that ended it.
    pub signal: Option<i32>,
    /// The names of the processes that it left behind, which were ended.
    pub left_behind: Vec<String>,
}

/// The time that a process has to end when it is asked to.
const PATIENCE: Duration = Duration::from_secs(2);
/// The pause between two looks at processes that are ending.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// Runs `command` with the server's own environment, changed by `environment`, and waits for its end. Must be called in a runtime.
///
/// # Errors
/// When the command cannot be started.
pub async fn run(command: &[OsString], environment: &[Variable]) -> io::Result<Ended> {
    let (program, arguments) = command.split_first().ok_or(io::ErrorKind::InvalidInput)?;
    adopt_orphans();
    // Before the start: a signal that comes with it must not end the server alone.
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
    let status = loop {
        tokio::select! {
            status = child.wait() => break status?,
            Some(number) = signals.recv() => pass_on(pid, number),
        }
    };
    let left_behind = end_orphans().await;
    Ok(Ended { code: status.code(), signal: status.signal(), left_behind })
}

/// The signals that ask a process for something, as they come.
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
    // What the process was started to ignore, as by `nohup`, it and its command go on ignoring.
    let ignored = ignored_signals();
    for kind in kinds.into_iter().filter(|kind| ignored & (1 << (kind.as_raw_value() - 1)) == 0) {
        let (mut signals, sender) = (signal(kind)?, sender.clone());
        tokio::spawn(async move {
            while signals.recv().await.is_some() && sender.send(kind.as_raw_value()).is_ok() {}
        });
    }
    Ok(receiver)
}

/// The signals that this process ignores, a bit each; none where the system does not tell.
fn ignored_signals() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default()
}

fn pass_on(pid: Option<Pid>, number: i32) {
    let of_terminal = number == SignalKind::interrupt().as_raw_value()
        || number == SignalKind::quit().as_raw_value()
        || number == SignalKind::hangup().as_raw_value();
    // A terminal sends its signals to every process in front of it, the command among them.
    if of_terminal && is_in_front() {
        return;
    }
    if let (Some(pid), Some(signal)) = (pid, Signal::from_named_raw(number)) {
        let _ = kill_process(pid, signal);
    }
}

/// Whether this process is in front of a terminal.
fn is_in_front() -> bool {
    let own = Ok(getpgrp());
    tcgetpgrp(io::stdin()) == own || tcgetpgrp(io::stdout()) == own || tcgetpgrp(io::stderr()) == own
}

/// Makes processes whose parent has ended children of this one, where the system can.
fn adopt_orphans() {
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_child_subreaper(Some(rustix::process::getpid()));
}

/// Ends what the command has left behind; their names.
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
        // Who has ended meanwhile needs no signal.
        let _ = kill_process(*pid, signal);
    }
}

/// The children of this process that have not ended.
fn living_children() -> Vec<Pid> {
    let tasks = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let children = tasks.filter_map(|task| std::fs::read_to_string(task.path().join("children")).ok());
    let children: String = children.collect();
    let pids = children.split_whitespace().filter_map(|pid| Pid::from_raw(pid.parse().ok()?));
    // Who has ended is taken note of, and counts no longer.
    pids.filter(|pid| matches!(waitpid(Some(*pid), WaitOptions::NOHANG), Ok(None))).collect()
}

fn name_of(pid: Pid) -> String {
    let path = format!("/proc/{}/comm", pid.as_raw_nonzero());
    std::fs::read_to_string(path).map_or_else(|_| "?".to_owned(), |name| name.trim().to_owned())
}
