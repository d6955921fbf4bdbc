//! A repository that is safe to run git in: where it is has been looked at, and what its configuration would make git do is
//! known and switched off. Every git command of this toolkit comes from here.

use toolkit::Failure;
use workbench::{Bench, Command, Outcome, Place, aside};

use super::{
    config::Config, dangers::Dangers, known::Known, location::Location, program::GIT, refusal, settings::Settings,
    watches::Watches,
};

/// What the git tools are made with.
#[derive(Clone, Debug)]
pub(crate) struct Git {
    /// The folders to work in.
    pub(super) bench: Bench,
    /// What the operator says about repositories.
    pub(super) settings: Settings,
    /// The watches of this process.
    pub(super) watches: Watches,
    /// The configurations that were read before.
    known: Known,
}

/// A repository that is safe to run git in.
#[derive(Clone, Debug)]
pub(super) struct Repository {
    location: Location,
    config: Config,
    dangers: Dangers,
    is_trusted: bool,
}

impl Git {
    /// The git tools of this bench.
    pub(crate) fn new(bench: Bench, settings: Settings) -> Self {
        Self { bench, settings, watches: Watches::default(), known: Known::default() }
    }

    /// Whether the operator trusts what lies here: it is a trusted repository, or lies in one.
    pub(crate) fn trusts(&self, place: &Place) -> bool {
        place.path().ancestors().any(|folder| self.settings.trusts(folder))
    }

    /// The repository that a path lies in.
    pub(super) async fn repository(&self, path: &str) -> Result<Repository, Failure> {
        let place = self.bench.roots.place("path", path)?;
        let roots = self.bench.roots.clone();
        self.open(aside(move |_| Location::of(&roots, &place)).await?).await
    }

    /// The repository whose top folder this is, if it is one.
    pub(super) async fn repository_at(&self, top: &Place) -> Result<Option<Repository>, Failure> {
        let (roots, top) = (self.bench.roots.clone(), top.clone());
        match aside(move |_| Location::at(&roots, &top)).await? {
            Some(location) => self.open(location).await.map(Some),
            None => Ok(None),
        }
    }

    /// The repository at a place that has been looked at.
    pub(super) async fn open(&self, location: Location) -> Result<Repository, Failure> {
        let is_trusted = self.settings.trusts(location.top.path());
        let config = self.config(&location).await?;
        let dangers = Dangers::of(&config);
        if !is_trusted {
            dangers.check()?;
        }
        Ok(Repository { location, config, dangers, is_trusted })
    }

    /// What the configuration of a repository says. One that reads other files is asked for each time.
    async fn config(&self, location: &Location) -> Result<Config, Failure> {
        let there = location.clone();
        let source = aside(move |_| there.configuration()).await?;
        if let Some(config) = self.known.get(&source) {
            return Ok(config);
        }
        let (config, dangers) = (Config::default(), Dangers::default());
        let blind = Repository { location: location.clone(), config, dangers, is_trusted: false };
        let listing = blind.git(["config", "--list", "-z", "--show-scope"]).run().await?;
        if listing.exit_code != Some(0) {
            return Err(refusal::of(&listing, "cannot read the configuration of the repository"));
        }
        let config = Config::parse(&listing.stdout);
        let there = location.clone();
        let is_whole = Dangers::of(&config).check().is_ok();
        if is_whole && aside(move |_| there.configuration()).await? == source {
            self.known.put(source, config.clone());
        }
        Ok(config)
    }
}

impl Repository {
    /// The folder with its files.
    pub(super) fn top(&self) -> &Place {
        &self.location.top
    }

    /// The folder that git keeps for it.
    pub(super) fn git_dir(&self) -> &Place {
        &self.location.git_dir
    }

    /// What its own configuration says.
    pub(super) fn config(&self) -> &Config {
        &self.config
    }

    /// Whether the operator trusts it.
    pub(super) fn is_trusted(&self) -> bool {
        self.is_trusted
    }

    /// Whether files pass through programs that are switched off here.
    pub(super) fn lacks_filters(&self) -> bool {
        !self.is_trusted && self.dangers.has_filters()
    }

    /// Refuses to connect with a configuration that says how.
    pub(super) fn check_connecting(&self) -> Result<(), Failure> {
        if self.is_trusted { Ok(()) } else { self.dangers.check_connecting() }
    }

    /// The settings with which git runs in a repository, or outside of any.
    pub(super) fn settings_of(repository: Option<&Self>) -> Vec<(String, String)> {
        repository.map_or_else(|| Dangers::default().settings(false), |it| it.dangers.settings(it.is_trusted))
    }

    /// A git command in its top folder.
    pub(super) fn git(&self, words: impl IntoIterator<Item = &'static str>) -> Command {
        let command = GIT
            .command()
            .words(words)
            .within(self.top())
            .env("GIT_DIR", self.git_dir().display())
            .env("GIT_WORK_TREE", self.top().display());
        with_settings(command, &Self::settings_of(Some(self)))
    }
}

/// Runs a git command that has to succeed; `act` is what could not be done otherwise.
pub(super) async fn succeed(command: Command, act: &str) -> Result<Outcome, Failure> {
    let outcome = command.run().await?;
    if outcome.exit_code == Some(0) { Ok(outcome) } else { Err(refusal::of(&outcome, act)) }
}

/// A git command outside of any repository.
pub(super) fn alone(words: impl IntoIterator<Item = &'static str>) -> Command {
    with_settings(GIT.command().words(words), &Repository::settings_of(None))
}

/// Settings by the environment: they win over the files, and a key may hold any character.
pub(super) fn with_settings(command: Command, settings: &[(String, String)]) -> Command {
    let command = command.env("GIT_CONFIG_COUNT", settings.len().to_string());
    settings.iter().enumerate().fold(command, |command, (place, (key, value))| {
        command.env(format!("GIT_CONFIG_KEY_{place}"), key).env(format!("GIT_CONFIG_VALUE_{place}"), value)
    })
}
