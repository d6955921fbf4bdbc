//! What the toolkit reads, beside what the system's own programs say of the same machine.

use std::{collections::BTreeSet, net::TcpListener, time::Instant};

use serde_json::{Value, json};

use crate::{
    client::client,
    native::{print, start},
};

/// Two readings of something that moves may differ by so many percent of the larger.
const MOVES_PERCENT: f64 = 15.0;

fn about(one: f64, other: f64) -> bool {
    (one - other).abs() <= one.max(other) * MOVES_PERCENT / 100.0
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

#[tokio::test]
async fn the_system_is_what_uname_and_the_kernel_say() {
    let info = client().good("get_system_info", &json!({})).await;
    assert_eq!(info["kernel"], print("uname", &["-r"]).trim());
    assert_eq!(info["architecture"], print("uname", &["-m"]).trim());
    assert_eq!(info["hostname"], print("uname", &["-n"]).trim());
    assert_eq!(info["os"]["platform"], "linux");
    let cores: u64 = print("getconf", &["_NPROCESSORS_ONLN"]).trim().parse().unwrap();
    assert_eq!(info["cpu"]["cores"], cores);
    let uptime: f64 = print("cat", &["/proc/uptime"]).split(' ').next().unwrap().parse().unwrap();
    assert!((number(&info["uptime_s"]) - uptime).abs() < 10.0, "{info}");
}

#[tokio::test]
async fn memory_and_disks_are_what_free_and_df_say() {
    let usage = client().good("get_resource_usage", &json!({})).await;
    let free = print("free", &["-b"]);
    let memory: Vec<f64> =
        free.lines().nth(1).unwrap().split_whitespace().skip(1).map(|n| n.parse().unwrap()).collect();
    assert!((number(&usage["memory"]["total"]) - memory[0]).abs() < 1.0, "{free}");
    assert!(about(number(&usage["memory"]["available"]), memory[5]), "{free} {usage}");
    let df = print("df", &["--block-size=1", "--output=size,used,avail", "/"]);
    let disk: Vec<f64> = df.lines().nth(1).unwrap().split_whitespace().map(|n| n.parse().unwrap()).collect();
    let root = usage["disk"].as_array().unwrap().iter().find(|room| room["mount"] == "/").unwrap();
    assert!((number(&root["total"]) - disk[0]).abs() < 1.0, "{df} {root}");
    assert!(about(number(&root["used"]), disk[1]) && about(number(&root["available"]), disk[2]), "{df} {root}");
}

#[tokio::test]
async fn more_is_told_only_when_it_is_asked_for() {
    let mut client = client();
    let short = client.good("get_resource_usage", &json!({})).await;
    for absent in ["network", "gpu", "processes"] {
        assert!(short.get(absent).is_none(), "{absent}");
    }
    let aliases = json!({"detailed": true, "includeGpu": true, "includeProcesses": true, "topN": 3});
    let long = client.good("get_resource_usage", &aliases).await;
    assert_eq!(long["processes"].as_array().unwrap().len(), 3);
    assert!(long["gpu"].is_array());
    assert_eq!(long["cpu"]["per_core"].as_array().unwrap().len() as u64, long["cpu"]["cores"].as_u64().unwrap());
    assert!(long["network"].as_array().unwrap().iter().any(|interface| interface["name"] == "lo"));
}

#[tokio::test]
async fn a_busy_process_is_seen_to_be_busy() {
    let mut busy = start("sh", &["-c", "while :; do :; done"]);
    let listed = client().good("process_list", &json!({"filter": "while :; do", "top": 50})).await;
    busy.kill().unwrap();
    busy.wait().unwrap();
    let processes = listed["processes"].as_array().unwrap();
    let found = processes.iter().find(|process| process["pid"] == busy.id()).unwrap_or_else(|| panic!("{listed}"));
    assert!(number(&found["cpu_percent"]) > 5.0, "{found}");
    assert_eq!(found["name"], "sh");
}

#[tokio::test]
async fn a_process_is_what_ps_says_of_it() {
    let mut sleeper = start("sleep", &["600"]);
    let mut client = client();
    let listed = client.good("process_list", &json!({"filter": "sleep 600", "sort": "pid", "top": 1000})).await;
    let pid = sleeper.id().to_string();
    let ps = print("ps", &["-o", "ppid=,user=,nlwp=,args=", "-p", &pid]);
    sleeper.kill().unwrap();
    sleeper.wait().unwrap();
    let words: Vec<&str> = ps.split_whitespace().collect();
    let processes = listed["processes"].as_array().unwrap();
    let found = processes.iter().find(|process| process["pid"] == sleeper.id()).unwrap_or_else(|| panic!("{listed}"));
    assert_eq!(found["ppid"].to_string(), words[0]);
    assert_eq!(found["user"], words[1]);
    assert_eq!(found["threads"].to_string(), words[2]);
    assert_eq!(found["command"], words[3..].join(" "));
}

#[tokio::test]
async fn a_tree_has_children_behind_their_parents() {
    let listed = client().good("process_list", &json!({"tree": true, "top": 1000})).await;
    let processes = listed["processes"].as_array().unwrap();
    let mut seen = BTreeSet::new();
    for process in processes {
        let depth = process["depth"].as_u64().unwrap();
        assert!(depth == 0 || seen.contains(&process["ppid"].as_i64().unwrap()), "{process}");
        seen.insert(process["pid"].as_i64().unwrap());
    }
    assert!(processes.iter().any(|process| process["depth"].as_u64() > Some(0)));
}

#[tokio::test]
async fn users_are_those_of_the_account_file() {
    let mut client = client();
    let listed = client.good("list_users", &json!({"limit": 1000})).await;
    let names: Vec<&str> =
        listed["users"].as_array().unwrap().iter().filter_map(|user| user["name"].as_str()).collect();
    let native = print("cut", &["-d:", "-f1", "/etc/passwd"]);
    assert_eq!(names, native.lines().collect::<Vec<_>>());
    let root = client.good("process_list", &json!({"user": "0", "top": 1})).await;
    assert_eq!(root["processes"][0]["user"], "root");
}

#[tokio::test]
async fn mounts_are_those_of_the_kernel() {
    let mut client = client();
    let listed = client.good("list_mounts", &json!({"limit": 1000})).await;
    let count = print("cat", &["/proc/self/mountinfo"]).lines().count();
    assert_eq!(listed["total"].as_u64(), Some(count as u64));
    let root = listed["mounts"].as_array().unwrap().iter().find(|mount| mount["mount"] == "/").unwrap();
    assert_eq!(
        root["fs_type"],
        print("stat", &["--file-system", "--format=%T", "/"]).trim().replace("ext2/ext3", "ext4")
    );
    let none = client.good("list_mounts", &json!({"fs_type": "no-such-type"})).await;
    assert_eq!((&none["total"], &none["mounts"]), (&json!(0), &json!([])));
}

#[tokio::test]
async fn a_port_is_found_with_its_process() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let mut client = client();
    let listed = client.good("list_ports", &json!({"port": port, "protocol": "tcp"})).await;
    assert_eq!(listed["total"], 1, "{listed}");
    assert_eq!(listed["ports"][0]["pid"], std::process::id());
    assert_eq!(listed["ports"][0]["local_only"], true);
    let none = client.good("list_ports", &json!({"port": port, "protocol": "udp"})).await;
    assert_eq!(none["total"], 0);
}

