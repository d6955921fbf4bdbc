//! MCP messages of both protocol eras: bytes in, messages out.
//!
//! A message is an [`Envelope`] over borrowed bytes. Its id stays the token it was, and what nobody has to read is never
//! decoded. Edits are [`Splice`]s. This crate is pure: it knows no sockets, no clock and no randomness, and it does not
//! know who may do what.
//!
//! ```
//! use bytes::Bytes;
//! use mcp::{Envelope, Param, ScanLimits, Splice};
//!
//! let call = Bytes::from_static(br#"{"jsonrpc":"2.0","id":1.0,"method":"tools/call","params":{"name":"git_log"}}"#);
//! let call = Envelope::parse(&call, ScanLimits::default())?;
//! let renamed = Splice::new(call.bytes()).replace(call.param(Param::Name), br#""log""#).apply();
//! assert_eq!(&renamed[..], br#"{"jsonrpc":"2.0","id":1.0,"method":"tools/call","params":{"name":"log"}}"#);
//! # Ok::<(), mcp::Invalid>(())
//! ```
//!
//! In reading order: [`span`] and [`scan`] (the strict scanner), [`keys`] (what we route on), [`envelope`], [`splice`],
//! [`array`], [`method`], [`version`], [`code`], [`message`] (what we originate), [`translate`] (the two eras), [`names`], [`nearest`].
//! Beside them the codecs: [`sse`], [`lines`], [`header`], [`mirrors`]; and what we seal: [`seal`], [`cursor`], [`state`], [`session`], [`task`].

pub mod array;
pub mod code;
pub mod cursor;
pub mod envelope;
pub mod header;
mod invalid;
pub mod keys;
pub mod lines;
mod members;
pub mod message;
pub mod method;
pub mod mirrors;
pub mod names;
pub mod nearest;
pub mod pack;
pub mod scan;
pub mod seal;
pub mod session;
pub mod span;
pub mod splice;
pub mod sse;
pub mod state;
pub mod task;
pub mod translate;
pub mod version;

pub use envelope::{Envelope, Kind, plain_text};
pub use invalid::Invalid;
pub use keys::{ErrorKey, Meta, Param, ResultKey};
pub use method::Method;
pub use scan::{ScanError, ScanLimits};
pub use span::{Member, Span};
pub use splice::Splice;
pub use translate::ClientFacts;
pub use version::{Era, Version};
