//! What `run_command` may run: programs that look and change nothing, each with the options that it may be given. An option
//! that is not listed is refused, so that none can name another machine, a file to write, or a program to start, or show
//! command lines, variables and digests of passwords.

use toolkit::{Code, Failure};
use workbench::{Command, Packages, Program};

use crate::shown;

/// Arguments of one command: a list of processes, not a list of everything.
const ARGUMENTS_MAX: usize = 50;
/// Bytes of one argument.
const ARGUMENT_BYTES_MAX: usize = 256;

const ENV: &[(&str, &str)] = &[("LC_ALL", "C.UTF-8"), ("SYSTEMD_COLORS", "0"), ("SYSTEMD_PAGER", "cat")];

/// A program with what it may be given.
pub(crate) struct Allowed {
    program: Program,
    /// Options of one letter; they can also stand behind one dash together.
    letters: &'static str,
    /// Options with two dashes, without their values.
    options: &'static [&'static str],
    /// Sub-commands, of which the first plain word must be one. Their programs are given no option with a value: it could
    /// stand where the sub-command is looked for.
    first: &'static [&'static str],
}

const fn allowed(name: &'static str, letters: &'static str, options: &'static [&'static str]) -> Allowed {
    Allowed { program: Program::new(name).env(ENV), letters, options, first: &[] }
}

const fn from(allowed: Allowed, package: Packages) -> Allowed {
    let Allowed { program, letters, options, first } = allowed;
    Allowed { program: program.packages(package), letters, options, first }
}

const fn first(allowed: Allowed, first: &'static [&'static str]) -> Allowed {
    let Allowed { program, letters, options, .. } = allowed;
    Allowed { program, letters, options, first }
}

const PROCPS: Packages = Packages { fedora: "procps-ng", arch: "procps-ng", ..Packages::same("procps") };
const IPROUTE: Packages =
    Packages { debian: "iproute2", fedora: "iproute", arch: "iproute2", suse: "iproute2", alpine: "iproute2" };
const SYSTEMD: Packages = Packages::same("systemd");

/// All of them, by name.
pub(crate) static ALLOWED: &[Allowed] = &[
    allowed(
        "df",
        "-h -a -T -i -k -l -P -H",
        &["--human-readable", "--print-type", "--inodes", "--local", "--total", "--all"],
    ),
    from(
        allowed("free", "-b -k -m -g -h -t -w", &["--human", "--total", "--wide", "--bytes", "--mega", "--giga"]),
        PROCPS,
    ),
    first(allowed("getent", "", &[]), &["passwd", "group", "services", "protocols"]),
    allowed("id", "-g -G -u -n -r", &["--user", "--group", "--groups", "--name", "--real"]),
    first(
        from(allowed("ip", "-0 -4 -6 -s -d -j -o", &["-br", "-json", "-brief", "-stats", "-details"]), IPROUTE),
        &["addr", "address", "link", "route", "neigh", "rule"],
    ),
    allowed(
        "lsblk",
        "-a -b -d -f -i -l -m -n -o -p -r -s -t",
        &["--all", "--fs", "--bytes", "--list", "--output", "--paths", "--topology", "--json"],
    ),
    allowed("lscpu", "-a -b -c -e -J -p -x -y", &["--all", "--extended", "--json", "--caches"]),
    allowed("nproc", "", &["--all"]),
    from(
        allowed("pgrep", "-c -f -l -n -o -t -u -v -x", &["--full", "--list-name", "--newest", "--oldest", "--count"]),
        PROCPS,
    ),
    from(
        allowed(
            "ss",
            "-H -n -a -l -o -e -m -p -i -s -S -t -4 -6 -u -w -x -0",
            &["--tcp", "--udp", "--listening", "--all", "--numeric", "--processes", "--summary"],
        ),
        IPROUTE,
    ),
    first(
        from(allowed("systemctl", "-a -l", &["--all", "--full", "--no-pager", "--plain", "--failed"]), SYSTEMD),
        &[
            "list-units",
            "list-unit-files",
            "list-timers",
            "list-sockets",
            "list-dependencies",
            "is-active",
            "is-enabled",
            "is-failed",
            "is-system-running",
        ],
    ),
    first(from(allowed("timedatectl", "", &[]), SYSTEMD), &["status", "show", "timesync-status"]),
    allowed("uname", "-a -s -n -r -v -m -p -i -o", &["--all", "--kernel-name", "--kernel-release", "--machine"]),
    from(allowed("uptime", "-p -s", &["--pretty", "--since"]), PROCPS),
    from(
        allowed("vmstat", "-a -D -d -f -m -n -p -s -S -t -w", &["--active", "--disk", "--stats", "--wide", "--unit"]),
        PROCPS,
    ),
    allowed("who", "-a -b -d -H -l -m -p -q -r -s -T -t -u", &["--all", "--boot", "--heading", "--count"]),
];

