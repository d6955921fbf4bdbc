//! Images, volumes, new containers and what is run in them, with a real Docker and a real Podman.

use serde_json::json;

use crate::lab::{IMAGE, Lab};

#[test]
fn docker_builds_runs_and_keeps() {
    builds_runs_and_keeps("docker");
}

#[test]
fn podman_builds_runs_and_keeps() {
    builds_runs_and_keeps("podman");
}

fn builds_runs_and_keeps(engine: &'static str) {
    let mut lab = Lab::boot(engine);
    build(&mut lab);
    run(&mut lab);
    keep(&mut lab);
    prune(&mut lab);
}

/// A folder becomes an image with a second name, which goes again.
fn build(lab: &mut Lab) {
    lab.write("app/Dockerfile", &format!("FROM {IMAGE}\nARG WORD=none\nCOPY . /app\nRUN echo $WORD >/app/word\n"));
    lab.write("app/page.html", "hello");
    lab.write("app/secret.env", "TOKEN=hunter2");
    lab.write("app/.dockerignore", "*.env\n");
    let arguments = json!({"image": "shop:1", "path": "app", "build_args": {"WORD": "built"}});
    let mut planned = arguments.clone();
    planned["dry_run"] = json!(true);
    let plan = lab.good("build_image", &planned);
    assert!(plan["plan"][0].as_str().expect("a text").starts_with("send 3 files and folders"), "{plan}");
    let built = lab.call("build_image", &arguments);
    assert!(built.result["isError"] != true, "{}", built.result);
    assert!(built.progress.iter().any(|line| line.contains("COPY")), "{:?}", built.progress);
    let images = lab.good("list_images", &json!({"reference": "shop:1"}));
    assert!(images["images"][0]["tags"][0].as_str().is_some_and(|tag| tag.ends_with("shop:1")), "{images}");

    lab.write("broken/Dockerfile", &format!("FROM {IMAGE}\nRUN echo trouble; exit 3\n"));
    let broken = lab.error("build_image", &json!({"image": "broken", "path": "broken"}));
    assert_eq!(broken["code"], "DOCKER_ERROR", "{broken}");
    assert!(broken["details"]["log"].to_string().contains("trouble"), "{broken}");
    assert_eq!(lab.bad("build_image", &json!({"image": "x", "path": "nowhere"})), "NOT_FOUND");
    assert_eq!(lab.bad("build_image", &json!({"image": "x", "path": "/etc"})), "PATH_DENIED");
    assert_eq!(lab.bad("build_image", &json!({"image": "x", "path": "app", "platforms": ["a", "b"]})), "NOT_SUPPORTED");

    lab.good("tag_image", &json!({"image": "shop:1", "target": "shop:latest"}));
    let removed = lab.good("remove_image", &json!({"image": "shop:latest", "confirm": true}));
    assert!(removed["removed"].to_string().contains("shop:latest"), "{removed}");
    assert_eq!(lab.bad("remove_image", &json!({"image": "nothing:1", "confirm": true})), "NOT_FOUND");
}

#[test]
fn images_go_to_a_registry_and_come_back() {
    let mut lab = Lab::boot("docker");
    let image = json!({"image": "127.0.0.1:5000/team/lab:2"});
    assert_eq!(lab.bad("push_image", &image), "NOT_FOUND");
    assert_eq!(lab.bad("pull_image", &image), "NOT_FOUND");
    lab.good("tag_image", &json!({"image": IMAGE, "target": "127.0.0.1:5000/team/lab:2"}));
    let pushed = lab.call("push_image", &image);
    let digest = pushed.result["structuredContent"]["digest"].as_str().expect("a text").to_owned();
    assert!(digest.starts_with("sha256:") && !pushed.progress.is_empty(), "{}", pushed.result);
    lab.native(&["rmi", "127.0.0.1:5000/team/lab:2", IMAGE]);
    let plan = lab.good("run_container", &json!({"image": "127.0.0.1:5000/team/lab:2", "dry_run": true}));
    assert_eq!(plan["plan"][0], "pull the image `127.0.0.1:5000/team/lab:2`");
    let pulled = lab.good("pull_image", &image);
    assert_eq!(pulled["digest"].as_str(), Some(digest.as_str()), "{pulled}");
    lab.native(&["rmi", "127.0.0.1:5000/team/lab:2"]);
    // an image that is not there is fetched first
    let wish = json!({"image": "127.0.0.1:5000/team/lab:2", "command": ["true"], "rm": true});
    assert_eq!(lab.good("run_container", &wish)["changed"], true);
}

