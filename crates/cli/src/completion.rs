//! What a shell offers after Tab: verbs and options from what can be typed, names of servers and bundles from the
//! configuration, names of tools, prompts and resources from the node. A shell is never kept waiting for a node.

use std::time::Duration;

use clap::CommandFactory;
use clap_complete::CompleteEnv;
use clap_complete::engine::{ArgValueCandidates, CompletionCandidate};
use config::{Config, Source};
use serde_json::Value;

use crate::listing::name;
use crate::mcp_client::{List, McpClient};
use crate::{Cli, Options};

/// How long the node may take to say what there is; a person pressing Tab does not wait longer.
const PATIENCE: Duration = Duration::from_millis(500);

/// Answers a shell that asks what may follow, and says whether one did. Has to come before anything else is written.
pub fn complete() -> bool {
    let completion = CompleteEnv::with_factory(Cli::command).var(config::env::COMPLETE.name);
    let folder = std::env::current_dir().ok();
    completion.try_complete(std::env::args_os(), folder.as_deref()).unwrap_or_else(|error| error.exit())
}

/// The servers of the configuration.
pub(crate) fn servers() -> ArgValueCandidates {
    ArgValueCandidates::new(|| configured(|config| config.servers.keys().cloned().collect()))
}

/// The bundles of the configuration.
pub(crate) fn bundles() -> ArgValueCandidates {
    ArgValueCandidates::new(|| configured(|config| config.bundles.keys().cloned().collect()))
}

/// The principals of the configuration.
pub(crate) fn principals() -> ArgValueCandidates {
    ArgValueCandidates::new(|| configured(|config| config.principals.keys().cloned().collect()))
}

/// The tools of the node.
pub(crate) fn tools() -> ArgValueCandidates {
    ArgValueCandidates::new(|| offered(List::Tools, "name"))
}

/// The prompts of the node.
pub(crate) fn prompts() -> ArgValueCandidates {
    ArgValueCandidates::new(|| offered(List::Prompts, "name"))
}

/// The resources of the node.
pub(crate) fn resources() -> ArgValueCandidates {
    ArgValueCandidates::new(|| offered(List::Resources, "uri"))
}

fn configured(names: impl Fn(&Config) -> Vec<String>) -> Vec<CompletionCandidate> {
    let file = std::env::var_os(config::env::CONFIG.name).map(Into::into);
    let loaded = Source { file, ..Source::default() }.load();
    let names = loaded.map(|loaded| names(&loaded.config)).unwrap_or_default();
    names.into_iter().map(CompletionCandidate::new).collect()
}

fn offered(list: List, key: &str) -> Vec<CompletionCandidate> {
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return Vec::new() };
    let items = runtime.block_on(async { tokio::time::timeout(PATIENCE, listed(list)).await });
    let candidate = |item: &Value| {
        let about =
            item["description"].as_str().and_then(|text| text.lines().next()).map(|line| line.to_owned().into());
        CompletionCandidate::new(name(item, key)).help(about)
    };
    items.unwrap_or_default().iter().map(candidate).collect()
}

async fn listed(list: List) -> Vec<Value> {
    let options = Options::default();
    match McpClient::of_node(options.url(), PATIENCE.as_secs().max(1)) {
        Ok(mut node) => node.list(list).await.unwrap_or_default(),
        Err(_) => Vec::new(),
    }
}
