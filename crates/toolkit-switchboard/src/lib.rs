//! The gateway's own tools, as the MCP server `switchboard`: its servers, the search for tools, several calls in one, and the
//! rest of results that were cut. One file declares one tool; they see what the caller's endpoint shows and nothing more.
//!
//! It only reads the gateway, but for `restart_server`. What a list shows of these tools is decided by the catalogue.

mod batch;
mod call_tool;
mod declared;
mod describe_tool;
mod fetch_result;
mod list_servers;
mod restart_server;
mod route_task;
mod scope;
mod search_tools;
mod server_status;
mod servers;
mod shelf;

use std::sync::Arc;

use config::Server;
use gateway::Current;
use toolkit::Toolkit;

use self::declared::Declared;
pub use shelf::Shelf;

/// The server with the gateway's own tools.
pub fn toolkit(gateway: &Current) -> Toolkit {
    let shelf = Arc::new(Shelf::new(gateway));
    Toolkit::new(Server::OWN, env!("CARGO_PKG_VERSION"))
        .instructions("Tools of the gateway itself. Search for a tool, look at it, then call it by its name.")
        .keep(shelf.clone())
        .resources(shelf)
        .tool(list_servers::ListServers(gateway.clone()))
        .tool(server_status::ServerStatus(gateway.clone()))
        .tool(search_tools::SearchTools(gateway.clone()))
        .tool(describe_tool::DescribeTool(gateway.clone()))
        .served(Arc::new(Declared(call_tool::declaration())))
        .served(Arc::new(Declared(batch::declaration())))
        .tool(route_task::RouteTask(gateway.clone()))
        .tool(restart_server::RestartServer(gateway.clone()))
        .tool(fetch_result::FetchResult(gateway.clone()))
}
