//! `load http://ip:port/path`: the load generator by hand, for a look at one server without the whole benchmark.

use std::time::Duration;

use clap::{Parser, ValueEnum};
use testkit::load::{Ask, Endpoint, Era, Error, Load, Until};

/// Asks one server the same question over many connections and prints what it took.
#[derive(Parser)]
struct Options {
    /// The endpoint, by numeric address.
    endpoint: Endpoint,
    /// What is asked.
    #[arg(long, value_enum, default_value_t = Question::Echo)]
    ask: Question,
    /// The tool's name at this endpoint; by default the same as the question.
    #[arg(long)]
    tool: Option<String>,
    /// Ask as a legacy client: handshake and session first.
    #[arg(long)]
    legacy: bool,
    /// How many connections ask at the same time.
    #[arg(long, default_value_t = 16)]
    connections: usize,
    /// How long the measured part lasts, in seconds.
    #[arg(long, default_value_t = 3)]
    seconds: u64,
    /// Processes whose use of processor and memory is shown.
    #[arg(long = "watch", value_name = "PID")]
    watched: Vec<u32>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Question {
    Echo,
    Blob,
    List,
}

impl Options {
    fn load(self) -> Load {
        let tool = |usual: &str| self.tool.clone().unwrap_or_else(|| usual.to_owned());
        Load {
            ask: match self.ask {
                Question::Echo => Ask::Echo { tool: tool("echo") },
                Question::Blob => Ask::Blob { tool: tool("blob"), bytes: 64 * 1024 },
                Question::List => Ask::List { tools: 1 },
            },
            era: if self.legacy { Era::Legacy } else { Era::Modern },
            endpoint: self.endpoint,
            connections: self.connections,
            warm_up: Until::Elapsed(Duration::from_millis(500)),
            measure: Until::Elapsed(Duration::from_secs(self.seconds)),
            watched: self.watched,
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let load = Options::parse().load();
    let report = load.run().await?;
    println!("calls/s  {:.0}", report.calls_per_second());
    for (name, share) in [("p50", 0.5), ("p99", 0.99), ("p99.9", 0.999)] {
        println!("{name:<8} {:?}", report.latencies.percentile(share));
    }
    println!("errors   {} {}", report.errors, report.first_error.as_deref().unwrap_or_default());
    for (index, pid) in load.watched.iter().enumerate() {
        let cpu = report.cpu_micros_per_call(index).unwrap_or_default();
        println!("pid {pid}  {cpu:.1} µs of processor per call, {} KiB resident", report.usage[index].rss_bytes / 1024);
    }
    Ok(())
}
