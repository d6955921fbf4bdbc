//! A configuration of many parts: flags over environment over profile over file, and the secrets beside them.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use config::{Environment, Loaded, Source};
use tempfile::TempDir;

/// A folder with these files, `switchboard.toml` among them.
fn folder(files: &[(&str, &str)]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder can be made");
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("a file has a folder")).expect("a folder can be made");
        fs::write(&path, text).expect("a file can be written");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("a mode can be set");
    }
    let file = folder.path().join("switchboard.toml");
    (folder, file)
}

fn load(file: &std::path::Path, profile: Option<&str>, set: &[(&str, &str)], variables: &[(&str, &str)]) -> Loaded {
    let pair = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
    let source = Source {
        file: Some(file.to_owned()),
        profile: profile.map(str::to_owned),
        set: set.iter().map(pair).collect(),
    };
    source.load_in(&variables.iter().map(pair).collect::<Environment>()).expect("the files can be read")
}

/// Every problem, without the folder.
fn problems(loaded: &Loaded, file: &std::path::Path) -> Vec<String> {
    let folder = format!("{}/", file.parent().expect("a file has a folder").display());
    let hint = |hint: &Option<String>| hint.as_ref().map(|hint| format!(" ({hint})")).unwrap_or_default();
    loaded.problems.iter().map(|one| format!("{one}{}", hint(&one.hint)).replace(&folder, "")).collect()
}

const FILE: &str = "
[limits]
call_ms_max = 1_000
list_ms_max = 1_000
connect_ms_max = 1_000
debounce_ms = 10

[profile.dev.limits]
call_ms_max = 2_000
list_ms_max = 2_000
connect_ms_max = 2_000
";

#[test]
fn flag_beats_environment_beats_profile_beats_file() {
    let (_folder, file) = folder(&[("switchboard.toml", FILE), ("profiles/dev.toml", "limits.list_ms_max = 3_000")]);
    let variables = [("SWITCHBOARD_LIMITS__CONNECT_MS_MAX", "4_000"), ("SWITCHBOARD_LIMITS__DEBOUNCE_MS", "40")];
    let loaded = load(&file, Some("dev"), &[("limits.debounce_ms", "50")], &variables);
    assert_eq!(problems(&loaded, &file), [""; 0]);
    let limits = &loaded.config.limits;
    let values = [limits.call_ms_max, limits.list_ms_max, limits.connect_ms_max, limits.debounce_ms];
    assert_eq!(values, [2_000, 3_000, 4_000, 50]);
    assert_eq!(load(&file, None, &[], &[]).config.limits.list_ms_max, 1_000);
}

#[test]
fn explanation_names_everybody_who_gives_a_value() {
    let (_folder, file) = folder(&[("switchboard.toml", FILE), ("profiles/dev.toml", "limits.list_ms_max = 3_000")]);
    let loaded = load(&file, Some("dev"), &[], &[("SWITCHBOARD_LIMITS__LIST_MS_MAX", "40")]);
    let explanation = loaded.explain("limits.list_ms_max").unwrap();
    assert_eq!((explanation.value, explanation.default), (40.into(), 2_000.into()));
    let given: Vec<_> = explanation.given.iter().map(|given| format!("{} {}", given.value, given.origin)).collect();
    assert_eq!(
        given,
        [
            "40 the environment variable `SWITCHBOARD_LIMITS__LIST_MS_MAX`",
            "3000 the profile `dev`",
            "2000 the profile `dev`",
            "1000 the configuration file",
        ]
    );
    assert!(explanation.given[3].place.ends_with("switchboard.toml:4:1"), "{}", explanation.given[3].place);
    assert_eq!(loaded.explain("limits.body_bytes_max").unwrap().given, []);
    assert_eq!(loaded.explain("limits.cal_ms_max").unwrap_err().hint().unwrap(), "did you mean `call_ms_max`?");
}

#[test]
fn explanation_shows_no_secret() {
    let text = "servers.git = { command = \"git\", env.TOKEN = \"t0p\" }";
    let (_folder, file) = folder(&[("switchboard.toml", text)]);
    let loaded = load(&file, None, &[], &[("SWITCHBOARD_SERVERS__GIT__ENV__OTHER", "t0p")]);
    assert_eq!(loaded.config.servers["git"].env["OTHER"].expose(), "t0p");
    let explanation = serde_json::to_string(&loaded.explain("servers.git").unwrap()).unwrap();
    assert!(!explanation.contains("t0p"), "{explanation}");
}

