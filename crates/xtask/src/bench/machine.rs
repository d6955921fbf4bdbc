//! On which machine, with which kernel and from which commit the figures are.

use std::fs;

use crate::program;

/// One line about each.
pub(super) fn describe() -> String {
    let cores = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let count = cores.lines().filter(|line| line.starts_with("processor")).count();
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    format!(
        "- processor: {}, {count} cores\n- kernel: Linux {}\n- commit: {}\n",
        model_in(&cores),
        kernel.trim(),
        commit().unwrap_or_else(|| "unknown".to_owned())
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
