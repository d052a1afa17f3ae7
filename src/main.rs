//! The `standin` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    standin::cli::run().into()
}
