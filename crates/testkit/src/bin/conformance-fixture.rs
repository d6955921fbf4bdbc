//! `conformance-fixture`: the fixture server as a program, over HTTP (default), stdio, a unix socket or a WebSocket.
//! It only reads the arguments; everything it serves lives in `testkit::fixture`.

use std::io::Write;
use std::path::PathBuf;

use clap::Parser;
use testkit::fixture::{Era, Fixture, Options, http, stdio, websocket};

/// An MCP server with every tool, resource and prompt the official conformance suite asks for.
#[derive(Parser)]
#[command(name = "conformance-fixture", version)]
struct Arguments {
    /// The protocol eras to serve.
    #[arg(long, value_enum, default_value_t = Era::Dual)]
    era: Era,
    /// Speak MCP on stdin and stdout instead of HTTP.
    #[arg(long)]
    stdio: bool,
    /// Speak MCP in lines on a unix socket at this path instead of HTTP.
    #[arg(long, conflicts_with = "stdio")]
    unix: Option<PathBuf>,
    /// Speak MCP on WebSockets instead of HTTP.
    #[arg(long, conflicts_with_all = ["stdio", "unix"])]
    ws: bool,
    /// The loopback port to listen on; 0 lets the system choose.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Also serve the 2024-11-05 HTTP+SSE transport at `/sse` and `/messages`.
    #[arg(long)]
    sse: bool,
    /// How many plain tools to add to the list.
    #[arg(long, default_value_t = 0)]
    tools: usize,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments = Arguments::parse();
    let fixture = Fixture::new(Options { era: arguments.era, http_sse: arguments.sse, plain_tools: arguments.tools })?;
    if arguments.stdio {
        stdio::serve(fixture).await?;
        return Ok(());
    }
    if let Some(path) = arguments.unix {
        let listener = stdio::bind(&path)?;
        announce(&format!("unix:{}", path.display()))?;
        stdio::serve_socket(fixture, listener).await?;
        return Ok(());
    }
    let listener = http::bind(arguments.port)?;
    let address = listener.local_addr()?;
    if arguments.ws {
        announce(&format!("ws://{address}"))?;
        websocket::serve(fixture, listener).await?;
        return Ok(());
    }
    announce(&format!("http://{address}/mcp"))?;
    http::serve(fixture, listener).await?;
    Ok(())
}

fn announce(url: &str) -> std::io::Result<()> {
    let mut stdout = std::io::stdout();
    writeln!(stdout, "listening on {url}")?;
    stdout.flush()
}
