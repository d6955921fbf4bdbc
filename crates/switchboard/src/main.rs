//! The program: words in, an exit code out. What a node is made of stands in `node.rs`.

mod activation;
mod bridge;
mod connections;
mod control;
mod hangup;
mod heritage;
mod jobs;
mod manager;
mod node;
mod residents;
mod stopping;
mod succession;
mod taking;
mod toolkits;
mod welcome;
mod will;

use std::process::ExitCode;

use cli::{BuiltIn, Options, Program, Running, Serve, Stdio, Terminal, Toolkit};
use config::Config;
use gateway::{Gateway, seals::Seals};

/// Memory of a call is asked for and given back in microseconds; why this allocator: `docs/decisions/003-allocator.md`.
#[cfg(feature = "mimalloc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    if let Some(code) = supervisor::guard::take_over() {
        return code;
    }
    if cli::complete() {
        return ExitCode::SUCCESS;
    }
    let whole = Whole { lent: activation::Lent::to_process() };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("the runtime needs threads and descriptors");
    let exit = runtime.block_on(cli::run(std::env::args_os(), &mut Terminal::of_process(), &whole));
    runtime.shutdown_background();
    telemetry::log::drain();
    exit.into()
}

/// What the command line cannot do by itself.
struct Whole {
    /// The doors that the service manager lends.
    lent: activation::Lent,
}

impl Program for Whole {
    fn serve<'a>(&'a self, serve: &'a Serve, options: &'a Options, terminal: &'a mut Terminal) -> Running<'a> {
        Box::pin(node::serve(serve, &options.settings, terminal, &self.lent))
    }

    fn stdio<'a>(&'a self, stdio: &'a Stdio, options: &'a Options, terminal: &'a mut Terminal) -> Running<'a> {
        match &options.url {
            Some(url) => Box::pin(bridge::run(stdio, url)),
            None => Box::pin(node::stdio(stdio, &options.settings, terminal)),
        }
    }

    fn toolkits(&self) -> Vec<BuiltIn> {
        toolkits::TOOLKITS.iter().map(toolkits::Entry::built_in).collect()
    }

    fn toolkit<'a>(&'a self, toolkit: &'a Toolkit, terminal: &'a mut Terminal) -> Running<'a> {
        Box::pin(toolkits::serve(toolkit, terminal))
    }

    fn gateway(&self, config: &Config) -> Gateway {
        Gateway::new(config, &node::residents(config), Seals::ephemeral())
    }
}
