//! Versions as programs print them and as callers want them.

use toolkit::{Code, Failure};

use crate::shown;

/// The first version in what a program prints: `go version go1.22.1 linux/amd64` has `1.22.1`.
pub(crate) fn printed(text: &str) -> Option<&str> {
    let words = text.split(|one: char| one.is_whitespace() || "\"(),".contains(one));
    words.map(|word| word.trim_start_matches(|one: char| one.is_ascii_alphabetic())).find_map(|word| {
        let end = word.find(|one: char| !one.is_ascii_digit() && one != '.').unwrap_or(word.len());
        let version = word[..end].trim_end_matches('.');
        version.contains('.').then_some(version)
    })
}

/// Checks a version that a caller wrote: numbers with dots.
pub(crate) fn check(field: &str, version: &str) -> Result<(), Failure> {
    let is_number = |part: &str| (1..=4).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    let mut parts = version.split('.');
    if parts.clone().count() <= 4 && parts.all(is_number) {
        return Ok(());
    }
    let text = format!("`{}` is no version", shown::short(version));
    Err(Failure::invalid(field, text).hint("give it as numbers with dots, such as `1.22`"))
}

/// Whether the version that is there is the one that is wanted, as far as that says: `22` is met by `22.3.1`.
pub(crate) fn is_met(wanted: &str, there: &str) -> bool {
    there.strip_prefix(wanted).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// The failure of a version that is not there.
pub(crate) fn missing(field: &str, program: &str, wanted: &str, there: &str, how: &str) -> Failure {
    let text = format!("{program} {wanted} is wanted, and {there} is installed");
    let failure = Failure::new(Code::DependencyMissing, text).hint(how);
    Failure { field: Some(field.to_owned()), ..failure }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_found_in_what_a_program_prints() {
        let check = |text, expected| assert_eq!(printed(text), expected, "{text}");
        check("v20.20.2\n", Some("20.20.2"));
        check("cargo 1.95.0 (abc 2026-01-01)", Some("1.95.0"));
        check("go version go1.22.1 linux/amd64", Some("1.22.1"));
        check("openjdk version \"21.0.2\" 2024-01-16", Some("21.0.2"));
        check("ruby 3.3.0 (2023-12-25 revision 5124f9ac75) [x86_64-linux]", Some("3.3.0"));
        check("Apache Maven 3.9.9 (8e8579a9e76f7d015ee5ec7bfcdc97d260186937)", Some("3.9.9"));
        check("Python 3.11.7", Some("3.11.7"));
        check("nothing", None);
    }

    #[test]
    fn a_wanted_version_is_met_by_what_begins_like_it() {
        assert!(is_met("22", "22.3.1") && is_met("1.22", "1.22") && is_met("1.22", "1.22.5"));
        assert!(!is_met("2", "22.3.1") && !is_met("1.22", "1.220") && !is_met("1.22.5", "1.22"));
        assert!(check("version", "1.22").is_ok());
        for wrong in ["", "latest", "1..2", "-1", "1.2.3.4.5", "1;id", "99999"] {
            assert!(check("version", wrong).is_err(), "{wrong}");
        }
    }
}
