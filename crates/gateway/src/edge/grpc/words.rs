//! The messages of `switchboard.v1.Mcp`, as `proto/switchboard/v1/mcp.proto` says, and their compiled description for
//! reflection. They are written by hand, so that no code generator is needed; the test below holds them to the file.

use bytes::Bytes;
use mcp::{Envelope, ScanLimits};

use crate::catalogue::Endpoint;

/// The full name of the service.
pub(super) const SERVICE: &str = "switchboard.v1.Mcp";

/// `mcp.proto`, compiled by `protoc --descriptor_set_out`.
pub(super) const DESCRIPTION: &[u8] = include_bytes!("../../../proto/switchboard/v1/mcp.binpb");

/// Levels of nesting in a message that goes out: it has been checked against the limits when it came.
const DEPTH_MAX: u32 = 128;

/// What a client says.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Request {
    #[prost(bytes = "bytes", tag = "1")]
    pub(super) payload: Bytes,
    #[prost(message, optional, tag = "2")]
    pub(super) headers: Option<RequestHeaders>,
}

/// What stands in HTTP headers and in the path over other transports.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct RequestHeaders {
    #[prost(oneof = "Named", tags = "1, 2")]
    pub(super) endpoint: Option<Named>,
    #[prost(string, tag = "3")]
    pub(super) protocol_version: String,
    #[prost(string, tag = "4")]
    pub(super) method: String,
    #[prost(string, tag = "5")]
    pub(super) name: String,
}

/// An endpoint that is not the one with everything.
#[derive(Clone, PartialEq, prost::Oneof)]
pub(super) enum Named {
    #[prost(string, tag = "1")]
    Server(String),
    #[prost(string, tag = "2")]
    Bundle(String),
}

/// What the gateway says.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Reply {
    #[prost(bytes = "bytes", tag = "1")]
    pub(super) payload: Bytes,
    #[prost(message, optional, tag = "2")]
    pub(super) headers: Option<ReplyHeaders>,
}

/// What a client may want to know without reading the payload.
#[derive(Clone, Copy, PartialEq, prost::Message)]
pub(super) struct ReplyHeaders {
    #[prost(enumeration = "Kind", tag = "1")]
    pub(super) kind: i32,
    #[prost(int32, tag = "2")]
    pub(super) error_code: i32,
}

/// What a JSON-RPC message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, prost::Enumeration)]
#[repr(i32)]
pub(super) enum Kind {
    Unspecified = 0,
    Result = 1,
    Error = 2,
    Notification = 3,
    Request = 4,
}

impl Request {
    /// The endpoint that is named.
    pub(super) fn endpoint(&self) -> Option<Endpoint> {
        match self.headers.as_ref()?.endpoint.clone()? {
            Named::Server(name) => Some(Endpoint::Server(name)),
            Named::Bundle(name) => Some(Endpoint::Bundle(name)),
        }
    }
}

impl Reply {
    /// A message with what is known of it.
    pub(super) fn of(payload: Bytes) -> Self {
        let headers = Envelope::parse(&payload, ScanLimits { depth_max: DEPTH_MAX }).ok().map(|message| {
            let kind = match message.kind() {
                mcp::Kind::Result => Kind::Result,
                mcp::Kind::Error => Kind::Error,
                mcp::Kind::Notification => Kind::Notification,
                mcp::Kind::Request => Kind::Request,
            };
            let error_code = message.error_code().and_then(|code| code.try_into().ok()).unwrap_or_default();
            ReplyHeaders { kind: kind.into(), error_code }
        });
        Self { payload, headers }
    }
}

#[cfg(test)]
mod tests {
    use prost::Message;
    use prost_reflect::{DescriptorPool, DynamicMessage};
    use serde_json::{Value, json};

    use super::{DESCRIPTION, Kind, Named, Reply, ReplyHeaders, Request, RequestHeaders, SERVICE};

    /// What somebody who knows only the description reads.
    fn check(message: &impl Message, name: &str, expected: &Value) {
        let pool = DescriptorPool::decode(DESCRIPTION).unwrap();
        let described = pool.get_message_by_name(&format!("switchboard.v1.{name}")).unwrap();
        let read = DynamicMessage::decode(described, message.encode_to_vec().as_slice()).unwrap();
        assert_eq!(read.unknown_fields().count(), 0, "{name}");
        assert_eq!(&serde_json::to_value(&read).unwrap(), expected, "{name}");
    }

    #[test]
    fn every_field_is_where_the_description_says() {
        let headers = |endpoint| RequestHeaders {
            endpoint: Some(endpoint),
            protocol_version: "2026-07-28".to_owned(),
            method: "tools/call".to_owned(),
            name: "echo".to_owned(),
        };
        let read = |key: &str| {
            json!({
                "payload": "e30=",
                "headers": { key: "x", "protocolVersion": "2026-07-28", "method": "tools/call", "name": "echo" },
            })
        };
        for (endpoint, key) in [(Named::Server("x".to_owned()), "server"), (Named::Bundle("x".to_owned()), "bundle")] {
            check(&Request { payload: "{}".into(), headers: Some(headers(endpoint)) }, "Request", &read(key));
        }
        for (kind, name) in [
            (Kind::Result, "KIND_RESULT"),
            (Kind::Error, "KIND_ERROR"),
            (Kind::Notification, "KIND_NOTIFICATION"),
            (Kind::Request, "KIND_REQUEST"),
        ] {
            let headers = Some(ReplyHeaders { kind: kind.into(), error_code: -32_600 });
            let expected = json!({ "payload": "e30=", "headers": { "kind": name, "errorCode": -32_600 } });
            check(&Reply { payload: "{}".into(), headers }, "Reply", &expected);
        }
    }

    #[test]
    fn description_has_no_field_that_the_code_does_not_know() {
        let pool = DescriptorPool::decode(DESCRIPTION).unwrap();
        let fields = |name| pool.get_message_by_name(&format!("switchboard.v1.{name}")).unwrap().fields().count();
        assert_eq!(["Request", "RequestHeaders", "Reply", "ReplyHeaders"].map(fields), [2, 5, 2, 2]);
        let service = pool.get_service_by_name(SERVICE).unwrap();
        let methods: Vec<_> = service
            .methods()
            .map(|method| (method.name().to_owned(), method.is_client_streaming(), method.is_server_streaming()))
            .collect();
        let expected = [("Call", false, false), ("Stream", false, true), ("Session", true, true)];
        assert_eq!(methods, expected.map(|(name, from, to)| (name.to_owned(), from, to)));
    }

    #[test]
    fn headers_of_a_reply_say_what_its_payload_is() {
        let headers =
            |payload: &'static str| Reply::of(payload.into()).headers.map(|told| (told.kind(), told.error_code));
        assert_eq!(headers(r#"{"jsonrpc":"2.0","id":1,"result":{}}"#), Some((Kind::Result, 0)));
        let refusal = r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"x"}}"#;
        assert_eq!(headers(refusal), Some((Kind::Error, -32_601)));
        assert_eq!(headers(r#"{"jsonrpc":"2.0","method":"x"}"#), Some((Kind::Notification, 0)));
        assert_eq!(headers(r#"{"jsonrpc":"2.0","id":1,"method":"x"}"#), Some((Kind::Request, 0)));
        assert_eq!(headers("garbage"), None);
    }
}
