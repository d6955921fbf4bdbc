//! What a project can be given beside its own files: containers, checks on each change, an editor's rules, a place to
//! develop in. Each is a text for the language and the manager of the project; nothing that is there is replaced.

use crate::{findings::Language, kinds::python, manager::Manager, survey::Survey, template::Filled};

/// The text of a file of a template.
macro_rules! text {
    ($path:literal) => {
        include_str!(concat!("../templates/", $path))
    };
}

/// What is known of a project before it is given something.
#[derive(Clone, Debug)]
pub(crate) struct Project<'a> {
    pub(crate) name: String,
    pub(crate) manager: Manager,
    pub(crate) survey: &'a Survey,
}

impl Project<'_> {
    /// Files with which it becomes a container; nothing if it has no program to start.
    pub(crate) fn container(&self) -> Vec<Filled> {
        let text = match self.manager.language() {
            Language::Python => text!("setup/docker/python"),
            Language::Node => text!("setup/docker/node"),
            Language::Rust => text!("setup/docker/rust"),
            Language::Go => text!("setup/docker/go"),
            Language::Java => text!("setup/docker/java"),
            Language::Ruby => text!("setup/docker/ruby"),
        };
        let Some(start) = self.start() else { return Vec::new() };
        let words = start.iter().map(|word| format!("{word:?}")).collect::<Vec<_>>().join(", ");
        let text = text.replace("{{start}}", &format!("[{words}]"));
        vec![
            self.file("Dockerfile", &text.replace("{{install}}", &self.install(false))),
            self.file(".dockerignore", text!("setup/docker/ignore")),
        ]
    }

    /// The file with which each change is tested.
    pub(crate) fn checks(&self) -> Vec<Filled> {
        let text = match self.manager.language() {
            Language::Python => text!("setup/ci/python.yml"),
            Language::Node => text!("setup/ci/node.yml"),
            Language::Rust => text!("setup/ci/rust.yml"),
            Language::Go => text!("setup/ci/go.yml"),
            Language::Java => text!("setup/ci/java.yml"),
            Language::Ruby => text!("setup/ci/ruby.yml"),
        };
        let text = text.replace("{{install}}", &self.install(true)).replace("{{test}}", self.test());
        vec![self.file(".github/workflows/ci.yml", &text)]
    }

    /// The file of rules that editors follow.
    pub(crate) fn editor(&self) -> Vec<Filled> {
        vec![self.file(".editorconfig", text!("common/editorconfig"))]
    }

    /// The file that says what git leaves alone.
    pub(crate) fn ignored(&self) -> Vec<Filled> {
        let text = match self.manager.language() {
            Language::Python => text!("python/gitignore"),
            Language::Node => text!("node/gitignore"),
            Language::Rust => text!("rust/gitignore"),
            Language::Go => text!("go/gitignore"),
            Language::Java => text!("java/gitignore"),
            Language::Ruby => text!("ruby/gitignore"),
        };
        vec![self.file(".gitignore", &text.replace("{{package}}", &self.name))]
    }

    /// The file with which it is developed in a container.
    pub(crate) fn development_container(&self) -> Vec<Filled> {
        let image = match self.manager.language() {
            Language::Python => "mcr.microsoft.com/devcontainers/python:3.12",
            Language::Node => "mcr.microsoft.com/devcontainers/javascript-node:22",
            Language::Rust => "mcr.microsoft.com/devcontainers/rust:1",
            Language::Go => "mcr.microsoft.com/devcontainers/go:1",
            Language::Java => "mcr.microsoft.com/devcontainers/java:21",
            Language::Ruby => "mcr.microsoft.com/devcontainers/ruby:3.3",
        };
        let text = text!("setup/devcontainer/devcontainer.json");
        let text = text.replace("{{image}}", image).replace("{{install}}", &self.install(true));
        vec![self.file(".devcontainer/devcontainer.json", &text.replace("{{name}}", &self.name))]
    }

    fn file(&self, path: &str, text: &str) -> Filled {
        debug_assert!(!text.contains("{{"), "{}: {path} has an open place", self.name);
        Filled { path: path.to_owned(), text: text.to_owned() }
    }

    /// How a shell installs what it needs, with what its tests need or without.
    fn install(&self, with_tests: bool) -> String {
        let text = match self.manager {
            Manager::Pip | Manager::Conda if self.survey.has("requirements.txt") => {
                if with_tests {
                    "pip install -r requirements.txt pytest"
                } else {
                    "pip install -r requirements.txt"
                }
            }
            Manager::Pip | Manager::Conda => {
                let pyproject = self.survey.text("pyproject.toml").unwrap_or_default();
                match with_tests {
                    true if python::has_extra(pyproject, "dev") => "pip install '.[dev]'",
                    true => "pip install . pytest",
                    false => "pip install .",
                }
            }
            Manager::Uv if with_tests => "pip install uv && uv sync --all-extras",
            Manager::Uv => "pip install uv && uv sync --no-dev",
            Manager::Poetry => "pip install poetry && poetry install",
            Manager::Npm if self.survey.has("package-lock.json") => {
                if with_tests {
                    "npm ci"
                } else {
                    "npm ci --omit=dev"
                }
            }
            Manager::Npm => "npm install",
            Manager::Yarn => "corepack enable && yarn install",
            Manager::Pnpm => "corepack enable && pnpm install",
            Manager::Bun => "npm install --global bun && bun install",
            Manager::Cargo => "cargo fetch",
            Manager::Go => "go mod download",
            Manager::Maven => "mvn --batch-mode dependency:go-offline",
            Manager::Gradle => "gradle dependencies",
            Manager::Bundler => "bundle install",
        };
        text.to_owned()
    }

    fn test(&self) -> &'static str {
        match self.manager {
            Manager::Pip | Manager::Conda => "python -m pytest",
            Manager::Uv => "uv run pytest",
            Manager::Poetry => "poetry run pytest",
            Manager::Npm => "npm test",
            Manager::Yarn => "yarn run test",
            Manager::Pnpm => "pnpm run test",
            Manager::Bun => "bun run test",
            Manager::Cargo => "cargo test",
            Manager::Go => "go test ./...",
            Manager::Maven => "mvn --batch-mode test",
            Manager::Gradle => "gradle test",
            Manager::Bundler => "bundle exec rake test",
        }
    }

    /// The command that starts it, if it is something that starts.
    fn start(&self) -> Option<Vec<String>> {
        let words = |words: &[&str]| Some(words.iter().map(ToString::to_string).collect());
        match self.manager.language() {
            Language::Python => {
                let mains = self.survey.files().filter_map(|it| it.strip_prefix("src/")?.strip_suffix("/__main__.py"));
                let module = mains.filter(|module| !module.contains('/')).min();
                let script = ["main.py", "app.py"].into_iter().find(|file| self.survey.has(file));
                module.map_or_else(|| words(&["python", script?]), |module| words(&["python", "-m", module]))
            }
            Language::Node => {
                let package = self.survey.text("package.json").unwrap_or_default();
                let package: serde_json::Value = serde_json::from_str(package).unwrap_or_default();
                package["scripts"]["start"].is_string().then(|| words(&["npm", "start"]))?
            }
            Language::Rust => {
                let manifest: toml::Table = toml::from_str(self.survey.text("Cargo.toml")?).ok()?;
                let name = manifest.get("package")?.get("name")?.as_str()?.to_owned();
                self.survey.has("src/main.rs").then(|| vec![name])
            }
            Language::Go => self.survey.has("main.go").then(|| words(&["app"]))?,
            Language::Java => (self.manager == Manager::Maven).then(|| words(&["java", "-jar", "/app.jar"]))?,
            Language::Ruby => self.survey.has("config.ru").then(|| words(&["bundle", "exec", "rackup"]))?,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{name::ProjectName, templates::TEMPLATES};

    #[test]
    fn every_template_can_be_given_everything_its_language_has() {
        let name = ProjectName::new("web-shop").unwrap();
        for template in TEMPLATES.iter().filter(|template| !matches!(template.name, "generic" | "mixed")) {
            let filled = template.fill(&name, "2026");
            let files: Vec<(&str, &str)> = filled.iter().map(|file| (&*file.path, &*file.text)).collect();
            let survey = Survey::with(&files);
            let (_, manager) = Manager::chosen_in(&survey, "").remove(0);
            let project = Project { name: "web-shop".to_owned(), manager, survey: &survey };
            let container = project.container();
            let starts = !matches!(template.name, "rust-library" | "ruby-bundler" | "python-api");
            assert_eq!(!container.is_empty(), starts, "{}", template.name);
            let others = [project.checks(), project.editor(), project.ignored(), project.development_container()];
            for file in others.concat().iter().chain(&container) {
                let is_open = file.text.contains("{{") && !file.text.contains("${{");
                assert!(!is_open, "{}: {} has an open place", template.name, file.path);
                // what is JSON is YAML as well
                if matches!(file.path.rsplit('.').next(), Some("json" | "yml")) {
                    serde_saphyr::from_str::<serde_json::Value>(&file.text).expect(template.name);
                }
            }
        }
    }
}
