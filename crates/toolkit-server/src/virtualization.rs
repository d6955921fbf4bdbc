//! Whether this machine is a guest of another: which hypervisor, which container engine. It goes by what the guest can
//! see without rights; an engine that hides itself well is not found.

use std::{fs, path::Path};

/// Words in what the firmware says of the machine, and the hypervisor each gives away.
const FIRMWARE: [(&str, &str); 11] = [
    ("kvm", "kvm"),
    ("qemu", "qemu"),
    ("vmware", "vmware"),
    ("virtualbox", "virtualbox"),
    ("innotek", "virtualbox"),
    ("xen", "xen"),
    ("microsoft corporation virtual", "hyper-v"),
    ("amazon ec2", "amazon"),
    ("google compute", "google"),
    ("parallels", "parallels"),
    ("bhyve", "bhyve"),
];

/// Words in the name of the first control group, and the engine each gives away.
const CGROUPS: [(&str, &str); 5] = [
    ("docker", "docker"),
    ("libpod", "podman"),
    ("kubepods", "kubernetes"),
    ("lxc", "lxc"),
    ("containerd", "containerd"),
];

/// The hypervisor under this machine.
pub(crate) fn hypervisor() -> Option<String> {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    if read("/proc/sys/kernel/osrelease").to_lowercase().contains("microsoft") {
        return Some("wsl".to_owned());
    }
    let vendor = read("/sys/class/dmi/id/sys_vendor");
    let product = read("/sys/class/dmi/id/product_name");
    let firmware = format!("{} {}", vendor.trim(), product.trim());
    let kind = read("/sys/hypervisor/type");
    let known = find(&FIRMWARE, &firmware).or_else(|| (!kind.trim().is_empty()).then(|| kind.trim().to_owned()));
    known.or_else(|| read("/proc/cpuinfo").contains(" hypervisor").then(|| "unknown".to_owned()))
}

/// The container engine in which we run.
pub(crate) fn container() -> Option<String> {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let told = read("/run/systemd/container");
    if !told.trim().is_empty() {
        return Some(told.trim().to_owned());
    }
    if Path::new("/.dockerenv").exists() {
        return Some("docker".to_owned());
    }
    if Path::new("/run/.containerenv").exists() {
        return Some("podman".to_owned());
    }
    find(&CGROUPS, &read("/proc/1/cgroup"))
}

fn find(words: &[(&str, &str)], text: &str) -> Option<String> {
    let text = text.to_lowercase();
    words.iter().find(|(word, _)| text.contains(word)).map(|(_, name)| (*name).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guest_is_told_by_the_words_of_its_host() {
        let check = |words: &[(&str, &str)], text: &str, expected: Option<&str>| {
            assert_eq!(find(words, text).as_deref(), expected, "{text}");
        };
        check(&FIRMWARE, "QEMU Standard PC (Q35 + ICH9, 2009)", Some("qemu"));
        check(&FIRMWARE, "Microsoft Corporation Virtual Machine", Some("hyper-v"));
        check(&FIRMWARE, "Microsoft Corporation Surface Pro", None);
        check(&FIRMWARE, "innotek GmbH VirtualBox", Some("virtualbox"));
        check(&FIRMWARE, "Dell Inc. PowerEdge R740", None);
        check(&CGROUPS, "0::/system.slice/docker-0123.scope", Some("docker"));
        check(&CGROUPS, "0::/machine.slice/libpod-0123.scope", Some("podman"));
        check(&CGROUPS, "0::/init.scope", None);
    }
}
