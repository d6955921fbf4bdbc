//! `get_resource_usage`: how much of processors, memory and disks is in use right now.

use procfs::{LoadAverage, prelude::*};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toolkit::{Call, Failure, Marks, Tool};

use crate::{
    cpu::Times,
    error::Error,
    filesystems::{self, Room},
    gpu::{self, Gpu},
    memory::Memory,
    network::{Counters, Interface},
    processes::{self, Listed, Order, Snapshot},
    reading::{self, WINDOW},
    users::Names,
};

/// Processes in one answer at most: as many as a list shows on a page.
const PROCESSES_MAX: usize = 1_000;

/// Says what is in use.
pub(crate) struct GetResourceUsage;

#[derive(Clone, Copy, Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// Also every core and every network interface.
    #[serde(default)]
    detailed: bool,
    /// Also graphics processors.
    #[serde(default)]
    include_gpu: bool,
    /// Also the busiest processes.
    #[serde(default)]
    include_processes: bool,
    /// How many processes, at most 1000.
    #[serde(default = "ten")]
    #[schemars(range(min = 1, max = 1000))]
    top_n: usize,
}

fn ten() -> usize {
    10
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    cpu: Usage,
    memory: Memory,
    /// The local file systems, in bytes.
    disk: Vec<Room>,
    #[serde(skip_serializing_if = "Option::is_none")]
    network: Option<Vec<Interface>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    gpu: Option<Vec<Gpu>>,
    /// The busiest first.
    #[serde(skip_serializing_if = "Option::is_none")]
    processes: Option<Vec<Listed>>,
}

/// How busy the processors are.
#[derive(Serialize, JsonSchema)]
#[expect(clippy::struct_field_names, reason = "the fields are named as in the result")]
struct Usage {
    /// Of all cores together.
    usage_percent: f64,
    cores: usize,
    /// Over 1, 5 and 15 minutes.
    load_average: [f64; 3],
    #[serde(skip_serializing_if = "Option::is_none")]
    per_core: Option<Vec<f64>>,
}

impl Tool for GetResourceUsage {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "get_resource_usage";
    const ABOUT: &'static str = "Says how much of processors, memory, swap and local disks is in use right now; with more \
        detail also cores, network interfaces, graphics processors and the busiest processes.";
    const MARKS: Marks = Marks::reads().idempotent();
    const ARGUMENT_ALIASES: &'static [(&'static str, &'static str)] =
        &[("includeGpu", "include_gpu"), ("includeProcesses", "include_processes"), ("topN", "top_n")];
    const EXAMPLES: &'static [&'static str] = &["{}", r#"{"include_processes": true, "top_n": 5}"#];

    async fn run(&self, input: Input, _: &Call) -> Result<Output, Failure> {
        if !(1..=PROCESSES_MAX).contains(&input.top_n) {
            return Err(Failure::invalid("top_n", format!("`top_n` must be from 1 to {PROCESSES_MAX}")));
        }
        let (before, now) = reading::read_twice(WINDOW, move || Moment::read(input)).await?;
        reading::read(move || put_together(input, &before, &now)).await
    }
}

/// What is a rate, at one moment.
struct Moment {
    times: Times,
    counters: Option<Counters>,
    processes: Option<Snapshot>,
}

impl Moment {
    fn read(input: Input) -> Result<Self, Error> {
        Ok(Self {
            times: Times::read()?,
            counters: input.detailed.then(Counters::read).transpose()?,
            processes: input.include_processes.then(Snapshot::take).transpose()?,
        })
    }
}

fn put_together(input: Input, before: &Moment, now: &Moment) -> Result<Output, Error> {
    let load = LoadAverage::current().map_err(Error::kernel("the load"))?;
    let load_average = [load.one, load.five, load.fifteen].map(|load| (f64::from(load) * 100.0).round() / 100.0);
    let cpu = Usage {
        usage_percent: now.times.usage_since(&before.times),
        cores: now.times.cores(),
        load_average,
        per_core: input.detailed.then(|| now.times.usage_per_core_since(&before.times)),
    };
    let network = now.counters.as_ref().zip(before.counters.as_ref()).map(|(now, before)| now.since(before, WINDOW));
    let busiest = now.processes.as_ref().zip(before.processes.as_ref()).map(|(now, before)| {
        let mut listed = now.since(before, &Names::read());
        processes::sort(&mut listed, Order::Cpu);
        listed.truncate(input.top_n);
        processes::read_commands(&mut listed);
        listed
    });
    Ok(Output {
        cpu,
        memory: Memory::read()?,
        disk: filesystems::rooms()?,
        network,
        gpu: input.include_gpu.then(gpu::of_the_kernel),
        processes: busiest,
    })
}