/// A container of it is run and entered; what would have the machine is not.
fn run(lab: &mut Lab) {
    lab.write("data/file", "content");
    let wish = json!({"image": "shop:1", "name": "shop", "command": ["sleep", "600"], "env": {"TOKEN": "hunter2-hunter2"},
        "volumes": ["./data:/seen:ro", "kept:/kept"], "limits": {"memory_bytes": 67_108_864}, "ports": ["18080:80"]});
    let running = lab.good("run_container", &wish);
    assert_eq!((&running["container"], &running["running"]), (&json!("shop"), &json!(true)), "{running}");
    assert_eq!(lab.bad("run_container", &wish), "ALREADY_EXISTS");
    let shop = lab.good("inspect_container", &json!({"container": "shop"}));
    assert_eq!(shop["ports"], json!(["127.0.0.1:18080->80/tcp"]), "{shop}");
    assert_eq!(shop["privileges"], json!([]), "{shop}");

    let mut exec = |command: serde_json::Value| {
        lab.good("exec_in_container", &json!({"container": "shop", "command": command, "confirm": true}))
    };
    let files = exec(json!(["ls", "/app", "/seen"]));
    assert_eq!(files["exit_code"], 0, "{files}");
    let stdout = files["stdout"].as_str().expect("a text");
    assert!(stdout.contains("page.html") && stdout.contains("file") && !stdout.contains("secret.env"), "{stdout}");
    assert_eq!(exec(json!(["cat", "/app/word"]))["stdout"], "built\n");
    let failed = exec(json!(["sh", "-c", "echo no >&2; exit 4"]));
    assert_eq!((&failed["exit_code"], &failed["stderr"]), (&json!(4), &json!("no\n")), "{failed}");
    // no shell reads what a caller wrote
    assert_eq!(exec(json!(["echo", "$(id); `id` && id"]))["stdout"], "$(id); `id` && id\n");
    let unconfirmed = lab.bad("exec_in_container", &json!({"container": "shop", "command": ["id"]}));
    assert_eq!(unconfirmed, "CONFIRMATION_REQUIRED");

    for hostile in [
        json!({"volumes": ["/:/machine"]}),
        json!({"volumes": ["/etc:/etc:ro"]}),
        json!({"volumes": ["/run/docker.sock:/run/docker.sock"]}),
        json!({"volumes": ["/srv/../etc:/etc"]}),
        json!({"network": "host"}),
    ] {
        let mut wish = hostile.clone();
        wish["image"] = json!(IMAGE);
        assert_eq!(lab.bad("run_container", &wish), "FORBIDDEN", "{hostile}");
    }
    lab.native(&["run", "--detach", "--name", "mighty", "--privileged", IMAGE, "sleep", "600"]);
    let entered = lab.error("exec_in_container", &json!({"container": "mighty", "command": ["id"], "confirm": true}));
    assert_eq!(entered["code"], "FORBIDDEN", "{entered}");
    assert!(entered["hint"].as_str().expect("a text").contains("SWITCHBOARD_DOCKER_ALLOW"), "{entered}");
    lab.native(&["rm", "--force", "mighty"]);
}

/// A volume goes into a file and comes back.
fn keep(lab: &mut Lab) {
    lab.native(&["exec", "shop", "sh", "-c", "echo precious >/kept/thing"]);
    let saved = lab.good("backup_volume", &json!({"name": "kept", "file": "kept.tar"}));
    assert!(saved["size"].as_u64().is_some_and(|size| size > 512), "{saved}");
    lab.native(&["exec", "shop", "sh", "-c", "echo lost >/kept/thing"]);
    lab.good("restore_volume", &json!({"name": "kept", "file": "kept.tar", "confirm": true}));
    assert_eq!(lab.native(&["exec", "shop", "cat", "/kept/thing"]), "precious\n");
    let containers = lab.good("list_containers", &json!({"all": true}));
    assert_eq!(containers["total"], 1, "the container that showed the volume is gone: {containers}");

    assert_eq!(lab.bad("backup_volume", &json!({"name": "nothing", "file": "nothing.tar"})), "NOT_FOUND");
    assert_eq!(lab.bad("backup_volume", &json!({"name": "kept", "file": "/etc/kept.tar"})), "PATH_DENIED");
    assert_eq!(
        lab.bad("restore_volume", &json!({"name": "kept", "file": "missing.tar", "confirm": true})),
        "NOT_FOUND"
    );
    assert_eq!(lab.good("create_volume", &json!({"name": "fresh"}))["name"], "fresh");
    assert_eq!(lab.bad("create_volume", &json!({"name": "fresh"})), "ALREADY_EXISTS");
    let volumes = lab.good("list_volumes", &json!({}));
    assert_eq!(volumes["total"], 2, "{volumes}");
    assert!(lab.good("list_networks", &json!({}))["total"].as_u64().is_some_and(|total| total > 0));
}

/// What nobody uses is named first, and nothing else goes.
fn prune(lab: &mut Lab) {
    lab.native(&["create", "--name", "done", IMAGE, "true"]);
    lab.native(&["network", "create", "lonely"]);
    let plan = lab.good("prune", &json!({"dry_run": true}));
    let steps: Vec<&str> = plan["plan"].as_array().expect("a list").iter().filter_map(|step| step.as_str()).collect();
    assert!(
        steps.contains(&"remove the container: `done`") && steps.contains(&"remove the network: `lonely`"),
        "{plan}"
    );
    assert!(!plan.to_string().contains("kept") && !plan.to_string().contains("`shop`"), "{plan}");
    assert_eq!(lab.bad("prune", &json!({})), "CONFIRMATION_REQUIRED");
    let pruned = lab.good("prune", &json!({"confirm": true}));
    assert!(pruned["removed"].to_string().contains("lonely"), "{pruned}");
    assert_eq!(lab.good("list_containers", &json!({"all": true}))["total"], 1);
    assert_eq!(lab.good("list_volumes", &json!({}))["total"], 2);
    assert_eq!(lab.good("prune", &json!({"dry_run": true}))["plan"], json!([]));
}
