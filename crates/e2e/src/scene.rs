//! A running node whose configuration file the test changes, seen through its control API.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::control::Control;
use crate::{Node, wire};

/// A node and its configuration file.
#[derive(Debug)]
pub struct Scene {
    /// The node.
    pub node: Node,
    /// Its control API.
    pub control: Control,
    /// Its configuration file.
    pub file: PathBuf,
}

impl Scene {
    /// Starts a node with this configuration.
    ///
    /// # Panics
    ///
    /// When it does not come up.
    pub fn start(configuration: &str) -> Self {
        let node = Node::start(configuration);
        let control = Control::of(&node.folder().join("state"), node.address());
        let file = node.folder().join("switchboard.toml");
        Self { node, control, file }
    }

    /// Replaces the file as editors do: a new one takes its place.
    ///
    /// # Panics
    ///
    /// When the folder cannot be written.
    pub fn write(&self, configuration: &str) {
        let fresh = self.file.with_extension("fresh");
        fs::write(&fresh, configuration).expect("the folder can be written");
        fs::rename(&fresh, &self.file).expect("the file can be replaced");
    }

    /// Waits until the configuration with this number is in force.
    pub fn wait_for(&self, number: u64) {
        self.control.wait_until("/status", |status| status["config"]["number"] == number);
    }

    /// Waits until the node says why it keeps the old configuration, and gives what it says.
    pub fn wait_for_problem(&self) -> String {
        let complains = |status: &Value| status["config"]["problems"].as_array().is_some_and(|all| !all.is_empty());
        self.control.wait_until("/status", complains)["config"]["problems"].to_string()
    }

    /// The servers it has, by name.
    pub fn server_names(&self) -> Vec<String> {
        let servers = self.control.get("/servers");
        let names = servers.as_array().into_iter().flatten().filter_map(|server| server["name"].as_str());
        names.map(str::to_owned).collect()
    }

    /// Whether a fixture that is configured as `server` answers a call.
    pub fn greets(&self, server: &str) -> bool {
        let path = format!("/servers/{server}/mcp");
        wire::call(self.node.address(), &path, "1", "test_simple_text", "{}").text().contains("simple text response")
    }

    /// The folder of the node's process under `/proc`.
    pub fn process(&self) -> PathBuf {
        Path::new("/proc").join(self.control.get("/status")["pid"].to_string())
    }
}
