//! Arguments that are meant to do harm, at every string of every tool: nothing happens, and the answer says why.

use serde_json::{Value, json};

use crate::client::client;

/// Strings for shells, for option parsers, for C and for buffers.
fn strings() -> Vec<String> {
    let mut strings: Vec<String> = [
        "",
        " ",
        "--help",
        "-rf",
        "$(touch /tmp/switchboard-was-here)",
        "`id`",
        "; touch /tmp/switchboard-was-here",
        "| tee /tmp/switchboard-was-here",
        "&& reboot",
        "a\nb",
        "a\r\nb: c",
        "a\0b",
        "../../../etc/shadow",
        "%s%s%s%n",
        "'; drop table users; --",
        "\u{202e}gpj.exe",
        "\u{1b}[2J",
    ]
    .map(str::to_owned)
    .into();
    strings.push("A".repeat(100_000));
    strings
}

/// Tools, the string arguments of each, and the codes with which it may refuse. Filters take any text and find nothing.
const STRINGS: [(&str, &str, &[&str]); 20] = [
    ("process_list", "user", &["NOT_FOUND"]),
    ("process_list", "filter", &[]),
    ("process_list", "sort", &["INVALID_INPUT"]),
    ("process_signal", "signal", &["INVALID_INPUT"]),
    ("list_services", "state", &["INVALID_INPUT"]),
    ("list_services", "pattern", &["INVALID_INPUT", "NOT_SUPPORTED"]),
    ("service_status", "service", &["INVALID_INPUT"]),
    ("restart_service", "service", &["INVALID_INPUT"]),
    ("start_service", "service", &["INVALID_INPUT"]),
    ("stop_service", "service", &["INVALID_INPUT"]),
    ("reload_service", "service", &["INVALID_INPUT"]),
    ("service_logs", "service", &["INVALID_INPUT"]),
    ("service_logs", "since", &["INVALID_INPUT"]),
    ("service_logs", "cursor", &["INVALID_INPUT"]),
    ("service_logs", "priority", &["INVALID_INPUT"]),
    ("list_mounts", "fs_type", &[]),
    ("list_ports", "process", &[]),
    ("list_packages", "filter", &[]),
    ("firewall_rule", "zone", &["INVALID_INPUT"]),
    ("run_command", "program", &["COMMAND_DENIED"]),
];

/// What a tool needs beside the hostile argument to come to look at it.
fn beside(tool: &str) -> Value {
    match tool {
        "process_signal" => json!({"pid": 1, "confirm": true}),
        "service_logs" => json!({"service": "nginx"}),
        "firewall_rule" => json!({"action": "open", "port": 80, "confirm": true}),
        "run_command" | "restart_service" | "start_service" | "stop_service" | "reload_service" => {
            json!({"confirm": true})
        }
        _ => json!({}),
    }
}

#[tokio::test]
async fn hostile_strings_are_refused_or_find_nothing() {
    let mut client = client();
    for (tool, argument, codes) in STRINGS {
        for text in strings() {
            let mut arguments = beside(tool);
            arguments[argument] = text.clone().into();
            if codes.is_empty() {
                client.good(tool, &arguments).await;
            } else {
                let (code, _) = client.bad(tool, &arguments).await;
                assert!(codes.contains(&&*code), "{tool} {argument} {text:.60?}: {code}");
            }
        }
    }
    assert!(!std::path::Path::new("/tmp/switchboard-was-here").exists());
}

#[tokio::test]
async fn arguments_of_the_wrong_kind_are_named() {
    let mut client = client();
    let mut check = async |tool: &str, arguments: Value, field: &str| {
        let blamed = client.bad(tool, &arguments).await;
        assert_eq!(blamed, ("INVALID_INPUT".to_owned(), field.to_owned()), "{tool} {arguments}");
    };
    check("get_system_info", json!({"verbose": true}), "verbose").await;
    check("get_resource_usage", json!({"detailed": "yes"}), "detailed").await;
    check("get_resource_usage", json!({"top_n": 0}), "top_n").await;
    check("get_resource_usage", json!({"top_n": 1001}), "top_n").await;
    check("get_resource_usage", json!({"top_n": -1}), "top_n").await;
    check("get_resource_usage", json!({"top_n": 3, "topN": 4}), "top_n").await;
    check("health_check", json!({"checks": ["cpu", "weather"]}), "checks[1]").await;
    check("health_check", json!({"checks": []}), "checks").await;
    check("health_check", json!({"checks": "cpu"}), "checks").await;
    check("process_list", json!({"top": 0}), "top").await;
    check("process_list", json!({"tree": 1}), "tree").await;
    check("process_signal", json!({"confirm": true}), "pid").await;
    check("process_signal", json!({"pid": "1", "confirm": true}), "pid").await;
    check("process_signal", json!({"pid": 1.5, "confirm": true}), "pid").await;
    check("process_signal", json!({"pid": 1, "signal": "SEGV", "confirm": true}), "signal").await;
    check("start_service", json!({"confirm": true}), "service").await;
    check("start_service", json!({"service": "a", "wait_s": 601, "confirm": true}), "wait_s").await;
    check("stop_service", json!({"service": "a", "serviceName": "b", "confirm": true}), "service").await;
    check("list_ports", json!({"port": 65_536}), "port").await;
    check("list_ports", json!({"protocol": "icmp"}), "protocol").await;
    check("list_users", json!({"limit": 0}), "limit").await;
    check("list_mounts", json!({"cursor": "--help"}), "cursor").await;
    check("service_status", json!({"service": "a", "lines": 1001}), "lines").await;
    check("service_logs", json!({"service": "a", "lines": 0}), "lines").await;
    check("service_logs", json!({"service": "a", "follow": "yes"}), "follow").await;
    check("update_packages", json!({"packages": "bash", "confirm": true}), "packages").await;
    check("update_packages", json!({"packages": ["--purge"], "confirm": true}), "packages").await;
    check("update_packages", json!({"packages": vec!["a"; 101], "confirm": true}), "packages").await;
    check("clean_disk", json!({"confirm": true}), "targets").await;
    check("clean_disk", json!({"targets": [], "confirm": true}), "targets").await;
    check("clean_disk", json!({"targets": ["temp", "/home"], "confirm": true}), "targets[1]").await;
    check("clean_disk", json!({"targets": ["temp"], "older_than_days": 4000, "confirm": true}), "older_than_days")
        .await;
    check("firewall_rule", json!({"action": "open", "port": 0, "confirm": true}), "port").await;
    check("firewall_rule", json!({"action": "open", "port": 65_536, "confirm": true}), "port").await;
    check("firewall_rule", json!({"action": "flush", "port": 80, "confirm": true}), "action").await;
    check("run_command", json!({"program": "df", "args": "-h", "confirm": true}), "args").await;
    check("run_command", json!({"program": "df", "args": vec!["-h"; 51], "confirm": true}), "args").await;
    check("run_command", json!({"program": "df", "env": {"LANG": "$(id)"}, "confirm": true}), "env").await;
}
