//! Projects in Go.

use crate::{
    findings::{Findings, Language},
    survey::{Survey, folder_of},
};

/// Modules that say what a project is built on.
const FRAMEWORKS: &[(&str, &str)] = &[
    ("github.com/gin-gonic/gin", "gin"),
    ("github.com/labstack/echo/v4", "echo"),
    ("github.com/gofiber/fiber/v2", "fiber"),
    ("github.com/go-chi/chi/v5", "chi"),
    ("github.com/gorilla/mux", "gorilla"),
    ("github.com/spf13/cobra", "cobra"),
    ("google.golang.org/grpc", "grpc"),
    ("gorm.io/gorm", "gorm"),
];

/// Looks for projects in Go.
pub(crate) fn look(survey: &Survey, findings: &mut Findings) {
    for (file, text) in survey.named("go.mod") {
        findings.language(file, Language::Go);
        findings.dependencies(file, &dependencies(text), FRAMEWORKS);
        let folder = folder_of(file);
        let is_entry = |path: &&str| path.starts_with(folder) && (*path == "main.go" || path.ends_with("/main.go"));
        survey.files().filter(is_entry).for_each(|path| findings.entry_point(path));
    }
}

/// The modules that a `go.mod` requires directly.
pub(crate) fn dependencies(text: &str) -> Vec<String> {
    let mut is_inside = false;
    let mut modules = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.ends_with("// indirect")) {
        let required = match line {
            "require (" => {
                is_inside = true;
                None
            }
            ")" => {
                is_inside = false;
                None
            }
            line if is_inside => line.split_whitespace().next(),
            line => line.strip_prefix("require ").and_then(|rest| rest.split_whitespace().next()),
        };
        modules.extend(required.filter(|module| !module.starts_with("//")).map(str::to_owned));
    }
    modules
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_direct_modules_are_named() {
        let text = "module example.com/a\n\ngo 1.22\n\nrequire github.com/spf13/cobra v1.8.0\n\nrequire (\n\t// for the web\n\
            \tgithub.com/gin-gonic/gin v1.10.0\n\tgolang.org/x/sys v0.2.0 // indirect\n)\n";
        assert_eq!(dependencies(text), ["github.com/spf13/cobra", "github.com/gin-gonic/gin"]);
    }
}
