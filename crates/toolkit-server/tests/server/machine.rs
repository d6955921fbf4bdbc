//! What changes a whole machine, on a machine of its own: packages, the disk, the firewall; and commands that only look.

use serde_json::json;

use crate::lab::boot;

#[test]
fn packages_are_listed_and_updated() {
    let mut lab = boot();
    let listed = lab.good("list_packages", &json!({"filter": "lab-"}));
    let versions: Vec<&str> =
        listed["packages"].as_array().unwrap().iter().filter_map(|it| it["version"].as_str()).collect();
    assert_eq!((versions, &listed["manager"]), (vec!["1.0", "1.0"], &json!("apt")), "{listed}");

    let plan = lab.good("update_packages", &json!({"dry_run": true}))["plan"].to_string();
    assert!(plan.contains("lab-urgent") && !plan.contains("lab-plain"), "{plan}");
    assert!(plan.contains("apt-get --yes"), "{plan}");
    assert_eq!(lab.bad("update_packages", &json!({})), "CONFIRMATION_REQUIRED");

    let updated = lab.good("update_packages", &json!({"confirm": true}));
    assert_eq!(updated["updated"], json!(["lab-urgent"]), "{updated}");
    let versions = lab.run(&["dpkg-query", "--show", "--showformat=${Version} ", "lab-plain", "lab-urgent"]);
    assert_eq!(versions.trim(), "1.0 1.1");
    let all = json!({"packages": ["lab-plain"], "security_only": false, "confirm": true});
    assert_eq!(lab.good("update_packages", &all)["updated"], json!(["lab-plain"]));
    assert_eq!(lab.good("update_packages", &all)["plan"], json!([]));
    for hostile in ["--purge", "-y", "a b", "$(id)", "../x.deb", "a\n", "a\0"] {
        let arguments = json!({"packages": [hostile], "confirm": true});
        assert_eq!(lab.bad("update_packages", &arguments), "INVALID_INPUT", "{hostile:?}");
    }
}

#[test]
fn the_disk_is_cleaned_of_what_is_old() {
    let mut lab = boot();
    lab.run(&[
        "sh",
        "-c",
        "echo old > /tmp/old; echo log > /var/log/app.log.1; echo live > /var/log/app.log; ln -s /etc /tmp/link",
    ]);
    let young = lab.good("clean_disk", &json!({"targets": ["temp", "logs"], "confirm": true}));
    assert_eq!(young["removed"][0]["files"], 0, "{young}");
    let plan = lab.good("clean_disk", &json!({"targets": ["temp", "logs"], "older_than_days": 0, "dry_run": true}));
    assert!(plan["plan"].to_string().contains("/tmp/old"), "{plan}");
    let cleaned = lab.good("clean_disk", &json!({"targets": ["temp", "logs"], "older_than_days": 0, "confirm": true}));
    assert!(cleaned["freed_bytes"].as_u64() > Some(0), "{cleaned}");
    assert_eq!(lab.run(&["ls", "/tmp"]).lines().filter(|name| !name.starts_with("systemd-private-")).count(), 0);
    assert_eq!(lab.run(&["ls", "/etc/os-release", "/var/log/app.log"]).lines().count(), 2);
    assert_eq!(lab.run(&["ls", "/var/log/app.log.1"]), "");

    lab.run(&["sh", "-c", "echo x > /var/cache/apt/archives/x_1_all.deb"]);
    let fetched = lab.good("clean_disk", &json!({"targets": ["package_cache", "journal"], "confirm": true}));
    assert!(fetched["freed_bytes"].as_u64() > Some(0), "{fetched}");
    assert_eq!(lab.run(&["ls", "/var/cache/apt/archives/x_1_all.deb"]), "");
    assert_eq!(lab.bad("clean_disk", &json!({"targets": ["docker"], "confirm": true})), "DEPENDENCY_MISSING");
    assert_eq!(lab.bad("clean_disk", &json!({"targets": [], "confirm": true})), "INVALID_INPUT");
    assert_eq!(lab.bad("clean_disk", &json!({"targets": ["home"], "confirm": true})), "INVALID_INPUT");
}

