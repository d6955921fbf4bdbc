//! The ways out and in: data on stdout, talk and questions on stderr, answers on stdin, in one voice.
//! Colour is used only on a terminal and never without `NO_COLOR`'s leave; it carries no meaning alone.

use std::fmt;
use std::io::{self, BufRead, BufReader, IsTerminal, Write};

use crate::text::Tone;
use crate::{Error, Exit, Report, Text};

/// Where a verb writes, and where it asks.
pub struct Terminal {
    out: Stream,
    talk: Stream,
    input: Box<dyn BufRead + Send>,
    /// Who is at the other end of it.
    who: Who,
    json: bool,
    quiet: bool,
}

/// Who is at the other end of the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Who {
    /// Nobody who could answer a question.
    Nobody,
    /// Lines that answer questions.
    Lines,
    /// A person at a terminal of this process, who can edit lines.
    Person,
}

/// One way out.
struct Stream {
    writer: Box<dyn Write + Send>,
    /// Whether it leads to a terminal, where control characters would act.
    tame: bool,
    colour: bool,
}

impl Terminal {
    /// The process's own stdin, stdout and stderr.
    pub fn of_process() -> Self {
        let somebody_is_there = io::stdin().is_terminal() && io::stderr().is_terminal();
        Self {
            out: Stream::of_process(Box::new(io::stdout()), io::stdout().is_terminal()),
            talk: Stream::of_process(Box::new(io::stderr()), io::stderr().is_terminal()),
            input: Box::new(BufReader::new(io::stdin())),
            who: if somebody_is_there { Who::Person } else { Who::Nobody },
            json: false,
            quiet: false,
        }
    }

    /// Two plain writers without colour, and nobody who answers.
    pub fn plain(out: impl Write + Send + 'static, talk: impl Write + Send + 'static) -> Self {
        let stream = |writer| Stream { writer, tame: false, colour: false };
        Self {
            out: stream(Box::new(out)),
            talk: stream(Box::new(talk)),
            input: Box::new(io::empty()),
            who: Who::Nobody,
            json: false,
            quiet: false,
        }
    }

    /// The same, with somebody who answers questions with these lines.
    pub fn answering(mut self, lines: impl io::Read + Send + 'static) -> Self {
        self.input = Box::new(BufReader::new(lines));
        self.who = Who::Lines;
        self
    }

    /// Whether results are shown as JSON, and whether talk is left out.
    pub fn choose(&mut self, json: bool, quiet: bool) {
        (self.json, self.quiet) = (json, quiet);
    }

    /// Whether somebody is there to answer questions.
    pub fn can_ask(&self) -> bool {
        self.who != Who::Nobody
    }

    /// Whether a person sits at a terminal of this process, who can edit lines.
    pub fn is_of_person(&self) -> bool {
        self.who == Who::Person
    }

    /// Whether results go to a program.
    pub fn is_json(&self) -> bool {
        self.json
    }

    /// Shows a result: as JSON where that was asked for, else as text.
    pub fn show(&mut self, report: &impl Report) -> Result<(), Error> {
        if self.json {
            let json = serde_json::to_string_pretty(report).map_err(io::Error::other)?;
            return self.data(&json);
        }
        let text = report.text();
        if text.is_blank() { Ok(()) } else { Ok(self.out.line(&text)?) }
    }

    /// Writes data as it is.
    pub fn data(&mut self, text: &str) -> Result<(), Error> {
        Ok(self.out.line(&Text::plain(text))?)
    }

    /// Says something about work in progress, unless nothing but results was asked for.
    pub fn say(&mut self, text: &str) {
        if !self.quiet {
            self.tell(text);
        }
    }

    /// Says something that has to be known; nobody listening is no failure.
    pub fn tell(&mut self, text: &str) {
        self.talk(&Text::plain(text));
    }

    /// Shows something that has to be seen before a question.
    pub fn tell_text(&mut self, text: &Text) {
        self.talk(text);
    }

    /// Says what went wrong, and what to do about it.
    pub fn problem(&mut self, word: Word, message: &str, hint: Option<&str>) {
        self.talk(&Text::default().and(word.tone(), format!("{word}:")).and(Tone::Plain, format!(" {message}")));
        if let Some(hint) = hint {
            self.talk(&Text::plain(format!("hint: {hint}")));
        }
    }

