//! The first screen: what a node says once it listens, so that a newcomer knows where it is, what is missing, and what to
//! type next. Looking around happens only for a person, and only where there is no configuration yet.

use cli::Settings;
use config::Config;

/// The lines that follow the addresses.
pub(crate) async fn lines(address: &str, config: &Config, settings: &Settings, is_of_person: bool) -> Vec<String> {
    let program = cli::own_name();
    let enabled = config.servers.values().filter(|server| server.enabled).count();
    if enabled > 0 {
        return vec![point_a_client(address, enabled), format!("or try `{program} tools --url {address}/mcp`")];
    }
    let mut lines = Vec::new();
    if let Some(file) = settings.existing() {
        lines.push(format!("there are no servers yet in {}", file.display()));
        lines.push(format!("next: `{program} server add NAME -- COMMAND` adds one; this node takes it over"));
    } else {
        if is_of_person {
            lines.extend(cli::found_here().await.map(|found| format!("found here: {found}")));
        }
        lines.extend(
            settings.file().ok().map(|file| format!("there is no configuration yet; its place is {}", file.display())),
        );
        lines.push(format!("next: `{program} init` proposes one for this machine; this node takes it over"));
    }
    lines.push(format!("clients reach this node at {address}/mcp"));
    lines
}

fn point_a_client(address: &str, servers: usize) -> String {
    let servers = if servers == 1 { "1 server".to_owned() } else { format!("{servers} servers") };
    format!("next: point a client at {address}/mcp ({servers})")
}
