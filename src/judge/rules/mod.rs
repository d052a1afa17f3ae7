//! Rules of conduct for clients of any service. One rule, one file.

mod content_type;
mod parameters;

use crate::emulator::conduct::Rule;

/// Every rule that looks at all services.
pub static COMMON: &[&Rule] = &[&parameters::UNKNOWN, &parameters::WRONG_TYPE, &content_type::RULE];
