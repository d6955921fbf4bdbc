//! `detect_project`: what an existing project is made of, with the files that say so.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toolkit::{Call, Failure, Marks, Tool};
use workbench::{Bench, aside};

use crate::{
    findings::{Evidence, Findings, Language, Service},
    manager::Manager,
    survey::Survey,
};

/// Recognises projects.
pub(crate) struct DetectProject(pub(crate) Bench);

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// The folder of the project.
    path: String,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    /// The folder.
    path: String,
    languages: Vec<Language>,
    /// What it is built on.
    frameworks: Vec<&'static str>,
    /// What its packages come from.
    managers: Vec<Manager>,
    /// Where it is entered: files, scripts and commands.
    entry_points: Vec<String>,
    /// What it needs or starts beside itself.
    services: Vec<Service>,
    /// The ports that it names.
    ports: Vec<u16>,
    /// From 0, nothing is known, to 1, manifests and lock files say it.
    confidence: f64,
    /// Which file tells what.
    evidence: Vec<Evidence>,
}

impl Tool for DetectProject {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "detect_project";
    const ABOUT: &'static str = "Says what an existing project is made of: languages, frameworks, package managers, entry \
        points, services and ports, with the files that say so.";
    const MARKS: Marks = Marks::reads().idempotent();
    const ALIASES: &'static [&'static str] = &["detect"];
    const EXAMPLES: &'static [&'static str] = &[r#"{"path": "my-service"}"#];

    async fn run(&self, input: Input, _: &Call) -> Result<Output, Failure> {
        let place = self.0.roots.place("path", &input.path)?;
        let path = place.display();
        let findings = aside(move |stop| Ok(Findings::of(&Survey::of(&place, stop)?))).await?;
        Ok(Output {
            path,
            languages: findings.languages.into_iter().collect(),
            frameworks: findings.frameworks.into_iter().collect(),
            managers: findings.managers.into_iter().collect(),
            entry_points: findings.entry_points.into_iter().collect(),
            services: findings.services.into_iter().collect(),
            ports: findings.ports.into_iter().collect(),
            confidence: findings.confidence,
            evidence: findings.evidence,
        })
    }
}
