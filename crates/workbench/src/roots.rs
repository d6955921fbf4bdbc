//! The folders that a toolkit may work in, and how a path that somebody wrote becomes a place beneath one of them. The text
//! only chooses the root; whether the place really is there is for the kernel to say, each time it is used.

use std::{
    env, fs,
    os::fd::AsFd as _,
    path::{Component, Path, PathBuf},
    sync::Arc,
};

use rustix::fs::OFlags;
use toolkit::{Code, Failure};

use crate::{
    Denied, Error, Place,
    beneath::{self, Beneath},
    denied::Act,
    refusal,
};

/// Bytes of a path: what Linux takes at most.
const PATH_BYTES_MAX: usize = 4_095;
/// Bytes of one name: what Linux file systems take at most.
const NAME_BYTES_MAX: usize = 255;

/// The folders that a toolkit may work in. Clones are cheap.
#[derive(Clone, Debug)]
pub struct Roots(pub(crate) Arc<Inner>);

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) roots: Vec<Beneath>,
    pub(crate) denied: Denied,
}

impl Roots {
    /// Opens these folders; relative paths are meant from the first.
    pub fn open(paths: impl IntoIterator<Item = impl AsRef<Path>>, denied: Denied) -> Result<Self, Error> {
        let mut roots = Vec::new();
        for path in paths {
            let path = expanded(path.as_ref());
            let root = Beneath::open(&path).map_err(|source| Error::Open { path: path.clone(), source })?;
            if let Some(rule) = denied.rule(&root.path, Act::Read) {
                return Err(Error::Denied { denied: rule.to_owned(), path });
            }
            roots.push(root);
        }
        if roots.is_empty() {
            return Err(Error::NoRoot);
        }
        Ok(Self(Arc::new(Inner { roots, denied })))
    }

    /// The folders, as the kernel calls them.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        self.0.roots.iter().map(|root| root.path.as_path())
    }

    /// The place that the argument `field` names: an absolute path, one from the first root, or one with `~`.
    pub fn place(&self, field: &'static str, text: &str) -> Result<Place, Failure> {
        check_text(field, text)?;
        let path = self.first().path.join(expanded(Path::new(text)));
        let place = |path: &Path| {
            let mut ways = self.beneath(path).into_iter();
            ways.find_map(|(root, relative)| Some((root, self.without_parents(root, &relative)?)))
        };
        // most paths are written as the kernel calls them, and finding out costs a call for each of their parts
        let place = place(&path).or_else(|| place(&really(&path)?));
        let (root, relative) = place.ok_or_else(|| self.outside(field, text))?;
        Ok(Place::new(self.clone(), root, relative, field))
    }

    /// The place of the first root itself, for tools whose path may be left out.
    pub fn home(&self, field: &'static str) -> Place {
        Place::new(self.clone(), 0, PathBuf::new(), field)
    }

    fn first(&self) -> &Beneath {
        &self.0.roots[0]
    }

    /// The innermost root that a real path lies beneath.
    pub(crate) fn choose(&self, path: &Path) -> Option<(usize, PathBuf)> {
        self.beneath(path).into_iter().next()
    }

    /// The roots that the words of a path lie beneath, with the rest of it, the innermost first.
    fn beneath(&self, path: &Path) -> Vec<(usize, PathBuf)> {
        let within = |root: &Beneath| {
            path.strip_prefix(&root.path).or_else(|_| path.strip_prefix(&root.named)).ok().map(Path::to_owned)
        };
        let all = self.0.roots.iter().enumerate().filter_map(|(place, root)| Some((place, within(root)?)));
        let mut all: Vec<(usize, PathBuf)> = all.collect();
        all.sort_by_key(|(_, relative)| relative.components().count());
        all
    }

    /// The same path without `..`: the part with them is resolved by the kernel. `None` if that leads out.
    fn without_parents(&self, root: usize, relative: &Path) -> Option<PathBuf> {
        let components: Vec<Component<'_>> = relative.components().filter(|part| *part != Component::CurDir).collect();
        let Some(last) = components.iter().rposition(|part| *part == Component::ParentDir) else {
            return Some(components.iter().collect());
        };
        let root = &self.0.roots[root];
        let head: PathBuf = components[..=last].iter().collect();
        let folder = root.resolve(&head, OFlags::PATH).ok()?;
        let real = beneath::real_path(folder.as_fd()).ok()?;
        let inside = real.strip_prefix(&root.path).ok()?;
        Some(inside.components().chain(components[last + 1..].iter().copied()).collect())
    }

    /// What is said of a path that leads out; whether something is there is not said.
    pub(crate) fn outside(&self, field: &'static str, text: &str) -> Failure {
        let roots: Vec<String> = self.paths().map(|path| format!("`{}`", path.display())).collect();
        let text = format!("`{}` is not beneath an allowed folder", refusal::shortened(text));
        refusal::at(field, Code::PathDenied, text).hint(format!("allowed is {}", roots.join(", ")))
    }
}

