//! The tools, one file each, in the order in which they are listed.

mod container_diff;
mod container_logs;
mod container_stats;
mod container_top;
mod detect_engine;
mod inspect_container;
mod list_containers;
mod one_container;
mod pause_container;
mod remove_container;
mod rename_container;
mod restart_container;
mod start_container;
mod stop_container;
mod unpause_container;

use toolkit::Toolkit;
use workbench::Bench;

/// A toolkit with all of them.
pub(crate) fn all(toolkit: Toolkit, bench: &Bench) -> Toolkit {
    toolkit
        .tool(list_containers::ListContainers)
        .tool(container_logs::ContainerLogs)
        .tool(start_container::StartContainer)
        .tool(stop_container::StopContainer)
        .tool(restart_container::RestartContainer)
        .tool(inspect_container::InspectContainer(bench.clone()))
        .tool(container_stats::ContainerStats)
        .tool(container_top::ContainerTop)
        .tool(container_diff::ContainerDiff)
        .tool(remove_container::RemoveContainer)
        .tool(pause_container::PauseContainer)
        .tool(unpause_container::UnpauseContainer)
        .tool(rename_container::RenameContainer)
        .tool(detect_engine::DetectEngine)
}
