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

/// The listen address, where `--listen` is not given.
pub const LISTEN: Variable =
    Variable { name: "SWITCHBOARD_LISTEN", meaning: "the listen address, where `--listen` is not given" };

/// The log filter; wins over `log.filter`.
pub const LOG: Variable = Variable { name: "SWITCHBOARD_LOG", meaning: "the log filter; wins over `log.filter`" };

/// The folder for state, where `--state-dir` is not given.
pub const STATE_DIR: Variable =
    Variable { name: "SWITCHBOARD_STATE_DIR", meaning: "the folder for state, where `--state-dir` is not given" };

/// The folder below which state is kept, where nothing else says so.
pub const XDG_STATE_HOME: Variable = Variable {
    name: "XDG_STATE_HOME",
    meaning: "the folder below which state is kept, where neither option nor configuration names one",
};

/// The home of the user, below which state is kept in the last resort.
pub const HOME: Variable =
    Variable { name: "HOME", meaning: "the user's folder; state is kept in its `.local/state` in the last resort" };

/// No colours, when set to anything but the empty text.
pub const NO_COLOR: Variable =
    Variable { name: "NO_COLOR", meaning: "no colours, when set to anything but the empty text" };

/// Every environment variable the program reads.
pub const VARIABLES: [Variable; 7] = [CONFIG, LISTEN, LOG, STATE_DIR, XDG_STATE_HOME, HOME, NO_COLOR];
