//! Limits for a small machine: those of the defaults that stand for memory, made smaller. A larger machine needs none.

use super::Proposal;

/// A machine with less memory than this is a small one, in bytes (2 GiB): the defaults let two large answers and eight
/// starting servers take half of it.
const MEMORY_BYTES_SMALL: u64 = 2 * 1024 * 1024 * 1024;

const TEXT: &str = "\
[limits]
# One answer of a server, and one line of it, in bytes (16 MiB).
result_bytes_max = 16_777_216
line_bytes_max = 16_777_216
# Servers that start at one time; others wait for their turn.
starts_max = 2
# Sessions of clients.
sessions_max = 1_000
";

/// Smaller limits, where the machine is small.
pub(super) fn proposal(memory_bytes: Option<u64>) -> Option<Proposal> {
    let memory = memory_bytes.filter(|memory| *memory < MEMORY_BYTES_SMALL)?;
    Some(Proposal {
        section: "limits".to_owned(),
        what: "smaller answers, fewer starts and sessions at one time".to_owned(),
        reason: format!("this machine has {} MiB of memory", memory / (1024 * 1024)),
        note: None,
        text: TEXT.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_small_machine_gets_smaller_limits() {
        assert_eq!(proposal(Some(MEMORY_BYTES_SMALL)), None);
        assert_eq!(proposal(None), None);
        let small = proposal(Some(512 * 1024 * 1024)).unwrap();
        assert_eq!(small.reason, "this machine has 512 MiB of memory");
    }

    #[test]
    fn the_limits_are_valid_and_smaller_than_the_defaults() {
        let loaded = config::parse(TEXT, "proposed", &|_| None);
        assert_eq!(loaded.problems, []);
        let (small, usual) = (loaded.config.limits, config::Limits::default());
        assert!(small.result_bytes_max < usual.result_bytes_max && small.line_bytes_max < usual.line_bytes_max);
        assert!(small.starts_max < usual.starts_max && small.sessions_max < usual.sessions_max);
    }
}
