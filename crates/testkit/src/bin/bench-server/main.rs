//! The cheapest MCP server we can write, for both eras, over HTTP or stdio: what a benchmark puts behind a gateway.
//! Its answers are rendered once and only get their id. It is no witness of conformance; `conformance-fixture` is.

mod answers;
mod http;
mod stdio;

use clap::Parser;

use crate::answers::Answers;

/// A very cheap MCP server with the tools `echo`, `blob`, `wait` and `waits`.
#[derive(Parser)]
struct Options {
    /// Speak newline-delimited JSON on standard input and output instead of HTTP.
    #[arg(long)]
    stdio: bool,
    /// How many more tools the list names.
    #[arg(long, default_value_t = 0)]
    tools: usize,
    /// Run on this processor core only.
    #[arg(long)]
    core: Option<usize>,
}

fn main() -> std::io::Result<()> {
    let options = Options::parse();
    if let Some(core) = options.core {
        testkit::process::pin_to_core(core)?;
    }
    let answers = Answers::render(options.tools);
    if options.stdio { stdio::serve(&answers) } else { http::serve(answers) }
}
