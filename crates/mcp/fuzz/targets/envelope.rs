//! What is accepted is JSON to serde_json too, means the same there, and is relayed byte for byte.

#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use mcp::{Envelope, ScanLimits, Splice};

/// An object with a key of this kind is to serde_json no object but what it has kept as raw text itself.
const OWN_TO_SERDE_JSON: &[u8] = b"$serde_json::private::";

fuzz_target!(|input: &[u8]| {
    if input.windows(OWN_TO_SERDE_JSON.len()).any(|part| part == OWN_TO_SERDE_JSON) {
        return;
    }
    let bytes = Bytes::copy_from_slice(input);
    let Ok(message) = Envelope::parse(&bytes, ScanLimits::default()) else {
        return;
    };
    assert_eq!(message.bytes(), input);
    assert_eq!(Splice::new(input).apply(), input);
    let value: serde_json::Value = serde_json::from_slice(input).expect("accepted by us, so json");
    assert_eq!(value["jsonrpc"], "2.0");
    assert_eq!(value["method"].as_str().unwrap_or_default(), message.method());
    assert_eq!(parsed(message.id()), value.get("id").cloned());
    assert_eq!(parsed(message.params()), value.get("params").cloned());
    assert_eq!(parsed(message.result()), value.get("result").cloned());
    assert_eq!(parsed(message.error()), value.get("error").cloned());
});

fn parsed(token: Option<&[u8]>) -> Option<serde_json::Value> {
    token.map(|token| serde_json::from_slice(token).expect("a token of accepted json"))
}