#[test]
fn a_port_of_the_firewall_is_opened_and_closed() {
    let mut lab = boot();
    assert_eq!(lab.good("firewall_status", &json!({}))["active"], false);
    let open = json!({"action": "open", "port": 8080, "confirm": true});
    assert_eq!(lab.bad("firewall_rule", &open), "NOT_SUPPORTED");
    lab.run(&[
        "nft",
        "add table inet filter; add chain inet filter input { type filter hook input priority 0; policy drop; }",
    ]);
    assert_eq!(lab.good("firewall_status", &json!({}))["default"], "drop");

    let opened = lab.good("firewall_rule", &open);
    assert_eq!((&opened["changed"], &opened["rules"][0]["port"]), (&json!(true), &json!("8080")), "{opened}");
    assert!(lab.run(&["nft", "list", "ruleset"]).contains("tcp dport 8080 accept"));
    assert_eq!(lab.good("firewall_rule", &open)["changed"], false);
    let close = json!({"action": "close", "port": 8080, "confirm": true});
    let plan = lab.good("firewall_rule", &json!({"action": "close", "port": 8080, "dry_run": true}));
    assert!(plan["plan"][0].as_str().unwrap().contains("nft delete rule inet filter input handle"), "{plan}");
    assert_eq!(lab.good("firewall_rule", &close)["changed"], true);
    assert!(!lab.run(&["nft", "list", "ruleset"]).contains("8080"));
    assert_eq!(lab.good("firewall_rule", &close)["changed"], false);

    assert_eq!(lab.bad("firewall_rule", &json!({"action": "close", "port": 22, "confirm": true})), "FORBIDDEN");
    for arguments in [
        json!({"action": "open", "port": 0, "confirm": true}),
        json!({"action": "open", "port": 65_536, "confirm": true}),
        json!({"action": "flush", "port": 80, "confirm": true}),
        json!({"action": "open", "port": 80, "protocol": "icmp", "confirm": true}),
        json!({"action": "open", "port": 80, "zone": "--reload", "confirm": true}),
    ] {
        assert_eq!(lab.bad("firewall_rule", &arguments), "INVALID_INPUT", "{arguments}");
    }
}

#[test]
fn commands_that_look_are_run_and_others_are_not() {
    let mut lab = boot();
    let run = lab.good("run_command", &json!({"program": "uname", "args": ["-n"], "confirm": true}));
    assert_eq!((&run["exit_code"], &run["stdout"]), (&json!(0), &json!(lab.run(&["uname", "-n"]))), "{run}");
    let failed =
        lab.good("run_command", &json!({"program": "getent", "args": ["passwd", "nobody-here"], "confirm": true}));
    assert_eq!(failed["exit_code"], 2);
    let within = json!({"program": "df", "args": ["-h"], "cwd": "/srv/lab", "env": {"COLUMNS": "80"}, "confirm": true});
    assert_eq!(lab.good("run_command", &within)["exit_code"], 0);
    let plan = lab.good("run_command", &json!({"program": "df", "dry_run": true}));
    assert_eq!(plan["plan"], json!(["run `df`: you asked for it, and it only looks"]));
    assert_eq!(lab.bad("run_command", &json!({"program": "df"})), "CONFIRMATION_REQUIRED");
    for (arguments, code) in [
        (json!({"program": "sh", "args": ["-c", "id"]}), "COMMAND_DENIED"),
        (json!({"program": "/usr/bin/df"}), "COMMAND_DENIED"),
        (json!({"program": "df", "args": ["--output=/tmp/x"]}), "COMMAND_DENIED"),
        (json!({"program": "systemctl", "args": ["status", "-H", "evil"]}), "COMMAND_DENIED"),
        (json!({"program": "systemctl", "args": ["stop", "dbus"]}), "COMMAND_DENIED"),
        (json!({"program": "df", "env": {"LD_PRELOAD": "/tmp/x.so"}}), "COMMAND_DENIED"),
        (json!({"program": "df", "env": {"LANG": "../../x"}}), "INVALID_INPUT"),
        (json!({"program": "df", "cwd": "/etc"}), "PATH_DENIED"),
        (json!({"program": "df", "cwd": "../root"}), "PATH_DENIED"),
        (json!({"program": "lscpu", "args": ["a\u{0}b"]}), "COMMAND_DENIED"),
        (json!({"program": "df", "stdin": "x".repeat(70_000)}), "TOO_LARGE"),
    ] {
        let mut arguments = arguments;
        arguments["confirm"] = true.into();
        assert_eq!(lab.bad("run_command", &arguments), code, "{arguments:.200}");
    }
}
