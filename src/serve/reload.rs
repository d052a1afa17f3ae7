//! A changed scenario file → a new world: `serve --watch`.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;

use super::clock;
use super::run::Running;
use crate::scenario::{Origin, Scenario, changes};

/// How often the file is read. Polling works on every file system and mount, unlike notifications.
const PAUSE: Duration = Duration::from_millis(300);

/// Replaces the scenario whenever the text of its file changes. Calls `say` with what has changed, or with the mistakes
/// in the new text. `served` is the text that is served now. Must be called in the server's runtime, and ends with it.
pub fn reload_on_change(running: &Running, path: PathBuf, mut served: String, say: fn(&str)) {
    let shared = Arc::clone(running);
    tokio::spawn(async move {
        let mut seen = served.clone();
        loop {
            sleep(PAUSE).await;
            // An editor may remove the file for a moment while it writes.
            let Ok(now) = std::fs::read_to_string(&path) else { continue };
            if now == seen {
                continue;
            }
            seen.clone_from(&now);
            let name = path.display().to_string();
            if now == served {
                say(&format!("`{name}` is again what is served"));
                continue;
            }
            match Scenario::parse(&name, &now) {
                Ok(scenario) => {
                    let scenario = Scenario { origin: Origin::File(name.clone()), ..scenario };
                    shared.namespaces().main().replace(Arc::new(scenario), clock::now());
                    say(&format!("`{name}` was read again, from its start: {}", changes(&served, &now)));
                    served = now;
                }
                Err(report) => {
                    say(&format!("{report}\n\n`{name}` has mistakes; the scenario before is still served"));
                }
            }
        }
    });
}
