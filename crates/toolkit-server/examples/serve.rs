//! The toolkit on stdin and stdout, without the rest of Switchboard: the smallest program that serves one. Tests run it
//! where a whole machine is at stake, in a machine of their own.

use std::{process::ExitCode, sync::Arc};

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
    let toolkit = Arc::new(toolkit_server::toolkit(&Bench { roots }));
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
