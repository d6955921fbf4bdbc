//! What a verb works with: the ways out, the options that hold everywhere, and the program it is part of.

use std::pin::Pin;

use config::Config;
use gateway::Gateway;

use crate::{BuiltIn, Error, Exit, Options, Serve, Stdio, Terminal, Toolkit};

/// Everything that is given to a verb.
pub struct Context<'a> {
    /// Where it writes, and where it asks.
    pub terminal: &'a mut Terminal,
    /// The options that hold everywhere.
    pub options: Options,
    /// The program around it.
    pub program: &'a dyn Program,
}

/// A verb on its way to its end.
pub type Running<'a> = Pin<Box<dyn Future<Output = Result<Exit, Error>> + 'a>>;

/// What only the whole program can do: it alone knows all parts a node is made of.
pub trait Program {
    /// Runs a node that listens, until it is told to stop.
    fn serve<'a>(&'a self, serve: &'a Serve, options: &'a Options, terminal: &'a mut Terminal) -> Running<'a>;

    /// Runs a node for one client on stdin and stdout, or passes its messages to another node.
    fn stdio<'a>(&'a self, stdio: &'a Stdio, options: &'a Options, terminal: &'a mut Terminal) -> Running<'a>;

    /// The toolkits that are built in.
    fn toolkits(&self) -> Vec<BuiltIn>;

    /// Serves a toolkit on stdin and stdout until its client has gone, or prints its page. Its name is one of [`Self::toolkits`].
    fn toolkit<'a>(&'a self, toolkit: &'a Toolkit, terminal: &'a mut Terminal) -> Running<'a>;

    /// A gateway within this process, with these servers.
    fn gateway(&self, config: &Config) -> Gateway;
}
