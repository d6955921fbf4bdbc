//! Every text survives the way through a header; integers compare as numbers do.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mcp::header;
use serde_json::value::RawValue;

fuzz_target!(|input: (&str, &str)| {
    let (left, right) = input;
    let encoded = header::encode(left);
    assert!(encoded.bytes().all(|byte| matches!(byte, b'\t' | b' '..=b'~')));
    assert_eq!(header::decode(&encoded).as_deref(), Ok(left));
    if let Ok(decoded) = header::decode(left) {
        assert_eq!(header::decode(&header::encode(&decoded)).as_deref(), Ok(decoded.as_ref()));
    }
    assert_eq!(header::integer_equal(left, right), header::integer_equal(right, left));
    if let (Ok(left_number), Ok(right_number)) = (left.parse::<i64>(), right.parse::<i64>()) {
        let both_are_json = [left, right].iter().all(|text| serde_json::from_str::<&RawValue>(text).is_ok());
        assert_eq!(header::integer_equal(left, right), both_are_json && left_number == right_number);
    }
});
