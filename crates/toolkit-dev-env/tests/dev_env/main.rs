//! The tools of `dev_env` as a client sees them: each once good and several times bad, all with hostile arguments, the
//! templates with the tests that they bring, and the table of what the tools are.

mod bad;
mod catalogue;
mod client;
mod environments;
mod notebooks;
mod projects;
mod setup;
mod tasks;
mod templates;