/// The command of this program with these arguments, if all of it is allowed.
pub(crate) fn command(program: &str, arguments: &[String]) -> Result<Command, Failure> {
    let Some(allowed) = ALLOWED.iter().find(|allowed| allowed.program.name() == program) else {
        let names: Vec<&str> = ALLOWED.iter().map(|allowed| allowed.program.name()).collect();
        let failure = Failure::new(Code::CommandDenied, format!("`{}` may not be run here", shown::short(program)));
        let failure = failure.hint(format!("allowed are {}", names.join(", ")));
        return Err(Failure { field: Some("program".to_owned()), ..failure });
    };
    allowed.check(arguments)?;
    let mut command = allowed.program.command();
    for argument in arguments {
        command = match allowed.option(argument) {
            Some((option, None)) => command.words([option]),
            Some((option, Some(value))) => command.option(option, value)?,
            None if argument.starts_with('-') => command.words(allowed.letters(argument)),
            None => command.operand("args", argument)?,
        };
    }
    Ok(command)
}

impl Allowed {
    fn check(&self, arguments: &[String]) -> Result<(), Failure> {
        let name = self.program.name();
        if arguments.len() > ARGUMENTS_MAX {
            return Err(Failure::invalid(
                "args",
                format!("`args` has {} items; at most {ARGUMENTS_MAX} fit", arguments.len()),
            ));
        }
        if let Some(refused) = arguments.iter().find(|argument| !self.allows(argument)) {
            let text = format!("`{name}` may not be given `{}` here", shown::short(refused));
            let hint = format!("it may be given {} {} and plain names", self.letters, self.options.join(" "));
            let failure = Failure::new(Code::CommandDenied, text).hint(hint);
            return Err(Failure { field: Some("args".to_owned()), ..failure });
        }
        let first = arguments.iter().find(|argument| !argument.starts_with('-')).map(String::as_str);
        if !self.first.is_empty() && !first.is_some_and(|first| self.first.contains(&first)) {
            let text = format!("`{name}` may only be asked to look");
            let failure = Failure::new(Code::CommandDenied, text).hint(format!("begin with {}", self.first.join(", ")));
            return Err(Failure { field: Some("args".to_owned()), ..failure });
        }
        // `ip` changes what it is told to; only to show is to look
        let is_show = |argument: &String| matches!(argument.as_str(), "show" | "list");
        let plain: Vec<&String> = arguments.iter().filter(|argument| !argument.starts_with('-')).collect();
        if name == "ip" && plain.get(1).is_some_and(|second| !is_show(second)) {
            let failure = Failure::new(Code::CommandDenied, "`ip` may only be asked to `show`");
            return Err(Failure { field: Some("args".to_owned()), ..failure });
        }
        Ok(())
    }

