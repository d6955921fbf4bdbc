//! The registry of verbs: a verb is a file here, its `mod` line, and its line in `verbs!`. Help, completion, man pages
//! and the reference come from what the file declares.

#![expect(clippy::unused_async, reason = "every verb is run in the same way, also one that never waits")]

mod bundle;
mod cache;
mod call;
mod client;
mod completions;
mod config;
mod doctor;
mod fault;
mod init;
mod interactive;
mod job;
mod logs;
mod man;
mod principal;
mod prompt;
mod prompts;
mod queue;
mod read;
mod resources;
mod restart;
mod self_check;
mod serve;
mod server;
mod status;
mod stdio;
mod toolkit;
mod tools;
mod up;
mod version;

pub use serve::Serve;
pub use stdio::Stdio;
pub use toolkit::{BuiltIn, Toolkit};

use clap::Subcommand;

use crate::{Context, Error, Exit};

/// Makes the verbs one type that can be typed and run.
macro_rules! verbs {
    ($($module:ident::$verb:ident,)*) => {
        /// What to do.
        #[derive(Debug, Subcommand)]
        #[expect(missing_docs, reason = "each verb is documented where it is declared, and help shows that")]
        pub enum Verb {
            $($verb($module::$verb),)*
        }

        impl Verb {
            /// Runs the verb to its end.
            pub(crate) async fn run(&self, context: &mut Context<'_>) -> Result<Exit, Error> {
                match self {
                    $(Self::$verb(verb) => Box::pin(verb.run(context)).await,)*
                }
            }
        }
    };
}

verbs! {
    init::Init,
    serve::Serve,
    up::Up,
    stdio::Stdio,
    toolkit::Toolkit,
    restart::Restart,
    status::Status,
    logs::Logs,
    job::Job,
    cache::Cache,
    queue::Queue,
    fault::Fault,
    config::Config,
    server::Server,
    bundle::Bundle,
    principal::Principal,
    client::Client,
    doctor::Doctor,
    tools::Tools,
    call::Call,
    resources::Resources,
    read::Read,
    prompts::Prompts,
    prompt::Prompt,
    interactive::Interactive,
    completions::Completions,
    man::Man,
    self_check::SelfCheck,
    version::Version,
}
