//! Repositories that want to run something, or to lead out. Each first shows that plain git falls for it.

use std::{fs, os::unix::fs::symlink, path::Path};

use serde_json::json;

use super::{git, repository, try_git};
use crate::client::{Client, SECRET, client, trusting};

/// What a repository wants to make exist.
const CANARY: &str = "CANARY";

/// A way to make git run something.
struct Trap {
    name: &'static str,
    /// Puts it into a repository; it is given the command that makes the canary.
    set: fn(&Path, &str),
    /// What plain git does to fall for it.
    bait: &'static [&'static [&'static str]],
}

fn configure(folder: &Path, settings: &[(&str, &str)]) {
    for (key, value) in settings {
        git(folder, &["config", key, value]);
    }
}

fn write(folder: &Path, name: &str, content: &str) {
    fs::write(folder.join(name), content).expect("a file");
}

const TRAPS: &[Trap] = &[
    Trap {
        name: "hooks",
        set: |folder, command| {
            for hook in [
                "pre-commit",
                "post-checkout",
                "post-commit",
                "commit-msg",
                "post-index-change",
                "reference-transaction",
            ] {
                let path = folder.join(".git/hooks").join(hook);
                fs::create_dir_all(folder.join(".git/hooks")).expect("a folder");
                fs::write(&path, format!("#!/bin/sh\n{command}\n")).expect("a hook");
                let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
                fs::set_permissions(&path, mode).expect("a mode");
            }
        },
        bait: &[&["commit", "--allow-empty", "-m", "x"]],
    },
    Trap {
        name: "hooks elsewhere",
        set: |folder, command| {
            fs::create_dir_all(folder.join("husky")).expect("a folder");
            fs::write(folder.join("husky/pre-commit"), format!("#!/bin/sh\n{command}\n")).expect("a hook");
            let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
            fs::set_permissions(folder.join("husky/pre-commit"), mode).expect("a mode");
            configure(folder, &[("core.hooksPath", "husky")]);
        },
        bait: &[&["commit", "--allow-empty", "-m", "x"]],
    },
    Trap {
        name: "fsmonitor",
        set: |folder, command| configure(folder, &[("core.fsmonitor", &format!("{command}; false"))]),
        bait: &[&["status"]],
    },
    Trap {
        name: "filter",
        set: |folder, command| {
            write(folder, ".gitattributes", "*.txt filter=evil\n");
            let command = format!("{command}; cat");
            configure(folder, &[("filter.evil.clean", &command), ("filter.evil.smudge", &command)]);
            write(folder, "a.txt", "changed\n");
        },
        bait: &[&["add", "a.txt"]],
    },
    Trap {
        name: "filter that must succeed",
        set: |folder, command| {
            write(folder, ".git/info/attributes", "* filter=e=vil.x\n");
            configure(folder, &[("filter.e=vil.x.process", command), ("filter.e=vil.x.required", "true")]);
            write(folder, "a.txt", "changed\n");
        },
        bait: &[&["add", "a.txt"]],
    },
    Trap {
        name: "textconv",
        set: |folder, command| {
            write(folder, ".gitattributes", "*.txt diff=evil\n");
            configure(folder, &[("diff.evil.textconv", &format!("{command}; cat"))]);
            write(folder, "a.txt", "changed\n");
        },
        bait: &[&["diff"]],
    },
    Trap {
        name: "diff driver",
        set: |folder, command| {
            write(folder, ".gitattributes", "*.txt diff=evil\n");
            configure(folder, &[("diff.evil.command", command)]);
            write(folder, "a.txt", "changed\n");
        },
        bait: &[&["diff"]],
    },
    Trap {
        name: "external diff",
        set: |folder, command| {
            configure(folder, &[("diff.external", command)]);
            write(folder, "a.txt", "changed\n");
        },
        bait: &[&["diff"]],
    },
    Trap {
        name: "signing program",
        set: |folder, command| {
            let program = folder.join(".git/sign");
            fs::write(&program, format!("#!/bin/sh\n{command}\nexit 1\n")).expect("a program");
            let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
            fs::set_permissions(&program, mode).expect("a mode");
            let program = program.display().to_string();
            configure(folder, &[("commit.gpgSign", "true"), ("gpg.program", &program)]);
            write(folder, "a.txt", "changed\n");
        },
        bait: &[&["commit", "-am", "x"]],
    },
    Trap {
        name: "signature shown",
        set: |folder, command| {
            let program = folder.join(".git/show");
            fs::write(&program, format!("#!/bin/sh\n{command}\nexit 1\n")).expect("a program");
            let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
            fs::set_permissions(&program, mode).expect("a mode");
            let tree = git(folder, &["rev-parse", "HEAD^{tree}"]);
            let signed = format!(
                "tree {}\nauthor A <a@x> 1 +0000\ncommitter A <a@x> 1 +0000\ngpgsig -----BEGIN PGP SIGNATURE-----\n \n x\n -----END PGP SIGNATURE-----\n\nx\n",
                tree.trim()
            );
            write(folder, ".git/signed", &signed);
            let commit = git(folder, &["hash-object", "-t", "commit", "-w", ".git/signed"]);
            git(folder, &["reset", "--quiet", "--soft", commit.trim()]);
            configure(folder, &[("log.showSignature", "true"), ("gpg.program", &program.display().to_string())]);
        },
        bait: &[&["log"]],
    },
    Trap {
        name: "submodule",
        set: |folder, command| {
            let inner = folder.join("inner");
            fs::create_dir(&inner).expect("a folder");
            git(&inner, &["init", "--quiet"]);
            write(&inner, "s.txt", "s\n");
            git(&inner, &["add", "."]);
            git(&inner, &["commit", "--quiet", "-m", "s"]);
            git(folder, &["add", "inner"]);
            write(folder, ".gitmodules", "[submodule \"inner\"]\n\tpath = inner\n\turl = ./inner\n\tignore = none\n");
            git(folder, &["commit", "--quiet", "-m", "inner"]);
            configure(&inner, &[("core.fsmonitor", &format!("{command}; false"))]);
            write(&inner, ".gitattributes", "* filter=evil\n");
            configure(&inner, &[("filter.evil.clean", &format!("{command}; cat"))]);
            write(&inner, "s.txt", "changed\n");
        },
        bait: &[&["status"]],
    },
    Trap {
        name: "included configuration",
        set: |folder, command| {
            write(folder, ".git/more", &format!("[core]\n\tfsmonitor = \"{command}; false\"\n"));
            configure(folder, &[("include.path", "more")]);
        },
        bait: &[&["status"]],
    },
    Trap {
        name: "objects that are fetched by the way",
        set: |folder, command| {
            let settings = [
                ("core.repositoryFormatVersion", "1"),
                ("extensions.partialClone", "origin"),
                ("remote.origin.promisor", "true"),
                ("remote.origin.url", &format!("ext::sh -c {}", command.replace(' ', "% "))),
                ("protocol.ext.allow", "always"),
            ];
            configure(folder, &settings);
            let blob = git(folder, &["rev-parse", "HEAD:a.txt"]);
            let (start, end) = blob.trim().split_at(2);
            fs::remove_file(folder.join(".git/objects").join(start).join(end)).expect("an object");
            write(folder, "a.txt", "changed\n");
        },
        bait: &[&["diff"]],
    },
];

/// Calls every tool that may touch what is in a repository.
async fn call_all(client: &mut Client, trap: &str) {
    for (tool, arguments) in [
        ("git_init", json!({"path": "app"})),
        ("git_status", json!({"path": "app"})),
        ("git_diff", json!({"path": "app"})),
        ("git_diff", json!({"path": "app", "range": "HEAD"})),
        ("git_log", json!({"path": "app"})),
        ("git_branches", json!({"path": "app"})),
        ("git_checkout", json!({"path": "app", "ref": "new", "create": true})),
        ("git_commit", json!({"path": "app", "message": "x"})),
        ("git_checkout", json!({"path": "app", "ref": "main"})),
        ("project_tree", json!({"path": "app"})),
    ] {
        client.call(tool, &arguments).await;
        assert!(!client.on_disk(CANARY).exists(), "{trap}: {tool} ran it");
    }
}

#[tokio::test]
async fn nothing_of_a_hostile_repository_runs() {
    for trap in TRAPS {
        let mut client = client();
        repository(&client, "app");
        let (folder, canary) = (client.on_disk("app"), client.on_disk(CANARY));
        (trap.set)(&folder, &format!("touch {}", canary.display()));
        for bait in trap.bait {
            // whether git succeeds is not the question
            let _ = try_git(&folder, bait);
        }
        assert!(canary.exists(), "{}: plain git did not fall for it, so nothing is proved", trap.name);
        fs::remove_file(&canary).expect("the canary");
        // what the bait staged is taken back, so that there is something to do
        let _ = try_git(&folder, &["-c", "core.fsmonitor=false", "reset", "--quiet"]);
        let _ = fs::remove_file(&canary);
        call_all(&mut client, trap.name).await;
        client.assert_outside_is_untouched();
    }
}

#[tokio::test]
async fn hooks_and_filters_run_in_a_trusted_repository() {
    for trap in TRAPS.iter().filter(|trap| ["hooks", "filter"].contains(&trap.name)) {
        let mut client = trusting(&["app"]);
        repository(&client, "app");
        let canary = client.on_disk(CANARY);
        (trap.set)(&client.on_disk("app"), &format!("touch {}", canary.display()));
        client.put("app/b.txt", "b\n");
        client.good("git_commit", json!({"path": "app", "message": "x"})).await;
        assert!(canary.exists(), "{}", trap.name);
    }
}

#[tokio::test]
async fn a_repository_that_leads_out_is_refused() {
    type Lead = fn(&Path, &Path);
    let leads: &[(&str, Lead)] = &[
        ("a .git file", |app, outside| {
            fs::remove_dir_all(app.join(".git")).expect("a folder");
            write(app, ".git", &format!("gitdir: {}/.git\n", outside.display()));
        }),
        ("a linked .git", |app, outside| {
            fs::remove_dir_all(app.join(".git")).expect("a folder");
            symlink(outside.join(".git"), app.join(".git")).expect("a link");
        }),
        ("linked objects", |app, outside| {
            fs::remove_dir_all(app.join(".git/objects")).expect("a folder");
            symlink(outside.join(".git/objects"), app.join(".git/objects")).expect("a link");
        }),
        ("a linked index", |app, outside| {
            fs::remove_file(app.join(".git/index")).expect("a file");
            symlink(outside.join(".git/index"), app.join(".git/index")).expect("a link");
        }),
        ("linked refs", |app, outside| {
            fs::remove_dir_all(app.join(".git/refs/heads")).expect("a folder");
            symlink(outside.join(".git/refs/heads"), app.join(".git/refs/heads")).expect("a link");
        }),
        ("alternates", |app, outside| {
            write(app, ".git/objects/info/alternates", &format!("{}/.git/objects\n", outside.display()));
        }),
        ("a common folder", |app, outside| write(app, ".git/commondir", &format!("{}/.git\n", outside.display()))),
        ("a linked work tree", |app, outside| {
            fs::remove_dir_all(app).expect("a folder");
            symlink(outside, app).expect("a link");
        }),
    ];
    for (name, lead) in leads {
        let mut client = client();
        repository(&client, "app");
        let outside = tempfile::tempdir().expect("a folder");
        write(outside.path(), "secret.txt", SECRET);
        git(outside.path(), &["init", "--quiet"]);
        git(outside.path(), &["add", "."]);
        git(outside.path(), &["commit", "--quiet", "-m", SECRET]);
        lead(&client.on_disk("app"), outside.path());
        for (tool, arguments) in [
            ("git_status", json!({"path": "app"})),
            ("git_log", json!({"path": "app"})),
            ("git_diff", json!({"path": "app"})),
            ("git_commit", json!({"path": "app", "message": "x"})),
            ("git_init", json!({"path": "app"})),
        ] {
            assert_eq!(client.bad(tool, arguments).await.0, "PATH_DENIED", "{name}: {tool}");
        }
        assert_eq!(git(outside.path(), &["log", "--format=%s"]).trim(), SECRET, "{name}");
    }
}

#[tokio::test]
async fn a_work_tree_that_the_configuration_puts_elsewhere_is_not_taken() {
    let mut client = client();
    repository(&client, "app");
    let outside = tempfile::tempdir().expect("a folder");
    write(outside.path(), "secret.txt", SECRET);
    configure(&client.on_disk("app"), &[("core.worktree", &outside.path().display().to_string())]);
    let status = client.good("git_status", json!({"path": "app"})).await;
    assert_eq!(status["clean"], true, "{status}");
}
