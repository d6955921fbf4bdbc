//! The firewall of this machine, whichever of three programs keeps it: what it lets in, and one port more or less.

mod firewalld;
mod nftables;
mod ufw;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toolkit::{Code, Failure};
use workbench::{Command, Outcome};

use crate::{
    programs::{FIREWALL_CMD, UFW},
    shown,
    sockets::Port,
};

/// The port of SSH, whoever waits there.
const SSH: u16 = 22;
/// Programs whose ports stay open: the ways in to this machine and to Switchboard.
const WAYS_IN: [&str; 3] = ["sshd", "switchboard", "dropbear"];
/// Bytes of the name of a zone.
const ZONE_BYTES_MAX: usize = 64;

/// Who keeps the firewall.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Backend {
    /// The one of Fedora and SUSE.
    Firewalld,
    /// The one of Ubuntu.
    Ufw,
    /// The packet filter of the kernel itself.
    Nftables,
}

/// What is let in or kept out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Rule {
    /// `accept`, `drop`, `reject`, or what else the firewall calls it.
    pub(crate) action: String,
    /// A port, ports, or the name of a service.
    pub(crate) port: Option<String>,
    pub(crate) protocol: Option<String>,
    /// The zone or the chain in which it stands.
    pub(crate) zone: Option<String>,
    /// From where.
    pub(crate) source: Option<String>,
}

impl Rule {
    fn accepts(&self, opening: &Opening) -> bool {
        self.action == "accept"
            && self.port.as_deref() == Some(&*opening.port.to_string())
            && self.protocol.as_deref().is_none_or(|protocol| protocol == opening.protocol.name())
            && self.source.is_none()
            && opening.zone.as_ref().is_none_or(|zone| self.zone.as_ref() == Some(zone))
    }
}

/// How the firewall is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Status {
    backend: Backend,
    /// Whether it keeps anything out.
    pub(crate) active: bool,
    /// What happens to what no rule is about.
    default: Option<String>,
    pub(crate) rules: Vec<Rule>,
}

/// A protocol with ports.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Protocol {
    /// With connections.
    #[default]
    Tcp,
    /// Without.
    Udp,
}

impl Protocol {
    /// As firewalls call it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
        }
    }
}

/// A port that is to be open or closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Opening {
    /// Which port.
    pub(crate) port: u16,
    /// Of which protocol.
    pub(crate) protocol: Protocol,
    /// In which zone; only one of the three firewalls has them.
    pub(crate) zone: Option<String>,
}

impl Opening {
    /// A port that a caller names.
    pub(crate) fn new(port: u16, protocol: Protocol, zone: Option<String>) -> Result<Self, Failure> {
        if port == 0 {
            return Err(Failure::invalid("port", "`port` must be from 1 to 65535"));
        }
        let fits = |zone: &String| {
            let is_plain = zone.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
            is_plain && (1..=ZONE_BYTES_MAX).contains(&zone.len()) && !zone.starts_with('-')
        };
        if let Some(zone) = zone.as_ref().filter(|zone| !fits(zone)) {
            let text = format!("`{}` is not the name of a zone", shown::short(zone));
            return Err(Failure::invalid("zone", text).hint("`firewall_status` names the zones"));
        }
        Ok(Self { port, protocol, zone })
    }

    /// As most firewalls write it.
    fn with_protocol(&self) -> String {
        format!("{}/{}", self.port, self.protocol.name())
    }

    /// Refuses to close the way by which somebody may have come in.
    pub(crate) fn check_close(&self, ports: &[Port]) -> Result<(), Failure> {
        let is_way_in = |port: &&Port| {
            let process = port.process.as_deref().unwrap_or_default();
            port.port == self.port && port.protocol == self.protocol.name() && WAYS_IN.contains(&process)
        };
        let owner = ports.iter().find(is_way_in).and_then(|port| port.process.clone());
        let is_ssh = self.port == SSH && self.protocol == Protocol::Tcp;
        if !is_ssh && owner.is_none() {
            return Ok(());
        }
        let owner = owner.unwrap_or_else(|| "SSH".to_owned());
        let text = format!("port {} is the way in of `{owner}`: closing it would lock you out", self.port);
        let failure = Failure::new(Code::Forbidden, text).hint("do it at the machine itself");
        Err(Failure { field: Some("port".to_owned()), ..failure })
    }
}

/// Whether a port is to be opened or closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Change {
    /// Lets everybody in.
    Open,
    /// Takes back what lets everybody in.
    Close,
}

