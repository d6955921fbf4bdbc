//! A call of a tool of an HTTP API.

use std::sync::Arc;

use serde_json::{Map, Value};
use toolkit::Output;

use super::{Connection, Operation, output};
use crate::failure::Failure;

/// One operation, ready to be called.
#[derive(Clone, Debug)]
pub(crate) struct Action {
    /// The way to the API.
    pub(crate) connection: Arc<Connection>,
    /// What is asked.
    pub(crate) operation: Operation,
    /// Whether the tool promises a structured result.
    pub(crate) promises: bool,
}

impl Action {
    /// Asks the API.
    pub(crate) async fn run(&self, arguments: &Map<String, Value>) -> Result<Output, Failure> {
        let answer = self.connection.exchange(self.operation.ask(arguments)?).await?;
        output(&answer, self.promises)
    }

    /// Says what would be asked.
    pub(crate) fn plan(&self, arguments: &Map<String, Value>) -> Result<Vec<String>, Failure> {
        let ask = self.operation.ask(arguments)?;
        let mut plan = self.connection.shown(&ask);
        if let Ok(body) = std::str::from_utf8(&ask.body)
            && !body.is_empty()
        {
            plan = format!("{plan} with {body}");
        }
        Ok(vec![plan])
    }
}
