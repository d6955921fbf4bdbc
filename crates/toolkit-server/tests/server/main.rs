//! The toolkit `server` as a client meets it, on this very machine: its readings beside those of the system's own
//! programs, its refusals, and its answers to arguments that are meant to do harm.

mod catalogue;
mod client;
mod hostile;
mod native;
mod readings;
mod signals;
