//! What the toolkit says of itself.

use serde_json::json;

use crate::client::Client;

#[test]
fn the_tools_read_like_a_catalogue() {
    let catalogue: Vec<String> = toolkit_server::toolkit()
        .declarations()
        .map(|tool| {
            let names = tool.input["properties"].as_object().map(|own| own.keys().cloned().collect::<Vec<_>>());
            format!("{} [{}] ({})", tool.name, tool.marks.letters(), names.unwrap_or_default().join(", "))
        })
        .collect();
    assert_eq!(
        catalogue,
        [
            "get_system_info [R I] ()",
            "get_resource_usage [R I] (detailed, include_gpu, include_processes, top_n)",
            "health_check [R I] (checks)",
            "process_list [R I] (filter, sort, top, tree, user)",
            "process_signal [D C] (pid, signal)",
            "list_services [R I] (pattern, state)",
            "service_status [R I] (service)",
            "restart_service [D C] (service, wait_s)",
            "start_service [D C] (service, wait_s)",
            "stop_service [D C] (service, wait_s)",
            "reload_service [D C] (service, wait_s)",
            "list_users [R I] (can_log_in, people)",
            "list_mounts [R I] (elsewhere, fs_type)",
            "list_ports [R I] (port, process, protocol)",
            "list_timers [R I] (active)",
        ]
    );
}

#[tokio::test]
async fn every_example_is_an_argument_that_the_tool_takes() {
    let mut client = Client::connect();
    let listed = client.ask("tools/list", json!({})).await;
    for tool in listed["tools"].as_array().unwrap() {
        let examples =
            tool["inputSchema"]["examples"].as_array().unwrap_or_else(|| panic!("{} has none", tool["name"]));
        let properties = tool["inputSchema"]["properties"].as_object().unwrap();
        for example in examples {
            for name in example.as_object().unwrap().keys() {
                assert!(properties.contains_key(name), "{}: {name}", tool["name"]);
            }
        }
    }
}
