//! What was typed and is no command, in our one voice: what is wrong, the nearest known word, where the help is.

use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::Error;

/// Help and version as they are to be printed, or the mistake as an error of ours.
pub(crate) fn read(error: &clap::Error) -> Result<String, Error> {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Ok(error.render().to_string()),
        _ => Err(Error::Usage { message: message(error), hint: Some(hint(error)) }),
    }
}

/// What is wrong, in lower case and without what clap adds below it.
fn message(error: &clap::Error) -> String {
    let word = |kind| text(error, kind);
    match error.kind() {
        ErrorKind::InvalidSubcommand => format!("there is no verb `{}`", word(ContextKind::InvalidSubcommand)),
        ErrorKind::UnknownArgument => format!("unknown option or argument `{}`", word(ContextKind::InvalidArg)),
        ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            "a verb is missing".to_owned()
        }
        ErrorKind::MissingRequiredArgument => format!("missing {}", word(ContextKind::InvalidArg)),
        _ => {
            let rendered = error.render().to_string();
            let first = rendered.split("\n\n").next().unwrap_or_default().trim();
            let first = first.strip_prefix("error: ").unwrap_or(first);
            first.lines().map(str::trim).collect::<Vec<_>>().join(" ").replace('\'', "`")
        }
    }
}

/// The nearest known word, or else the verb whose help says more.
fn hint(error: &clap::Error) -> String {
    let suggested = [ContextKind::SuggestedSubcommand, ContextKind::SuggestedArg, ContextKind::SuggestedValue];
    // clap puts the best last
    match suggested
        .into_iter()
        .find_map(|kind| text(error, kind).split(", ").last().map(str::to_owned).filter(|word| !word.is_empty()))
    {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("`{} --help` says what can be typed", command(error)),
    }
}

/// The words up to the verb that was being read, from the usage that clap shows below its message.
fn command(error: &clap::Error) -> String {
    let rendered = error.render().to_string();
    let usage = rendered.rsplit("Usage:").next().unwrap_or_default();
    let words = usage.split_whitespace().skip_while(|word| *word != "switchboard");
    let verbs: Vec<&str> = words.take_while(|word| !word.starts_with(['[', '<', '-'])).collect();
    if verbs.is_empty() { "switchboard".to_owned() } else { verbs.join(" ") }
}

fn text(error: &clap::Error, kind: ContextKind) -> String {
    match error.get(kind) {
        Some(ContextValue::String(text)) => text.clone(),
        Some(ContextValue::Strings(texts)) => texts.join(", "),
        Some(ContextValue::StyledStr(text)) => text.to_string(),
        Some(ContextValue::StyledStrs(texts)) => texts.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::read;
    use crate::Cli;

    fn check(words: &[&str], expected: &str) {
        let error = Cli::try_parse_from([&["switchboard"], words].concat()).unwrap_err();
        let error = read(&error).unwrap_err();
        assert_eq!(format!("{error}; {}", error.hint().unwrap_or_default()), expected);
    }

    #[test]
    fn mistake_names_the_nearest_known_word() {
        check(&["tool"], "there is no verb `tool`; did you mean `tools`?");
        check(&["config", "chek"], "there is no verb `chek`; did you mean `check`?");
        check(&["tools", "--jsn"], "unknown option or argument `--jsn`; did you mean `--json`?");
    }

    #[test]
    fn mistake_without_a_near_word_points_to_the_help() {
        check(&["xyzzy"], "there is no verb `xyzzy`; `switchboard --help` says what can be typed");
        check(&["call"], "missing <TOOL>; `switchboard call --help` says what can be typed");
        check(&["config"], "a verb is missing; `switchboard config --help` says what can be typed");
        check(
            &["serve", "--listen", "nowhere"],
            "invalid value `nowhere` for `--listen <ADDRESS>`: `nowhere` is no listen address; `switchboard --help` says what can be typed",
        );
    }
}
