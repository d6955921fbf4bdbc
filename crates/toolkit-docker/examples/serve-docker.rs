//! The toolkit on stdin and stdout, without the rest of Switchboard. Tests run it beside an engine, in namespaces of its own.

use std::{process::ExitCode, sync::Arc};

use toolkit::{Connection, Connections};
use workbench::{Bench, Denied, Roots};

fn main() -> ExitCode {
    if let Some(code) = supervisor::guard::take_over() {
        return code;
    }
    let roots = match Roots::open(["/srv"], Denied::system()) {
        Ok(roots) => roots,
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::FAILURE;
        }
    };
    let more = std::env::args().skip(1).filter_map(|argument| {
        let (name, url) = argument.split_once('=')?;
        Some((name.to_owned(), Connection::to(url)))
    });
    let toolkit = Arc::new(toolkit_docker::toolkit(&Bench { roots }).connections(Connections::new(more)));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    match runtime {
        Ok(runtime) => runtime.block_on(toolkit::serve_lines(toolkit, tokio::io::stdin(), tokio::io::stdout())),
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
