//! On which machine, with which kernel and from which commit the figures are, and what else the machine was doing.

use std::fs;

use crate::program;

/// How many programs want to run, on average over a minute; as the kernel writes it.
pub(crate) fn load_average() -> String {
    let averages = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    averages.split(' ').next().unwrap_or_default().to_owned()
}

/// One line about each; `load_before` is the load average before the run added its own.
pub(crate) fn describe(load_before: &str) -> String {
    let cores = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let count = cores.lines().filter(|line| line.starts_with("processor")).count();
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    format!(
        "- processor: {}, {count} cores\n- kernel: Linux {}\n- commit: {}\n- load average: {load_before} before the \
         run, {} at its end\n",
        model_in(&cores),
        kernel.trim(),
        commit().unwrap_or_else(|| "unknown".to_owned()),
        load_average(),
    )
}

fn model_in(cpuinfo: &str) -> &str {
    let model = cpuinfo.lines().find_map(|line| line.strip_prefix("model name"));
    model.map_or("unknown", |model| model.trim_start_matches([' ', '\t', ':']))
}

fn commit() -> Option<String> {
    let mut git = program::command("git");
    git.args(["describe", "--always", "--dirty", "--abbrev=12"]).current_dir(crate::page::root());
    let output = git.output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_model_is_the_name_and_not_the_number() {
        let cpuinfo = "processor\t: 0\nmodel\t\t: 167\nmodel name\t: Some Processor @ 3 GHz\n";
        assert_eq!(model_in(cpuinfo), "Some Processor @ 3 GHz");
        assert_eq!(model_in(""), "unknown");
    }
}
