//! What Compose would read of this machine, before it does: included files, files of services it extends, files of variables.
//! All of them must lie beneath an allowed folder, and no service may be a program of this machine.

use serde_json::Value;
use toolkit::{Code, Failure};
use workbench::{Place, Roots};

use crate::shown;

/// Bytes of one file.
const FILE_BYTES_MAX: u64 = 1 << 20;
/// Files that include one another.
const DEPTH_MAX: usize = 8;
/// The file of variables that Compose reads by itself.
const VARIABLES: &str = ".env";

/// Checks a file and all that it leads to.
pub(crate) fn check(roots: &Roots, folder: &Place, file: &str) -> Result<(), Failure> {
    check_variables(folder)?;
    Files { roots }.check(folder, file, 0)
}

/// A file of variables that is a way out would be told in a complaint about its content.
fn check_variables(folder: &Place) -> Result<(), Failure> {
    let variables = folder.join(VARIABLES)?;
    if variables.exists()? { variables.stat().map(drop) } else { Ok(()) }
}

struct Files<'a> {
    roots: &'a Roots,
}

impl Files<'_> {
    fn check(&self, folder: &Place, file: &str, depth: usize) -> Result<(), Failure> {
        if depth > DEPTH_MAX {
            return Err(Failure::invalid(
                "path",
                format!("Compose files include one another more than {DEPTH_MAX} deep"),
            ));
        }
        let place = self.place(folder, file)?;
        let text = String::from_utf8_lossy(&place.read(FILE_BYTES_MAX)?).into_owned();
        let content: Value = serde_saphyr::from_str(&text).map_err(|error| {
            let reason = shown::short(&error.to_string());
            Failure::invalid("path", format!("`{}` is no Compose file: {reason}", place.display()))
        })?;
        let folder = place.parent().unwrap_or_else(|| folder.clone());
        self.walk(&content, &folder, depth)
    }

    fn walk(&self, value: &Value, folder: &Place, depth: usize) -> Result<(), Failure> {
        match value {
            Value::Object(members) => {
                members.iter().try_for_each(|(key, member)| self.member(key, member, folder, depth))
            }
            Value::Array(items) => items.iter().try_for_each(|item| self.walk(item, folder, depth)),
            _ => Ok(()),
        }
    }

    fn member(&self, key: &str, value: &Value, folder: &Place, depth: usize) -> Result<(), Failure> {
        match key {
            "include" => paths(value, "path").try_for_each(|path| self.check(folder, path, depth + 1))?,
            "extends" => {
                if let Some(file) = value["file"].as_str() {
                    self.check(folder, file, depth + 1)?;
                }
            }
            "env_file" | "label_file" => paths(value, "path").try_for_each(|path| self.may_read(folder, path))?,
            "provider" => {
                let failure = Failure::new(Code::Forbidden, "a service with a `provider` is a program of this machine");
                return Err(failure.hint("describe it with an `image` or a `build`"));
            }
            _ => {}
        }
        self.walk(value, folder, depth)
    }

    fn may_read(&self, folder: &Place, path: &str) -> Result<(), Failure> {
        match self.place(folder, path)?.stat() {
            // Compose says itself that it is missing
            Err(failure) if failure.code == Code::NotFound => Ok(()),
            end => end.map(drop),
        }
    }

    fn place(&self, folder: &Place, path: &str) -> Result<Place, Failure> {
        if path.contains('$') {
            let text = format!("`{}` has a variable, so it cannot be known what would be read", shown::short(path));
            return Err(Failure::new(Code::PathDenied, text).hint("write the path itself"));
        }
        if path.starts_with(['/', '~']) { self.roots.place("path", path) } else { folder.join(path) }
    }
}

/// The paths of a member that is one, has some, or has some in members of its own.
fn paths<'a>(value: &'a Value, name: &'static str) -> Box<dyn Iterator<Item = &'a str> + 'a> {
    match value {
        Value::String(path) => Box::new(std::iter::once(path.as_str())),
        Value::Array(items) => Box::new(items.iter().flat_map(move |item| paths(item, name))),
        Value::Object(members) => Box::new(members.get(name).into_iter().flat_map(move |path| paths(path, name))),
        _ => Box::new(std::iter::empty()),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use workbench::Denied;

    use super::*;

    #[test]
    fn only_what_lies_beneath_an_allowed_folder_may_be_read() {
        let outside = tempfile::tempdir().unwrap();
        let root = outside.path().join("root");
        fs::create_dir_all(root.join("more")).unwrap();
        fs::write(outside.path().join("secret.yaml"), "services: {}").unwrap();
        fs::write(root.join("base.yaml"), "services: {web: {image: app}}").unwrap();
        fs::write(root.join("web.env"), "A=b").unwrap();
        std::os::unix::fs::symlink("/etc/hostname", root.join("way.env")).unwrap();
        let roots = Roots::open([&root], Denied::system()).unwrap();
        let check = |text: &str, expected: Option<Code>| {
            fs::write(root.join("compose.yaml"), text).unwrap();
            let end = super::check(&roots, &roots.home("path"), "compose.yaml");
            assert_eq!(end.err().map(|failure| failure.code), expected, "{text}");
        };
        check("services: {web: {image: app, env_file: web.env}}", None);
        check("services: {web: {image: app, env_file: [{path: none.env, required: false}]}}", None);
        check("include: [base.yaml]", None);
        check("services: {web: {extends: {file: base.yaml, service: web}}}", None);
        check("services: {web: {env_file: /etc/hostname}}", Some(Code::PathDenied));
        check("services: {web: {env_file: way.env}}", Some(Code::PathDenied));
        check("services: {web: {env_file: [{path: ../../etc/hostname}]}}", Some(Code::PathDenied));
        check("services: {web: {env_file: \"${HOME}/x\"}}", Some(Code::PathDenied));
        check("x-base: &base {env_file: /etc/hostname}\nservices: {web: {<<: *base}}", Some(Code::PathDenied));
        check("include: [../secret.yaml]", Some(Code::PathDenied));
        check("include: [{path: [base.yaml, /etc/hostname]}]", Some(Code::PathDenied));
        check("services: {web: {extends: {file: ../secret.yaml, service: web}}}", Some(Code::PathDenied));
        check("services: {web: {provider: {type: sh}}}", Some(Code::Forbidden));
        check("include: [compose.yaml]", Some(Code::InvalidInput));
        check("services: [", Some(Code::InvalidInput));
        check("services: {}", None);
        std::os::unix::fs::symlink("/etc/hostname", root.join(".env")).unwrap();
        check("services: {}", Some(Code::PathDenied));
    }
}
