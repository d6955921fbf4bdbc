//! The tools, one file each, in the order in which they are listed.

mod get_resource_usage;
mod get_system_info;
mod health_check;
mod list_mounts;
mod list_ports;
mod list_services;
mod list_timers;
mod list_users;
mod process_list;
mod process_signal;
mod reload_service;
mod restart_service;
mod service_act;
mod service_status;
mod start_service;
mod stop_service;

use toolkit::Toolkit;

/// A toolkit with all of them.
pub(crate) fn all(toolkit: Toolkit) -> Toolkit {
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
        .tool(list_users::ListUsers)
        .tool(list_mounts::ListMounts)
        .tool(list_ports::ListPorts)
        .tool(list_timers::ListTimers)
}
