//! What a project is, as far as its files say so: languages, frameworks, managers, entry points, services and ports, each
//! with the file that says it.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{kinds, manager::Manager, survey::Survey};

/// Files of a language without a manifest that make it one of the project's languages.
const FILES_MIN: usize = 1;
/// Pieces of evidence that are given.
const EVIDENCE_MAX: usize = 100;
/// Entry points that are given.
const ENTRY_POINTS_MAX: usize = 50;

/// A language that this toolkit knows environments for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Language {
    Python,
    Node,
    Rust,
    Go,
    Java,
    Ruby,
}

impl Language {
    /// How it is written.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Python => "python",
            Self::Node => "node",
            Self::Rust => "rust",
            Self::Go => "go",
            Self::Java => "java",
            Self::Ruby => "ruby",
        }
    }

    /// The language that the extension of a file tells.
    fn of_file(path: &str) -> Option<Self> {
        match path.rsplit_once('.')?.1 {
            "py" => Some(Self::Python),
            "js" | "mjs" | "cjs" | "ts" | "tsx" | "jsx" => Some(Self::Node),
            "rs" => Some(Self::Rust),
            "go" => Some(Self::Go),
            "java" | "kt" => Some(Self::Java),
            "rb" => Some(Self::Ruby),
            _ => None,
        }
    }
}

/// A service that a project needs or describes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub(crate) struct Service {
    /// What it is: `postgresql`, or the name that the project gives it.
    pub(crate) name: String,
    /// The image that it is started from, where the project says so.
    pub(crate) image: Option<String>,
}

/// A file and what it tells.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub(crate) struct Evidence {
    /// The file.
    pub(crate) file: String,
    /// What it tells.
    pub(crate) tells: String,
}

/// What a project is.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Findings {
    pub(crate) languages: BTreeSet<Language>,
    pub(crate) frameworks: BTreeSet<&'static str>,
    pub(crate) managers: BTreeSet<Manager>,
    pub(crate) entry_points: BTreeSet<String>,
    pub(crate) services: BTreeSet<Service>,
    pub(crate) ports: BTreeSet<u16>,
    pub(crate) confidence: f64,
    pub(crate) evidence: Vec<Evidence>,
}

impl Findings {
    /// What the files of a project tell.
    pub(crate) fn of(survey: &Survey) -> Self {
        let mut findings = Self::default();
        for look in kinds::ALL {
            look(survey, &mut findings);
        }
        for (file, manager) in Manager::all_in(survey) {
            findings.languages.insert(manager.language());
            if findings.managers.insert(manager) {
                findings.tell(&file, format!("packages come from {}", manager.as_str()));
            }
        }
        let has_manifest = !findings.languages.is_empty();
        findings.look_at_sources(survey);
        findings.confidence = match (has_manifest, findings.languages.is_empty()) {
            (true, _) if survey.files().any(crate::manager::is_lock_file) => 1.0,
            (true, _) => 0.9,
            (false, false) => 0.5,
            (false, true) => 0.0,
        };
        findings
    }

    /// Notes what a file tells.
    pub(crate) fn tell(&mut self, file: &str, tells: impl Into<String>) {
        if self.evidence.len() < EVIDENCE_MAX {
            self.evidence.push(Evidence { file: file.to_owned(), tells: tells.into() });
        }
    }

    /// Notes that a file is written for a language.
    pub(crate) fn language(&mut self, file: &str, language: Language) {
        if self.languages.insert(language) {
            self.tell(file, format!("it is a project in {}", language.as_str()));
        }
    }

    /// Notes where the project is entered.
    pub(crate) fn entry_point(&mut self, entry_point: impl Into<String>) {
        if self.entry_points.len() < ENTRY_POINTS_MAX {
            self.entry_points.insert(entry_point.into());
        }
    }

    /// Notes the frameworks and services that dependencies tell.
    pub(crate) fn dependencies(&mut self, file: &str, names: &[String], known: &[(&str, &'static str)]) {
        let of = |table: &[(&str, &'static str)], name: &String| {
            table.iter().find(|(dependency, _)| dependency == name).map(|(_, what)| *what)
        };
        for name in names {
            if let Some(framework) = of(known, name).filter(|framework| self.frameworks.insert(framework)) {
                self.tell(file, format!("it uses {framework}"));
            }
            if let Some(service) = of(SERVICES, name) {
                let service = Service { name: service.to_owned(), image: None };
                if self.services.insert(service.clone()) {
                    self.tell(file, format!("`{name}` speaks to {}", service.name));
                }
            }
        }
    }

    fn look_at_sources(&mut self, survey: &Survey) {
        let mut counts: BTreeMap<Language, (usize, &str)> = BTreeMap::new();
        for file in survey.files() {
            if let Some(language) = Language::of_file(file) {
                counts.entry(language).or_insert((0, file)).0 += 1;
            }
        }
        let has_manifest = !self.languages.is_empty();
        for (language, (count, file)) in counts.into_iter().filter(|_| !has_manifest) {
            if count >= FILES_MIN {
                self.language(file, language);
            }
        }
    }
}

/// Packages by which projects speak to services.
const SERVICES: &[(&str, &str)] = &[
    ("psycopg", "postgresql"),
    ("psycopg2", "postgresql"),
    ("psycopg2-binary", "postgresql"),
    ("asyncpg", "postgresql"),
    ("pg", "postgresql"),
    ("postgres", "postgresql"),
    ("tokio-postgres", "postgresql"),
    ("github.com/jackc/pgx/v5", "postgresql"),
    ("github.com/lib/pq", "postgresql"),
    ("postgresql", "postgresql"),
    ("pymysql", "mysql"),
    ("mysqlclient", "mysql"),
    ("mysql2", "mysql"),
    ("mysql-connector-j", "mysql"),
    ("github.com/go-sql-driver/mysql", "mysql"),
    ("redis", "redis"),
    ("ioredis", "redis"),
    ("jedis", "redis"),
    ("github.com/redis/go-redis/v9", "redis"),
    ("pymongo", "mongodb"),
    ("motor", "mongodb"),
    ("mongodb", "mongodb"),
    ("mongoose", "mongodb"),
    ("mongoid", "mongodb"),
    ("pika", "rabbitmq"),
    ("aio-pika", "rabbitmq"),
    ("amqplib", "rabbitmq"),
    ("lapin", "rabbitmq"),
    ("bunny", "rabbitmq"),
    ("kafka-python", "kafka"),
    ("kafkajs", "kafka"),
    ("rdkafka", "kafka"),
    ("elasticsearch", "elasticsearch"),
    ("@elastic/elasticsearch", "elasticsearch"),
    ("async-nats", "nats"),
    ("nats", "nats"),
];
