//! Names under which things of many servers stand in one catalogue.

use std::fmt::Write;

use sha2::{Digest, Sha256};

/// The longest name that every client accepts.
pub const NAME_BYTES_MAX: usize = 64;
/// What is kept of a longer name before `_` and eight hex characters of its hash.
const KEPT_BYTES: usize = 55;

/// `<prefix>_<own>`, in the alphabet and length that every client accepts. A name that had to be changed ends with
/// a piece of the hash of what it was, so it is stable between runs and does not meet another one.
pub fn exposed(prefix: &str, own: &str) -> String {
    let full = if prefix.is_empty() { own.to_owned() } else { format!("{prefix}_{own}") };
    if is_accepted(&full) {
        return full;
    }
    let kept: String = full
        .chars()
        .map(|letter| if letter.is_ascii() && allowed(letter as u8) { letter } else { '_' })
        .take(KEPT_BYTES)
        .collect();
    let mut name = kept;
    name.push('_');
    for byte in &Sha256::digest(full.as_bytes())[..4] {
        let _ = write!(name, "{byte:02x}");
    }
    name
}

/// Whether every client accepts the name as it is.
pub fn is_accepted(name: &str) -> bool {
    name.len() <= NAME_BYTES_MAX && !name.is_empty() && name.bytes().all(allowed)
}

fn allowed(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-')
}

/// What two names have in common when a person could take one for the other: case, separators and look-alike
/// digits do not count.
pub fn skeleton(name: &str) -> String {
    name.chars()
        .filter(|letter| !matches!(letter, '_' | '-' | '.' | '/'))
        .map(|letter| match letter.to_ascii_lowercase() {
            '0' => 'o',
            '1' | 'i' => 'l',
            other => other,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_and_foreign_names_are_shortened_to_stable_ones() {
        assert_eq!(exposed("docker", "list_containers"), "docker_list_containers");
        assert_eq!(exposed("", "a.b-c"), "a.b-c");
        let long = exposed("server", &"x".repeat(80));
        assert_eq!((long.len(), &long[..9]), (NAME_BYTES_MAX, "server_xx"));
        assert_eq!(long, exposed("server", &"x".repeat(80)));
        assert_ne!(long, exposed("server", &"x".repeat(81)));
        assert_ne!(exposed("s", "a b"), exposed("s", "a/b"));
    }

    #[test]
    fn look_alikes_share_a_skeleton() {
        assert_eq!(skeleton("git_Iog"), skeleton("git-log"));
        assert_eq!(skeleton("fi1e"), skeleton("file"));
        assert_ne!(skeleton("read"), skeleton("write"));
    }
}
