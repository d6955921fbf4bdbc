//! Rules of `[bundles.NAME]`: it names servers that exist, and gives each tool a name of its own.

use std::collections::BTreeMap;

use super::server::check_renames;
use crate::path::KeyPath;
use crate::problem::Problems;
use crate::{Bundle, Server, nearest};

/// Reports what is wrong with the bundle `name`; `servers` are all the file names, good or bad.
pub(super) fn check(name: &str, bundle: &Bundle, servers: &BTreeMap<String, Server>, problems: &mut Problems<'_>) {
    let path = KeyPath::of(["bundles", name]);
    for (index, server) in bundle.servers.iter().enumerate() {
        if !servers.contains_key(server) {
            let hint = nearest::hint(server, servers.keys().map(String::as_str));
            problems.add(&path.key("servers").index(index), format!("there is no server `{server}`"), hint);
        }
    }
    check_renames(&bundle.rename, &path.key("rename"), problems);
}
