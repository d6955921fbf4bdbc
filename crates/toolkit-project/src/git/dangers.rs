//! What the configuration of a repository can make git do beside its work, and how it is told not to: programs are switched
//! off by settings that win over those of the repository. Pure; who reads the configuration is `repository`.

use std::collections::BTreeSet;

use toolkit::{Code, Failure};

use super::config::Config;

/// Settings that hold in every repository, whatever it says of itself. They win over its own.
const ALWAYS: &[(&str, &str)] = &[
    ("core.fsmonitor", "false"),
    ("core.pager", "cat"),
    ("core.editor", ":"),
    ("core.askPass", ""),
    ("core.alternateRefsCommand", "true"),
    ("core.attributesFile", "/dev/null"),
    ("core.excludesFile", "/dev/null"),
    ("credential.helper", ""),
    ("commit.template", ""),
    ("commit.gpgSign", "false"),
    ("tag.gpgSign", "false"),
    ("push.gpgSign", "false"),
    ("log.showSignature", "false"),
    ("user.useConfigOnly", "true"),
    ("merge.verifySignatures", "false"),
    ("gpg.program", "false"),
    ("gpg.ssh.program", "false"),
    ("gpg.x509.program", "false"),
    ("submodule.recurse", "false"),
    ("diff.ignoreSubmodules", "all"),
    ("status.submoduleSummary", "false"),
    ("fetch.recurseSubmodules", "false"),
    ("push.recurseSubmodules", "no"),
    ("gc.auto", "0"),
    ("maintenance.auto", "false"),
    ("http.followRedirects", "false"),
    ("advice.detachedHead", "false"),
];
/// Settings that hold where the repository is not trusted.
const UNTRUSTED: &[(&str, &str)] = &[("core.hooksPath", "/dev/null")];
/// Programs that one repository may name: those of a dozen filters and merge drivers.
const PROGRAMS_MAX: usize = 100;

/// What a repository says that matters here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Dangers {
    /// Keys of programs for filters and merges, with the value that switches them off.
    programs: BTreeSet<(String, &'static str)>,
    /// Keys that lead to other files.
    includes: BTreeSet<String>,
    /// Keys that change where or how it connects.
    connects: BTreeSet<String>,
}

impl Dangers {
    /// What there is in a configuration.
    pub(super) fn of(config: &Config) -> Self {
        let mut dangers = Self::default();
        config.keys().for_each(|key| dangers.note(key));
        dangers
    }

    fn note(&mut self, key: &str) {
        let (section, rest) = key.split_once('.').unwrap_or((key, ""));
        let name = rest.rsplit_once('.').map_or(rest, |(_, name)| name);
        let off = match (section, name) {
            ("filter", "clean" | "smudge" | "process") => Some(""),
            // an empty driver of merges would succeed and keep one side in silence
            ("filter", "required") | ("merge", "driver") => Some("false"),
            _ => None,
        };
        if let Some(value) = off {
            self.programs.insert((key.to_owned(), value));
        }
        if matches!(section, "include" | "includeif") {
            self.includes.insert(key.to_owned());
        }
        let is_of_connecting = match section {
            "http" | "credential" => true,
            "remote" => matches!(name, "proxy" | "proxyauthmethod" | "vcs"),
            _ => key == "fetch.bundleuri",
        };
        if is_of_connecting {
            self.connects.insert(key.to_owned());
        }
    }

    /// The settings to run git with.
    pub(super) fn settings(&self, is_trusted: bool) -> Vec<(String, String)> {
        let owned = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
        let mut settings: Vec<_> = ALWAYS.iter().map(owned).collect();
        if !is_trusted {
            settings.extend(UNTRUSTED.iter().map(owned));
            settings.extend(self.programs.iter().map(|(key, value)| (key.clone(), (*value).to_owned())));
        }
        settings
    }

    /// Whether files pass through programs that are switched off.
    pub(super) fn has_filters(&self) -> bool {
        self.programs.iter().any(|(key, _)| key.starts_with("filter."))
    }

    /// Refuses a configuration that cannot be made harmless.
    pub(super) fn check(&self) -> Result<(), Failure> {
        if let Some(key) = self.includes.first() {
            return Err(refused(&format!("its configuration reads other files by `{key}`")));
        }
        if self.programs.len() > PROGRAMS_MAX {
            return Err(refused(&format!("its configuration names more than {PROGRAMS_MAX} programs")));
        }
        Ok(())
    }

    /// Refuses to connect with a configuration that says how.
    pub(super) fn check_connecting(&self) -> Result<(), Failure> {
        match self.connects.first() {
            None => Ok(()),
            Some(key) => Err(refused(&format!("its own configuration says how to connect, by `{key}`"))),
        }
    }
}

fn refused(reason: &str) -> Failure {
    Failure::new(Code::GitError, format!("the repository is not trusted, and {reason}"))
        .hint("take that out of `.git/config`, or name the repository in SWITCHBOARD_TRUSTED_REPOSITORIES")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(keys: &[&str]) -> Dangers {
        Dangers::of(&Config::parse(&keys.iter().flat_map(|key| ["local\0", key, "\nvalue\0"]).collect::<String>()))
    }

    #[test]
    fn programs_of_the_repository_are_switched_off_unless_it_is_trusted() {
        let keys = ["filter.x.clean", "filter.a.b=c.smudge", "filter.x.required", "merge.y.driver", "core.bare"];
        let off = [
            ("filter.x.clean", ""),
            ("filter.a.b=c.smudge", ""),
            ("filter.x.required", "false"),
            ("merge.y.driver", "false"),
        ];
        let dangers = of(&keys);
        for (key, value) in off.into_iter().chain([("core.hooksPath", "/dev/null")]) {
            assert!(dangers.settings(false).contains(&(key.to_owned(), value.to_owned())), "{key}");
            assert!(!dangers.settings(true).iter().any(|(known, _)| known == key), "{key}");
        }
        assert!(dangers.has_filters() && dangers.check().is_ok());
    }

    #[test]
    fn what_cannot_be_switched_off_is_refused() {
        let check = |key: &str, is_usable: bool, may_connect: bool| {
            let dangers = of(&[key]);
            assert_eq!(
                (dangers.check().is_ok(), dangers.check_connecting().is_ok()),
                (is_usable, may_connect),
                "{key}"
            );
        };
        check("include.path", false, true);
        check("includeif.gitdir:/x/.path", false, true);
        check("http.proxy", true, false);
        check("http.https://example.com/.extraheader", true, false);
        check("credential.https://example.com.helper", true, false);
        check("remote.origin.proxy", true, false);
        check("remote.origin.vcs", true, false);
        check("fetch.bundleuri", true, false);
        check("remote.origin.url", true, true);
        check("branch.main.merge", true, true);
        let many: Vec<String> = (0..=PROGRAMS_MAX).map(|number| format!("filter.f{number}.clean")).collect();
        assert!(of(&many.iter().map(String::as_str).collect::<Vec<_>>()).check().is_err());
    }
}