    /// Asks, and waits for a line; none where nobody answers or the input has ended.
    pub fn ask(&mut self, question: &str) -> Result<Option<String>, Error> {
        if !self.can_ask() {
            return Ok(None);
        }
        self.talk.write(&Text::plain(question))?;
        self.line()
    }

    /// The next line of the input; none after its end.
    pub fn line(&mut self) -> Result<Option<String>, Error> {
        let mut line = String::new();
        let read = self.input.read_line(&mut line)?;
        Ok((read > 0).then(|| line.trim_end_matches(['\n', '\r']).to_owned()))
    }

    /// Asks a question that only a clear yes agrees to.
    pub fn confirm(&mut self, question: &str) -> Result<bool, Error> {
        let answer = self.ask(&format!("{question} [y/N] "))?.unwrap_or_default();
        Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
    }

    /// Ends a verb: says its error with all causes, and gives the exit code.
    pub fn end(&mut self, result: Result<Exit, Error>) -> Exit {
        let error = match result {
            Ok(exit) => return exit,
            Err(error) => error,
        };
        if error.exit() != Exit::Done {
            self.problem(Word::Error, &error.with_causes(), error.hint().as_deref());
        }
        error.exit()
    }

    /// Where stderr is gone there is nobody left to tell, so a failure to talk is none of the verb.
    fn talk(&mut self, text: &Text) {
        let _ = self.talk.line(text);
    }
}

impl Stream {
    fn of_process(writer: Box<dyn Write + Send>, is_terminal: bool) -> Self {
        let forbidden = std::env::var_os(config::env::NO_COLOR.name).is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        Self { writer, tame: is_terminal, colour: is_terminal && !forbidden && !dumb }
    }

    /// Writes a line in one piece: the log, which goes the same way, must not come into the middle of it.
    fn line(&mut self, text: &Text) -> io::Result<()> {
        let mut line = self.rendered(text);
        line.push('\n');
        self.put(&line)
    }

    fn write(&mut self, text: &Text) -> io::Result<()> {
        let rendered = self.rendered(text);
        self.put(&rendered)
    }

    fn put(&mut self, text: &str) -> io::Result<()> {
        self.writer.write_all(text.as_bytes())?;
        self.writer.flush()
    }

    fn rendered(&self, text: &Text) -> String {
        let mut rendered = String::new();
        for (tone, piece) in text.pieces() {
            let escape = if self.colour { tone.escape() } else { "" };
            let piece = if self.tame { tame(piece) } else { piece.to_owned() };
            let end = if escape.is_empty() { "" } else { "\x1b[0m" };
            rendered.extend([escape, &piece, end]);
        }
        rendered.truncate(rendered.trim_end_matches('\n').len());
        rendered
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
    fn tone(self) -> Tone {
        match self {
            Self::Error => Tone::Bad,
            Self::Warning => Tone::Doubtful,
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
    use std::io::{self, Write};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::{Stream, tame};
    use crate::{Text, text::Tone};

    #[test]
    fn escape_sequences_of_tools_do_not_reach_the_terminal() {
        assert_eq!(tame("a\x1b[2Jb\r\n\tc"), "a\u{fffd}[2Jb\u{fffd}\n\tc");
    }

    #[expect(clippy::disallowed_methods, reason = "the pipe holds two lines")]
    fn rendered(colour: bool) -> String {
        let (reader, writer) = std::io::pipe().unwrap();
        let mut stream = Stream { writer: Box::new(writer), tame: true, colour };
        stream.line(&Text::default().and(Tone::Good, "up\x1b").and(Tone::Plain, " 3")).unwrap();
        drop(stream);
        std::io::read_to_string(reader).unwrap()
    }

    /// Counts how often it is written to.
    #[derive(Clone, Default)]
    struct Counting(Arc<AtomicUsize>);

    impl Write for Counting {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.fetch_add(1, Ordering::Relaxed);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn line_is_written_in_one_piece() {
        let counting = Counting::default();
        let mut stream = Stream { writer: Box::new(counting.clone()), tame: false, colour: true };
        stream.line(&Text::default().and(Tone::Good, "listening").and(Tone::Plain, " on it")).unwrap();
        assert_eq!(counting.0.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn tone_is_colour_on_a_terminal_and_nothing_elsewhere() {
        assert_eq!(rendered(true), "\x1b[32mup\u{fffd}\x1b[0m 3\n");
        assert_eq!(rendered(false), "up\u{fffd} 3\n");
    }
}
