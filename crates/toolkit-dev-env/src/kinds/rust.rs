//! Projects in Rust.

use crate::{
    findings::{Findings, Language},
    survey::{Survey, folder_of},
};

/// Crates that say what a project is built on.
const FRAMEWORKS: &[(&str, &str)] = &[
    ("axum", "axum"),
    ("actix-web", "actix-web"),
    ("rocket", "rocket"),
    ("warp", "warp"),
    ("tokio", "tokio"),
    ("clap", "clap"),
    ("leptos", "leptos"),
    ("yew", "yew"),
    ("dioxus", "dioxus"),
    ("tauri", "tauri"),
    ("bevy", "bevy"),
    ("sqlx", "sqlx"),
    ("diesel", "diesel"),
];
/// Tables of a manifest that name crates.
const TABLES: [&str; 3] = ["dependencies", "dev-dependencies", "build-dependencies"];

/// Looks for projects in Rust.
pub(crate) fn look(survey: &Survey, findings: &mut Findings) {
    for (file, text) in survey.named("Cargo.toml") {
        findings.language(file, Language::Rust);
        findings.dependencies(file, &dependencies(text), FRAMEWORKS);
        let folder = folder_of(file);
        let programs = format!("{folder}src/bin/");
        let main = format!("{folder}src/main.rs");
        let is_entry = |path: &&str| *path == main || path.starts_with(&programs);
        survey.files().filter(is_entry).for_each(|path| findings.entry_point(path));
    }
}

/// The crates that a manifest names directly.
pub(crate) fn dependencies(text: &str) -> Vec<String> {
    let Ok(root) = toml::from_str::<toml::Table>(text) else { return Vec::new() };
    let workspace = root.get("workspace").and_then(toml::Value::as_table);
    let tables = [Some(&root), workspace].into_iter().flatten();
    let named = tables.flat_map(|table| TABLES.iter().filter_map(|name| table.get(*name)?.as_table()));
    named.flat_map(toml::Table::keys).cloned().collect()
}
