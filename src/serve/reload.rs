//! A changed scenario file → a new world: `serve --watch`.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::spawn_blocking;
use tokio::time::sleep;

use super::clock;
use super::run::Running;
use crate::scenario::{Origin, Scenario, changes};

/// How often the file is read. Polling works on every file system and mount, unlike notifications.
const PAUSE: Duration = Duration::from_millis(300);

/// Replaces the scenario whenever the text of its file changes. Calls `say` with what has changed, or with the mistakes
/// in the new text. `served` is the text that is served now. Must be called in the server's runtime, and ends with it.
pub fn reload_on_change(running: &Running, path: PathBuf, served: String, say: fn(&str)) {
    let shared = Arc::clone(running);
    tokio::spawn(async move {
        let served = Arc::<str>::from(served);
        let mut file = Watched { path, seen: Arc::clone(&served), served };
        loop {
            sleep(PAUSE).await;
            // Reading takes a second for a large scenario. Meanwhile the workers answer.
            let watched = file.clone();
            let Ok(Some(change)) = spawn_blocking(move || watched.change()).await else { continue };
            file.seen = Arc::clone(&change.text);
            if let Some(scenario) = change.scenario {
                file.served = change.text;
                shared.namespaces().main().replace(Arc::new(scenario), clock::now());
                shared.deliverer.wake(None);
                shared.has_changed();
            }
            say(&change.message);
        }
    });
}

/// A file that is watched.
#[derive(Clone)]
struct Watched {
    path: PathBuf,
    /// The text that was read last.
    seen: Arc<str>,
    /// The text of the scenario that is served.
    served: Arc<str>,
}

/// A new text of the file.
struct Change {
    text: Arc<str>,
    /// The scenario to serve; `None` when there are mistakes or nothing is new.
    scenario: Option<Scenario>,
    message: String,
}

impl Watched {
    /// Reads the file. `None` when its text is still the same.
    fn change(&self) -> Option<Change> {
        // An editor may remove the file for a moment while it writes.
        let text: Arc<str> = std::fs::read_to_string(&self.path).ok()?.into();
        if text == self.seen {
            return None;
        }
        let name = self.path.display().to_string();
        if text == self.served {
            let message = format!("`{name}` is again what is served");
            return Some(Change { text, scenario: None, message });
        }
        Some(match Scenario::parse(&name, &text) {
            Ok(scenario) => {
                let message =
                    format!("`{name}` was read again, from its start: {}", changes(&self.served, &text));
                let scenario = Scenario { origin: Origin::File(name), ..scenario };
                Change { text, scenario: Some(scenario), message }
            }
            Err(report) => {
                let message =
                    format!("{report}\n\n`{name}` has mistakes; the scenario before is still served");
                Change { text, scenario: None, message }
            }
        })
    }
}
