//! The node whose control socket verbs talk to: the one at `--url`, or the one that the configuration starts.

use client::Client;

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
