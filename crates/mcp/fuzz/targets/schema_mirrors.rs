//! Any schema (the first line) is surveyed without harm, and what its mirrors send for any arguments (the rest)
//! passes their own check.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mcp::mirrors;

fuzz_target!(|input: &[u8]| {
    let mut lines = input.splitn(2, |byte| *byte == b'\n');
    let (schema, arguments) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
    let Ok(declared) = mirrors::from_schema(schema) else {
        return;
    };
    let sent = mirrors::values(&declared, arguments);
    let received: Vec<_> = sent.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(mirrors::check(&declared, &received, arguments), Ok(()));
    for mirror in &declared {
        assert!(mirrors::is_param_header(&mirror.header));
        assert!(!mirror.path.is_empty());
    }
});
