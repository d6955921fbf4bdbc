//! A real terminal, by tmux: what is typed, and what the screen then shows. It goes when dropped.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::program::command;

/// How long a terminal may take to show what is expected.
const SHOWN_WITHIN: Duration = Duration::from_secs(20);

/// A terminal with a program in it.
#[derive(Debug)]
pub struct Terminal {
    socket: String,
}

impl Terminal {
    /// Opens one and types `words` there; `name` tells the terminals of one process apart.
    ///
    /// # Panics
    ///
    /// When tmux does not start.
    pub fn start(name: &str, words: &[&str]) -> Self {
        let terminal = Self { socket: format!("switchboard-{name}-{}", std::process::id()) };
        let size = ["-x", "160", "-y", "50"];
        let (is_open, said) = terminal.tmux(&[&["new-session", "-d"], &size[..], &[&words.join(" ")]].concat());
        assert!(is_open, "tmux does not start: {said}\nhint: run scripts/setup-tests.sh");
        // what has ended stays on the screen
        terminal.tmux(&["set-option", "remain-on-exit", "on"]);
        terminal
    }

    /// Types these keys.
    pub fn types(&self, keys: &[&str]) {
        self.tmux(&[&["send-keys"], keys].concat());
    }

    /// Waits until the screen shows `text`.
    ///
    /// # Panics
    ///
    /// When it does not.
    pub fn shows(&self, text: &str) {
        let begin = Instant::now();
        loop {
            let (_, screen) = self.tmux(&["capture-pane", "-p"]);
            if screen.contains(text) {
                return;
            }
            assert!(begin.elapsed() < SHOWN_WITHIN, "{text:?} is not on the screen:\n{screen}");
        }
    }

    /// The process that was started in it.
    pub fn process(&self) -> PathBuf {
        let (_, process) = self.tmux(&["list-panes", "-F", "#{pane_pid}"]);
        Path::new("/proc").join(process.trim())
    }

    /// Closes it, whatever runs in it.
    pub fn close(&self) {
        self.tmux(&["kill-server"]);
    }

    fn tmux(&self, words: &[&str]) -> (bool, String) {
        let output = command("tmux").args(["-L", &self.socket, "-f", "/dev/null"]).args(words).output();
        let output = output.expect("tmux is installed");
        let said = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8_lossy(&said).into_owned())
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.close();
    }
}
