//! Home Assistant on this machine, by the manifest that its pages have for everybody. It is an MCP server itself, for
//! those who bring a token, so it is proposed switched off.

use std::net::SocketAddr;

use super::{Found, Proposal, probe};

/// The page that says whose pages these are.
const MANIFEST: &str = "/manifest.json";

/// The one that answers at `address`, and its proposal.
pub(super) async fn look(address: SocketAddr) -> Option<(Found, Proposal)> {
    let manifest = probe::address(address, MANIFEST).await?;
    let title = manifest["name"].as_str().filter(|name| *name == "Home Assistant")?;
    let place = format!("http://{address}");
    let found = Found { title: title.to_owned(), about: String::new(), place: place.clone() };
    Some((found, proposal(&place)))
}

fn proposal(place: &str) -> Proposal {
    let text = format!(
        r#"[servers.homeassistant]
enabled = false
url = "{place}/api/mcp"
headers = {{ Authorization = "Bearer ${{env:HOMEASSISTANT_TOKEN}}" }}
"#
    );
    Proposal {
        section: "servers.homeassistant".to_owned(),
        what: format!("{place}/api/mcp"),
        reason: "Home Assistant answers there: its integration `Model Context Protocol Server` is a server".to_owned(),
        note: Some(
            "disabled: add the integration, make a token in your profile there, and put it into the variable \
             HOMEASSISTANT_TOKEN"
                .to_owned(),
        ),
        text,
    }
}

#[cfg(test)]
mod tests {
    use super::proposal;

    #[test]
    fn the_proposal_waits_for_its_token_and_has_no_other_problem() {
        let text = proposal("http://127.0.0.1:8123").text;
        let with_token = config::parse(&text, "proposed", &|_| Some("token".to_owned()));
        assert_eq!(with_token.problems, [], "{text}");
        assert!(!with_token.config.servers["homeassistant"].enabled);
    }
}
