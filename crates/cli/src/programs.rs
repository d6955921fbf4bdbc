//! Programs on the search path: where a command leads, and what this program is called there. Nothing is started.

use std::{
    env, fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

/// The file that a command starts.
pub(crate) fn find(command: &str) -> Option<PathBuf> {
    if command.contains('/') {
        return Some(PathBuf::from(command)).filter(|path| is_program(path));
    }
    let folders = env::var_os(config::env::PATH.name)?;
    env::split_paths(&folders).map(|folder| folder.join(command)).find(|path| is_program(path))
}

/// What to type for this program: its name where that leads here, else its whole path.
pub fn own_name() -> String {
    let same = |found: PathBuf| fs::canonicalize(found).ok() == env::current_exe().ok();
    match env::current_exe() {
        Ok(program) if !find("switchboard").is_some_and(same) => program.display().to_string(),
        _ => "switchboard".to_owned(),
    }
}

fn is_program(path: &Path) -> bool {
    path.metadata().is_ok_and(|facts| facts.is_file() && facts.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::{find, own_name};

    #[test]
    fn a_program_is_found_on_the_path_or_where_it_is_said_to_be() {
        assert!(find("sh").is_some());
        assert!(find("/bin/sh").is_some());
        assert!(find("no-such-program-anywhere").is_none());
        assert!(find("/etc/passwd").is_none());
    }

    #[test]
    fn program_that_is_not_on_the_path_is_called_by_its_file() {
        assert_eq!(own_name(), std::env::current_exe().unwrap().display().to_string());
    }
}
