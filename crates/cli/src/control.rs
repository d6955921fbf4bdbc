//! The node whose control socket verbs talk to: the one at `--url`, or the one that the configuration starts.

use std::fs;
use std::path::Path;

use client::{Client, NodeStatus};

use crate::{Context, Error};

/// The control API of the node.
pub(crate) fn node(context: &Context<'_>) -> Result<Client, Error> {
    if let Some(url) = &context.options.url {
        return Ok(Client::of_node(url)?);
    }
    let addresses = context.options.settings.load()?.config.gateway.listen;
    let address = addresses.first().map(ToString::to_string);
    let url = address.map(|address| if address.starts_with("unix:") { address } else { format!("http://{address}") });
    Ok(Client::of_node(url.as_deref().unwrap_or(context.options.url()))?)
}

/// The node, if it runs and follows the very configuration file that holds here.
pub(crate) async fn following(context: &Context<'_>) -> Option<(Client, NodeStatus)> {
    let (file, node) = (context.options.settings.file().ok()?, node(context).ok()?);
    let status = node.status().await.ok()?;
    let follows_it = status.config_file.as_ref().is_some_and(|followed| is_same(followed, &file));
    follows_it.then_some((node, status))
}

/// Whether two paths lead to one file.
fn is_same(one: &Path, other: &Path) -> bool {
    let real = |path: &Path| fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    real(one) == real(other)
}
