//! `conformance-fixture`: the fixture server as a program, over HTTP (default) or stdio.
//! It only reads the arguments; everything it serves lives in `testkit::fixture`.

use std::io::Write;

use clap::Parser;
use testkit::fixture::{Era, Fixture, Options, http, stdio};

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
    let listener = http::bind(arguments.port).await?;
    let mut stdout = std::io::stdout();
    writeln!(stdout, "listening on http://{}/mcp", listener.local_addr()?)?;
    stdout.flush()?;
    http::serve(fixture, listener).await?;
    Ok(())
}
