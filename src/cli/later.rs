//! The arguments of a subcommand, described when the command line names it: each start knows one subcommand only.

use std::env;

use clap::{Arg, ArgMatches, Args, Command, Error, FromArgMatches};

/// What a subcommand takes.
#[derive(Debug)]
pub(super) struct Later<T>(pub(super) T);

impl<T: Args> Args for Later<T> {
    fn augment_args(command: Command) -> Command {
        command.defer(|command| described(command, T::augment_args))
    }

    fn augment_args_for_update(command: Command) -> Command {
        command.defer(|command| described(command, T::augment_args_for_update))
    }
}

impl<T: FromArgMatches> FromArgMatches for Later<T> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        T::from_arg_matches(matches).map(Self)
    }

    fn from_arg_matches_mut(matches: &mut ArgMatches) -> Result<Self, Error> {
        T::from_arg_matches_mut(matches).map(Self)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        self.0.update_from_arg_matches(matches)
    }
}

/// A subcommand with what it takes. Options that several subcommands share bring a text about themselves along, which must
/// not replace the one about the subcommand.
fn described(command: Command, augment: fn(Command) -> Command) -> Command {
    let (about, long_about) = (command.get_about().cloned(), command.get_long_about().cloned());
    let command = without_blanks(augment(command));
    let command = about.into_iter().fold(command, |command, about| command.about(about));
    long_about.into_iter().fold(command, |command, about| command.long_about(about))
}

/// The same without environment variables that are set to nothing. They count as not set: that is how CI and Compose
/// pass on one that they do not have.
fn without_blanks(command: Command) -> Command {
    if env::vars_os().all(|(_, value)| !value.is_empty()) {
        return command;
    }
    let is_blank =
        |argument: &Arg| argument.get_env().and_then(env::var_os).is_some_and(|value| value.is_empty());
    command.mut_args(|argument| if is_blank(&argument) { argument.env(None) } else { argument })
}

#[cfg(test)]
mod tests {
    use clap::{Command, CommandFactory};

    use super::super::Cli;

    fn options(command: &Command, name: &str) -> usize {
        command.find_subcommand(name).map_or(0, |found| found.get_arguments().count())
    }

    #[test]
    fn only_the_subcommand_that_is_named_is_described_in_full() {
        let mut command = Cli::command();
        assert!(command.try_get_matches_from_mut(["standin", "check", "a.yaml"]).is_ok());
        assert!(options(&command, "check") > 0);
        assert_eq!(options(&command, "serve"), 0);
        command.build();
        assert!(options(&command, "serve") > 0);
    }

    #[test]
    fn each_subcommand_keeps_the_text_about_itself() {
        let about = |command: &Command, name: &str| {
            let found = command.find_subcommand(name).expect("a subcommand");
            (found.get_about().map(ToString::to_string), found.get_long_about().map(ToString::to_string))
        };
        let (first, mut whole) = (Cli::command(), Cli::command());
        whole.build();
        for subcommand in first.get_subcommands() {
            let name = subcommand.get_name();
            assert!(about(&first, name).0.is_some(), "{name}");
            assert_eq!(about(&first, name), about(&whole, name), "{name}");
        }
    }
}
