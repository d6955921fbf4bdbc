//! The pages of the project from outside: links lead somewhere, the manual lists its pages, its examples are accepted.
//! What the pages say is checked where the thing itself is; here only that they hang together.

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn markdown_below(folder: &Path, pages: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder of the project") {
        let path = entry.expect("an entry of that folder").path();
        if path.is_dir() {
            markdown_below(&path, pages);
        } else if path.extension().is_some_and(|extension| extension == "md") {
            pages.push(path);
        }
    }
}

fn pages() -> Vec<PathBuf> {
    let root = root();
    let mut pages: Vec<PathBuf> = fs::read_dir(&root)
        .expect("the root of the project")
        .map(|entry| entry.expect("an entry of the root").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .collect();
    markdown_below(&root.join("docs/src"), &mut pages);
    markdown_below(&root.join("docs/decisions"), &mut pages);
    pages
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The targets of Markdown links and of mdBook includes that name a file of the project.
fn targets(page: &str) -> Vec<&str> {
    let links = page.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(target, _)| target);
    let includes = page.split("{{#include ").skip(1).filter_map(|rest| rest.split_once("}}")).map(|(target, _)| target);
    links
        .chain(includes)
        .map(|target| target.split_once('#').map_or(target, |(file, _)| file))
        .filter(|target| !target.is_empty() && !target.contains("://"))
        .collect()
}

#[test]
fn every_link_and_every_include_leads_to_a_file() {
    let mut broken = Vec::new();
    for page in pages() {
        let folder = page.parent().expect("a page lives in a folder");
        for target in targets(&read(&page)) {
            if !folder.join(target).exists() {
                broken.push(format!("{} → {target}", page.display()));
            }
        }
    }
    assert!(broken.is_empty(), "links that lead nowhere:\n{}", broken.join("\n"));
}

#[test]
fn every_page_of_the_manual_is_in_its_summary() {
    let source = root().join("docs/src");
    let summary = read(&source.join("SUMMARY.md"));
    let listed = targets(&summary);
    let mut manual = Vec::new();
    markdown_below(&source, &mut manual);
    for page in manual {
        let name = page.strip_prefix(&source).expect("a page of the manual").to_string_lossy().into_owned();
        assert!(name == "SUMMARY.md" || listed.contains(&name.as_str()), "SUMMARY.md does not list {name}");
    }
}

#[test]
fn every_decision_is_a_page_of_the_manual() {
    let mut decisions = Vec::new();
    markdown_below(&root().join("docs/decisions"), &mut decisions);
    assert!(!decisions.is_empty(), "docs/decisions is empty");
    for decision in decisions {
        let name = decision.file_name().expect("a page has a name");
        let shown = root().join("docs/src/decisions").join(name);
        assert!(shown.exists(), "docs/src/decisions has no page that includes {}", decision.display());
    }
}

/// The blocks of a page that are fenced as this language.
fn fenced<'page>(page: &'page str, language: &str) -> Vec<&'page str> {
    let fence = format!("```{language}\n");
    page.split(fence.as_str()).skip(1).filter_map(|rest| rest.split_once("```")).map(|(block, _)| block).collect()
}

#[test]
fn every_configuration_in_the_pages_is_accepted() {
    let mut examples = 0;
    for page in pages() {
        for example in fenced(&read(&page), "toml").into_iter().filter(|example| !example.contains("{{#include")) {
            let loaded = config::parse(example, &page.display().to_string(), &|name| Some(format!("value of {name}")));
            assert!(loaded.problems.is_empty(), "{example}\n{:?}", loaded.problems);
            examples += 1;
        }
    }
    assert!(examples > 3, "only {examples} examples found: are they still fenced as toml?");
}