fn check_text(field: &'static str, text: &str) -> Result<(), Failure> {
    let refuse = |reason: &str| Err(Failure::invalid(field, format!("`{field}` {reason}")));
    if text.is_empty() {
        return refuse("is empty");
    }
    if text.contains('\0') {
        return refuse("contains a NUL character, which no path can");
    }
    if text.len() > PATH_BYTES_MAX {
        return refuse(&format!("is longer than {PATH_BYTES_MAX} bytes, which no path can be"));
    }
    if text.split('/').any(|name| name.len() > NAME_BYTES_MAX) {
        return refuse(&format!("has a name longer than {NAME_BYTES_MAX} bytes"));
    }
    Ok(())
}

/// A path with `~` as its first component as one from the home of our user. `~other` is a name like any other.
pub fn expanded(path: &Path) -> PathBuf {
    match (path.strip_prefix("~"), env::home_dir()) {
        (Ok(rest), Some(home)) => home.join(rest),
        _ => path.to_owned(),
    }
}

/// Where the part of a path that exists really is, with the rest below it.
fn really(path: &Path) -> Option<PathBuf> {
    path.ancestors().find_map(|ancestor| {
        let real = fs::canonicalize(ancestor).ok()?;
        Some(real.join(path.strip_prefix(ancestor).ok()?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn roots() -> (tempfile::TempDir, Roots) {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("first/deep")).unwrap();
        fs::create_dir_all(folder.path().join("second")).unwrap();
        let roots = ["first", "second", "first/deep"].map(|name| folder.path().join(name));
        let roots = Roots::open(roots, Denied::system()).unwrap();
        (folder, roots)
    }

    #[test]
    fn a_path_becomes_a_place_beneath_the_innermost_root() {
        let (folder, roots) = roots();
        let top = fs::canonicalize(folder.path()).unwrap();
        let check = |text: String, expected: &str| {
            let place = roots.place("path", &text).unwrap();
            assert_eq!(place.path(), top.join(expected), "{text}");
        };
        check("a.txt".into(), "first/a.txt");
        check("./a//b/./c".into(), "first/a/b/c");
        check(format!("{}/second/x", top.display()), "second/x");
        check(format!("{}/first/deep/x", top.display()), "first/deep/x");
        check("deep/../a.txt".into(), "first/a.txt");
        check("deep/..".into(), "first");
        check(".".into(), "first");
        check("~other".into(), "first/~other");
    }

    #[test]
    fn a_path_that_leads_out_is_denied_whether_or_not_it_exists() {
        let (folder, roots) = roots();
        let outside = ["/etc/passwd", "/no/such/path", "..", "../..", "../firstling", "~/x", "deep/../../second-hand"];
        let sibling = format!("{}/firstling", folder.path().display());
        for text in outside.into_iter().chain([sibling.as_str()]) {
            let failure = roots.place("path", text).unwrap_err();
            assert_eq!((failure.code, failure.field.as_deref()), (Code::PathDenied, Some("path")), "{text}: {failure}");
        }
    }

    #[test]
    fn what_cannot_be_a_path_is_invalid() {
        let (_folder, roots) = roots();
        for text in [String::new(), "a\0b".to_owned(), "a/".repeat(4_000), "x".repeat(256)] {
            let failure = roots.place("to", &text).unwrap_err();
            assert_eq!((failure.code, failure.field.as_deref()), (Code::InvalidInput, Some("to")), "{failure}");
        }
    }

    #[test]
    fn a_root_must_exist_and_must_not_be_denied() {
        assert!(matches!(Roots::open(["/no/such/folder"], Denied::system()), Err(Error::Open { .. })));
        assert!(matches!(Roots::open(["/proc/self"], Denied::system()), Err(Error::Denied { .. })));
        assert!(matches!(Roots::open([""; 0], Denied::system()), Err(Error::NoRoot)));
    }
}
