//! `list_ports`: on which ports programs wait.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toolkit::{Call, Failure, Marks, Tool};

use crate::{
    reading,
    sockets::{self, Port},
};

/// Lists ports.
pub(crate) struct ListPorts;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// Only of this protocol.
    protocol: Option<Protocol>,
    /// Only this port.
    port: Option<u16>,
    /// Only of processes with this text in their name.
    process: Option<String>,
}

/// A protocol with ports.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Protocol {
    Tcp,
    Udp,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    ports: Vec<Port>,
    total: usize,
    /// The `cursor` of the next page.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

impl Tool for ListPorts {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "list_ports";
    const ABOUT: &'static str = "Lists the ports on which programs of this machine wait, and which programs these are.";
    const MARKS: Marks = Marks::reads().idempotent().lists();
    const EXAMPLES: &'static [&'static str] = &["{}", r#"{"protocol": "tcp", "port": 443}"#];

    async fn run(&self, input: Input, call: &Call) -> Result<Output, Failure> {
        let mut ports = reading::read(sockets::ports).await?;
        ports.retain(|port| input.includes(port));
        let page = call.shared.page(ports);
        Ok(Output { ports: page.items, total: page.total, next_cursor: page.next_cursor })
    }
}

impl Input {
    fn includes(&self, port: &Port) -> bool {
        let process = port.process.as_deref().unwrap_or_default();
        self.protocol.is_none_or(|protocol| protocol.name() == port.protocol)
            && self.port.is_none_or(|number| number == port.port)
            && self.process.as_deref().is_none_or(|wanted| process.contains(wanted))
    }
}

impl Protocol {
    fn name(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
        }
    }
}
