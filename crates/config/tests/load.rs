//! The configuration as an operator meets it: whole files in, values and problems out.

use config::{Config, Severity, parse};

fn environment(name: &str) -> Option<String> {
    let known =
        ["BUILD_TOKEN", "SWITCHBOARD_SHARED_CACHE_KEY", "GIT_TOKEN", "REDIS_PASSWORD", "SEARCH_TOKEN", "SHOP_TOKEN"];
    known.contains(&name).then(|| format!("value of {name}"))
}

/// Every problem of `text`, with its hint.
fn problems(text: &str) -> Vec<String> {
    let hint = |hint: Option<String>| hint.map(|hint| format!(" ({hint})")).unwrap_or_default();
    let problems = parse(text, "f", &environment).problems.into_iter();
    problems
        .map(|mut problem| {
            let hint = hint(problem.hint.take());
            format!("{problem}{hint}")
        })
        .collect()
}

/// The default file with its examples uncommented.
fn examples() -> String {
    let uncomment = |line: &'static str| match line.strip_prefix('#') {
        Some(example) if !example.is_empty() && !example.starts_with(' ') => example,
        _ => line,
    };
    config::DEFAULT.lines().map(uncomment).collect::<Vec<_>>().join("\n")
}

#[test]
fn default_file_is_the_default_configuration() {
    let loaded = parse(config::DEFAULT, "default.toml", &|_| None);
    assert_eq!(loaded.problems, []);
    assert_eq!(loaded.config, Config::default());
}

#[test]
fn examples_of_the_default_file_are_valid() {
    let loaded = parse(&examples(), "default.toml", &environment);
    assert_eq!(loaded.problems, []);
    let git = &loaded.config.servers["git"];
    assert_eq!(git.env["GIT_TOKEN"].expose(), "value of GIT_TOKEN");
    assert_eq!(git.fix["log"]["max_count"], 50);
    assert_eq!(loaded.config.servers["search"].headers["Authorization"].expose(), "Bearer value of SEARCH_TOKEN");
}

#[test]
fn default_file_shows_every_key_of_the_schema() {
    let schema = config::schema();
    let shown: std::collections::BTreeSet<_> = config::DEFAULT
        .lines()
        .filter_map(|line| line.trim_start_matches('#').split_once(" = "))
        .map(|(key, _)| key)
        .collect();
    for section in [
        "Gateway",
        "Grpc",
        "Limits",
        "Cache",
        "Breaker",
        "Retry",
        "Log",
        "Node",
        "Tools",
        "Queue",
        "Pool",
        "ServerPool",
        "Server",
        "Instance",
        "ToolSettings",
        "Bundle",
    ] {
        let keys = schema["$defs"][section]["properties"].as_object().unwrap();
        for key in keys.keys() {
            let is_table =
                config::DEFAULT.contains(&format!(".{key}.")) || config::DEFAULT.contains(&format!(".{key}]]"));
            assert!(is_table || shown.contains(key.as_str()), "{section}.{key} is not in default.toml");
        }
    }
}

#[test]
fn schema_describes_every_key() {
    let schema = config::schema();
    for section in [
        "Gateway",
        "Grpc",
        "Limits",
        "Cache",
        "Breaker",
        "Retry",
        "Log",
        "Node",
        "Queue",
        "Pool",
        "ServerPool",
        "Server",
        "Instance",
        "ToolSettings",
        "Bundle",
    ] {
        for (key, member) in schema["$defs"][section]["properties"].as_object().unwrap() {
            let description = member["description"].as_str().unwrap_or_default();
            assert!(description.contains("Default"), "{section}.{key} does not name its default");
        }
    }
}

#[test]
fn shown_configuration_is_toml_without_secrets() {
    let shown = parse(&examples(), "f", &environment).config.to_toml().unwrap();
    assert!(!shown.contains("value of"), "{shown}");
    let again = parse(&shown, "shown", &|_| None);
    assert_eq!(again.problems, []);
    assert_eq!(again.config.servers["git"].env["GIT_TOKEN"].expose(), "•••");
}

