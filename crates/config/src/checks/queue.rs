//! Rules of `[queue]` and of what servers and tools say beside it: turns for every class, and locks that name an argument.

use crate::path::KeyPath;
use crate::problem::Problems;
use crate::{Queue, Server, ToolSettings};

/// The turns that one class may have in a cycle at most; more would let the others wait for minutes.
const TURNS_MAX: u32 = 1_000;

/// Reports what is wrong with `queue`.
pub(super) fn check(queue: &Queue, problems: &mut Problems<'_>) {
    let path = KeyPath::of(["queue", "weights"]);
    for (index, turns) in queue.weights.iter().enumerate().filter(|(_, turns)| !(1..=TURNS_MAX).contains(*turns)) {
        let message = format!("{turns} is not between 1 and {TURNS_MAX}");
        problems.add(&path.index(index), message, "every class needs a turn now and then");
    }
}

/// Reports a least number of calls that is above the most of them.
pub(super) fn check_concurrency(server: &Server, queue: &Queue, path: &KeyPath, problems: &mut Problems<'_>) {
    let max = queue.concurrency_of(server);
    if let Some(min) = server.concurrency_min.filter(|min| *min > max) {
        let message = format!("{min} is more than `concurrency`, which is {max}");
        problems.add(&path.key("concurrency_min"), message, "lower it, or raise `concurrency`");
    }
}

/// Reports what is wrong with the locks of the tools of a server.
pub(super) fn check_locks(server: &Server, path: &KeyPath, problems: &mut Problems<'_>) {
    for (glob, settings) in &server.tool {
        if let Some(lock) = &settings.lock
            && settings.lock_argument().is_none()
        {
            let message = format!("`{lock}` is no lock");
            problems.add(&path.key("tool").key(glob).key("lock"), message, "write `arg:` and the name of an argument");
        }
    }
}

impl ToolSettings {
    /// The argument whose value names the object that calls work on one after the other.
    pub fn lock_argument(&self) -> Option<&str> {
        self.lock.as_deref()?.strip_prefix("arg:").filter(|name| !name.is_empty())
    }
}

#[cfg(test)]
mod tests {
    fn problems(text: &str) -> Vec<String> {
        let loaded = crate::parse(text, "f", &|_| None);
        loaded.problems.into_iter().map(|problem| problem.to_string()).collect()
    }

    #[test]
    fn a_class_without_a_turn_and_a_lock_without_an_argument_are_reported() {
        let check = |text: &str, expected: &str| assert_eq!(problems(text), [expected], "{text}");
        check("queue.weights = [16, 8, 4, 2, 0]", "f:1:31: queue.weights[4]: 0 is not between 1 and 1000");
        let locked = |lock: &str| format!("servers.a.command = \"a\"\nservers.a.tool.\"*\".lock = \"{lock}\"");
        check(&locked("repo"), "f:2:20: servers.a.tool.\"*\".lock: `repo` is no lock");
        check(&locked("arg:"), "f:2:20: servers.a.tool.\"*\".lock: `arg:` is no lock");
        assert_eq!(problems(&locked("arg:repo")), [""; 0]);
    }

    #[test]
    fn the_fewest_calls_are_no_more_than_the_most() {
        let least = |min: u32| format!("servers.a.command = \"a\"\nservers.a.concurrency_min = {min}");
        let expected = "f:2:11: servers.a.concurrency_min: 6 is more than `concurrency`, which is 5";
        assert_eq!(problems(&least(6)), [expected]);
        assert_eq!(problems(&least(5)), [""; 0]);
    }
}
