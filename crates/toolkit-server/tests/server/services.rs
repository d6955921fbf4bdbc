//! Services of a real systemd: seen, started, stopped, read and followed; and those that stay as they are.

use serde_json::{Value, json};

use crate::lab::boot;

fn confirmed(service: &str) -> Value {
    json!({"service": service, "confirm": true})
}

#[test]
fn services_are_seen_and_brought_up_and_down() {
    let mut lab = boot();
    let listed = lab.good("list_services", &json!({"pattern": "^lab-"}));
    let names: Vec<&str> = listed["services"].as_array().unwrap().iter().filter_map(|it| it["name"].as_str()).collect();
    assert_eq!(names, ["lab-broken.service", "lab-slow.service", "lab-steady.service"]);
    assert_eq!(lab.good("service_status", &json!({"serviceName": "lab-steady"}))["active"], "inactive");

    let started = lab.good("start_service", &confirmed("lab-steady"));
    assert_eq!((&started["new_status"], &started["changed"]), (&json!("active"), &json!(true)), "{started}");
    let again = lab.good("start_service", &confirmed("lab-steady.service"));
    assert_eq!((&again["new_status"], &again["changed"]), (&json!("active"), &json!(false)));
    let status = lab.good("service_status", &json!({"service": "lab-steady"}));
    let native = lab.run(&["systemctl", "show", "--value", "--property=MainPID", "lab-steady"]);
    assert_eq!(status["pid"].to_string(), native.trim());
    // a kernel whose control groups do not count memory has nothing to tell
    let native = lab.run(&["systemctl", "show", "--value", "--property=MemoryCurrent", "lab-steady"]);
    assert_eq!(status["memory_bytes"].is_u64(), native.trim().parse::<u64>().is_ok(), "{native} {status}");
    assert!(status["logs"].to_string().contains("steady is up"), "{status}");
    let running = lab.good("list_services", &json!({"filter": "active", "pattern": "lab-steady"}));
    assert_eq!(running["services"][0]["status"], "running");

    let reloaded = lab.good("reload_service", &confirmed("lab-steady"));
    assert_eq!(reloaded["new_status"], "active");
    let restarted = lab.good("restart_service", &confirmed("lab-steady"));
    assert_eq!(restarted["new_status"], "active");
    assert_ne!(lab.good("service_status", &json!({"service": "lab-steady"}))["pid"], status["pid"]);
    let stopped = lab.good("stop_service", &confirmed("lab-steady"));
    assert_eq!((&stopped["new_status"], &stopped["changed"]), (&json!("inactive"), &json!(true)));
    assert_eq!(lab.good("stop_service", &confirmed("lab-steady"))["changed"], false);

    let timers = lab.good("list_timers", &json!({"active": true}));
    let later = timers["timers"].as_array().unwrap().iter().find(|timer| timer["name"] == "lab-later.timer").unwrap();
    assert_eq!(later["starts"], "lab-steady.service");
}

#[test]
fn what_fails_is_told_and_what_must_stay_stays() {
    let mut lab = boot();
    let healthy = lab.good("health_check", &json!({"checks": ["services"]}));
    assert_eq!(healthy["checks"]["services"]["state"], "ok", "{healthy}");
    assert_eq!(lab.bad("start_service", &confirmed("lab-broken")), "UPSTREAM_ERROR");
    let broken = lab.good("service_status", &json!({"service": "lab-broken"}));
    assert_eq!(broken["active"], "failed");
    assert!(broken["logs"].to_string().contains("the disk of the lab is missing"), "{broken}");
    let sick = lab.good("health_check", &json!({"checks": ["services"]}));
    assert_eq!((&sick["status"], &sick["checks"]["services"]["value"]), (&json!("warning"), &json!(1.0)));
    assert!(sick["alerts"][0].as_str().unwrap().contains("lab-broken.service"), "{sick}");

    assert_eq!(lab.bad("start_service", &json!({"service": "lab-slow", "wait_s": 1, "confirm": true})), "TIMEOUT");
    assert_eq!(lab.good("service_status", &json!({"service": "lab-slow"}))["active"], "activating");
    assert_eq!(lab.bad("reload_service", &confirmed("lab-broken")), "NOT_SUPPORTED");
    assert_eq!(lab.bad("start_service", &confirmed("lab-stead")), "NOT_FOUND");
    assert_eq!(lab.bad("service_status", &json!({"service": "no-such-thing"})), "NOT_FOUND");
    assert_eq!(lab.bad("stop_service", &json!({"service": "lab-steady"})), "CONFIRMATION_REQUIRED");

    for service in ["dbus", "dbus.service", "dbus.socket", "systemd-networkd", "ssh", "NetworkManager", "switchboard"] {
        assert_eq!(lab.bad("stop_service", &confirmed(service)), "FORBIDDEN", "{service}");
        assert_eq!(lab.bad("restart_service", &json!({"service": service, "dry_run": true})), "FORBIDDEN", "{service}");
    }
    for service in ["systemd-poweroff", "systemd-reboot", "rescue", "emergency"] {
        assert_eq!(lab.bad("start_service", &confirmed(service)), "FORBIDDEN", "{service}");
    }
    assert_eq!(lab.bad("start_service", &confirmed("poweroff.target")), "INVALID_INPUT");
    assert_eq!(lab.run(&["systemctl", "is-active", "dbus"]).trim(), "active");
}

#[test]
fn logs_are_read_on_from_a_place_and_followed() {
    let mut lab = boot();
    lab.good("start_service", &confirmed("lab-steady"));
    let first = lab.good("service_logs", &json!({"service": "lab-steady", "since": "1h"}));
    assert!(first["entries"].to_string().contains("steady is up"), "{first}");
    let cursor = &first["next_cursor"];
    let nothing = lab.good("service_logs", &json!({"service": "lab-steady", "cursor": cursor}));
    assert_eq!(nothing["entries"], json!([]), "{nothing}");
    lab.good("reload_service", &confirmed("lab-steady"));
    let more = lab.good("service_logs", &json!({"service": "lab-steady", "cursor": cursor}));
    assert!(more["entries"].to_string().contains("steady is reloaded"), "{more}");
    assert!(!more["entries"].to_string().contains("steady is up"), "{more}");
    let grave = lab.good("service_logs", &json!({"service": "lab-steady", "priority": "err"}));
    assert_eq!(grave["entries"], json!([]));
    let one = lab.good("service_logs", &json!({"service": "lab-steady", "lines": 1}));
    assert_eq!(one["entries"].as_array().unwrap().len(), 1);

    let arguments = json!({"service": "lab-steady", "cursor": cursor, "follow": true, "timeout_s": 6});
    let followed = lab.call("service_logs", &arguments);
    assert!(followed.progress.iter().any(|line| line.contains("steady is reloaded")), "{:?}", followed.progress);
    assert!(followed.result["structuredContent"]["next_cursor"].is_string(), "{}", followed.result);
    let text = followed.result["content"][0]["text"].as_str().unwrap();
    assert!(text.contains("steady is reloaded\n"), "{text}");

    assert_eq!(lab.bad("service_logs", &json!({"service": "no-such-thing"})), "NOT_FOUND");
    for arguments in [
        json!({"service": "lab-steady", "since": "yesterday; id"}),
        json!({"service": "lab-steady", "cursor": "--file=/etc/shadow"}),
        json!({"service": "lab-steady", "lines": 0}),
        json!({"service": "lab-steady", "priority": "shout"}),
    ] {
        assert_eq!(lab.bad("service_logs", &arguments), "INVALID_INPUT", "{arguments}");
    }
}
