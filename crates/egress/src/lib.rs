//! The only crate that opens outgoing connections.
//!
//! Owns the client for HTTP, HTTPS, unix sockets and WebSocket, its pools, and the rules that say which
//! addresses may be reached. Does not know MCP, does not follow redirects, and does not retry: it tells the
//! truth about whether a request may have been [sent](Error::sent) and leaves the choice to its caller.
//!
//! ```no_run
//! # async fn example() -> Result<(), egress::Error> {
//! let client = egress::Client::new(egress::Options::default());
//! let target = egress::Target::parse("https://mcp.example.com/mcp")?;
//! let answer = client.send(http::Request::default(), &target).await?;
//! # Ok(())
//! # }
//! ```

mod alone;
mod body;
mod client;
mod dial;
mod error;
mod exchange;
mod kept;
mod lane;
mod options;
mod raw;
mod resolve;
mod rules;
mod target;
mod tcp;
mod tls;
mod unix;
mod websocket;

pub use body::Answer;
pub use client::Client;
pub use error::{Error, Sent};
pub use lane::Lane;
pub use options::Options;
pub use raw::Raw;
pub use resolve::{Resolve, SystemResolver};
pub use rules::{Rule, Rules};
pub use target::Target;
pub use tokio_tungstenite::tungstenite::Message;
pub use websocket::WebSocket;
