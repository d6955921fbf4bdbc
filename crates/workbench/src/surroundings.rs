//! What package managers and tasks are told of the machine: caches of the toolkits' own, so that what a package does when it
//! is installed cannot reach those of the user; a folder for what is temporary; and the settings that the owner declared.

use std::{
    env, fs, io,
    path::PathBuf,
    time::{Duration, SystemTime},
};

use crate::{Command, Reach};

/// The folder of the caches, below that of the user.
const FOLDER: &str = "switchboard/packages";
/// Where programs put what is temporary, below the caches.
const TEMPORARY: &str = "tmp";
/// How long what they leave there may stay: longer than any call.
const TEMPORARY_KEPT: Duration = Duration::from_hours(24);

/// Variables by which each manager is told where its cache is.
const CACHES: [(&str, &str); 17] = [
    ("TMPDIR", TEMPORARY),
    ("PIP_CACHE_DIR", "pip"),
    ("UV_CACHE_DIR", "uv/cache"),
    ("UV_PYTHON_INSTALL_DIR", "uv/python"),
    ("POETRY_CACHE_DIR", "poetry"),
    ("CONDA_PKGS_DIRS", "conda"),
    ("npm_config_cache", "npm"),
    ("YARN_CACHE_FOLDER", "yarn/cache"),
    ("YARN_GLOBAL_FOLDER", "yarn/global"),
    ("BUN_INSTALL_CACHE_DIR", "bun"),
    ("CARGO_HOME", "cargo"),
    ("GOPATH", "go"),
    ("GOCACHE", "go/build"),
    ("GRADLE_USER_HOME", "gradle"),
    ("BUNDLE_USER_HOME", "bundler"),
    ("JUPYTER_RUNTIME_DIR", "jupyter/runtime"),
    ("IPYTHONDIR", "jupyter/ipython"),
];
/// The folder of Maven's cache, which is told by an option.
pub const MAVEN: &str = "maven";
/// The folder of pnpm's packages, which is told by an option.
pub const PNPM: &str = "pnpm";

/// What programs never get from the user's home: questions, colours, accounts, notices.
const SETTINGS: [(&str, &str); 14] = [
    ("CI", "1"),
    ("NO_COLOR", "1"),
    ("LC_ALL", "C.UTF-8"),
    ("PIP_NO_INPUT", "1"),
    ("PIP_DISABLE_PIP_VERSION_CHECK", "1"),
    ("POETRY_NO_INTERACTION", "1"),
    ("npm_config_userconfig", "/dev/null"),
    ("npm_config_update_notifier", "false"),
    ("npm_config_fund", "false"),
    ("npm_config_audit", "false"),
    ("COREPACK_ENABLE_DOWNLOAD_PROMPT", "0"),
    ("BUNDLE_PATH", "vendor/bundle"),
    ("GOFLAGS", "-modcacherw"),
    ("GIT_TERMINAL_PROMPT", "0"),
];

/// Variables that are handed on: proxies, certificates, registries, and where compilers are. In a gateway this process has
/// only those that its section of the configuration sets.
const DECLARED: [&str; 42] = [
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "ALL_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "all_proxy",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "REQUESTS_CA_BUNDLE",
    "NODE_EXTRA_CA_CERTS",
    "PIP_CERT",
    "PIP_INDEX_URL",
    "PIP_EXTRA_INDEX_URL",
    "PIP_FIND_LINKS",
    "PIP_NO_INDEX",
    "PIP_TRUSTED_HOST",
    "PIP_DEFAULT_TIMEOUT",
    "UV_DEFAULT_INDEX",
    "UV_INDEX",
    "UV_FIND_LINKS",
    "UV_NO_INDEX",
    "UV_OFFLINE",
    "UV_NATIVE_TLS",
    "UV_PYTHON_DOWNLOADS",
    "CONDA_CHANNELS",
    "npm_config_registry",
    "npm_config_offline",
    "npm_config_nodedir",
    "YARN_NPM_REGISTRY_SERVER",
    "CARGO_NET_OFFLINE",
    "CARGO_HTTP_CAINFO",
    "GOPROXY",
    "GOPRIVATE",
    "GOSUMDB",
    "GOTOOLCHAIN",
    "MAVEN_ARGS",
    "JAVA_HOME",
    "RUSTUP_HOME",
    "RUSTUP_TOOLCHAIN",
    "PYENV_VERSION",
];

