//! Projects on Node.js.

use serde_json::Value;

use crate::{
    findings::{Findings, Language},
    survey::{Survey, folder_of},
};

/// Packages that say what a project is built on.
const FRAMEWORKS: &[(&str, &str)] = &[
    ("react", "react"),
    ("next", "next"),
    ("vue", "vue"),
    ("nuxt", "nuxt"),
    ("svelte", "svelte"),
    ("@sveltejs/kit", "sveltekit"),
    ("@angular/core", "angular"),
    ("astro", "astro"),
    ("express", "express"),
    ("fastify", "fastify"),
    ("koa", "koa"),
    ("hono", "hono"),
    ("@nestjs/core", "nestjs"),
    ("electron", "electron"),
    ("vite", "vite"),
    ("typescript", "typescript"),
    ("jest", "jest"),
    ("vitest", "vitest"),
    ("mocha", "mocha"),
    ("@playwright/test", "playwright"),
];
/// Members of a manifest that name packages.
const MEMBERS: [&str; 3] = ["dependencies", "devDependencies", "optionalDependencies"];

/// Looks for projects on Node.js.
pub(crate) fn look(survey: &Survey, findings: &mut Findings) {
    for (file, text) in survey.named("package.json") {
        findings.language(file, Language::Node);
        let package: Value = serde_json::from_str(text).unwrap_or_default();
        findings.dependencies(file, &dependencies(&package), FRAMEWORKS);
        let folder = folder_of(file);
        let main = package["main"].as_str();
        let programs = match &package["bin"] {
            Value::String(program) => vec![program.as_str()],
            Value::Object(programs) => programs.values().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        for path in main.into_iter().chain(programs) {
            findings.entry_point(format!("{folder}{}", path.trim_start_matches("./")));
        }
        let scripts = package["scripts"].as_object().into_iter().flatten();
        for (name, script) in scripts.filter_map(|(name, script)| Some((name, script.as_str()?))) {
            if matches!(name.as_str(), "start" | "dev" | "serve") {
                findings.entry_point(format!("{folder}package.json: {name}"));
            }
            findings.ports.extend(ports(script));
        }
    }
}

/// The packages that a manifest names directly.
pub(crate) fn dependencies(package: &Value) -> Vec<String> {
    let names = MEMBERS.iter().filter_map(|member| package[*member].as_object()).flat_map(serde_json::Map::keys);
    names.cloned().collect()
}

/// Ports in a command such as `vite --port 5173` or `PORT=3000 node server.js`.
fn ports(script: &str) -> Vec<u16> {
    let words: Vec<&str> = script.split_whitespace().collect();
    let joined = words.iter().filter_map(|word| word.strip_prefix("--port=").or_else(|| word.strip_prefix("PORT=")));
    let apart = words.windows(2).filter(|pair| matches!(pair[0], "--port" | "-p")).map(|pair| pair[1]);
    joined.chain(apart).filter_map(|port| port.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_tells_packages_entries_and_ports() {
        let text = r#"{"main": "./lib/a.js", "bin": {"a": "bin/a.js"},
            "scripts": {"start": "PORT=4000 node lib/a.js", "dev": "vite --port 5173 -p x", "lint": 1},
            "dependencies": {"express": "5", "pg": "8"}, "devDependencies": {"vitest": "3"}}"#;
        let mut findings = Findings::default();
        look(&Survey::with(&[("web/package.json", text)]), &mut findings);
        assert_eq!(findings.frameworks.into_iter().collect::<Vec<_>>(), ["express", "vitest"]);
        assert_eq!(findings.ports.into_iter().collect::<Vec<_>>(), [4000, 5173]);
        assert_eq!(
            findings.entry_points.into_iter().collect::<Vec<_>>(),
            ["web/bin/a.js", "web/lib/a.js", "web/package.json: dev", "web/package.json: start"]
        );
        assert_eq!(findings.services.first().map(|service| &*service.name), Some("postgresql"));
    }
}
