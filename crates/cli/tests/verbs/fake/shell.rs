//! A shell for tests: words in; stdout, stderr and exit code out.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use cli::{BuiltIn, Exit, Options, Program, Running, Serve, Stdio, Terminal, Toolkit};
use config::Config;
use gateway::seals::Seals;
use gateway::{Gateway, Nobody, Residents};

/// How a verb ended and what it wrote.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) exit: Exit,
    pub(crate) out: String,
    pub(crate) talk: String,
}

/// Runs `words` where nobody answers questions.
pub(crate) async fn run(words: &[&str]) -> Ended {
    run_with(words, None).await
}

/// Runs `words` where somebody answers questions with these lines.
pub(crate) async fn run_answering(words: &[&str], lines: &'static str) -> Ended {
    run_with(words, Some(lines)).await
}

async fn run_with(words: &[&str], lines: Option<&'static str>) -> Ended {
    let (out, talk) = (Page::default(), Page::default());
    let terminal = Terminal::plain(out.clone(), talk.clone());
    let mut terminal = match lines {
        Some(lines) => terminal.answering(lines.as_bytes()),
        None => terminal,
    };
    let exit = cli::run([&["switchboard"], words].concat(), &mut terminal, &Bare).await;
    Ended { exit, out: out.text(), talk: talk.text() }
}

/// A program that can run no node.
struct Bare;

impl Program for Bare {
    fn serve<'a>(&'a self, _: &'a Serve, _: &'a Options, _: &'a mut Terminal) -> Running<'a> {
        panic!("the tests of this crate run no node")
    }

    fn stdio<'a>(&'a self, _: &'a Stdio, _: &'a Options, _: &'a mut Terminal) -> Running<'a> {
        panic!("the tests of this crate run no node")
    }

    fn toolkits(&self) -> Vec<BuiltIn> {
        vec![BuiltIn { name: "project", about: "files and git" }]
    }

    fn toolkit<'a>(&'a self, _: &'a Toolkit, _: &'a mut Terminal) -> Running<'a> {
        panic!("the tests of this crate serve no toolkit")
    }

    fn gateway(&self, config: &Config) -> Gateway {
        let nobody: Arc<dyn Residents> = Arc::new(Nobody);
        Gateway::new(config, &nobody, Seals::ephemeral())
    }
}

/// A writer that can be read afterwards.
#[derive(Clone, Default)]
struct Page(Arc<Mutex<Vec<u8>>>);

impl Write for Page {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Page {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}