#[test]
fn all_problems_come_at_once_with_place_and_hint() {
    let text = r#"
[gateway]
listen = ["0.0.0.0:3100", "nowhere"]
nmae = "x"

[limits]
body_bytes_max = 0
call_ms_max = "fast"

[server.git]
command = "git"

[log]
format = "jsn"
"#;
    assert_eq!(
        problems(text),
        [
            "f:3:11: gateway.listen[0]: `0.0.0.0:3100` is open to other machines, but authentication is not configured (make a principal with `switchboard principal add NAME`, or listen on `127.0.0.1`, `[::1]` or `unix:/path/to/socket`)",
            "f:3:27: gateway.listen[1]: `nowhere` is no listen address (write `127.0.0.1:3100`, `[::1]:3100` or `unix:/path/to/socket`)",
            "f:4:1: gateway.nmae: unknown key (known are `allowed_hosts`, `allowed_origins`, `anonymous_local`, `instructions`, `legacy_stateless`, `listen`, `name`)",
            "f:7:1: limits.body_bytes_max: 0 is out of range (1024 to 1073741824)",
            "f:8:1: limits.call_ms_max: expected a whole number, found a text",
            "f:10:2: server: unknown key (did you mean `servers`?)",
            "f:14:1: log.format: `jsn` is not a choice (did you mean `json`?)",
        ]
    );
}

#[test]
fn bad_server_is_left_out_and_the_node_starts() {
    let text = r#"
[servers.good]
command = "good"

[servers.both]
command = "a"
url = "https://example.org/mcp"

[servers.secret]
command = "a"
env = { TOKEN = "${env:UNSET}" }

[bundles.all]
servers = ["good", "both"]
"#;
    let loaded = parse(text, "f", &environment);
    assert_eq!(loaded.fatal().count(), 0);
    assert_eq!(loaded.config.servers.keys().collect::<Vec<_>>(), ["good"]);
    assert_eq!(loaded.failed_servers().into_iter().collect::<Vec<_>>(), ["both", "secret"]);
    assert_eq!(
        problems(text),
        [
            "f:7:1: servers.both.url: both `command` and `url` are given (remove one)",
            "f:11:9: servers.secret.env.TOKEN: the environment has no variable `UNSET` (set `UNSET` where switchboard is started)",
        ]
    );
}

#[test]
fn server_switched_off_needs_no_secrets() {
    let text = "[servers.off]\nenabled = false\ncommand = \"a\"\nenv.TOKEN = \"${env:UNSET}\"";
    assert_eq!(problems(text), [""; 0]);
    assert!(!parse(text, "f", &environment).config.servers["off"].enabled);
}

#[test]
fn hostile_text_is_a_problem_like_any_other() {
    let deep_list = format!("a = {}", "[".repeat(100_000));
    let deep_key = format!("{}b = 1", "a.".repeat(100_000));
    for text in [deep_list.as_str(), &deep_key, "\0", "é = = 1", "[limits]\ncall_ms_max = 99999999999999999999"] {
        assert_ne!(problems(text), [""; 0], "{}", &text[..2]);
    }
    assert_eq!(problems("\u{feff}[log]\r\nfilter = \"debug\"\r\n"), [""; 0]);
}

#[test]
fn column_counts_characters() {
    assert!(problems("gateway = { name = \"é\", x = 1 }")[0].starts_with("f:1:25: gateway.x: "));
}

#[test]
fn look_alike_names_and_shared_prefixes_are_refused() {
    let text = r#"
servers.my-git.command = "a"
servers.my_git.command = "b"
servers.Loud.command = "c"
servers.one = { command = "d", prefix = "" }
servers.two = { command = "e", prefix = "" }
"#;
    assert_eq!(
        problems(text),
        [
            "f:3:9: servers.my_git: `my_git` looks like `my-git` (give one of them a clearly different name)",
            "f:4:9: servers.Loud: `Loud` is not a valid name (use 1 to 32 of `a-z`, `0-9`, `-`, `_`, beginning with a letter or digit)",
            "f:6:32: servers.two.prefix: the prefix `` is also that of the server `one` (give each server its own prefix)",
        ]
    );
}

#[test]
fn bundle_of_an_unknown_server_is_fatal_and_hinted() {
    let loaded = parse("servers.git.command = \"a\"\nbundles.b.servers = [\"gti\", \"gitt\"]", "f", &environment);
    assert!(loaded.problems.iter().all(|problem| problem.severity == Severity::Fatal));
    assert_eq!(loaded.problems[1].message, "there is no server `gitt`");
    assert_eq!(loaded.problems[1].hint.as_deref(), Some("did you mean `git`?"));
}

