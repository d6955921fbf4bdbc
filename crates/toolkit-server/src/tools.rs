//! The tools, one file each, in the order in which they are listed.

mod clean_disk;
mod firewall_rule;
mod firewall_status;
mod get_resource_usage;
mod get_system_info;
mod health_check;
mod list_mounts;
mod list_packages;
mod list_ports;
mod list_services;
mod list_timers;
mod list_users;
mod process_list;
mod process_signal;
mod reload_service;
mod restart_service;
mod run_command;
mod service_act;
mod service_logs;
mod service_status;
mod start_service;
mod stop_service;
mod update_packages;

use toolkit::Toolkit;
use workbench::Bench;

/// What is read of services and processes, containers among them: void when one was started, stopped or told something.
const CHANGED_PROCESSES: &[&str] = &[
    "list_services",
    "service_*",
    "list_timers",
    "list_ports",
    "list_mounts",
    "process_list",
    "health_check",
    "get_resource_usage",
    "docker:*",
];

/// A toolkit with all of them.
pub(crate) fn all(toolkit: Toolkit, bench: &Bench) -> Toolkit {
    toolkit
        .tool(get_system_info::GetSystemInfo)
        .tool(get_resource_usage::GetResourceUsage)
        .tool(health_check::HealthCheck)
        .tool(process_list::ProcessList)
        .tool(process_signal::ProcessSignal)
        .tool(list_services::ListServices)
        .tool(service_status::ServiceStatus)
        .tool(restart_service::RestartService)
        .tool(start_service::StartService)
        .tool(stop_service::StopService)
        .tool(reload_service::ReloadService)
        .tool(service_logs::ServiceLogs)
        .tool(list_users::ListUsers)
        .tool(list_mounts::ListMounts)
        .tool(list_ports::ListPorts)
        .tool(list_timers::ListTimers)
        .tool(list_packages::ListPackages)
        .tool(update_packages::UpdatePackages)
        .tool(clean_disk::CleanDisk)
        .tool(firewall_status::FirewallStatus)
        .tool(firewall_rule::FirewallRule)
        .tool(run_command::RunCommand(bench.clone()))
}
