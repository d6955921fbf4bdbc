//! Which files this toolkit writes: text, configuration, code, and the documents and pictures of a project. Programs,
//! libraries and keys are not written.

use std::path::Path;

use toolkit::{Code, Failure};
use workbench::Place;

/// Extensions of what is written. A name without an extension, such as `Makefile`, is written as well.
const WRITABLE: &[&str] = &[
    "adoc",
    "astro",
    "avif",
    "bash",
    "bat",
    "bib",
    "c",
    "cc",
    "cfg",
    "cjs",
    "clj",
    "cmake",
    "cmd",
    "conf",
    "cpp",
    "cs",
    "css",
    "csv",
    "cts",
    "cue",
    "d",
    "dart",
    "diff",
    "dockerfile",
    "dot",
    "editorconfig",
    "ejs",
    "elm",
    "env",
    "erb",
    "erl",
    "ex",
    "example",
    "exs",
    "feature",
    "fish",
    "fs",
    "gemspec",
    "gif",
    "gitignore",
    "go",
    "gradle",
    "graphql",
    "groovy",
    "h",
    "haml",
    "hbs",
    "hcl",
    "hpp",
    "hs",
    "htm",
    "html",
    "http",
    "ico",
    "in",
    "ini",
    "ipynb",
    "j2",
    "java",
    "jpeg",
    "jpg",
    "js",
    "json",
    "json5",
    "jsonc",
    "jsonl",
    "jsx",
    "kt",
    "kts",
    "less",
    "lock",
    "log",
    "lua",
    "m",
    "make",
    "md",
    "mdx",
    "mermaid",
    "mjs",
    "mk",
    "ml",
    "mmd",
    "mod",
    "mts",
    "mustache",
    "ndjson",
    "nim",
    "nix",
    "patch",
    "pdf",
    "php",
    "pl",
    "plist",
    "png",
    "po",
    "prisma",
    "properties",
    "proto",
    "ps1",
    "puml",
    "py",
    "pyi",
    "r",
    "rake",
    "rb",
    "rego",
    "rs",
    "rst",
    "ru",
    "sass",
    "sbt",
    "scala",
    "scss",
    "service",
    "sh",
    "snap",
    "socket",
    "sol",
    "sql",
    "sum",
    "svelte",
    "svg",
    "swift",
    "tape",
    "template",
    "tex",
    "text",
    "tf",
    "tfvars",
    "tmpl",
    "toml",
    "ts",
    "tsv",
    "tsx",
    "txt",
    "vim",
    "vue",
    "webp",
    "work",
    "xml",
    "yaml",
    "yml",
    "zig",
    "zsh",
];

/// Refuses to write what is neither text nor a document.
pub(super) fn writable(place: &Place) -> Result<(), Failure> {
    if is_writable(place.path()) {
        return Ok(());
    }
    let extension = place.path().extension().unwrap_or_default().to_string_lossy().into_owned();
    let text = format!("files ending in `.{extension}` are not written by this toolkit");
    let failure = Failure::new(Code::PathDenied, text).hint("text, code, configuration, documents and pictures are");
    Err(Failure { field: Some(place.field().to_owned()), ..failure })
}

fn is_writable(path: &Path) -> bool {
    path.extension().is_none_or(|extension| {
        extension.to_str().is_some_and(|extension| WRITABLE.contains(&extension.to_ascii_lowercase().as_str()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_written_and_programs_are_not() {
        let check = |name: &str, expected| assert_eq!(is_writable(Path::new(name)), expected, "{name}");
        for name in ["a.rs", "A.MD", "Makefile", "Dockerfile", ".gitignore", ".env", "deep/x.yaml", "logo.png"] {
            check(name, true);
        }
        for name in ["lib.so", "a.exe", "server.key", "ca.pem", "a.ko", "a.deb", "a.rs."] {
            check(name, false);
        }
    }

    #[test]
    fn the_list_is_in_order() {
        assert!(WRITABLE.is_sorted());
    }
}