#[test]
fn bounds_that_contradict_each_other_are_refused() {
    assert_eq!(
        problems("[limits]\nsession_ms_max = 60_000"),
        [
            "f:1:2: limits.session_idle_ms_max: 1800000 is more than `session_ms_max`, which is 60000 (lower it, or raise `limits.session_ms_max`)"
        ]
    );
}

#[test]
fn every_mistake_in_the_syntax_is_reported() {
    let found = problems("[gateway]\nname = \n\n[log]\nfilter = \"info\nformat = \"text\"\nformat = \"json\"\n");
    let lines: Vec<_> = found.iter().map(|problem| problem.split(':').nth(1)).collect();
    assert_eq!(lines, [Some("2"), Some("5"), Some("7")], "{found:?}");
}

#[test]
fn missing_file_is_an_error_that_names_it() {
    let folder = tempfile::tempdir().unwrap();
    let error = config::load(&folder.path().join("none.toml")).unwrap_err();
    assert!(error.to_string().contains("none.toml"), "{error}");
}

#[test]
fn a_place_to_share_is_an_address_with_a_key_that_nobody_guesses() {
    let check = |line: &str, expected: &str| {
        let problems = problems(&format!("[cache]\n{line}"));
        assert!(problems.len() == 1 && problems[0].contains(expected), "{problems:?}");
        assert!(!problems[0].contains("hunter2"), "{problems:?}");
    };
    check("redis_url = \"http://:hunter2@cache\"", "write redis://HOST:PORT");
    check("redis_key = \"hunter2\"", "at least 32 characters");
    check("redis_prefix = \"\"", "a prefix is made of letters");
    assert_eq!(problems("[cache]\nredis_url = \"rediss://:hunter2@cache\""), Vec::<String>::new());
}

#[test]
fn calls_on_a_schedule_are_of_one_tool_whose_answers_are_kept_for_somebody() {
    let found = |cache: &str, tool: &str, settings: &str, schedule: &str| {
        let server = "[servers.a]\nurl = \"https://a.example.org/mcp\"";
        problems(&format!("[cache]\n{cache}\n{server}\n[servers.a.tool.{tool}]\n{settings}\n{schedule}\n"))
    };
    let check = |cache: &str, tool: &str, settings: &str, expected: Option<&str>| {
        let problems = found(cache, tool, settings, "warm = [{ every_s = 60 }]");
        assert_eq!(problems.len(), usize::from(expected.is_some()), "{problems:?}");
        assert!(expected.is_none_or(|expected| problems[0].contains(expected)), "{problems:?}");
    };
    let (budget, kept) = ("warm_per_minute = 9", "cache_s = 60\ncache_shared = true");
    check(budget, "get", kept, None);
    check("", "get", kept, Some("nothing is fetched before anybody asks"));
    check(budget, "\"get_*\"", kept, Some("a schedule is of one tool"));
    check(budget, "get", "cache_shared = true", Some("the answers are not kept"));
    check(budget, "get", "cache_s = 60", Some("the answers are not the same for everybody"));
    let problems = found(budget, "get", kept, "warm = [{ every_s = 3 }]");
    assert!(problems.len() == 1 && problems[0].contains("every_s: 3 is out of range (10 to 86400)"), "{problems:?}");
}

#[test]
fn a_window_of_the_day_is_two_times_and_nothing_changes_it() {
    let problems = |settings: &str| {
        problems(&format!("[servers.a]\nurl = \"https://a.example.org/mcp\"\n[servers.a.tool.get]\n{settings}\n"))
    };
    assert_eq!(problems("cache_s = 60\ndepends = [\"window:22:00-06:30\", \"branch\"]"), Vec::<String>::new());
    let found = problems("cache_s = 60\ndepends = [\"window:8-18\"]");
    assert!(found.len() == 1 && found[0].contains("window:08:00-18:00"), "{found:?}");
    let found = problems("changes = [\"window:08:00-18:00\"]");
    assert!(found.len() == 1 && found[0].contains("changes with the time of day alone"), "{found:?}");
}