#[tokio::test]
async fn health_is_told_check_by_check() {
    let mut client = client();
    let whole = client.good("health_check", &json!({})).await;
    let checks: Vec<&String> = whole["checks"].as_object().unwrap().keys().collect();
    assert_eq!(checks, ["cpu", "disk", "memory", "network", "services", "time"]);
    let part = client.good("health_check", &json!({"checks": ["disk"]})).await;
    let fullest = number(&part["checks"]["disk"]["value"]);
    assert_eq!(
        part["status"],
        if fullest >= 95.0 {
            "critical"
        } else if fullest >= 85.0 {
            "warning"
        } else {
            "healthy"
        }
    );
    assert_eq!(part["checks"].as_object().unwrap().len(), 1);
}

/// The target of the manual is 1.3; a busy machine of a test is given more, and the figure is printed.
#[tokio::test]
async fn resources_are_read_beside_top() {
    let mut client = client();
    let fastest = |times: Vec<f64>| times.into_iter().fold(f64::INFINITY, f64::min);
    let (mut own, mut native) = (Vec::new(), Vec::new());
    for _ in 0..5 {
        let started = Instant::now();
        client.good("get_resource_usage", &json!({"include_processes": true})).await;
        own.push(started.elapsed().as_secs_f64());
        let started = Instant::now();
        print("top", &["-bn1"]);
        native.push(started.elapsed().as_secs_f64());
    }
    let (own, native) = (fastest(own), fastest(native));
    println!("get_resource_usage {:.1} ms, top -bn1 {:.1} ms: {:.2} times", own * 1e3, native * 1e3, own / native);
    assert!(own <= native * 2.0, "{own} s against {native} s");
}
