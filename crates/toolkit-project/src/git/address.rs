//! The address of a remote as somebody wrote it: over HTTPS, over SSH, or a folder of this machine. Everything else that git
//! would take for an address is refused. Pure.

use toolkit::{Code, Failure};

/// Bytes of an address.
const BYTES_MAX: usize = 2_000;

/// The address of a remote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Address {
    /// Over HTTPS.
    Https { host: String, port: u16 },
    /// Over SSH.
    Ssh { host: String },
    /// A folder of this machine.
    Folder { path: String },
}

impl Address {
    /// Reads an address; `field` is to blame for it.
    pub(super) fn parse(field: &str, text: &str) -> Result<Self, Failure> {
        let refuse =
            |reason: &str, hint: &str| Err(Failure::invalid(field, format!("the address {reason}")).hint(hint));
        if text.is_empty() || text.len() > BYTES_MAX || text.contains(|one: char| one.is_control() || one == ' ') {
            return refuse("is empty, too long, or has spaces in it", "such as `https://example.com/team/app.git`");
        }
        if text.starts_with('-') {
            return refuse(
                "begins with `-` and could be taken for an option",
                "such as `https://example.com/team/app.git`",
            );
        }
        if let Some((scheme, rest)) = text.split_once("://") {
            return Self::of_scheme(field, scheme, rest);
        }
        match text.split_once(':') {
            Some((before, after)) if !before.contains('/') => match after.strip_prefix(':') {
                Some(_) => Err(unspoken(field, before)),
                None => Self::ssh(field, before),
            },
            _ => Ok(Self::Folder { path: text.to_owned() }),
        }
    }

    fn of_scheme(field: &str, scheme: &str, rest: &str) -> Result<Self, Failure> {
        let (authority, path) = rest.split_once('/').map_or((rest, None), |(authority, path)| (authority, Some(path)));
        match scheme {
            "https" => {
                if authority.contains('@') {
                    let text = "the address has a user or a password in it, which would be kept in the repository";
                    return Err(Failure::invalid(field, text).hint("configure a connection with the token"));
                }
                let (host, port) = host_and_port(authority).ok_or_else(|| no_host(field))?;
                Ok(Self::Https { host, port: port.unwrap_or(443) })
            }
            "ssh" => Self::ssh(field, authority),
            "file" if matches!(authority, "" | "localhost") && path.is_some() => {
                Ok(Self::Folder { path: format!("/{}", path.unwrap_or_default()) })
            }
            _ => Err(unspoken(field, scheme)),
        }
    }

    /// `authority` may name the user.
    fn ssh(field: &str, authority: &str) -> Result<Self, Failure> {
        let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        let is_option = authority.starts_with('-') || host.starts_with('-');
        let (host, _) = host_and_port(host).filter(|_| !is_option).ok_or_else(|| no_host(field))?;
        Ok(Self::Ssh { host })
    }

    /// The protocol that git may speak for it.
    pub(super) fn protocol(&self) -> &'static str {
        match self {
            Self::Https { .. } => "https",
            Self::Ssh { .. } => "ssh",
            Self::Folder { .. } => "file",
        }
    }
}

/// The last name of an address, without what says that it is a repository.
pub(super) fn name(text: &str) -> Option<&str> {
    let last = text.trim_end_matches('/').rsplit(['/', ':']).next()?;
    let name = last.strip_suffix(".git").unwrap_or(last);
    (!matches!(name, "" | "." | "..")).then_some(name)
}

/// Owner and name of the repository at an address of a forge.
pub(super) fn project(text: &str) -> Option<&str> {
    if let Address::Folder { .. } = Address::parse("remote", text).ok()? {
        return None;
    }
    let path = match text.split_once("://") {
        Some((_, rest)) => rest.split_once('/')?.1,
        None => text.split_once(':')?.1,
    };
    let path = path.trim_matches('/');
    let path = path.strip_suffix(".git").unwrap_or(path);
    let is_plain = |one: char| one.is_ascii_alphanumeric() || "-_.".contains(one);
    let is_name = |name: &str| !name.is_empty() && !name.starts_with('.') && name.chars().all(is_plain);
    (path.contains('/') && path.split('/').all(is_name)).then_some(path)
}

