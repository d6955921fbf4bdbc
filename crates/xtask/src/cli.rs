//! `cargo xtask cli [--check]`: the reference in `docs/src/cli.md`, made from what can be typed.
//! It owns the look of the page; what a verb says of itself stands in the crate `cli` alone.

use clap::{Arg, Command, CommandFactory};

use crate::page::{self, Wish};

/// Writes the reference of the command line; with `--check` only says whether it is current.
pub(crate) fn run(options: &[String]) -> Result<(), page::Error> {
    draw(Wish::from_options(options)?)
}

fn draw(wish: Wish) -> Result<(), page::Error> {
    page::generate("docs/src/cli.md", "verbs", &reference(), wish)
}

fn reference() -> String {
    let mut whole = cli::Cli::command();
    whole.build();
    let (everywhere, verbs): (Vec<&Arg>, _) = (whole.get_arguments().collect(), whole.get_subcommands());
    let sections: String = verbs.map(|verb| section(verb, "switchboard", 2)).collect();
    format!("## Options everywhere\n\n{}{sections}", table(&everywhere))
}

/// What a verb says of itself, then the verbs below it.
fn section(command: &Command, before: &str, level: usize) -> String {
    let name = format!("{before} {}", command.get_name());
    let about = command.get_long_about().or_else(|| command.get_about()).map(ToString::to_string).unwrap_or_default();
    let own: Vec<&Arg> =
        command.get_arguments().filter(|argument| !argument.is_global_set() && is_ours(argument)).collect();
    let examples = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let below: String = command.get_subcommands().map(|verb| section(verb, &name, level + 1)).collect();
    let options = if own.is_empty() { String::new() } else { format!("\n{}", table(&own)) };
    let heading = "#".repeat(level);
    format!("\n{heading} `{name}`\n\n{}\n{options}\n```text\n{}\n```\n{below}", about.trim(), examples.trim())
}

/// Help and version are the same for every verb; what is hidden is for the program itself.
fn is_ours(argument: &Arg) -> bool {
    !["help", "version"].contains(&argument.get_id().as_str()) && !argument.is_hide_set()
}

fn table(arguments: &[&Arg]) -> String {
    let rows = arguments.iter().filter(|argument| is_ours(argument)).map(|argument| row(argument));
    format!("| Option | Meaning |\n|---|---|\n{}", rows.collect::<String>())
}

fn row(argument: &Arg) -> String {
    let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
    let short = argument.get_short().map(|short| format!("-{short}, ")).unwrap_or_default();
    let values: Vec<&str> =
        argument.get_value_names().unwrap_or_default().iter().map(clap::builder::Str::as_str).collect();
    let takes_values = argument.get_action().takes_values();
    let name = match argument.get_long() {
        Some(long) if takes_values => format!("{short}--{long} {}", values.join(" ")),
        Some(long) => format!("{short}--{long}"),
        None => values.join(" "),
    };
    let defaults: Vec<String> =
        argument.get_default_values().iter().map(|value| value.to_string_lossy().into_owned()).collect();
    let default =
        if takes_values && !defaults.is_empty() { format!(" Default {}.", defaults.join(", ")) } else { String::new() };
    let variable = argument.get_env().map(|name| format!(" Or `{}`.", name.to_string_lossy())).unwrap_or_default();
    let meaning = format!("{}{default}{variable}", sentence(&help)).replace('|', "\\|");
    format!("| `{name}` | {meaning} |\n")
}

/// clap takes the full stop away; what follows needs it.
fn sentence(help: &str) -> String {
    let help = help.replace('\n', " ");
    if help.ends_with('.') { help } else { format!("{help}.") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reference_of_the_command_line_is_current() {
        if let Err(error) = draw(Wish::Check) {
            panic!("{error}");
        }
    }

    #[test]
    fn an_option_is_a_row_with_its_default() {
        let option = Arg::new("lines").long("lines").value_name("COUNT").default_value("100").help("How many");
        assert_eq!(row(&option), "| `--lines COUNT` | How many. Default 100. |\n");
    }
}
