//! The name of a unit, as far as tools take it: a service, socket or timer, in the characters that systemd allows. Targets
//! and slices are not taken: starting the one for power-off would be a way around every rule.

use std::fmt;

use toolkit::Failure;

use crate::shown;

/// As long as a name of a unit may be.
const BYTES_MAX: usize = 255;
/// What can stand behind the last dot; a name without one of them is a service.
const SUFFIXES: [&str; 3] = [".service", ".socket", ".timer"];
/// Suffixes of units that are no service.
const OTHER_SUFFIXES: [&str; 8] = [".target", ".slice", ".scope", ".mount", ".automount", ".swap", ".device", ".path"];

/// The full name of a unit: `nginx.service`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UnitName(String);

impl UnitName {
    /// The unit that the argument `service` names.
    pub(crate) fn parse(name: &str) -> Result<Self, Failure> {
        let refuse = |reason: &str| {
            let text = format!("`{}` is not the name of a service: {reason}", shown::short(name));
            Err(Failure::invalid("service", text).hint("`list_services` names them"))
        };
        if name.is_empty() {
            return refuse("it is empty");
        }
        if name.len() > BYTES_MAX {
            return refuse("it is longer than 255 bytes");
        }
        if name.starts_with(['-', '.', '@']) {
            return refuse("it must begin with a letter or a digit");
        }
        if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b":-_.\\@".contains(&byte)) {
            return refuse("only letters, digits and `:-_.@\\` can be in it");
        }
        if OTHER_SUFFIXES.iter().any(|suffix| name.ends_with(suffix)) {
            return refuse("only services, sockets and timers can be named here");
        }
        if SUFFIXES.iter().any(|suffix| name.ends_with(suffix)) {
            return Ok(Self(name.to_owned()));
        }
        Ok(Self(format!("{name}.service")))
    }

    /// The full name.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UnitName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_full() {
        let check = |name: &str, expected: &str| assert_eq!(UnitName::parse(name).unwrap().as_str(), expected);
        check("nginx", "nginx.service");
        check("nginx.service", "nginx.service");
        check("php8.3-fpm", "php8.3-fpm.service");
        check("getty@tty1", "getty@tty1.service");
        check("apt-daily.timer", "apt-daily.timer");
        check(r"dev-disk\x2dby", r"dev-disk\x2dby.service");
    }

    #[test]
    fn what_is_no_name_is_refused() {
        let long = "a".repeat(100_000);
        for name in [
            "",
            "--help",
            "-H",
            "nginx; reboot",
            "nginx && id",
            "$(id)",
            "`id`",
            "nginx|cat",
            "a b",
            "nginx\n",
            "nginx\0",
            "../../etc/passwd",
            "nginx/../x",
            "*",
            "nginx*",
            ".service",
            "@x",
            "naïve",
            "poweroff.target",
            "user.slice",
            "init.scope",
            "-.mount",
            &long,
        ] {
            let failure = UnitName::parse(name).unwrap_err();
            assert_eq!(failure.field.as_deref(), Some("service"), "{name:?}");
            assert!(failure.message.len() < 500, "{}", failure.message.len());
        }
    }
}