fn host_and_port(authority: &str) -> Option<(String, Option<u16>)> {
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (host, rest) = rest.split_once(']')?;
            (host, if rest.is_empty() { None } else { Some(rest.strip_prefix(':')?) })
        }
        None => match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        },
    };
    let is_plain = |one: char| one.is_ascii_alphanumeric() || "-._:%".contains(one);
    if host.is_empty() || !host.chars().all(is_plain) {
        return None;
    }
    let port = port.map(str::parse).transpose().ok()?;
    Some((host.to_ascii_lowercase(), port))
}

fn no_host(field: &str) -> Failure {
    Failure::invalid(field, "the address names no host").hint("such as `https://example.com/team/app.git`")
}

fn unspoken(field: &str, scheme: &str) -> Failure {
    let scheme: String = scheme.chars().take(20).collect();
    let failure = Failure::new(Code::InvalidInput, format!("`{scheme}` is not spoken here"));
    let failure = failure.hint("use `https://…`, `ssh://…`, or a folder beneath an allowed one");
    Failure { field: Some(field.to_owned()), ..failure }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_one_of_three_kinds() {
        let check = |text: &str, expected: Address| assert_eq!(Address::parse("url", text), Ok(expected), "{text}");
        let https = |host: &str, port| Address::Https { host: host.to_owned(), port };
        let ssh = |host: &str| Address::Ssh { host: host.to_owned() };
        let folder = |path: &str| Address::Folder { path: path.to_owned() };
        check("https://GitHub.com/a/b.git", https("github.com", 443));
        check("https://x:8443/a", https("x", 8443));
        check("https://[::1]:8443/a", https("::1", 8443));
        check("ssh://git@x:22/a", ssh("x"));
        check("git@github.com:a/b.git", ssh("github.com"));
        check("file:///srv/a", folder("/srv/a"));
        check("/srv/a", folder("/srv/a"));
        check("../a", folder("../a"));
        check("./a:b", folder("./a:b"));
    }

    #[test]
    fn everything_else_is_refused() {
        for text in [
            "",
            "-x",
            "--upload-pack=touch x",
            "ext::sh -c touch% x",
            "ext::x",
            "http://x/a",
            "git://x/a",
            "ftp://x/a",
            "fd::17",
            "https://",
            "https:///a",
            "https://user:token@x/a",
            "https://x:99999/a",
            "ssh://-oProxyCommand=x/a",
            "-oProxyCommand=x:a",
            "git@-oProxyCommand:a",
            "file://other/a",
            "a b",
            "a\nb",
            &"x".repeat(3_000),
        ] {
            let failure = Address::parse("url", text).unwrap_err();
            assert_eq!((failure.code, failure.field.as_deref()), (Code::InvalidInput, Some("url")), "{text}");
        }
    }

    #[test]
    fn a_forge_knows_a_repository_by_its_owner_and_name() {
        let check = |text: &str, expected: Option<&str>| assert_eq!(project(text), expected, "{text}");
        check("https://github.com/octo/app.git", Some("octo/app"));
        check("git@gitlab.com:a/b/c.git", Some("a/b/c"));
        check("ssh://git@x:22/a/b/", Some("a/b"));
        check("https://github.com/app", None);
        check("https://x/a/../b", None);
        check("https://x/a/b?c", None);
        check("/srv/a/b", None);
    }

    #[test]
    fn a_clone_is_named_after_its_address() {
        let check = |text: &str, expected: Option<&str>| assert_eq!(name(text), expected, "{text}");
        check("https://x/a/b.git", Some("b"));
        check("git@x:b.git/", Some("b"));
        check("/srv/c", Some("c"));
        check("..", None);
        check("https://x/.git", None);
    }
}
