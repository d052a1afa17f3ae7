//! A world → the command that repeats its run.

use super::World;
use crate::scalar::shell_word;
use crate::scenario::Origin;

impl World {
    /// The command that starts a server with the same scenario, seed and options.
    pub fn replay(&self) -> String {
        let file = match &self.scenario().origin {
            Origin::BuiltIn => String::new(),
            Origin::File(path) => format!(" {}", shell_word(path)),
            Origin::Text => " SCENARIO".to_owned(),
        };
        let prefer = if self.allows_prefer { " --allow-prefer" } else { "" };
        format!("standin serve{file} --seed {}{prefer}", self.seed())
    }

    /// What the command of [`World::replay`] does not repeat, in words; empty when it repeats everything.
    pub fn replay_lacks(&self) -> Vec<&'static str> {
        let mut lacks = Vec::new();
        if self.scenario().origin == Origin::Text {
            lacks.push("SCENARIO stands for a file with the scenario that was sent to the server");
        }
        if self.is_altered {
            lacks.push(
                "faults, state or clock were changed while the server ran: make the same changes between the same calls",
            );
        }
        lacks
    }
}