impl Backend {
    /// Finds who keeps the firewall: a program that says that it does, or else the kernel.
    pub(crate) async fn find() -> Result<Self, Failure> {
        let firewalld =
            optional(FIREWALL_CMD.command().words(["--state"]).why("firewalld keeps the firewall where it runs"))
                .await?;
        if firewalld.is_some_and(|outcome| outcome.exit_code == Some(0)) {
            return Ok(Self::Firewalld);
        }
        let ufw = optional(UFW.command().words(["status"]).why("ufw keeps the firewall where it is active")).await?;
        if ufw.is_some_and(|outcome| outcome.stdout.starts_with("Status: active")) {
            return Ok(Self::Ufw);
        }
        nftables::list().succeed().await.map_err(may_not).map(|_| Self::Nftables)
    }

    /// How it is.
    pub(crate) async fn status(self) -> Result<Status, Failure> {
        match self {
            Self::Firewalld => Ok(firewalld::parse(&firewalld::list().succeed().await.map_err(may_not)?.stdout)),
            Self::Ufw => Ok(ufw::parse(&ufw::list().succeed().await.map_err(may_not)?.stdout)),
            Self::Nftables => Ok(nftables::parse(&nftables::list().succeed().await.map_err(may_not)?.stdout)?.status()),
        }
    }

    /// The commands that make the change; none if everything is so already.
    pub(crate) async fn commands(self, change: Change, opening: &Opening) -> Result<Vec<Command>, Failure> {
        if let (Some(_), Self::Ufw | Self::Nftables) = (&opening.zone, self) {
            let failure = Failure::new(Code::NotSupported, "only firewalld has zones").hint("leave `zone` out");
            return Err(Failure { field: Some("zone".to_owned()), ..failure });
        }
        if self == Self::Nftables {
            let ruleset = nftables::parse(&nftables::list().succeed().await.map_err(may_not)?.stdout)?;
            return ruleset.commands(change, opening);
        }
        let is_open = self.status().await?.rules.iter().any(|rule| rule.accepts(opening));
        if is_open == (change == Change::Open) {
            return Ok(Vec::new());
        }
        match self {
            Self::Firewalld => firewalld::commands(change, opening),
            Self::Ufw | Self::Nftables => ufw::commands(change, opening),
        }
    }

    /// What is still to be known after a change.
    pub(crate) fn note(self) -> &'static str {
        match self {
            Self::Firewalld | Self::Ufw => "it stays so after a restart",
            Self::Nftables => "it stays so until the next start; save the ruleset to keep it",
        }
    }
}

/// What a program says, if it is installed.
async fn optional(command: Command) -> Result<Option<Outcome>, Failure> {
    match command.run().await {
        Ok(outcome) => Ok(Some(outcome)),
        Err(failure) if failure.code == Code::DependencyMissing => Ok(None),
        Err(failure) => Err(failure),
    }
}

/// Firewalls are for root; their own words for that are many.
fn may_not(failure: Failure) -> Failure {
    let told = failure.message.to_lowercase();
    if ["not permitted", "permission denied", "need to be root", "authorization"]
        .iter()
        .any(|words| told.contains(words))
    {
        return Failure::new(Code::Forbidden, failure.message)
            .hint("run Switchboard as root to look after the firewall");
    }
    failure
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_in_is_not_closed() {
        let check = |number: u16, protocol, expected: bool| {
            let opening = Opening::new(number, protocol, None).unwrap();
            let ports = [(2_222, "sshd"), (3_100, "switchboard"), (80, "nginx")]
                .map(|(port, process)| Port::of_tcp(port, process));
            assert_eq!(opening.check_close(&ports).is_ok(), expected, "{number}");
        };
        check(22, Protocol::Tcp, false);
        check(22, Protocol::Udp, true);
        check(2_222, Protocol::Tcp, false);
        check(3_100, Protocol::Tcp, false);
        check(3_100, Protocol::Udp, true);
        check(80, Protocol::Tcp, true);
    }

    #[test]
    fn zones_are_plain_names() {
        let check = |zone: &str, expected: bool| {
            let opening = Opening::new(80, Protocol::Tcp, Some(zone.to_owned()));
            assert_eq!(opening.is_ok(), expected, "{zone:.40}");
        };
        check("public", true);
        check("home_2-x", true);
        for hostile in ["", "--reload", "a b", "a;id", "$(id)", "a\n", "a\0", "../x"] {
            check(hostile, false);
        }
        check(&"a".repeat(100_000), false);
        assert!(Opening::new(0, Protocol::Tcp, None).is_err());
    }
}
