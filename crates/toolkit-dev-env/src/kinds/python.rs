//! Projects in Python.

use crate::{
    findings::{Findings, Language},
    survey::{Survey, folder_of},
};

/// Packages that say what a project is built on.
const FRAMEWORKS: &[(&str, &str)] = &[
    ("fastapi", "fastapi"),
    ("flask", "flask"),
    ("django", "django"),
    ("starlette", "starlette"),
    ("aiohttp", "aiohttp"),
    ("tornado", "tornado"),
    ("streamlit", "streamlit"),
    ("celery", "celery"),
    ("sqlalchemy", "sqlalchemy"),
    ("pandas", "pandas"),
    ("torch", "pytorch"),
    ("pytest", "pytest"),
];
/// Files by which programs are often entered.
const ENTRIES: [&str; 5] = ["main.py", "app.py", "manage.py", "wsgi.py", "asgi.py"];

/// Looks for projects in Python.
pub(crate) fn look(survey: &Survey, findings: &mut Findings) {
    for (file, text) in survey.named("pyproject.toml") {
        findings.language(file, Language::Python);
        findings.dependencies(file, &of_pyproject(text), FRAMEWORKS);
        for script in scripts(text) {
            findings.entry_point(script);
        }
    }
    for (file, text) in survey.named("requirements.txt") {
        findings.language(file, Language::Python);
        findings.dependencies(file, &of_requirements(text), FRAMEWORKS);
    }
    if findings.languages.contains(&Language::Python) {
        let is_entry = |file: &&str| {
            let name = &file[folder_of(file).len()..];
            name == "__main__.py" || ENTRIES.contains(&name)
        };
        survey.files().filter(is_entry).for_each(|file| findings.entry_point(file));
    }
}

/// The packages that a `pyproject.toml` names directly.
pub(crate) fn of_pyproject(text: &str) -> Vec<String> {
    let Ok(root) = toml::from_str::<toml::Table>(text) else { return Vec::new() };
    let project = root.get("project");
    let plain = project.and_then(|it| it.get("dependencies")).and_then(toml::Value::as_array).into_iter().flatten();
    let groups = [project.and_then(|it| it.get("optional-dependencies")), root.get("dependency-groups")];
    let grouped = groups.into_iter().flatten().filter_map(toml::Value::as_table).flat_map(toml::Table::values);
    let grouped = grouped.filter_map(toml::Value::as_array).flatten();
    let poetry = root.get("tool").and_then(|it| it.get("poetry")?.get("dependencies")?.as_table());
    let poetry = poetry.into_iter().flat_map(toml::Table::keys).filter(|name| *name != "python");
    let required = plain.chain(grouped).filter_map(toml::Value::as_str).filter_map(requirement_name);
    required.chain(poetry.map(|name| normal(name))).collect()
}

/// The packages that a `requirements.txt` names.
pub(crate) fn of_requirements(text: &str) -> Vec<String> {
    text.lines().filter_map(requirement_name).collect()
}

/// Whether a `pyproject.toml` has optional dependencies of this name.
pub(crate) fn has_extra(text: &str, extra: &str) -> bool {
    let root = toml::from_str::<toml::Table>(text).unwrap_or_default();
    root.get("project").and_then(|it| it.get("optional-dependencies")?.get(extra)).is_some()
}

/// Whether a `pyproject.toml` describes a package that can be installed.
pub(crate) fn is_package(text: &str) -> bool {
    let root = toml::from_str::<toml::Table>(text).unwrap_or_default();
    root.contains_key("build-system") || root.contains_key("project")
}

fn scripts(text: &str) -> Vec<String> {
    let root = toml::from_str::<toml::Table>(text).unwrap_or_default();
    let scripts = root.get("project").and_then(|it| it.get("scripts")?.as_table());
    scripts.into_iter().flat_map(toml::Table::keys).cloned().collect()
}

/// The name in a line such as `Flask[async]>=3; python_version > "3.8"`.
pub(crate) fn requirement_name(line: &str) -> Option<String> {
    let line = line.trim();
    let end = line.find(|one: char| !(one.is_ascii_alphanumeric() || "-_.".contains(one))).unwrap_or(line.len());
    // an option, a comment, a path and a URL name no package
    let is_name = end > 0 && line.as_bytes()[0].is_ascii_alphanumeric() && !line[end..].starts_with([':', '/']);
    is_name.then(|| normal(&line[..end]))
}

/// Names of packages are the same in small letters and with dashes.
fn normal(name: &str) -> String {
    name.to_ascii_lowercase().replace(['_', '.'], "-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_are_named_in_three_ways() {
        let pyproject = "[project]\ndependencies = ['FastAPI>=0.1', 'uvicorn[standard]']\n\
            [project.optional-dependencies]\ndev = ['pytest ; python_version > \"3\"']\n\
            [dependency-groups]\nlint = ['ruff', {include-group = 'dev'}]\n\
            [tool.poetry.dependencies]\npython = '^3'\nRedis = '*'\n";
        assert_eq!(of_pyproject(pyproject), ["fastapi", "uvicorn", "pytest", "ruff", "redis"]);
        let requirements = "# what it needs\n-r other.txt\nFlask==3.0\n./local.whl\nhttps://host/x.whl\n\nzope.interface @ file:///x\n";
        assert_eq!(of_requirements(requirements), ["flask", "zope-interface"]);
        assert_eq!(of_pyproject("this is no toml ["), [""; 0]);
    }
}