/// Places in a home where people keep compilers, interpreters and managers. Keys and tokens lie elsewhere.
const TOOLCHAINS: [&str; 29] = [
    ".asdf",
    ".bun/bin",
    ".cargo/bin",
    ".cargo/config.toml",
    ".config/git/config",
    ".deno/bin",
    ".fnm",
    ".gitconfig",
    ".goenv",
    ".local/bin",
    ".local/lib",
    ".local/pipx",
    ".local/share/fnm",
    ".local/share/mise",
    ".local/share/pipx",
    ".local/share/pnpm",
    ".local/share/pypoetry",
    ".local/share/uv",
    ".nvm",
    ".pyenv",
    ".rbenv",
    ".rustup",
    ".rvm",
    ".sdkman",
    ".volta",
    "anaconda3",
    "miniconda3",
    "miniforge3",
    "go/bin",
];

/// A command with these surroundings.
pub fn around(command: Command) -> Command {
    let caches = cache_folder();
    if let Some(caches) = &caches {
        // a program that finds no such folder says so itself
        let _ = fs::create_dir_all(caches.join(TEMPORARY));
    }
    let command = SETTINGS.iter().fold(command, |command, (name, value)| command.env(*name, *value));
    let command = CACHES.iter().fold(command, |command, (name, folder)| {
        let folder = caches.as_ref().map(|caches| caches.join(folder).display().to_string());
        folder.into_iter().fold(command, |command, folder| command.env(*name, folder))
    });
    let declared = DECLARED.iter().filter_map(|name| Some((*name, env::var(name).ok()?)));
    declared.fold(command, |command, (name, value)| command.env(name, value))
}

/// The folder of one cache.
pub fn cache(name: &str) -> Option<String> {
    cache_folder().map(|caches| caches.join(name).display().to_string())
}

/// What a toolkit that runs them reaches beside its roots: the caches, which are made here, and where compilers are kept.
pub fn reach() -> Reach {
    let caches = cache_folder().filter(|caches| prepare(caches).is_ok());
    let home = env::home_dir();
    let toolchains = home.iter().flat_map(|home| TOOLCHAINS.iter().map(|place| home.join(place)));
    let named = ["RUSTUP_HOME", "JAVA_HOME"].into_iter().filter_map(env::var_os).map(PathBuf::from);
    let on_path = env::var_os("PATH").unwrap_or_default();
    let on_path = env::split_paths(&on_path).filter(|folder| folder.is_absolute() && Some(folder) != home.as_ref());
    let on_path = on_path.map(whole_environment);
    Reach { writable: caches.into_iter().collect(), readable: toolchains.chain(named).chain(on_path).collect() }
}

/// The environment of Python that a folder of programs belongs to, or the folder.
fn whole_environment(programs: PathBuf) -> PathBuf {
    match programs.parent() {
        Some(environment) if environment.join("pyvenv.cfg").is_file() => environment.to_owned(),
        _ => programs,
    }
}

fn cache_folder() -> Option<PathBuf> {
    let named = env::var_os("XDG_CACHE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    Some(named.or_else(|| Some(env::home_dir()?.join(".cache")))?.join(FOLDER))
}

/// Makes the folders, and removes what programs have left behind.
fn prepare(caches: &std::path::Path) -> io::Result<()> {
    let temporary = caches.join(TEMPORARY);
    fs::create_dir_all(&temporary)?;
    let oldest = SystemTime::now() - TEMPORARY_KEPT;
    for entry in fs::read_dir(&temporary)?.flatten() {
        let is_old = entry.metadata().and_then(|about| about.modified()).is_ok_and(|modified| modified < oldest);
        if is_old {
            // what cannot be removed now is tried again next time
            let _ = fs::remove_dir_all(entry.path()).or_else(|_| fs::remove_file(entry.path()));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_programs_left_behind_goes_after_a_day() {
        let caches = tempfile::tempdir().unwrap();
        prepare(caches.path()).unwrap();
        let [old, new] = ["old", "new"].map(|name| caches.path().join(TEMPORARY).join(name));
        let long_ago = SystemTime::now() - TEMPORARY_KEPT * 2;
        fs::File::create(&old).unwrap().set_modified(long_ago).unwrap();
        fs::write(&new, "").unwrap();
        prepare(caches.path()).unwrap();
        assert!(!old.exists() && new.exists());
    }

    #[test]
    fn programs_of_an_environment_bring_it_whole() {
        let folder = tempfile::tempdir().unwrap();
        let programs = folder.path().join("bin");
        assert_eq!(whole_environment(programs.clone()), programs);
        fs::write(folder.path().join("pyvenv.cfg"), "").unwrap();
        assert_eq!(whole_environment(programs), folder.path());
    }

    #[test]
    fn no_folder_of_keys_is_reached() {
        let keys = [".ssh", ".gnupg", ".aws", ".npmrc", ".pypirc", ".netrc", ".cargo/credentials.toml", ".config/gh"];
        let home = env::home_dir().unwrap();
        for reached in TOOLCHAINS.iter().map(|place| home.join(place)) {
            for key in keys.iter().map(|key| home.join(key)) {
                assert!(!key.starts_with(&reached), "{} lies in {}", key.display(), reached.display());
            }
        }
    }
}