    fn allows(&self, argument: &str) -> bool {
        let is_plain = |value: &str| {
            value.len() <= ARGUMENT_BYTES_MAX
                && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.,:@%+=-".contains(&byte))
        };
        if let Some((_, value)) = self.option(argument) {
            return value.is_none_or(is_plain);
        }
        match argument.strip_prefix('-') {
            Some(letters) => !letters.is_empty() && self.letters(argument).len() == letters.chars().count(),
            None => !argument.is_empty() && is_plain(argument),
        }
    }

    /// The options behind one dash, each on its own; those that are not listed are left out.
    fn letters(&self, argument: &str) -> Vec<&'static str> {
        let listed = |letter: char| self.letters.split(' ').find(|option| option.ends_with(letter));
        argument.chars().skip(1).filter_map(listed).collect()
    }

    /// An option of the list, and the value that stands behind its `=`.
    fn option<'a>(&self, argument: &'a str) -> Option<(&'static str, Option<&'a str>)> {
        let (name, value) = match argument.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (argument, None),
        };
        self.options.iter().find(|option| **option == name).map(|option| (*option, value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(program: &str, arguments: &[&str]) -> Result<String, Failure> {
        let arguments: Vec<String> = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        command(program, &arguments).map(|command| command.shown())
    }

    #[test]
    fn what_only_looks_is_allowed() {
        let check = |program: &str, arguments: &[&str], expected: &str| {
            assert_eq!(run(program, arguments).unwrap(), expected);
        };
        check("df", &["-hT"], "df -h -T");
        check("df", &["--inodes", "-l"], "df --inodes -l");
        check("ss", &["-tln", "sport", "=", ":443"], "ss -t -l -n sport = :443");
        check("systemctl", &["is-active", "nginx.service"], "systemctl is-active nginx.service");
        check("ip", &["-br", "addr", "show"], "ip -br addr show");
        check("uptime", &[], "uptime");
    }

    #[test]
    fn everything_else_is_refused() {
        let long = "a".repeat(100_000);
        let check = |program: &str, arguments: &[&str]| {
            let failure = run(program, arguments).unwrap_err();
            assert!(matches!(failure.code, Code::CommandDenied | Code::InvalidInput), "{program} {arguments:.2?}");
            assert!(failure.message.len() < 500);
        };
        for program in
            ["", "sh", "bash", "/bin/df", "df;id", "../df", "df\n", "df\0", "sudo", "env", "rm", "--help", &long]
        {
            check(program, &[]);
        }
        check("df", &["--help"]);
        check("df", &["--output=x"]);
        check("df", &["/root"]);
        check("df", &["-h; id"]);
        check("df", &["$(id)"]);
        check("df", &[&long]);
        check("df", &vec!["-h"; 51]);
        check("systemctl", &[]);
        check("systemctl", &["stop", "ssh"]);
        check("systemctl", &["--type=service", "start", "x"]);
        check("systemctl", &["-t", "list-units", "stop", "ssh"]);
        check("systemctl", &["--type", "list-units", "stop", "ssh"]);
        check("systemctl", &["-a", "stop", "list-units"]);
        check("systemctl", &["show", "nginx"]);
        check("systemctl", &["status", "-H", "evil"]);
        check("systemctl", &["status", "-Hevil"]);
        check("systemctl", &["status", "--host=evil"]);
        check("systemctl", &["status", "-M", "box"]);
        check("ss", &["-K"]);
        check("ss", &["-tK"]);
        check("ss", &["-D", "file"]);
        check("ip", &["link", "set", "eth0", "down"]);
        check("ip", &["-all", "netns", "exec", "id"]);
        check("ip", &["netns", "exec", "x", "id"]);
        check("ip", &["-b", "file"]);
        check("ip", &["addr", "flush", "eth0"]);
        check("getent", &["--service=x", "passwd"]);
        check("getent", &["shadow"]);
        check("getent", &[]);
        check("pgrep", &["-a", "."]);
        check("id", &["-Z", "--context"]);
    }
}
