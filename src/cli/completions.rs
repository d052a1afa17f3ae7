//! `standin completions` and `standin man`: what shells and readers know of the command line.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::{Cli, Exit, print};

#[derive(Debug, Args)]
pub(super) struct Completions {
    /// Name of the shell
    #[arg(value_enum)]
    shell: Shell,
}

#[derive(Debug, Args)]
pub(super) struct Man {}

impl Completions {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        let mut text = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "standin", &mut text);
        print(&String::from_utf8_lossy(&text))?;
        Ok(Exit::Fine)
    }
}

impl Man {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        let mut command = Cli::command();
        command.build();
        let mut text = Vec::new();
        clap_mangen::Man::new(command.clone()).render(&mut text)?;
        // The subcommands follow, each with what it takes.
        for subcommand in command.get_subcommands().filter(|subcommand| subcommand.get_name() != "help") {
            let man = clap_mangen::Man::new(subcommand.clone());
            man.render_name_section(&mut text)?;
            man.render_synopsis_section(&mut text)?;
            man.render_options_section(&mut text)?;
        }
        print(&String::from_utf8_lossy(&text))?;
        Ok(Exit::Fine)
    }
}
