//! The two ways out: data on stdout, talk on stderr, in one voice.
//! Colour is used only on a terminal and never without `NO_COLOR`'s leave; it carries no meaning alone.

use std::error::Error as _;
use std::io::{self, IsTerminal, Write};
use std::{fmt, iter};

use crate::{Error, Exit};

/// Where a verb writes.
pub struct Terminal {
    out: Box<dyn Write + Send>,
    talk: Box<dyn Write + Send>,
    /// Whether data goes to a terminal, where control characters would act.
    tame_data: bool,
    colour_talk: bool,
}

impl Terminal {
    /// The process's own stdout and stderr.
    pub fn of_process() -> Self {
        let no_colour = std::env::var_os(config::env::NO_COLOR.name).is_some_and(|value| !value.is_empty());
        Self {
            out: Box::new(io::stdout()),
            talk: Box::new(io::stderr()),
            tame_data: io::stdout().is_terminal(),
            colour_talk: io::stderr().is_terminal() && !no_colour,
        }
    }

    /// Two plain writers, without colour.
    pub fn plain(out: impl Write + Send + 'static, talk: impl Write + Send + 'static) -> Self {
        Self { out: Box::new(out), talk: Box::new(talk), tame_data: false, colour_talk: false }
    }

    /// Writes a line of data.
    pub fn data(&mut self, text: &str) -> Result<(), Error> {
        let line = if self.tame_data { tame(text) } else { text.to_owned() };
        Ok(writeln!(self.out, "{}", line.trim_end_matches('\n')).and_then(|()| self.out.flush())?)
    }

    /// Says something about work in progress; nobody listening is no failure.
    pub fn say(&mut self, text: &str) {
        self.talk_line(&tame(text));
    }

    /// Says what went wrong, and what to do about it.
    pub fn problem(&mut self, word: Word, message: &str, hint: Option<&str>) {
        let (start, end) = if self.colour_talk { (word.colour(), "\x1b[0m") } else { ("", "") };
        self.talk_line(&format!("{start}{word}:{end} {}", tame(message)));
        if let Some(hint) = hint {
            self.talk_line(&format!("hint: {}", tame(hint)));
        }
    }

    /// Ends a verb: says its error with all causes, and gives the exit code.
    pub fn end(&mut self, result: Result<Exit, Error>) -> Exit {
        let error = match result {
            Ok(exit) => return exit,
            Err(error) => error,
        };
        if error.exit() != Exit::Done {
            let causes = iter::successors(error.source(), |cause| (*cause).source());
            let message = causes.fold(error.to_string(), |message, cause| format!("{message}: {cause}"));
            self.problem(Word::Error, &message, error.hint().as_deref());
        }
        error.exit()
    }

    /// Where stderr is gone there is nobody left to tell, so a failure to talk is none of the verb.
    fn talk_line(&mut self, line: &str) {
        let _ = writeln!(self.talk, "{line}");
    }
}

/// The word a problem begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// The verb fails.
    Error,
    /// The verb goes on.
    Warning,
}

impl Word {
    fn colour(self) -> &'static str {
        match self {
            Self::Error => "\x1b[1;31m",
            Self::Warning => "\x1b[1;33m",
        }
    }
}

impl fmt::Display for Word {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Error => "error",
            Self::Warning => "warning",
        })
    }
}

/// `text` without the control characters that would move the cursor or change the terminal.
fn tame(text: &str) -> String {
    let act = |letter: char| letter.is_control() && !"\n\t".contains(letter);
    text.replace(act, "\u{fffd}")
}

#[cfg(test)]
mod tests {
    use super::tame;

    #[test]
    fn escape_sequences_of_tools_do_not_reach_the_terminal() {
        assert_eq!(tame("a\x1b[2Jb\r\n\tc"), "a\u{fffd}[2Jb\u{fffd}\n\tc");
    }
}
