//! What holds for every verb that there is, or will be: help with examples that can be typed, and known variables.

use clap::{Command, CommandFactory, Parser};
use cli::Cli;

/// Every command that can be typed to its end, under its whole name.
fn verbs() -> Vec<(String, Command)> {
    fn below(name: &str, command: &Command) -> Vec<(String, Command)> {
        let deeper = command.get_subcommands().flat_map(|below_it| {
            let name = format!("{name} {}", below_it.get_name());
            below(&name, below_it)
        });
        std::iter::once((name.to_owned(), command.clone())).chain(deeper).collect()
    }
    let mut whole = Cli::command();
    whole.build();
    below("switchboard", &whole)
}

#[test]
fn command_line_is_consistent() {
    Cli::command().debug_assert();
}

#[test]
fn every_verb_says_what_it_does_and_shows_examples_that_can_be_typed() {
    for (name, command) in verbs() {
        assert!(command.get_about().is_some(), "`{name}` does not say what it does");
        let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        let examples: Vec<&str> = help.lines().map(str::trim).filter(|line| line.starts_with("switchboard")).collect();
        assert!(examples.iter().any(|example| example.starts_with(&name)), "`{name}` has no example of itself");
        for example in examples {
            let typed = example.split(['|', '>', '<']).next().unwrap();
            let words = shlex::split(typed).unwrap();
            if let Err(error) = Cli::try_parse_from(words) {
                panic!("`{example}` cannot be typed: {error}");
            }
        }
    }
}

#[test]
fn every_option_is_described() {
    for (name, command) in verbs() {
        for argument in command.get_arguments() {
            assert!(argument.get_help().is_some(), "`{name}` does not describe {}", argument.get_id());
        }
    }
}

#[test]
fn every_variable_of_the_command_line_is_registered() {
    for (_, command) in verbs() {
        for name in command.get_arguments().filter_map(clap::Arg::get_env) {
            assert!(config::env::VARIABLES.iter().any(|variable| variable.name == name), "{name:?}");
        }
    }
}
