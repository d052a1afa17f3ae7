//! The rules of conduct for clients of all services.

mod content_type;
mod parameters;

use crate::emulator::conduct::Rule;

/// All rules that apply to every service.
pub static COMMON: &[&Rule] = &[&parameters::UNKNOWN, &parameters::WRONG_TYPE, &content_type::RULE];
