//! The accounts of this machine, from its own files. Accounts that a directory server adds are not among them.

use std::{collections::HashMap, fs};

use schemars::JsonSchema;
use serde::Serialize;

use crate::error::Error;

/// The first number that people get; below are the system's own accounts. The same on all common distributions.
const FIRST_OF_PEOPLE: u32 = 1_000;
/// The account that stands for nobody.
const NOBODY: u32 = 65_534;
/// Programs that are no shell: who has one of them cannot log in.
const NO_SHELLS: [&str; 3] = ["nologin", "false", "sync"];

/// One account.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct User {
    pub(crate) name: String,
    pub(crate) uid: u32,
    gid: u32,
    /// Who it is, in words.
    full_name: String,
    home: String,
    shell: String,
    /// Whether a person is behind it.
    pub(crate) is_person: bool,
    /// Whether it has a shell to log in with.
    pub(crate) can_log_in: bool,
    /// The groups it is in.
    groups: Vec<String>,
}

/// Reads all of them.
pub(crate) fn users() -> Result<Vec<User>, Error> {
    let read = |path: &str| fs::read_to_string(path).map_err(Error::file(path));
    Ok(parse(&read("/etc/passwd")?, &read("/etc/group").unwrap_or_default()))
}

/// The names of accounts by their numbers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names(HashMap<u32, String>);

impl Names {
    /// Reads them; without the file every account has only its number.
    pub(crate) fn read() -> Self {
        let text = fs::read_to_string("/etc/passwd").unwrap_or_default();
        let mut names = HashMap::new();
        for user in parse(&text, "") {
            // of two accounts with one number the first is the one that tools show
            names.entry(user.uid).or_insert(user.name);
        }
        Self(names)
    }

    /// The name of an account, or its number.
    pub(crate) fn of(&self, uid: u32) -> String {
        self.0.get(&uid).cloned().unwrap_or_else(|| uid.to_string())
    }

    /// The number of an account, by its name or by the number itself.
    pub(crate) fn number(&self, name: &str) -> Option<u32> {
        let known = self.0.iter().find(|(_, known)| *known == name).map(|(uid, _)| *uid);
        known.or_else(|| name.parse().ok())
    }
}

fn parse(passwd: &str, group: &str) -> Vec<User> {
    let groups: Vec<Group<'_>> = group.lines().filter_map(Group::parse).collect();
    passwd.lines().filter_map(|line| user(line, &groups)).collect()
}

fn user(line: &str, groups: &[Group<'_>]) -> Option<User> {
    let [name, _, uid, gid, words, home, shell] = line.split(':').collect::<Vec<_>>().try_into().ok()?;
    let (uid, gid) = (uid.parse().ok()?, gid.parse().ok()?);
    let is_in = |group: &&Group<'_>| group.gid == gid || group.members.contains(&name);
    Some(User {
        name: name.to_owned(),
        uid,
        gid,
        full_name: words.split(',').next().unwrap_or_default().to_owned(),
        home: home.to_owned(),
        shell: shell.to_owned(),
        is_person: (FIRST_OF_PEOPLE..NOBODY).contains(&uid),
        can_log_in: !NO_SHELLS.iter().any(|program| shell.ends_with(program)),
        groups: groups.iter().filter(is_in).map(|group| group.name.to_owned()).collect(),
    })
}

struct Group<'a> {
    name: &'a str,
    gid: u32,
    members: Vec<&'a str>,
}

impl<'a> Group<'a> {
    fn parse(line: &'a str) -> Option<Self> {
        let [name, _, gid, members] = line.split(':').collect::<Vec<_>>().try_into().ok()?;
        Some(Self { name, gid: gid.parse().ok()?, members: members.split(',').collect() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GROUP: &str = "root:x:0:\nsudo:x:27:ada,bob\nada:x:1000:\nbroken\n";

    #[test]
    fn accounts_have_their_groups_and_their_kind() {
        let check = |line: &str, is_person: bool, can_log_in: bool, groups: &[&str]| {
            let user = &parse(line, GROUP)[0];
            assert_eq!((user.is_person, user.can_log_in), (is_person, can_log_in), "{line}");
            assert_eq!(user.groups, groups, "{line}");
        };
        check("root:x:0:0:root:/root:/bin/bash", false, true, &["root"]);
        check("ada:x:1000:1000:Ada Lovelace,,,:/home/ada:/bin/zsh", true, true, &["sudo", "ada"]);
        check("sshd:x:105:65534::/run/sshd:/usr/sbin/nologin", false, false, &[]);
        check("nobody:x:65534:65534:nobody:/:/usr/sbin/nologin", false, false, &[]);
        check("git:x:999:27:::/bin/false", false, false, &["sudo"]);
    }

    #[test]
    fn lines_that_are_no_account_are_left_out() {
        let check = |text: &str| assert_eq!(parse(text, ""), [], "{text}");
        check("");
        check("# comment");
        check("a:b:c");
        check("ada:x:many:1000::/:/bin/sh");
        check("+::::::");
    }

    #[test]
    fn an_account_is_found_by_name_and_number() {
        let names = Names(HashMap::from([(0, "root".to_owned()), (7, "8".to_owned())]));
        let check = |name: &str, expected| assert_eq!(names.number(name), expected, "{name}");
        check("root", Some(0));
        check("0", Some(0));
        check("8", Some(7));
        check("9", Some(9));
        check("nobody-here", None);
        assert_eq!((names.of(0), names.of(42)), ("root".to_owned(), "42".to_owned()));
    }
}
