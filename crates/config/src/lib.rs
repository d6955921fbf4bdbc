//! Every option of Switchboard: type, unit, default, documentation and check.
//! Pure but for `load`, which reads one file; it starts, connects and logs nothing.

mod bundle;
mod config;
pub mod env;
mod gateway;
mod glob;
mod limits;
mod listen;
mod log;
mod secret;
mod server;

pub use bundle::{Bundle, Naming};
pub use config::Config;
pub use gateway::Gateway;
pub use glob::{Glob, GlobError};
pub use limits::Limits;
pub use listen::{Listen, ListenError};
pub use log::{Log, LogFormat};
pub use secret::Secret;
pub use server::{Era, FixedArguments, Mode, Server, Start, Transport};
