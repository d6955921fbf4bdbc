//! Section `[limits]`: every bound of the program, each with its unit in its name.
//! The bounds of each bound stand beside it and are part of the JSON Schema.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How much, how many and how long at most.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Bytes in a request body from a client. Default 8 MiB.
    #[schemars(range(min = 1_024, max = 1_073_741_824))]
    pub body_bytes_max: usize,
    /// Bytes in the request line and headers together. Default 32 KiB.
    #[schemars(range(min = 8_192, max = 1_048_576))]
    pub header_bytes_max: usize,
    /// Headers in a request. Default 100.
    #[schemars(range(min = 16, max = 1_000))]
    pub headers_max: usize,
    /// Milliseconds a client has to send its headers. Default 10 s.
    #[schemars(range(min = 100, max = 600_000))]
    pub header_read_ms_max: u64,
    /// Milliseconds a client has to send its body. Default 30 s.
    #[schemars(range(min = 100, max = 3_600_000))]
    pub body_read_ms_max: u64,
    /// Milliseconds a client has to take 16 KiB of what waits for it; then its connection is closed. Default 30 s.
    #[schemars(range(min = 100, max = 3_600_000))]
    pub write_ms_max: u64,
    /// Bytes of requests and answers that are held for one principal, counted are those of 64 KiB and more. While there are more, its
    /// calls are refused. Default 256 MiB.
    #[schemars(range(min = 1_048_576, max = 1_073_741_824))]
    pub principal_bytes_max: usize,
    /// Open client connections. Default 20,000.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub connections_max: usize,
    /// Calls, streams and sessions at one time on one gRPC connection. Default 100.
    #[schemars(range(min = 1, max = 10_000))]
    pub grpc_streams_max: u32,
    /// Levels of nesting in a JSON message. Default 64.
    #[schemars(range(min = 8, max = 128))]
    pub json_depth_max: usize,
    /// Milliseconds a call may be silent: neither answer nor progress. Default 5 min.
    #[schemars(range(min = 100, max = 86_400_000))]
    pub call_ms_max: u64,
    /// Milliseconds a call may take, however much progress it makes. Default 1 h.
    #[schemars(range(min = 100, max = 604_800_000))]
    pub call_total_ms_max: u64,
    /// Milliseconds a server has to answer a list before the list goes out without it. Default 2 s.
    #[schemars(range(min = 10, max = 600_000))]
    pub list_ms_max: u64,
    /// Milliseconds a server has for its handshake or `server/discover`. Default 10 s.
    #[schemars(range(min = 100, max = 600_000))]
    pub handshake_ms_max: u64,
    /// Milliseconds to open a connection to a server, name lookup included. Default 5 s.
    #[schemars(range(min = 10, max = 600_000))]
    pub connect_ms_max: u64,
    /// Calls that wait for an answer of a human or a model. Default 1,000.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub parked_calls_max: usize,
    /// Milliseconds a call waits for such an answer. Default 10 min.
    #[schemars(range(min = 1_000, max = 86_400_000))]
    pub parked_call_ms_max: u64,
    /// Rounds of questions within one call. Default 8.
    #[schemars(range(min = 1, max = 100))]
    pub ask_rounds_max: u32,
    /// Legacy client sessions. Default 10,000.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub sessions_max: usize,
    /// Milliseconds a session lives without use. Default 30 min.
    #[schemars(range(min = 1_000, max = 604_800_000))]
    pub session_idle_ms_max: u64,
    /// Milliseconds a session lives at most. Default 24 h.
    #[schemars(range(min = 1_000, max = 1_209_600_000))]
    pub session_ms_max: u64,
    /// Open event streams of one principal. Default 100.
    #[schemars(range(min = 1, max = 10_000))]
    pub listens_per_principal_max: usize,
    /// Resources subscribed to by one event stream. Default 1,000.
    #[schemars(range(min = 1, max = 100_000))]
    pub subscriptions_per_listen_max: usize,
    /// Bytes in one answer of a server. Default 64 MiB.
    #[schemars(range(min = 1_024, max = 1_073_741_824))]
    pub result_bytes_max: usize,
    /// Bytes in one line from a stdio, unix socket or SSE server. Default 64 MiB.
    #[schemars(range(min = 1_024, max = 1_073_741_824))]
    pub line_bytes_max: usize,
    /// Pages read of one list of a server. Default 1,000.
    #[schemars(range(min = 1, max = 100_000))]
    pub list_pages_max: usize,
    /// Items read of one list of a server. Default 100,000.
    #[schemars(range(min = 1, max = 10_000_000))]
    pub list_items_max: usize,
    /// Connections to one server. Default 64.
    #[schemars(range(min = 1, max = 10_000))]
    pub connections_per_server_max: usize,
    /// Milliseconds calls have to finish when the gateway stops or their server goes. Default 30 s.
    #[schemars(range(max = 3_600_000))]
    pub drain_ms_max: u64,
    /// Milliseconds calls have to finish at a node that a restart has followed; all new ones are at its successor. Default 1 h.
    #[schemars(range(max = 86_400_000))]
    pub handover_ms_max: u64,
    /// Milliseconds the process that a restart has started may take to be ready; then it is ended, and the node goes on. Default 1 min.
    #[schemars(range(min = 1_000, max = 600_000))]
    pub successor_ms_max: u64,
    /// Items on a page of a list for clients; 0 puts all on one page. Default 1,000.
    #[schemars(range(max = 100_000))]
    pub list_page_items: usize,
    /// Milliseconds in which changes of lists become one notification. Default 250 ms.
    #[schemars(range(max = 60_000))]
    pub debounce_ms: u64,
    /// Processes of servers that start at one time; others wait for their turn. Default 8.
    #[schemars(range(min = 1, max = 1_000))]
    pub starts_max: usize,
    /// Milliseconds between two questions whether a connected server still answers; three without an answer in a row
    /// make it degraded. Default 30 s.
    #[schemars(range(min = 100, max = 86_400_000))]
    pub health_ms: u64,
    /// Hours after which a server's era is found out anew. Default 24 h.
    #[schemars(range(min = 1, max = 8_760))]
    pub probe_hours: u64,
    /// Tokens that are not valid and may be shown from one address in a minute, and at once; a valid one passes always. Default 20.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub wrong_tokens_per_minute: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes_max: 8_388_608,
            header_bytes_max: 32_768,
            headers_max: 100,
            header_read_ms_max: 10_000,
            body_read_ms_max: 30_000,
            write_ms_max: 30_000,
            principal_bytes_max: 268_435_456,
            connections_max: 20_000,
            grpc_streams_max: 100,
            json_depth_max: 64,
            call_ms_max: 300_000,
            call_total_ms_max: 3_600_000,
            list_ms_max: 2_000,
            handshake_ms_max: 10_000,
            connect_ms_max: 5_000,
            parked_calls_max: 1_000,
            parked_call_ms_max: 600_000,
            ask_rounds_max: 8,
            sessions_max: 10_000,
            session_idle_ms_max: 1_800_000,
            session_ms_max: 86_400_000,
            listens_per_principal_max: 100,
            subscriptions_per_listen_max: 1_000,
            result_bytes_max: 67_108_864,
            line_bytes_max: 67_108_864,
            list_pages_max: 1_000,
            list_items_max: 100_000,
            connections_per_server_max: 64,
            drain_ms_max: 30_000,
            handover_ms_max: 3_600_000,
            successor_ms_max: 60_000,
            list_page_items: 1_000,
            debounce_ms: 250,
            starts_max: 8,
            health_ms: 30_000,
            probe_hours: 24,
            wrong_tokens_per_minute: 20,
        }
    }
}
