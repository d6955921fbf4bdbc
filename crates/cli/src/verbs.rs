//! The registry of verbs: a verb is a file here, its `mod` line, and its line in `verbs!`. Help, completion, man pages
//! and the reference come from what the file declares.

#![expect(clippy::unused_async, reason = "every verb is run in the same way, also one that never waits")]

mod bundle;
mod call;
mod client;
mod config;
mod doctor;
mod man;
mod prompt;
mod prompts;
mod read;
mod resources;
mod serve;
mod server;
mod stdio;
mod tools;
mod version;

pub use serve::Serve;
pub use stdio::Stdio;

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
    serve::Serve,
    stdio::Stdio,
    config::Config,
    server::Server,
    bundle::Bundle,
    client::Client,
    doctor::Doctor,
    tools::Tools,
    call::Call,
    resources::Resources,
    read::Read,
    prompts::Prompts,
    prompt::Prompt,
    version::Version,
    man::Man,
}
