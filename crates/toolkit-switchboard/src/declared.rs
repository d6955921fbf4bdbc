//! Tools that are declared here and work in the gateway itself: no call of them is sent to a server.

use toolkit::{Arguments, Call, Code, Declaration, Failure, Output, Running, Served};

/// Stands for a tool of the gateway.
pub(crate) struct Declared(pub(crate) Declaration);

impl Served for Declared {
    fn declaration(&self) -> &Declaration {
        &self.0
    }

    fn run<'a>(&'a self, _: Arguments, _: &'a Call) -> Running<'a, Result<Output, Failure>> {
        Box::pin(std::future::ready(Err(self.unreachable_here())))
    }

    fn plan<'a>(&'a self, _: Arguments, _: &'a Call) -> Running<'a, Result<Vec<String>, Failure>> {
        Box::pin(std::future::ready(Err(self.unreachable_here())))
    }
}

impl Declared {
    /// The gateway sends no call here; whoever does has gone round it.
    fn unreachable_here(&self) -> Failure {
        let problem = format!("`{}` works only through the gateway", self.0.name);
        Failure::new(Code::NotSupported, problem).hint("call the tools themselves")
    }
}
