//! The settings of a project as Compose understands them: what would give its containers the machine itself, and how they are
//! shown without the values of variables.

use serde_json::{Map, Value};
use workbench::Roots;

use crate::{
    privilege::{self, Held, Privilege, held},
    shown::HIDDEN,
};

/// The privileges of all of its containers.
pub(crate) fn privileges(settings: &Value, roots: &Roots) -> Vec<Held> {
    let services = members(&settings["services"]).flat_map(|service| of_service(service, roots));
    let files = ["secrets", "configs"].into_iter().flat_map(|kind| members(&settings[kind]));
    let files = files.filter_map(|file| privilege::folder(file["file"].as_str()?, roots));
    let devices = members(&settings["volumes"]);
    let devices = devices.filter_map(|volume| privilege::folder(volume["driver_opts"]["device"].as_str()?, roots));
    let networks = members(&settings["networks"]).filter(|network| network["name"] == "host");
    let networks = networks.map(|_| held(Privilege::HostNetwork, "the network of the machine"));
    services.chain(files).chain(devices).chain(networks).collect()
}

fn of_service(service: &Value, roots: &Roots) -> Vec<Held> {
    let mut all = Vec::new();
    if service["privileged"] == true {
        all.push(held(Privilege::Privileged, "a service is privileged"));
    }
    if service["use_api_socket"] == true {
        all.push(held(Privilege::EngineSocket, "a service gets the socket of the engine"));
    }
    for key in ["cap_add", "devices", "device_cgroup_rules"] {
        if service[key].as_array().is_some_and(|items| !items.is_empty()) {
            all.push(held(Privilege::Privileged, format!("`{key}` of a service")));
        }
    }
    for option in texts(&service["security_opt"]).filter(|option| privilege::loosens(option)) {
        all.push(held(Privilege::Privileged, option));
    }
    if service["network_mode"] == "host" || service["build"]["network"] == "host" {
        all.push(held(Privilege::HostNetwork, "the network of the machine"));
    }
    for key in ["pid", "ipc", "userns_mode", "uts"] {
        if service[key] == "host" {
            all.push(held(Privilege::HostProcesses, format!("`{key}: host` of a service")));
        }
    }
    let mounts = service["volumes"].as_array().into_iter().flatten().filter(|mount| mount["type"] == "bind");
    all.extend(mounts.filter_map(|mount| privilege::folder(mount["source"].as_str()?, roots)));
    all.extend(of_build(&service["build"], roots));
    all
}

/// What an image is built from is sent to the engine, so it must be allowed too.
fn of_build(build: &Value, roots: &Roots) -> Vec<Held> {
    if build.is_null() {
        return Vec::new();
    }
    let more = members(&build["additional_contexts"]).filter_map(Value::as_str);
    let contexts = build["context"].as_str().into_iter().chain(more);
    let outside = |context: &str| {
        let is_local = context.starts_with('/');
        let elsewhere = || Some(held(Privilege::HostFolders, format!("the build from {context}")));
        if is_local { privilege::folder(context, roots) } else { elsewhere() }
    };
    let mut all: Vec<Held> = contexts.filter_map(outside).collect();
    // a Dockerfile may lie beside its folder, and a complaint about one would tell what is in it
    if let (Some(context), Some(file)) = (build["context"].as_str(), build["dockerfile"].as_str()) {
        let file = if file.starts_with('/') { file.to_owned() } else { format!("{context}/{file}") };
        all.extend(privilege::folder(&file, roots));
    }
    if build["privileged"] == true || build["entitlements"].as_array().is_some_and(|all| !all.is_empty()) {
        all.push(held(Privilege::Privileged, "the build of a service is privileged"));
    }
    if !build["ssh"].is_null() {
        all.push(held(Privilege::HostFolders, "the build of a service uses ssh keys"));
    }
    all
}

/// The same settings without the values of variables and of arguments of builds.
pub(crate) fn hidden(mut settings: Value) -> Value {
    for service in settings["services"].as_object_mut().into_iter().flat_map(Map::values_mut) {
        if let Some(variables) = service.get_mut("environment") {
            hide(variables);
        }
        if let Some(arguments) = service.get_mut("build").and_then(|build| build.get_mut("args")) {
            hide(arguments);
        }
    }
    settings
}

fn hide(variables: &mut Value) {
    for value in variables.as_object_mut().into_iter().flat_map(Map::values_mut) {
        *value = HIDDEN.into();
    }
}

fn members(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_object().into_iter().flat_map(Map::values)
}

fn texts(value: &Value) -> impl Iterator<Item = &str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str)
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use workbench::Denied;

    use super::*;

    #[test]
    fn every_way_to_the_machine_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let roots = Roots::open([folder.path()], Denied::system()).unwrap();
        let check = |settings: Value, expected: Option<Privilege>| {
            assert_eq!(privileges(&settings, &roots).first().map(|held| held.privilege), expected, "{settings}");
        };
        let service = |service: Value| json!({"services": {"web": service}});
        check(service(json!({"image": "app"})), None);
        check(service(json!({"privileged": true})), Some(Privilege::Privileged));
        check(service(json!({"cap_add": ["ALL"]})), Some(Privilege::Privileged));
        check(service(json!({"security_opt": ["apparmor:unconfined"]})), Some(Privilege::Privileged));
        check(service(json!({"network_mode": "host"})), Some(Privilege::HostNetwork));
        check(service(json!({"pid": "host"})), Some(Privilege::HostProcesses));
        check(service(json!({"use_api_socket": true})), Some(Privilege::EngineSocket));
        let bind = |source: &str| service(json!({"volumes": [{"type": "bind", "source": source}]}));
        check(bind("/"), Some(Privilege::HostFolders));
        check(bind("/run/docker.sock"), Some(Privilege::EngineSocket));
        check(bind(&format!("{}/data", folder.path().display())), None);
        check(service(json!({"build": {"context": "/etc"}})), Some(Privilege::HostFolders));
        check(service(json!({"build": {"context": "https://example.org/x.git"}})), Some(Privilege::HostFolders));
        check(service(json!({"build": {"context": folder.path(), "privileged": true}})), Some(Privilege::Privileged));
        check(service(json!({"build": {"context": folder.path(), "dockerfile": "Dockerfile"}})), None);
        for file in ["/etc/shadow", "../../etc/shadow"] {
            let build = json!({"build": {"context": folder.path(), "dockerfile": file}});
            check(service(build), Some(Privilege::HostFolders));
        }
        check(json!({"secrets": {"key": {"file": "/etc/shadow"}}}), Some(Privilege::HostFolders));
        check(json!({"volumes": {"all": {"driver_opts": {"device": "/", "o": "bind"}}}}), Some(Privilege::HostFolders));
        check(json!({"networks": {"out": {"name": "host", "external": true}}}), Some(Privilege::HostNetwork));
    }

    #[test]
    fn values_of_variables_are_not_shown() {
        let settings = json!({"services": {"web": {"environment": {"TOKEN": "hunter2"}, "build": {"args": {"KEY": "hunter2"}}},
            "db": {"image": "db"}}});
        let shown = hidden(settings).to_string();
        assert!(shown.contains("TOKEN") && shown.contains("KEY") && !shown.contains("hunter2"), "{shown}");
    }
}
