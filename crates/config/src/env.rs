//! The one registry of environment variables the program itself reads.
//! Variables named in `${env:NAME}` belong to the operator's servers and are not listed here.

/// An environment variable the program reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Variable {
    /// Its name.
    pub name: &'static str,
    /// What it does, in one sentence.
    pub meaning: &'static str,
}

/// The configuration file, where `--config` is not given.
pub const CONFIG: Variable =
    Variable { name: "SWITCHBOARD_CONFIG", meaning: "the configuration file, where `--config` is not given" };

/// The profile, where `--profile` is not given.
pub const PROFILE: Variable =
    Variable { name: "SWITCHBOARD_PROFILE", meaning: "the profile, where `--profile` is not given" };

/// The listen address, where `--listen` is not given.
pub const LISTEN: Variable =
    Variable { name: "SWITCHBOARD_LISTEN", meaning: "the listen address, where `--listen` is not given" };

/// What proves to a node who calls.
pub const TOKEN: Variable = Variable {
    name: "SWITCHBOARD_TOKEN",
    meaning: "the token of a principal, which verbs that call tools send to the node at `--url`",
};

/// The folder for what the program keeps, instead of `$XDG_STATE_HOME/switchboard`.
pub const STATE_DIR: Variable = Variable {
    name: "SWITCHBOARD_STATE_DIR",
    meaning: "the folder for what the program keeps, instead of `$XDG_STATE_HOME/switchboard`",
};

/// The user's folder for configurations.
pub const XDG_CONFIG_HOME: Variable = Variable {
    name: "XDG_CONFIG_HOME",
    meaning: "where `switchboard/switchboard.toml` is looked for without `--config`; `~/.config` if not set",
};

/// The user's folder for what programs keep.
pub const XDG_STATE_HOME: Variable = Variable {
    name: "XDG_STATE_HOME",
    meaning: "where the folder `switchboard` for what the program keeps is made; `~/.local/state` if not set",
};

/// The user's folder for sockets.
pub const XDG_RUNTIME_DIR: Variable = Variable {
    name: "XDG_RUNTIME_DIR",
    meaning: "where the folder `switchboard` for control sockets is made; the state folder if not set",
};

/// The user's own folder.
pub const HOME: Variable = Variable { name: "HOME", meaning: "where the folders above are, if they are not set" };

/// The log filter; wins over `log.filter`.
pub const LOG: Variable = Variable { name: "SWITCHBOARD_LOG", meaning: "the log filter; wins over `log.filter`" };

/// The search path for programs.
pub const PATH: Variable = Variable { name: "PATH", meaning: "where the programs of servers are looked for" };

/// Where Docker listens.
pub const DOCKER_HOST: Variable = Variable {
    name: "DOCKER_HOST",
    meaning: "where `switchboard init` and the toolkit `docker` look for an engine first",
};

/// What the toolkit `docker` does not refuse.
pub const DOCKER_ALLOW: Variable = Variable {
    name: "SWITCHBOARD_DOCKER_ALLOW",
    meaning: "what containers of the toolkit `docker` may have of the machine: `privileged`, `host_network`, \
              `host_processes`, `host_folders`, `engine_socket`, separated by commas; nothing if not set",
};

/// Where Ollama listens.
pub const OLLAMA_HOST: Variable = Variable {
    name: "OLLAMA_HOST",
    meaning: "the address on this machine where `switchboard init` looks for Ollama; `127.0.0.1:11434` if not set",
};

/// No colours, when set to anything but the empty text.
pub const NO_COLOR: Variable =
    Variable { name: "NO_COLOR", meaning: "no colours, when set to anything but the empty text" };

/// The shell that asks what may follow.
pub const COMPLETE: Variable = Variable {
    name: "SWITCHBOARD_COMPLETE",
    meaning: "the shell that asks what may follow; set by the scripts of `switchboard completions`",
};

/// Repositories whose hooks, filters and merge drivers may run.
pub const TRUSTED_REPOSITORIES: Variable = Variable {
    name: "SWITCHBOARD_TRUSTED_REPOSITORIES",
    meaning: "git repositories whose hooks, filters and merge drivers the toolkit `project` lets run: their folders, parted by `:`",
};

/// The outside systems of a toolkit.
pub const CONNECTIONS: Variable = Variable {
    name: "SWITCHBOARD_CONNECTIONS",
    meaning: "the `connections` of `switchboard toolkit`, as one JSON object by name",
};

/// The process that a new one of `switchboard restart` follows.
pub const PREDECESSOR: Variable = Variable {
    name: "SWITCHBOARD_PREDECESSOR",
    meaning: "the process that this one follows; set by `switchboard restart`, and of no effect in any other child",
};

/// Every environment variable the program reads.
pub const VARIABLES: [Variable; 19] = [
    COMPLETE,
    CONFIG,
    CONNECTIONS,
    DOCKER_ALLOW,
    DOCKER_HOST,
    PROFILE,
    LISTEN,
    LOG,
    NO_COLOR,
    OLLAMA_HOST,
    PATH,
    PREDECESSOR,
    STATE_DIR,
    TOKEN,
    TRUSTED_REPOSITORIES,
    XDG_CONFIG_HOME,
    XDG_STATE_HOME,
    XDG_RUNTIME_DIR,
    HOME,
];