#[test]
fn problem_is_told_where_it_was_written() {
    let text =
        "[profile.dev.limits]\ncal_ms_max = 1\n[profile.dev.servers.x]\nenabled = true\n[profile.dev.profile.y]\n";
    let (_folder, file) = folder(&[("switchboard.toml", text), ("profiles/dev.toml", "log.format = \"jsn\"")]);
    let loaded = load(&file, Some("dev"), &[("limits.debounce_ms", "soon")], &[("SWITCHBOARD_LIMIT__X", "1")]);
    assert_eq!(
        problems(&loaded, &file),
        [
            "--set limits.debounce_ms:1:8: limits.debounce_ms: expected a whole number, found a text",
            "$SWITCHBOARD_LIMIT__X:1:1: limit: unknown key (did you mean `limits`?)",
            "profiles/dev.toml:1:5: log.format: `jsn` is not a choice (did you mean `json`?)",
            "switchboard.toml:3:22: servers.x: neither `command` nor `url` is given (give `command` to run a program, `url` to reach a server, `toolkit` for a built-in one, or `openapi`, `rest`, `graphql` or `grpc` for an api)",
            "switchboard.toml:2:1: profile.dev.limits.cal_ms_max: unknown key (did you mean `call_ms_max`?)",
            "switchboard.toml:5:14: profile.dev.profile: a profile holds no profiles (remove it)",
        ]
    );
}

#[test]
fn unknown_profile_is_refused_with_the_nearest() {
    let (_folder, file) = folder(&[("switchboard.toml", FILE)]);
    let loaded = load(&file, Some("dve"), &[], &[]);
    assert_eq!(
        problems(&loaded, &file),
        ["switchboard.toml:8:2: profile: there is no profile `dve` (known are `dev`)"]
    );
}

#[test]
fn secrets_come_from_the_environment_a_file_or_the_store() {
    let text = "[servers.git]\ncommand = \"${env:BIN}/git\"\nargs = [\"${env:BIN}\"]\n\
                env = { A = \"${env:A}\", B = \"${file:b.key}\", C = \"<${secret:c}>\" }\n";
    let files = [
        ("switchboard.toml", text),
        ("b.key", "from a file\n"),
        ("secrets.toml", "c = \"${secret:d}!\"\nd = \"stored\""),
    ];
    let (_folder, file) = folder(&files);
    let loaded = load(&file, None, &[], &[("BIN", "/usr/bin"), ("A", "from outside")]);
    assert_eq!(problems(&loaded, &file), [""; 0]);
    let git = &loaded.config.servers["git"];
    assert_eq!((git.command.as_deref(), &git.args[..]), (Some("/usr/bin/git"), &["/usr/bin".to_owned()][..]));
    let values: Vec<_> = git.env.values().map(config::Secret::expose).collect();
    assert_eq!(values, ["from outside", "from a file", "<stored!>"]);
    assert!(!loaded.text.contains("stored"), "the text keeps its references");
    let names: Vec<_> = loaded.files.iter().filter_map(|path| path.file_name()?.to_str()).collect();
    assert_eq!(names, ["switchboard.toml", "b.key", "secrets.toml"]);
}

#[test]
fn secret_that_cannot_be_had_leaves_only_its_server_out() {
    let text = "servers.a = { command = \"a\", env.X = \"${secret:a}\" }\n\
                servers.b = { command = \"b\", env.X = \"${secret:none}\" }\n\
                servers.c = { command = \"c\", env.X = \"${file:none}\" }\n\
                servers.d = { command = \"d\", args = [\"${secret:a}\"] }\n\
                servers.e = { command = \"e\" }\n";
    let (_folder, file) =
        folder(&[("switchboard.toml", text), ("secrets.toml", "a = \"${secret:b}\"\nb = \"${secret:a}\"")]);
    let loaded = load(&file, None, &[], &[]);
    assert_eq!(loaded.config.servers.keys().collect::<Vec<_>>(), ["e"]);
    let told = problems(&loaded, &file);
    assert!(told[0].contains("servers.a.env.X: the secret refers to itself: a → b → a"), "{told:?}");
    assert!(told[1].contains("`secrets.toml` has no `none`"), "{told:?}");
    assert!(told[2].contains("No such file"), "{told:?}");
    assert!(told[3].contains("its value would be shown here"), "{told:?}");
}

#[test]
fn store_that_others_may_read_is_not_used() {
    let text = "servers.a = { command = \"a\", env.X = \"${secret:x}\" }";
    let (folder, file) = folder(&[("switchboard.toml", text), ("secrets.toml", "x = \"1\"")]);
    fs::set_permissions(folder.path().join("secrets.toml"), fs::Permissions::from_mode(0o644)).unwrap();
    let told = problems(&load(&file, None, &[], &[]), &file);
    assert!(told[0].contains("others may read"), "{told:?}");
}
