//! A world → the command that gives the same run again.

use super::World;
use crate::scalar::shell_word;
use crate::scenario::Origin;

impl World {
    /// The command that gives the same run again.
    pub fn replay(&self) -> String {
        let file = match &self.scenario().origin {
            Origin::BuiltIn => String::new(),
            Origin::File(path) => format!(" {}", shell_word(path)),
            Origin::Text => " SCENARIO".to_owned(),
        };
        let prefer = if self.allows_prefer { " --allow-prefer" } else { "" };
        format!("standin serve{file} --seed {}{prefer}", self.seed())
    }

    /// What must be done again beside the command of [`World::replay`], in words.
    pub fn replay_lacks(&self) -> Vec<&'static str> {
        let mut lacks = Vec::new();
        if self.scenario().origin == Origin::Text {
            lacks.push("SCENARIO is a file with the text that the server was sent");
        }
        if self.is_altered {
            lacks.push(
                "faults or the clock were changed while it ran: change them again between the same calls",
            );
        }
        lacks
    }
}
