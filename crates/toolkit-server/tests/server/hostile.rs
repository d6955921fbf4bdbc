//! Arguments that are meant to do harm, at every string of every tool: nothing happens, and the answer says why.

use serde_json::{Value, json};

use crate::client::Client;

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
const STRINGS: [(&str, &str, &[&str]); 13] = [
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
    ("list_mounts", "fs_type", &[]),
    ("list_ports", "process", &[]),
];

#[tokio::test]
async fn hostile_strings_are_refused_or_find_nothing() {
    let mut client = Client::connect();
    for (tool, argument, codes) in STRINGS {
        for text in strings() {
            let mut arguments = json!({argument: text});
            if tool.ends_with("_service") || tool == "process_signal" {
                arguments["confirm"] = true.into();
            }
            if tool == "process_signal" {
                arguments["pid"] = 1.into();
            }
            if codes.is_empty() {
                client.good(tool, &arguments).await;
            } else {
                let code = client.bad(tool, &arguments).await;
                assert!(codes.contains(&&*code), "{tool} {argument} {text:.60?}: {code}");
            }
        }
    }
    assert!(!std::path::Path::new("/tmp/switchboard-was-here").exists());
}

#[tokio::test]
async fn arguments_of_the_wrong_kind_are_named() {
    let mut client = Client::connect();
    let mut check = async |tool: &str, arguments: Value, field: &str| {
        let result = client.call(tool, &arguments).await;
        let error = &result["_meta"]["dev.switchboard/error"];
        assert_eq!((&error["code"], &error["field"]), (&json!("INVALID_INPUT"), &json!(field)), "{tool} {arguments}");
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
}
