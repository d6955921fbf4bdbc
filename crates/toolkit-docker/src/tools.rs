//! The tools, one file each, in the order in which they are listed.

mod backup_volume;
mod build_image;
mod compose_build;
mod compose_config;
mod compose_down;
mod compose_exec;
mod compose_images;
mod compose_list;
mod compose_logs;
mod compose_ps;
mod compose_pull;
mod compose_restart;
mod compose_scale;
mod compose_up;
mod container_diff;
mod container_logs;
mod container_stats;
mod container_top;
mod create_volume;
mod detect_engine;
mod exec_in_container;
mod inspect_container;
mod list_containers;
mod list_images;
mod list_networks;
mod list_volumes;
mod one_container;
mod pause_container;
mod prune;
mod pull_image;
mod push_image;
mod remove_container;
mod remove_image;
mod rename_container;
mod restart_container;
mod restore_volume;
mod run_container;
mod start_container;
mod stop_container;
mod tag_image;
mod unpause_container;

use toolkit::Toolkit;
use workbench::Bench;

/// What is read of containers, and of what comes and goes with them: void when one is in another state.
const CHANGED_CONTAINERS: &[&str] = &[
    "list_containers",
    "inspect_container",
    "container_*",
    "list_networks",
    "list_volumes",
    "compose_list",
    "compose_ps",
    "compose_logs",
];

/// What is read of images, by their names too: void when one comes, goes or is called something else.
const CHANGED_IMAGES: &[&str] = &["list_images", "list_containers", "inspect_container", "compose_ps"];

/// A toolkit with all of them.
pub(crate) fn all(toolkit: Toolkit, bench: &Bench) -> Toolkit {
    let toolkit = containers(toolkit, bench);
    let toolkit = images(toolkit, bench);
    let toolkit = volumes(toolkit, bench);
    compose(toolkit, bench).tool(detect_engine::DetectEngine)
}

fn containers(toolkit: Toolkit, bench: &Bench) -> Toolkit {
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
        .tool(run_container::RunContainer(bench.clone()))
        .tool(exec_in_container::ExecInContainer(bench.clone()))
        .tool(remove_container::RemoveContainer)
        .tool(pause_container::PauseContainer)
        .tool(unpause_container::UnpauseContainer)
        .tool(rename_container::RenameContainer)
}

fn images(toolkit: Toolkit, bench: &Bench) -> Toolkit {
    toolkit
        .tool(list_images::ListImages)
        .tool(pull_image::PullImage)
        .tool(push_image::PushImage)
        .tool(build_image::BuildImage(bench.clone()))
        .tool(tag_image::TagImage)
        .tool(remove_image::RemoveImage)
        .tool(prune::Prune)
}

fn volumes(toolkit: Toolkit, bench: &Bench) -> Toolkit {
    toolkit
        .tool(list_networks::ListNetworks)
        .tool(list_volumes::ListVolumes)
        .tool(create_volume::CreateVolume)
        .tool(backup_volume::BackupVolume(bench.clone()))
        .tool(restore_volume::RestoreVolume(bench.clone()))
}

fn compose(toolkit: Toolkit, bench: &Bench) -> Toolkit {
    toolkit
        .tool(compose_up::ComposeUp(bench.clone()))
        .tool(compose_down::ComposeDown(bench.clone()))
        .tool(compose_ps::ComposePs(bench.clone()))
        .tool(compose_logs::ComposeLogs(bench.clone()))
        .tool(compose_config::ComposeConfig(bench.clone()))
        .tool(compose_list::ComposeList)
        .tool(compose_build::ComposeBuild(bench.clone()))
        .tool(compose_pull::ComposePull(bench.clone()))
        .tool(compose_restart::ComposeRestart(bench.clone()))
        .tool(compose_scale::ComposeScale(bench.clone()))
        .tool(compose_exec::ComposeExec(bench.clone()))
}
