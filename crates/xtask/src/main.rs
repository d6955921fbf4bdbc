//! `cargo xtask <task>`: all automation that is more than a shell line, one file per task.
//! It owns no logic of its own: a task is a file, a name here and a line in `TASKS`.

mod arch;
mod bench;
mod bench_toolkits;
#[cfg(test)]
mod bounds;
mod cli;
mod crash_jobs;
mod fuzz;
mod histories;
mod limits;
mod models;
mod page;
mod program;
mod restarts;
mod simulate;
mod soak;
mod toolkits;
mod traffic;

use std::error::Error;
use std::process::ExitCode;

const TASKS: &str = "\
cargo xtask <task>

  arch [--check]                 draw the crates into ARCHITECTURE.md, or check drawing and floors
  cli [--check]                  write the reference of the command line into the manual, or check it
  limits [--check]               write the table of limits into the manual, or check it
  toolkits                       write the reference page of each toolkit into the manual
  bench [--quick]                measure direct, floor proxy and gateway side by side
  bench-toolkits [--quick]       measure toolkits: start, memory, and tools beside native commands
  restarts [--rounds N]          restart a gateway that is asked all the while, and count what fails
  simulate [--seeds N|--seed N]  a node without a clock, before servers that misbehave: 100,000 runs, or one of them
  histories [--cases N]          the machines of calls beside naive models, a million random histories each
  models [--runs N]              what threads of calls meet at, in 20,000 orders of the threads each
  traffic [SCENARIO…]            what calls meet under load: fairness, refusals, deadlines, storms, and what it costs
  soak [--cycles N]              start, use and kill stdio servers by the thousand, and look for what is left;
                                 --minutes N --faults: load of all kinds beside random faults
  crash-jobs [--rounds N]        kill the gateway under load, and look for jobs that were lost or run twice
  fuzz [target…] [--seconds N]   run the fuzz targets, five minutes each";

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let task = arguments.next().unwrap_or_default();
    let options: Vec<String> = arguments.collect();
    match run(&task, &options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report(error.as_ref());
            ExitCode::FAILURE
        }
    }
}

fn run(task: &str, options: &[String]) -> Result<(), Box<dyn Error>> {
    match task {
        "arch" => Ok(arch::run(options)?),
        "cli" => Ok(cli::run(options)?),
        "limits" => Ok(limits::run(options)?),
        "toolkits" => Ok(toolkits::run()?),
        "bench" => Ok(bench::run(options)?),
        "bench-toolkits" => Ok(bench_toolkits::run(options)?),
        "restarts" => Ok(restarts::run(options)?),
        "simulate" => Ok(simulate::run(options)?),
        "histories" => Ok(histories::run(options)?),
        "models" => Ok(models::run(options)?),
        "traffic" => Ok(traffic::run(options)?),
        "soak" => Ok(soak::run(options)?),
        "crash-jobs" => Ok(crash_jobs::run(options)?),
        "fuzz" => Ok(fuzz::run(options)?),
        "" | "help" | "--help" => {
            println!("{TASKS}");
            Ok(())
        }
        unknown => Err(format!("no task is called `{unknown}`\n{TASKS}").into()),
    }
}

fn report(error: &dyn Error) {
    eprintln!("error: {error}");
    let mut cause = error.source();
    while let Some(inner) = cause {
        eprintln!("  caused by: {inner}");
        cause = inner.source();
    }
}
