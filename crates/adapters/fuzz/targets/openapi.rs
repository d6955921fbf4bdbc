//! Any document (the last part) is read without harm, and whatever its tools are given (the first line), a request of
//! theirs leads nowhere else than one with harmless arguments.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let (argument, document) = match input.iter().position(|byte| *byte == b'\n') {
        Some(end) => (&input[..end], &input[end + 1..]),
        None => (&input[..0], input),
    };
    adapters::fuzzing::openapi(document, &String::from_utf8_lossy(argument));
});
