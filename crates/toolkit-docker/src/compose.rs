//! A Compose project: its file, what is checked before the real `docker compose` may read it, and the commands it is given.
//! What its containers do is asked of the engine, by their labels.

pub(crate) mod files;
pub(crate) mod services;
pub(crate) mod settings;
pub(crate) mod target;

use serde_json::Value;
use toolkit::{Call, Code, Failure};
use workbench::{Bench, Command, Outcome, Packages, Place, Program, Roots, aside};

use crate::{engine::Engine, name::Name, privilege, shown};

/// Names of Compose files, the first that is there first.
const FILES: [&str; 4] = ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"];
/// Bytes of the settings of one project.
const SETTINGS_BYTES_MAX: usize = 4 << 20;
/// What the command line of Docker says of a sub-command that it does not have, or of the options of one.
const UNKNOWN: [&str; 3] =
    ["unknown command: docker compose", "'compose' is not a docker command", "unknown flag: --ansi"];
/// What changed, as Compose says it of one thing.
const CHANGES: [&str; 8] = ["Created", "Recreated", "Started", "Restarted", "Stopped", "Removed", "Pulled", "Built"];

/// The command line of Docker, run for its plugin `compose` only.
static DOCKER: Program = Program::new("docker").packages(Packages {
    debian: "docker.io docker-compose",
    alpine: "docker-cli docker-cli-compose",
    ..Packages::same("docker docker-compose")
});

/// A project by its file.
pub(crate) struct Project {
    folder: Place,
    file: String,
}

/// A project whose settings have been checked.
pub(crate) struct Checked {
    project: Project,
    /// Its name.
    pub(crate) name: Name,
    /// All of its settings, with nothing left to fill in.
    pub(crate) settings: Value,
}

impl Project {
    /// The one that a path names: a Compose file, or the folder of one.
    pub(crate) async fn find(roots: &Roots, path: &str) -> Result<Self, Failure> {
        let place = roots.place("path", path)?;
        aside(move |_| {
            if place.stat()?.kind == workbench::Kind::File {
                let name = place.name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
                let folder = place.parent().ok_or_else(|| Failure::invalid("path", "`path` is no Compose file"))?;
                return Ok(Self { folder, file: name });
            }
            for file in FILES {
                if place.join(file)?.exists()? {
                    return Ok(Self { file: file.to_owned(), folder: place });
                }
            }
            let failure = Failure::new(Code::NotFound, format!("there is no Compose file in `{}`", place.display()));
            let hint = format!("write one called `{}`", FILES[0]);
            Err(Failure { field: Some("path".to_owned()), ..failure }.hint(hint))
        })
        .await
    }

    /// Reads its settings as Compose does, after making sure that nothing else is read.
    pub(crate) async fn read(self, bench: &Bench, engine: &Engine, call: &Call) -> Result<Checked, Failure> {
        let (roots, folder, file) = (bench.roots.clone(), self.folder.clone(), self.file.clone());
        aside(move |_| files::check(&roots, &folder, &file)).await?;
        let command = self.command(engine)?.words(["config", "--format=json"]).stdout_bytes_max(SETTINGS_BYTES_MAX);
        let outcome = finish(command.why("to read the settings of the project"), call).await?;
        let settings: Value = serde_json::from_str(&outcome.stdout).map_err(|error| {
            Failure::new(Code::DockerError, format!("`docker compose config` wrote no settings: {error}"))
        })?;
        let name = Name::parse("project", settings["name"].as_str().unwrap_or_default())?;
        Ok(Checked { project: self, name, settings })
    }

    fn command(&self, engine: &Engine) -> Result<Command, Failure> {
        compose(engine)?.option("--file", &self.file).map(|command| command.within(&self.folder))
    }
}

impl Checked {
    /// Refuses a project whose containers would have the machine itself.
    pub(crate) fn permit(&self, roots: &Roots) -> Result<(), Failure> {
        let privileges = settings::privileges(&self.settings, roots);
        privilege::check(&privileges, &format!("bring up `{}`", self.name.as_str()))
    }

    /// A command for it.
    pub(crate) fn command(&self, engine: &Engine) -> Result<Command, Failure> {
        self.project.command(engine)
    }

    /// The services that are asked for; all if none is.
    pub(crate) fn services<'a>(&self, asked: &'a [String]) -> Result<&'a [String], Failure> {
        let known = self.settings["services"].as_object();
        let unknown = asked.iter().find(|name| known.is_none_or(|known| !known.contains_key(*name)));
        let Some(unknown) = unknown else { return Ok(asked) };
        let failure = Failure::new(Code::NotFound, format!("the project has no service `{}`", shown::short(unknown)));
        let names = known.into_iter().flatten().map(|(name, _)| name.as_str());
        let hint = mcp::nearest::hint(unknown, names).unwrap_or_default();
        Err(Failure { field: Some("services".to_owned()), ..failure }.hint(hint))
    }
}

/// A command for a project that is known by its name only.
pub(crate) fn named(name: &Name, engine: &Engine) -> Result<Command, Failure> {
    compose(engine)?.option("--project-name", name.as_str())
}

/// The beginning of each command: which engine is meant, and that a program reads the output.
fn compose(engine: &Engine) -> Result<Command, Failure> {
    let connection = engine.endpoint.connection();
    let mut command = DOCKER.command().option("--host", &connection.url)?;
    let files =
        [("--tlscacert", &connection.ca), ("--tlscert", &connection.certificate), ("--tlskey", &connection.key)];
    for (option, file) in files {
        if let Some(file) = file {
            command = command.words(["--tlsverify"]).option(option, &file.display().to_string())?;
        }
    }
    Ok(command.words(["compose", "--ansi=never", "--progress=plain"]))
}

/// Runs a command to its end; one that fails says why.
pub(crate) async fn finish(command: Command, call: &Call) -> Result<Outcome, Failure> {
    let shown = command.shown();
    let outcome = command.time_max(call.shared.timeout).run().await?;
    if outcome.exit_code == Some(0) {
        return Ok(outcome);
    }
    if UNKNOWN.iter().any(|text| outcome.stderr.contains(text)) {
        let failure = DOCKER.missing();
        return Err(Failure { message: "the plugin `compose` of `docker` is not installed".to_owned(), ..failure });
    }
    Err(outcome.failure(&shown))
}

/// What a command has changed, in its own words: `started container shop-web-1`.
pub(crate) fn changes(outcome: &Outcome) -> Vec<String> {
    let changed = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [kind, name, verb] = words[..] else { return None };
        CHANGES.contains(&verb).then(|| format!("{} {} {name}", verb.to_lowercase(), kind.to_lowercase()))
    };
    outcome.stderr.lines().filter_map(changed).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_compose_says_becomes_what_changed() {
        let stderr = " Network shop_default  Creating\n Network shop_default  Created\n Container shop-web-1  Started\nwarning: x y\n";
        let outcome = Outcome {
            exit_code: Some(0),
            stdout: String::new(),
            stderr: stderr.to_owned(),
            truncated: false,
            duration: std::time::Duration::ZERO,
        };
        assert_eq!(changes(&outcome), ["created network shop_default", "started container shop-web-1"]);
    }
}
