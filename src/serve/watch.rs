//! A scenario's file that changes → the world that it describes then.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;

use super::clock;
use super::run::Running;
use crate::scenario::{Scenario, changes};

/// How often the file is looked at. Reading it is what works on every file system and through every mount.
const PAUSE: Duration = Duration::from_millis(300);

/// Replaces the scenario whenever its file holds another text, and tells `say` what has changed, or what is wrong
/// with the new one. Must be called in the server's runtime; ends with it. `text` is what is served now.
pub fn watch(running: &Running, path: PathBuf, mut text: String, say: fn(&str)) {
    let shared = Arc::clone(running);
    tokio::spawn(async move {
        loop {
            sleep(PAUSE).await;
            // An editor may remove the file for a moment while it writes.
            let Ok(now) = std::fs::read_to_string(&path) else { continue };
            if now == text {
                continue;
            }
            let name = path.display().to_string();
            match Scenario::parse(&name, &now) {
                Ok(scenario) => {
                    let scenario = Scenario { path: Some(name.clone()), ..scenario };
                    shared.world().replace(Arc::new(scenario), clock::now());
                    say(&format!("`{name}` was read again, from its start: {}", changes(&text, &now)));
                }
                Err(report) => {
                    say(&format!("{report}\n\n`{name}` has mistakes; the scenario before is still served"));
                }
            }
            text = now;
        }
    });
}
