//! The path of a key in the file, such as `servers.git.args[1]`.

use std::fmt;

/// The path of a key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct KeyPath(Vec<Segment>);

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Segment {
    Key(String),
    Index(usize),
}

impl KeyPath {
    /// The path made of `keys`.
    pub(crate) fn of<const N: usize>(keys: [&str; N]) -> Self {
        Self(keys.into_iter().map(|key| Segment::Key(key.to_owned())).collect())
    }

    pub(crate) fn key(&self, key: &str) -> Self {
        self.with(Segment::Key(key.to_owned()))
    }

    pub(crate) fn index(&self, index: usize) -> Self {
        self.with(Segment::Index(index))
    }

    pub(crate) fn segments(&self) -> &[Segment] {
        &self.0
    }

    /// The path of `inner` within this one.
    pub(crate) fn join(&self, inner: &Self) -> Self {
        Self(self.0.iter().chain(&inner.0).cloned().collect())
    }

    /// The server this path lies in, if any, within a profile or not.
    pub(crate) fn server(&self) -> Option<&str> {
        match self.0.as_slice() {
            [Segment::Key(section), Segment::Key(name), ..] if section == "servers" => Some(name),
            [Segment::Key(section), Segment::Key(_), rest @ ..] if section == "profile" => match rest {
                [Segment::Key(section), Segment::Key(name), ..] if section == "servers" => Some(name),
                _ => None,
            },
            _ => None,
        }
    }

    /// Whether a value at this path is never shown.
    pub(crate) fn is_secret(&self) -> bool {
        let key = |at: usize| match self.0.get(at) {
            Some(Segment::Key(key)) => key.as_str(),
            _ => "",
        };
        key(0) == "servers"
            && match key(2) {
                "env" | "headers" => true,
                "auth" => matches!(key(3), "bearer" | "password" | "query"),
                _ => false,
            }
    }

    fn with(&self, segment: Segment) -> Self {
        Self(self.0.iter().cloned().chain([segment]).collect())
    }
}

impl fmt::Display for KeyPath {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, segment) in self.0.iter().enumerate() {
            let dot = if place == 0 { "" } else { "." };
            match segment {
                Segment::Key(key) if is_bare(key) => write!(out, "{dot}{key}")?,
                Segment::Key(key) => write!(out, "{dot}{key:?}")?,
                Segment::Index(index) => write!(out, "[{index}]")?,
            }
        }
        Ok(())
    }
}

/// Whether TOML lets `key` stand without quotes.
fn is_bare(key: &str) -> bool {
    !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::KeyPath;

    #[test]
    fn path_reads_like_toml() {
        let path = KeyPath::of(["servers", "my server", "args"]).index(1);
        assert_eq!(path.to_string(), "servers.\"my server\".args[1]");
        assert_eq!(path.server(), Some("my server"));
        assert_eq!(KeyPath::of(["servers"]).server(), None);
        assert_eq!(KeyPath::of(["profile", "dev", "servers", "git", "url"]).server(), Some("git"));
    }
}
