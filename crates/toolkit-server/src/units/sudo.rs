//! Acts on services with the rights of root, for users to whom `sudo` gives them without a password. Root itself needs none
//! of it, and everybody else is judged by polkit.

use std::time::Duration;

use toolkit::{Code, Failure};

use super::{Act, UnitName};
use crate::programs::SUDO_SYSTEMCTL;

/// Whether `sudo` would make a difference.
pub(super) fn is_needed() -> bool {
    !rustix::process::geteuid().is_root()
}

/// Does it; the program ends when systemd says that it is done.
pub(super) async fn act(act: Act, name: &UnitName, wait: Duration) -> Result<(), Failure> {
    let command = SUDO_SYSTEMCTL.command().words([act.verb()]).rest("service", [name.as_str()])?.time_max(wait);
    let command = command.why("only root may do it, and sudo lets this user be root for it");
    command.succeed().await.map(drop).map_err(refused)
}

fn refused(failure: Failure) -> Failure {
    if failure.code == Code::CommandFailed && failure.message.contains("password is required") {
        let text = "`sudo` wants a password, and there is nobody to ask";
        return Failure::new(Code::Forbidden, text).hint("allow this user `systemctl` with NOPASSWD in sudoers");
    }
    failure
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wish_for_a_password_is_a_refusal() {
        let check = |code, message: &str, expected| assert_eq!(refused(Failure::new(code, message)).code, expected);
        check(Code::CommandFailed, "`sudo x` ended with exit code 1: sudo: a password is required", Code::Forbidden);
        check(Code::CommandFailed, "`sudo x` ended with exit code 1: Job failed.", Code::CommandFailed);
        check(Code::DependencyMissing, "`sudo` is not installed", Code::DependencyMissing);
    }
}
