//! The moment at which a call of several commands has to be done.

use std::time::{Duration, Instant};

use toolkit::{Call, Failure};
use workbench::{Command, Outcome, surroundings};

/// Bytes that are kept of what a manager prints.
const PRINTED_BYTES_MAX: usize = 4 << 20;

/// The moment at which a call has to be done.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline {
    begun: Instant,
    end: Instant,
}

impl Deadline {
    /// That of a call which begins now.
    pub(crate) fn of(call: &Call) -> Self {
        let begun = Instant::now();
        Self { begun, end: begun + call.shared.timeout }
    }

    /// How much time is left.
    pub(crate) fn left(self) -> Duration {
        self.end.saturating_duration_since(Instant::now())
    }

    /// How long the call has taken so far, in milliseconds.
    pub(crate) fn elapsed_ms(self) -> u64 {
        u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// A command as it runs here: in its surroundings, and with the time that is left.
    pub(crate) fn prepare(self, command: Command) -> Command {
        surroundings::around(command).time_max(self.left()).stdout_bytes_max(PRINTED_BYTES_MAX)
    }

    /// Runs a command that has to succeed.
    pub(crate) async fn succeed(self, command: Command) -> Result<Outcome, Failure> {
        self.prepare(command).succeed().await
    }

    /// Runs commands one after the other, and tells of each.
    pub(crate) async fn all(self, commands: Vec<Command>, call: &Call) -> Result<(), Failure> {
        let total = commands.len() as u64;
        for (done, command) in commands.into_iter().enumerate() {
            call.progress(done as u64, Some(total), &command.shown());
            self.succeed(command).await?;
        }
        Ok(())
    }
}
