//! What is right passes byte for byte: ids, numbers, key order, escapes, members nobody knows.

use e2e::Node;
use e2e::fixture::{self, Era};
use e2e::wire::call;

use crate::gateway::{Gateway, PATH, TOOL};

#[test]
fn ids_come_back_as_the_same_token() {
    let gateway = Gateway::start();
    let long = format!("\"{}\"", "i".repeat(10_000));
    for id in ["0", "-7", "9007199254740993", "18446744073709551615", "\"\"", "\"x\"", "\"\\u00e9 \\n\"", &long] {
        let message = gateway.call(id, TOOL, "{}").message();
        assert!(message.contains(&format!("\"id\":{id}")), "{id} came back in {message}");
    }
}

#[test]
fn numbers_keys_and_unknown_members_pass_byte_for_byte() {
    let http = Gateway::start();
    let stdio = Node::start(&fixture::configured_over_stdio("fixture", Era::Dual));
    for address in [http.address(), stdio.address()] {
        for arguments in [
            r#"{"z":1,"a":2,"m":{"y":[],"b":{}}}"#,
            r#"{"x":0.1,"y":1e2,"w":1.0,"v":-0,"u":1E+2,"t":18446744073709551615,"s":12345678901234567890123}"#,
            r#"{"text":"\u00e9 \/ é \ud83d\ude00 😀","empty":"","null":null}"#,
            r#"{ "spaces" : [ 1 , 2 ] }"#,
        ] {
            let message = call(address, PATH, "1", "echo", arguments).message();
            assert!(message.contains(arguments), "{arguments} came back in {message}");
        }
    }
}
