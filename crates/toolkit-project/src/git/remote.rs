//! A remote that may be reached: its address was looked at, its host is no machine that nobody may ask, and its folder, if
//! it is one, lies beneath an allowed one. It knows what git has to be told to speak to it and to nobody else.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use egress::{Resolve as _, Rules, SystemResolver};
use toolkit::{Call, Code, Connection, Failure};
use workbench::{Command, Place, aside};

use super::{
    address::Address,
    location,
    program::PROTOCOLS,
    repository::{Git, Repository, with_settings},
};

/// What git is told to run for the other side of a folder, so that the repository there runs nothing of its own.
const RECEIVE_PACK: &str = "git -c core.hooksPath=/dev/null -c core.alternateRefsCommand=true \
    -c receive.denyCurrentBranch=refuse -c receive.autogc=false receive-pack";
/// The same for what only reads.
const UPLOAD_PACK: &str = "git -c core.hooksPath=/dev/null -c core.alternateRefsCommand=true upload-pack";

/// A remote that may be reached. It cannot be printed: its settings may hold a token.
pub(super) struct Remote {
    /// Where it is.
    address: Address,
    /// Its folder, if it is one.
    folder: Option<Place>,
    /// Whether its own hooks may run.
    is_trusted: bool,
    /// Settings with which git connects to it.
    settings: Vec<(String, String)>,
}

impl Remote {
    /// The remote at an address that somebody wrote.
    pub(super) async fn at(git: &Git, field: &'static str, text: &str, call: &Call) -> Result<Self, Failure> {
        let address = Address::parse(field, text)?;
        let (mut folder, mut settings, mut is_trusted) = (None, Vec::new(), false);
        match &address {
            Address::Folder { path } => {
                let (place, roots) = (git.bench.roots.place(field, path)?, git.bench.roots.clone());
                is_trusted = git.settings.trusts(place.path());
                folder = Some(place.clone());
                aside(move |_| location::check_other(&roots, &place)).await?;
            }
            Address::Ssh { host } => {
                let is_configured = call.connections().any(|connection| configures(connection, host));
                reachable(field, host, is_configured).await?;
            }
            Address::Https { host, port } => {
                let connection = call.connections().find(|connection| configures(connection, host));
                let ip = reachable(field, host, connection.is_some()).await?;
                let ip = if ip.is_ipv6() { format!("[{ip}]") } else { ip.to_string() };
                // the address that was looked at, whatever the name leads to later
                settings.push(("http.curloptResolve".to_owned(), format!("{host}:{port}:{ip}")));
                settings.extend(connection.and_then(|connection| letter(connection, host, *port)));
            }
        }
        Ok(Self { address, folder, is_trusted, settings })
    }

    /// The remote of this name in a repository.
    pub(super) async fn of(git: &Git, repository: &Repository, name: &str, call: &Call) -> Result<Self, Failure> {
        let outcome = repository.git(["remote", "get-url", "--all", "--push"]).operand("remote", name)?.run().await?;
        if outcome.exit_code != Some(0) {
            let known: Vec<&str> = repository.config().remotes().collect();
            let text = format!("there is no remote `{name}`");
            let hint = if known.is_empty() {
                "add one: `git remote add origin URL`".to_owned()
            } else {
                format!("known are {}", known.join(", "))
            };
            let failure = Failure::new(Code::GitError, text).hint(hint);
            return Err(Failure { field: Some("remote".to_owned()), ..failure });
        }
        repository.check_connecting()?;
        let mut urls = outcome.stdout.lines();
        let (Some(url), None) = (urls.next(), urls.next()) else {
            let failure = Failure::new(Code::NotSupported, format!("the remote `{name}` has more than one address"));
            return Err(failure.hint("give each a remote of its own"));
        };
        let fetched = repository.git(["remote", "get-url"]).operand("remote", name)?.succeed().await?;
        if fetched.stdout.lines().next() != Some(url) {
            let failure =
                Failure::new(Code::NotSupported, format!("the remote `{name}` is read from elsewhere than written to"));
            return Err(failure.hint("give each address a remote of its own"));
        }
        // a relative path is meant from the top folder of the repository
        match Address::parse("remote", url)? {
            Address::Folder { path } => {
                let path = repository.top().path().join(path).display().to_string();
                Self::at(git, "remote", &path, call).await
            }
            _ => Self::at(git, "remote", url, call).await,
        }
    }

    /// Its folder as a path, if it is one.
    pub(super) fn folder(&self) -> Option<&Place> {
        self.folder.as_ref()
    }

    /// The command that reads from it.
    pub(super) fn reading(&self, command: Command, repository: Option<&Repository>) -> Result<Command, Failure> {
        let program = if self.folder.is_some() && !self.is_trusted { UPLOAD_PACK } else { "git-upload-pack" };
        Ok(self.speaking(command.option("--upload-pack", program)?, repository))
    }

    /// The command that writes to it.
    pub(super) fn writing(&self, command: Command, repository: &Repository) -> Result<Command, Failure> {
        let program = if self.folder.is_some() && !self.is_trusted { RECEIVE_PACK } else { "git-receive-pack" };
        Ok(self.speaking(command.option("--receive-pack", program)?, Some(repository)))
    }

    fn speaking(&self, command: Command, repository: Option<&Repository>) -> Command {
        let mut settings = Repository::settings_of(repository);
        settings.extend(self.settings.iter().cloned());
        with_settings(command, &settings).env(PROTOCOLS, self.address.protocol())
    }
}

/// Whether the operator has configured this host.
fn configures(connection: &Connection, host: &str) -> bool {
    match Address::parse("connection", &connection.url) {
        Ok(Address::Https { host: known, .. } | Address::Ssh { host: known }) => {
            known == host || known.strip_prefix("api.") == Some(host)
        }
        _ => false,
    }
}

/// What proves to a host who we are.
fn letter(connection: &Connection, host: &str, port: u16) -> Option<(String, String)> {
    let secret = connection.secret.as_ref()?;
    let user = connection.user.as_deref().unwrap_or("x-access-token");
    let proof = STANDARD.encode(format!("{user}:{secret}"));
    let host = if port == 443 { host.to_owned() } else { format!("{host}:{port}") };
    Some((format!("http.https://{host}/.extraHeader"), format!("Authorization: Basic {proof}")))
}

/// An address of a host that may be reached.
async fn reachable(field: &str, host: &str, is_configured: bool) -> Result<std::net::IpAddr, Failure> {
    let rules = if is_configured { Rules::CONFIGURED } else { Rules::FROM_THE_WIRE };
    let unknown = || {
        let failure = Failure::new(Code::GitError, format!("the host `{host}` is not known"));
        Failure { field: Some(field.to_owned()), ..failure.hint("check its name and the network") }
    };
    let addresses = SystemResolver.resolve(host.to_owned()).await.map_err(|_| unknown())?;
    for address in &addresses {
        if let Err(rule) = rules.check(*address) {
            let failure =
                Failure::new(Code::Forbidden, format!("the host `{host}` has {rule}, which is not reached from here"));
            let failure =
                failure.hint("the operator can allow it: a connection of this toolkit with that host in its `url`");
            return Err(Failure { field: Some(field.to_owned()), ..failure });
        }
    }
    addresses.into_iter().next().ok_or_else(unknown)
}
