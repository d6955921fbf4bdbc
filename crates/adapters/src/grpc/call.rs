//! A call of a gRPC tool: arguments become a message, and the message or messages that come back become JSON.

use std::ops::ControlFlow;

use bytes::Bytes;
use config::Server;
use prost::Message;
use prost_reflect::{
    DescriptorPool, DeserializeOptions, DynamicMessage, MessageDescriptor, MethodDescriptor, SerializeOptions,
};
use serde_json::{Map, Value, json};

use super::wire::Channel;
use super::{path, reflection, tools};
use crate::Error;
use crate::credentials::Credentials;
use crate::failure::Failure;
use crate::outcome;
use crate::source::read_file;
use crate::tool::Tool;

/// Messages of a stream that one result holds.
const MESSAGES_MAX: usize = 1_000;

/// Bytes of a compiled description.
const DESCRIPTOR_BYTES_MAX: usize = 16 * 1024 * 1024;

/// One method, ready to be called.
#[derive(Clone, Debug)]
pub(crate) struct Action {
    channel: Channel,
    method: MethodDescriptor,
}

impl Action {
    /// Finds out what the server at `address` offers, and makes tools of it.
    pub(crate) async fn discover(
        client: &egress::Client,
        address: &str,
        server: &Server,
        answer_bytes_max: usize,
    ) -> Result<Vec<(Tool, Self)>, Error> {
        let channel = Channel::new(client.clone(), address, Credentials::of(server), answer_bytes_max);
        let described = if let Some(file) = &server.descriptor_set {
            tools(&from_file(file).await?, |_| true, &server.include, &server.exclude)
        } else {
            let (pool, offered) = reflection::ask(&channel).await.map_err(|source| Error::Fetch { source })?;
            tools(&pool, |service| offered.contains(service), &server.include, &server.exclude)
        };
        let act = |method| Self { channel: channel.clone(), method };
        Ok(described.into_iter().map(|(tool, method)| (tool, act(method))).collect())
    }

    /// Calls the method.
    pub(crate) async fn run(
        &self,
        arguments: Map<String, Value>,
        call: &toolkit::Call,
    ) -> Result<toolkit::Output, Failure> {
        let path = path(&self.method);
        let question = [message(self.method.input(), arguments)?];
        let mut answers = Vec::new();
        let mut is_cut = false;
        let taking = self.channel.call(&path, &question, call.shared.timeout, |message| {
            if answers.len() == MESSAGES_MAX {
                is_cut = true;
                return ControlFlow::Break(());
            }
            answers.push(message);
            if self.method.is_server_streaming() {
                call.progress(answers.len() as u64, None, "messages");
            }
            ControlFlow::Continue(())
        });
        taking.await?;
        let mut answers = answers.into_iter().map(|answer| json_of(self.method.output(), answer));
        if self.method.is_server_streaming() {
            let messages: Vec<Value> = answers.collect::<Result<_, _>>()?;
            let count = messages.len();
            return Ok(outcome::of_value(json!({ "messages": messages, "count": count, "truncated": is_cut })));
        }
        answers.next().unwrap_or_else(|| Err(Failure::Garbled("no message".to_owned()))).map(outcome::of_value)
    }

    /// Says what would be sent.
    pub(crate) fn plan(&self, arguments: Map<String, Value>) -> Result<Vec<String>, Failure> {
        let shown = Value::from(arguments.clone()).to_string();
        message(self.method.input(), arguments)?;
        Ok(vec![format!("{} with {shown}", path(&self.method))])
    }
}

async fn from_file(file: &str) -> Result<DescriptorPool, Error> {
    let bytes = read_file(file.as_ref(), DESCRIPTOR_BYTES_MAX).await?;
    DescriptorPool::decode(bytes.as_slice())
        .map_err(|error| Error::Description { what: "the descriptor set", reason: error.to_string() })
}

/// The arguments as a message of this type.
fn message(kind: MessageDescriptor, arguments: Map<String, Value>) -> Result<Bytes, Failure> {
    let options = DeserializeOptions::new().deny_unknown_fields(true);
    let message = DynamicMessage::deserialize_with_options(kind, Value::from(arguments), &options);
    let message =
        message.map_err(|error| Failure::argument("arguments", format!("the arguments do not fit: {error}")))?;
    Ok(message.encode_to_vec().into())
}

/// A message as JSON, with every field that has a value of its own or a default.
fn json_of(kind: MessageDescriptor, bytes: Bytes) -> Result<Value, Failure> {
    let garbled = || Failure::Garbled("a message that is not of its type".to_owned());
    let message = DynamicMessage::decode(kind, bytes).map_err(|_| garbled())?;
    let options = SerializeOptions::new().skip_default_fields(false);
    message.serialize_with_options(serde_json::value::Serializer, &options).map_err(|_| garbled())
}

#[cfg(test)]
mod tests {
    use super::super::tests::pool;
    use super::*;

    fn round_trip(arguments: &Value) -> Result<Value, Failure> {
        let kind = pool().get_message_by_name("routes.Point").expect("the message is there");
        let bytes = message(kind.clone(), arguments.as_object().cloned().expect("an object"))?;
        json_of(kind, bytes)
    }

    #[test]
    fn arguments_become_a_message_and_a_message_json() {
        let shown = round_trip(&json!({ "latitude": 7, "serial": "18446744073709551615" })).expect("the arguments fit");
        assert_eq!(shown["latitude"], 7);
        assert_eq!(shown["serial"], "18446744073709551615");
        assert_eq!(shown["tags"], json!([]));
    }

    #[test]
    fn arguments_that_do_not_fit_are_refused() {
        for arguments in [json!({ "nope": 1 }), json!({ "latitude": "x" }), json!({ "latitude": 4_294_967_296_i64 })] {
            assert!(matches!(round_trip(&arguments), Err(Failure::Argument { .. })), "{arguments}");
        }
    }
}
