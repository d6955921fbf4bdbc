//! The verbs as an operator meets them: words in, stdout, stderr and exit code out.
#![expect(clippy::unwrap_used, reason = "a test helper that cannot go on has found a failure")]

mod configuration;
mod fake;
mod frame;
mod interactive;
mod servers;
