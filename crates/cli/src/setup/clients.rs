//! The servers that MCP clients of this user know. Their files are read and stay as they are.

use adoption::{Client, Places, Server, Way};
use serde_json::Value;

use super::{Discovery, Found, Proposal, Surroundings, count, page};
use crate::Error;
use crate::clients::{ClientFile, Which, is_ours, plain_name, section, unresolved};

/// A server that is taken over.
struct Taken {
    name: String,
    settings: Value,
    from: Vec<&'static str>,
    what: String,
    note: Option<String>,
}

/// Finds the clients, and proposes their servers; one that several have is proposed once.
pub(super) fn look(around: &Surroundings, discovery: &mut Discovery) {
    let mut taken: Vec<Taken> = Vec::new();
    for client in Client::ALL {
        match read(client, &around.places) {
            Ok(None) => {}
            Ok(Some((found, servers))) => {
                discovery.found.push(found);
                discovery.clients.push(client.key);
                let foreign = servers.iter().filter(|server| !is_ours(server, &around.addresses));
                foreign.for_each(|server| take(&mut taken, client, server));
            }
            Err(error) => discovery.warnings.push(format!("{}: {}", client.title, error.with_causes())),
        }
    }
    discovery.proposals.extend(taken.into_iter().map(Taken::proposed));
}

/// What is said of a client that is there, and its servers.
fn read(client: &'static Client, places: &Places) -> Result<Option<(Found, Vec<Server>)>, Error> {
    let Some(file) = Which::default().file(client, places)?.filter(ClientFile::is_found) else { return Ok(None) };
    let servers = file.servers()?;
    let about = count(servers.len(), "server");
    let place = file.path.display().to_string();
    Ok(Some((Found { title: client.title.to_owned(), about, place }, servers)))
}

/// Adds a server to those that are taken, under a name that none of them has.
fn take(taken: &mut Vec<Taken>, client: &'static Client, server: &Server) {
    let mut settings = section(server);
    let foreign = unresolved(server);
    if foreign.is_some() {
        settings["enabled"] = false.into();
    }
    if let Some(same) = taken.iter_mut().find(|known| known.settings == settings) {
        return same.from.push(client.title);
    }
    let is_taken = |name: &String| taken.iter().any(|known| known.name == *name);
    let own = plain_name(&server.name);
    let names = [own.clone(), plain_name(&format!("{}-{own}", client.key))];
    let Some(name) = names.into_iter().find(|name| !is_taken(name)) else { return };
    let note = foreign.map(|text| format!("disabled: only {} knows `{text}`", client.title));
    taken.push(Taken { name, settings, from: vec![client.title], what: what(server), note });
}

/// The command or the address, without arguments, which may be secret.
fn what(server: &Server) -> String {
    match &server.way {
        Way::Program { command, .. } => command.clone(),
        Way::Address { url, .. } => plain_address(url),
    }
}

/// An address without query, fragment, user and password.
fn plain_address(url: &str) -> String {
    let url = url.split(['?', '#']).next().unwrap_or_default();
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let host_end = rest.find('/').unwrap_or(rest.len());
    let host_start = rest[..host_end].rfind('@').map_or(0, |at| at + 1);
    format!("{scheme}://{}", &rest[host_start..])
}

impl Taken {
    fn proposed(self) -> Proposal {
        Proposal {
            section: format!("servers.{}", self.name),
            what: self.what,
            reason: format!("from {}", self.from.join(" and ")),
            note: self.note,
            text: page::server(&self.name, &self.settings),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(servers: &[(&str, Server)]) -> Vec<Proposal> {
        let mut taken = Vec::new();
        for (client, server) in servers {
            take(&mut taken, Client::find(client).unwrap(), server);
        }
        taken.into_iter().map(Taken::proposed).collect()
    }

    #[test]
    fn a_server_that_two_clients_have_is_proposed_once() {
        let git = || Server::program("git", "mcp-server-git", &[]);
        let proposed = taken(&[("cursor", git()), ("zed", git())]);
        assert_eq!((proposed.len(), proposed[0].reason.as_str()), (1, "from Cursor and Zed"));
    }

    #[test]
    fn another_server_of_the_same_name_gets_the_name_of_its_client() {
        let git = |argument| Server::program("Git", "mcp-server-git", &[argument]);
        let proposed = taken(&[("cursor", git("a")), ("zed", git("b"))]);
        let sections: Vec<&str> = proposed.iter().map(|one| one.section.as_str()).collect();
        assert_eq!(sections, ["servers.git", "servers.zed-git"]);
    }

    #[test]
    fn what_only_the_client_can_resolve_is_proposed_switched_off() {
        let proposed = taken(&[("vscode", Server::program("a", "x", &["${input:token}"]))]);
        assert_eq!(proposed[0].note.as_deref(), Some("disabled: only Visual Studio Code knows `${input:token}`"));
        assert!(proposed[0].text.contains("enabled = false"), "{}", proposed[0].text);
    }

    #[test]
    fn secrets_of_an_address_are_not_shown() {
        let check = |url: &str, expected| assert_eq!(what(&Server::address("a", url)), expected);
        check("https://example.org/mcp?key=1#2", "https://example.org/mcp");
        check("https://me:secret@example.org/mcp@1", "https://example.org/mcp@1");
        check("https://token@example.org", "https://example.org");
    }
}
