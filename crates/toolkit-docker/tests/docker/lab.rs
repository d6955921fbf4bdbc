//! A container engine of its own for a test, and the toolkit served beside it.

use std::{
    fs,
    ops::{Deref, DerefMut},
    path::PathBuf,
};

use testkit::lab::Machine;

/// The image that every engine of the lab has.
pub(crate) const IMAGE: &str = "lab:1";

/// A running engine with the toolkit beside it; both are gone when this is dropped.
pub(crate) struct Lab {
    lab: testkit::lab::Lab,
    engine: &'static str,
}

impl Lab {
    /// Starts `docker` or `podman` and serves the toolkit beside it.
    pub(crate) fn boot(engine: &'static str) -> Self {
        Self::boot_with(engine, &[])
    }

    /// The same, with variables of the toolkit's environment.
    pub(crate) fn boot_with(engine: &'static str, variables: &[&str]) -> Self {
        let machine = Machine::boot("engines.sh", &["boot", engine]);
        let own = format!("default=unix:///run/{engine}.sock");
        let others = ["stopped=unix:///run/nobody.sock", "far=ssh://far.example.org"];
        let command = [variables, &["/opt/lab/serve-docker", own.as_str()], &others].concat();
        Self { lab: testkit::lab::Lab::serve(machine, &command), engine }
    }

    /// What a command prints in there, which has to succeed.
    pub(crate) fn run(&self, command: &[&str]) -> String {
        let output = self.machine.output(command);
        assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// What the engine's own command line prints in there.
    pub(crate) fn native(&self, arguments: &[&str]) -> String {
        let socket = format!("unix:///run/{}.sock", self.engine);
        self.run(&[&["docker", "--host", &socket], arguments].concat())
    }

    /// Writes a file beneath the folder that the toolkit may work in.
    pub(crate) fn write(&self, path: &str, content: &str) {
        let file = PathBuf::from(format!("/proc/{}/root/srv/{path}", self.machine.pid));
        fs::create_dir_all(file.parent().expect("it lies in a folder")).expect("folders can be made");
        fs::write(file, content).expect("a file can be written");
    }

    /// Connections to the engine that are open.
    pub(crate) fn open_connections(&self) -> usize {
        let sockets = fs::read_to_string(format!("/proc/{}/net/unix", self.machine.pid)).expect("the engine runs");
        let name = format!("/run/{}.sock", self.engine);
        // 03 is the state of those that are connected
        sockets.lines().filter(|line| line.ends_with(&name) && line.split_whitespace().nth(5) == Some("03")).count()
    }
}

impl Deref for Lab {
    type Target = testkit::lab::Lab;

    fn deref(&self) -> &Self::Target {
        &self.lab
    }
}

impl DerefMut for Lab {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.lab
    }
}
