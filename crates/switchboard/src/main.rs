//! The program: arguments, then the verb, then an exit code. What a node is made of stands in `node.rs`.

mod bridge;
mod node;
mod residents;

use std::process::ExitCode;

use clap::Parser;
use cli::{Cli, Error, Exit, Terminal, Verb};

fn main() -> ExitCode {
    if let Some(code) = supervisor::guard::take_over() {
        return code;
    }
    let typed = Cli::parse();
    let mut terminal = Terminal::of_process();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("the runtime needs threads and descriptors");
    let result = runtime.block_on(run(typed.verb, &mut terminal));
    let exit = terminal.end(result);
    runtime.shutdown_background();
    exit.into()
}

async fn run(verb: Verb, terminal: &mut Terminal) -> Result<Exit, Error> {
    match verb {
        Verb::Serve(serve) => node::serve(serve, terminal).await,
        Verb::Stdio(stdio) => match stdio.url.clone() {
            Some(url) => bridge::run(&stdio, &url).await,
            None => node::stdio(stdio, terminal).await,
        },
        Verb::Config(verb) => verb.run(terminal),
        Verb::Tools(tools) => tools.run(terminal).await,
        Verb::Call(call) => call.run(terminal).await,
    }
}
