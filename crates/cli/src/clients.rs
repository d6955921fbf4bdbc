//! The entries of MCP clients, turned into sections of our configuration.

mod takeover;

pub(crate) use takeover::{plain_name, section, unresolved};
