//! Compose projects, by the real plugin, with a real Docker.

use serde_json::{Value, json};

use crate::lab::{IMAGE, Lab};

/// Two services, one of which sees a folder and keeps data.
fn shop() -> String {
    format!(
        "services:
  web:
    image: {IMAGE}
    command: [sh, -c, 'echo web is up; sleep 600']
    environment: {{TOKEN: hunter2}}
    volumes: ['./page:/page:ro', 'data:/data']
    depends_on: [db]
    stop_grace_period: 1s
  db:
    image: {IMAGE}
    command: [sleep, '600']
    stop_grace_period: 1s
volumes: {{data: {{}}}}
"
    )
}

fn states(services: &Value) -> Vec<(&str, &str)> {
    services["services"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|service| (service["name"].as_str().expect("a text"), service["state"].as_str().expect("a text")))
        .collect()
}

#[test]
fn a_project_goes_up_is_looked_at_and_goes_down() {
    let mut lab = Lab::boot("docker");
    lab.write("shop/compose.yaml", &shop());
    lab.write("shop/page/index.html", "hello");
    let config = lab.good("compose_config", &json!({"compose_file": "shop"}));
    assert_eq!((&config["config"]["name"], &config["problems"]), (&json!("shop"), &json!([])), "{config}");
    assert!(!config.to_string().contains("hunter2"), "{config}");

    let planned = lab.good("compose_up", &json!({"path": "shop", "dry_run": true}));
    assert!(planned["plan"][0].as_str().expect("a text").contains("compose --ansi=never"), "{planned}");
    assert_eq!(lab.good("compose_list", &json!({}))["projects"], json!([]));
    let up = lab.good("docker_compose_up", &json!({"composeFile": "shop/compose.yaml"}));
    assert_eq!(states(&up), [("db", "running"), ("web", "running")], "{up}");
    assert!(up["changed"].to_string().contains("started container shop-web-1"), "{up}");
    let again = lab.good("compose_up", &json!({"path": "shop", "services": ["db"], "wait": false}));
    assert!(!again["changed"].to_string().contains("web"), "{again}");

    assert_eq!(
        lab.good("compose_list", &json!({}))["projects"],
        json!([{"project": "shop", "running": 2, "containers": 2}])
    );
    assert_eq!(states(&lab.good("compose_ps", &json!({"project": "shop"}))), [("db", "running"), ("web", "running")]);
    let logs = lab.good("compose_logs", &json!({"path": "shop", "services": ["web"]}));
    assert!(logs["logs"].as_str().expect("a text").contains("web is up"), "{logs}");
    let arguments = json!({"project": "shop", "serviceName": "web", "command": ["ls", "/page"], "confirm": true});
    assert_eq!(lab.good("compose_exec", &arguments)["stdout"], "index.html\n");
    let restarted = lab.good("compose_restart", &json!({"project": "shop", "service": "db", "timeout_s": 60}));
    assert_eq!(restarted["changed"], json!(["restarted container shop-db-1"]), "{restarted}");
    let scale = |replicas: u32| json!({"path": "shop", "service": "db", "replicas": replicas, "confirm": true});
    assert_eq!(lab.good("compose_scale", &scale(2))["services"].as_array().expect("a list").len(), 3);
    assert_eq!(lab.bad("compose_scale", &scale(101)), "INVALID_INPUT");

    assert_eq!(lab.bad("compose_up", &json!({"path": "shop", "services": ["wbe"]})), "NOT_FOUND");
    assert_eq!(lab.bad("compose_down", &json!({"path": "shop"})), "CONFIRMATION_REQUIRED");
    assert_eq!(lab.bad("compose_down", &json!({"path": "shop", "project": "shop", "confirm": true})), "INVALID_INPUT");
    let down = lab.good("docker_compose_down", &json!({"project": "shop", "confirm": true}));
    assert!(down["removed"].to_string().contains("removed container shop-web-1"), "{down}");
    assert_eq!(lab.good("compose_list", &json!({}))["projects"], json!([]));
    assert!(lab.good("list_volumes", &json!({}))["volumes"].to_string().contains("shop_data"));
    lab.good("compose_down", &json!({"path": "shop", "volumes": true, "confirm": true}));
    assert_eq!(lab.good("list_volumes", &json!({}))["total"], 0);
}

#[test]
fn a_project_that_would_have_the_machine_does_not_go_up() {
    let mut lab = Lab::boot("docker");
    for hostile in [
        "privileged: true",
        "network_mode: host",
        "pid: host",
        "cap_add: [SYS_ADMIN]",
        "volumes: ['/:/machine']",
        "volumes: ['/run/docker.sock:/run/docker.sock']",
        "devices: ['/dev/null:/dev/null']",
    ] {
        lab.write("bad/compose.yaml", &format!("services:\n  web:\n    image: {IMAGE}\n    {hostile}\n"));
        assert_eq!(lab.bad("compose_up", &json!({"path": "bad"})), "FORBIDDEN", "{hostile}");
        let config = lab.good("compose_config", &json!({"path": "bad"}));
        assert_eq!(config["problems"].as_array().map(Vec::len), Some(1), "{hostile}: {config}");
    }
    lab.write("bad/compose.yaml", &format!("services:\n  web:\n    image: {IMAGE}\n    env_file: /etc/hostname\n"));
    assert_eq!(lab.bad("compose_config", &json!({"path": "bad"})), "PATH_DENIED");
    lab.write("bad/compose.yaml", "services:\n  web:\n    imagine: this\n");
    let wrong = lab.good("compose_config", &json!({"path": "bad"}));
    assert!(wrong["config"].is_null() && wrong["problems"].to_string().contains("imagine"), "{wrong}");
    assert_eq!(lab.bad("compose_up", &json!({"path": "bad"})), "COMMAND_FAILED");
    assert_eq!(lab.bad("compose_up", &json!({"path": "/etc"})), "PATH_DENIED");
    assert_eq!(lab.bad("compose_up", &json!({"path": "."})), "NOT_FOUND");
    assert_eq!(lab.good("list_containers", &json!({"all": true}))["total"], 0);
}

#[test]
fn a_machine_without_the_plugin_is_told_how_to_get_it() {
    let mut lab = Lab::boot("docker");
    lab.write("shop/compose.yaml", &shop());
    lab.run(&[
        "sh",
        "-c",
        "rm -f /usr/libexec/docker/cli-plugins/docker-compose /usr/lib/docker/cli-plugins/docker-compose",
    ]);
    let missing = lab.error("compose_up", &json!({"path": "shop"}));
    assert_eq!(missing["code"], "DEPENDENCY_MISSING", "{missing}");
    assert!(missing["hint"].as_str().expect("a text").contains("apt install"), "{missing}");
}
