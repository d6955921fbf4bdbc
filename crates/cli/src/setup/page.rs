//! The text of the first configuration file: what was agreed to, each with the reason why it is there, between what a
//! newcomer wants to know of the file and an example of a server to add.

use config::Edit;
use serde_json::{Map, Value};

use super::Proposal;

const HEAD: &str = "\
# Switchboard: the configuration of this machine, begun by `switchboard init`.
#
# Only what differs from the defaults stands here; `switchboard config show --default` explains every key.
# `switchboard config check` finds all mistakes at once. A node that runs takes this file over whenever it is saved.
";

const FOOT: &str = "
# Another server: a program, or an address. `switchboard server add` writes such a section and tries it out.
#[servers.issues]
#url = \"https://issues.example.com/mcp\"
#headers = { Authorization = \"Bearer ${env:ISSUES_TOKEN}\" }
";

/// The keys of a server that come first, in the order in which people read them; the others follow by name.
const KEYS_FIRST: [&str; 4] = ["enabled", "url", "command", "args"];

/// The whole file.
pub(crate) fn page<'p>(proposals: impl Iterator<Item = &'p Proposal>) -> String {
    let sections: String = proposals.map(section).collect();
    format!("{HEAD}{sections}{FOOT}")
}

fn section(proposal: &Proposal) -> String {
    let note = proposal.note.as_ref().map(|note| format!("# {}\n", sentence(note))).unwrap_or_default();
    format!("\n# {}\n{note}{}", sentence(&proposal.reason), proposal.text)
}

/// A fragment as a sentence of a comment, on one line whatever a client's file brought.
fn sentence(fragment: &str) -> String {
    let tame = |letter: char| if letter.is_control() { ' ' } else { letter };
    let mut letters = fragment.chars().map(tame);
    let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", letters.collect::<String>())
}

/// The section of a server; one that cannot be written, which no settings of ours are, is empty.
pub(super) fn server(name: &str, settings: &Value) -> String {
    let empty = Map::new();
    let keys = settings.as_object().unwrap_or(&empty);
    let place = |key: &&String| KEYS_FIRST.iter().position(|first| first == key).unwrap_or(KEYS_FIRST.len());
    let mut names: Vec<&String> = keys.keys().collect();
    names.sort_by_key(place);
    let write = || {
        let mut edit = Edit::of("")?;
        edit.add("servers", name, &Value::Object(Map::new()))?;
        for key in names {
            edit.set(&format!("servers.{name}.{key}"), &keys[key])?;
        }
        Ok::<_, config::Error>(edit.text())
    };
    write().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn keys_of_a_server_stand_in_the_order_people_read_them() {
        let settings = json!({ "args": ["a"], "command": "x", "cwd": "/", "env": { "A": "1" } });
        let expected = "[servers.git]\ncommand = \"x\"\nargs = [\"a\"]\ncwd = \"/\"\nenv = { A = \"1\" }\n";
        assert_eq!(server("git", &settings), expected);
    }

    #[test]
    fn page_says_why_each_section_is_there_and_has_no_problems() {
        let proposal = Proposal {
            section: "servers.git".to_owned(),
            what: "x".to_owned(),
            reason: "from Cursor\n[evil]".to_owned(),
            note: Some("disabled: look".to_owned()),
            text: server("git", &json!({ "command": "x", "enabled": false })),
        };
        let page = page([&proposal].into_iter());
        let section = "\n# From Cursor [evil].\n# Disabled: look.\n[servers.git]\nenabled = false\ncommand = \"x\"\n";
        assert!(page.contains(section), "{page}");
        assert_eq!(config::parse(&page, "page", &|_| None).problems, []);
    }

    #[test]
    fn page_of_nothing_is_a_configuration_to_begin_with() {
        let page = page([].into_iter());
        assert_eq!(config::parse(&page, "page", &|_| None).problems, []);
        let example = page.replace("\n#[", "\n[").replace("\n#url", "\nurl").replace("\n#headers", "\nheaders");
        let loaded = config::parse(&example, "page", &|_| Some("token".to_owned()));
        assert_eq!((loaded.problems.len(), loaded.config.servers.len()), (0, 1), "{example}");
    }
}
