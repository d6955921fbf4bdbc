//! Where state is kept when nobody says where: the folder of the XDG rules. What is kept there is decided above.

use std::path::PathBuf;

use crate::env::{HOME, XDG_STATE_HOME};

/// The folder for state that follows from the environment; relative paths do not count, as the XDG rules say.
pub fn folder(variable: &dyn Fn(&str) -> Option<String>) -> Option<PathBuf> {
    let absolute = |name| variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let base = absolute(XDG_STATE_HOME.name).or_else(|| Some(absolute(HOME.name)?.join(".local/state")))?;
    Some(base.join("switchboard"))
}

#[cfg(test)]
mod tests {
    use super::folder;

    #[track_caller]
    fn check(variables: &[(&str, &str)], expected: Option<&str>) {
        let variable =
            |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        assert_eq!(folder(&variable).as_deref(), expected.map(std::path::Path::new), "{variables:?}");
    }

    #[test]
    fn state_has_the_folder_of_the_xdg_rules() {
        check(&[("XDG_STATE_HOME", "/s"), ("HOME", "/home/ada")], Some("/s/switchboard"));
        check(&[("HOME", "/home/ada")], Some("/home/ada/.local/state/switchboard"));
        check(&[("XDG_STATE_HOME", "s"), ("HOME", "/home/ada")], Some("/home/ada/.local/state/switchboard"));
        check(&[("XDG_STATE_HOME", ""), ("HOME", "")], None);
    }
}
