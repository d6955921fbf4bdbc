//! The entries of MCP clients, turned into sections of our configuration.

mod takeover;

pub(crate) use takeover::{is_ours, plain_name, section, unresolved};
