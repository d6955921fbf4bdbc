//! A small legacy MCP server on stdio that misbehaves as its flags say; without flags it behaves.
//!
//! Tools: `echo` gives its arguments back, `slow` answers after `ms` milliseconds, `count` counts its calls, `pid` says which
//! process it is.
//! It knows only the legacy era, is single-threaded, and uses nothing but std and JSON.
#![expect(clippy::disallowed_methods, reason = "a rogue forks what it should not, without asking the supervisor")]

use std::{
    env, fs,
    io::{self, BufRead as _, Write as _},
    path::{Path, PathBuf},
    process::{self, Command, Stdio},
    thread,
    time::Duration,
};

use serde_json::{Value, json};

const USAGE: &str = "\
usage: rogue [FLAGS]
  --exit-on-probe       end at any request before `initialize`
  --silent              never answer
  --banner N            print N lines of text first
  --garbage-every N     print a line of text before every Nth answer
  --flood-line BYTES    begin with one line of this length
  --half-line           answer tool calls with half a line, then end
  --close-stdout        close stdout instead of answering a tool call, and stay
  --ignore-term         ignore SIGTERM and the end of the input
  --fork-daemon         leave a grandchild that holds the pipes; its id stands on stderr
  --mute-while FILE     answer nothing while this file is there
  --crash-on TOOL       end with code 70 when this tool is called
  --slow-start MS       wait before reading anything
  --endless-list        every page of tools names a next one
  --huge-result BYTES   answer tool calls with this much text
  --double-answer       answer everything twice
  --foreign-id          answer tool calls under an id nobody asked for
  --change-lists N      say N times before every answer that the tools have changed
  --stderr-flood        write 8 MiB to stderr before every answer
  --lock FILE           end with code 75 if another process has this file; the starts are counted in it
  --aside               answer `slow` later and other calls meanwhile
  --mangle HOW          write the answers of `echo` as no line should be: utf8, nul, two, pretty or crlf
  --legacy-only         refuse `server/discover` with code -32601, as it does anyway";

/// Which of its duties it neglects.
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each flag is independent of the others")]
struct Vices {
    exit_on_probe: bool,
    silent: bool,
    banner: usize,
    garbage_every: usize,
    flood_line: usize,
    half_line: bool,
    close_stdout: bool,
    ignore_term: bool,
    fork_daemon: bool,
    mute_while: Option<PathBuf>,
    crash_on: Option<String>,
    slow_start: Duration,
    endless_list: bool,
    huge_result: usize,
    double_answer: bool,
    foreign_id: bool,
    change_lists: usize,
    stderr_flood: bool,
    lock: Option<PathBuf>,
    aside: bool,
    mangle: Option<String>,
}

impl Vices {
    fn parse(mut arguments: impl Iterator<Item = String>) -> Option<Self> {
        let mut vices = Self::default();
        while let Some(flag) = arguments.next() {
            let mut number = || arguments.next()?.parse::<usize>().ok();
            match flag.as_str() {
                "--exit-on-probe" => vices.exit_on_probe = true,
                "--silent" => vices.silent = true,
                "--banner" => vices.banner = number()?,
                "--garbage-every" => vices.garbage_every = number()?,
                "--flood-line" => vices.flood_line = number()?,
                "--half-line" => vices.half_line = true,
                "--close-stdout" => vices.close_stdout = true,
                "--ignore-term" => vices.ignore_term = true,
                "--fork-daemon" => vices.fork_daemon = true,
                "--mute-while" => vices.mute_while = Some(arguments.next()?.into()),
                "--crash-on" => vices.crash_on = Some(arguments.next()?),
                "--slow-start" => vices.slow_start = Duration::from_millis(number()? as u64),
                "--endless-list" => vices.endless_list = true,
                "--huge-result" => vices.huge_result = number()?,
                "--double-answer" => vices.double_answer = true,
                "--foreign-id" => vices.foreign_id = true,
                "--change-lists" => vices.change_lists = number()?,
                "--stderr-flood" => vices.stderr_flood = true,
                "--lock" => vices.lock = Some(arguments.next()?.into()),
                "--aside" => vices.aside = true,
                "--mangle" => vices.mangle = Some(arguments.next()?),
                "--legacy-only" => {}
                _ => return None,
            }
        }
        Some(vices)
    }
}

fn main() -> io::Result<()> {
    let Some(vices) = Vices::parse(env::args().skip(1)) else {
        eprintln!("{USAGE}");
        process::exit(2);
    };
    if vices.ignore_term {
        return ignore_term();
    }
    let _locked = vices.lock.as_deref().map(lock).transpose()?;
    Rogue { vices, initialized: false, answers: 0, calls: 0 }.serve()
}

/// Takes the file for as long as this lives, and counts one more start in it; ends where another has it.
fn lock(path: &Path) -> io::Result<fs::File> {
    let mut file = fs::File::options().create(true).append(true).open(path)?;
    if file.try_lock().is_err() {
        eprintln!("another process has {}", path.display());
        process::exit(75);
    }
    file.write_all(b".")?;
    Ok(file)
}

/// Without a signal handler of its own it borrows the shell's: what a shell ignores, its children ignore.
/// The shell stays in front, so that the end of the input does not end it.
fn ignore_term() -> io::Result<()> {
    let arguments = env::args().skip(1).filter(|argument| argument != "--ignore-term");
    let status = Command::new("sh")
        .args(["-c", "trap '' TERM; \"$@\"; while :; do sleep 60; done", "sh"])
        .arg(env::current_exe()?)
        .args(arguments)
        .status()?;
    process::exit(status.code().unwrap_or(1));
}

struct Rogue {
    vices: Vices,
    initialized: bool,
    answers: usize,
    calls: u64,
}

impl Rogue {
    fn serve(mut self) -> io::Result<()> {
        self.begin()?;
        for line in io::stdin().lock().lines() {
            let Ok(request) = serde_json::from_str::<Value>(&line?) else { continue };
            self.hear(&request)?;
        }
        Ok(())
    }

    fn begin(&self) -> io::Result<()> {
        thread::sleep(self.vices.slow_start);
        if self.vices.fork_daemon {
            eprintln!(
                "daemon {}",
                Command::new("setsid").args(["sleep", "1000"]).stdin(Stdio::inherit()).spawn()?.id()
            );
        }
        for number in 0..self.vices.banner {
            print_line(&format!("rogue says welcome ({number})"))?;
        }
        if self.vices.flood_line > 0 {
            print_line(&"x".repeat(self.vices.flood_line))?;
        }
        Ok(())
    }

    fn hear(&mut self, request: &Value) -> io::Result<()> {
        let (Some(id), Some(method)) = (request.get("id"), request["method"].as_str()) else { return Ok(()) };
        if self.vices.exit_on_probe && !self.initialized && method != "initialize" {
            process::exit(1);
        }
        if self.vices.silent || self.vices.mute_while.as_ref().is_some_and(|file| file.exists()) {
            return Ok(());
        }
        if self.vices.aside && method == "tools/call" && request["params"]["name"] == "slow" {
            answer_aside(id.clone(), millis(&request["params"]["arguments"]));
            return Ok(());
        }
        let outcome = match method {
            "initialize" => Ok(self.initialize(&request["params"])),
            "ping" => Ok(json!({})),
            "tools/list" => Ok(self.list(&request["params"])),
            "tools/call" => self.call(&request["params"])?,
            _ => Err(json!({ "code": -32601, "message": format!("method not found: {method}") })),
        };
        let foreign = self.vices.foreign_id && method == "tools/call";
        let id = if foreign { &json!("nobody-asked") } else { id };
        let answer = match outcome {
            Ok(result) => json!({ "jsonrpc": "2.0", "id": id, "result": result }),
            Err(error) => json!({ "jsonrpc": "2.0", "id": id, "error": error }),
        };
        match &self.vices.mangle {
            Some(how) if request["params"]["name"] == "echo" => print_bytes(&mangled(&answer, how)),
            _ => self.answer(&answer),
        }
    }

    fn initialize(&mut self, params: &Value) -> Value {
        self.initialized = true;
        let asked = params["protocolVersion"].as_str().unwrap_or_default();
        let known = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"];
        let version = if known.contains(&asked) { asked } else { "2025-11-25" };
        json!({
            "protocolVersion": version,
            "capabilities": { "tools": {} },
            "serverInfo": { "name": "rogue", "version": env!("CARGO_PKG_VERSION") },
        })
    }

    fn list(&self, params: &Value) -> Value {
        let page = params["cursor"].as_str().and_then(|cursor| cursor.parse::<u64>().ok()).unwrap_or(0);
        let suffix = if page == 0 { String::new() } else { format!("_{page}") };
        let tool = |name: &str, description: &str, properties: Value| {
            json!({
                "name": format!("{name}{suffix}"),
                "description": description,
                "inputSchema": { "type": "object", "properties": properties },
            })
        };
        let mut list = json!({ "tools": [
            tool("echo", "Gives its arguments back.", json!({ "text": { "type": "string" } })),
            tool("slow", "Answers after some time.", json!({ "ms": { "type": "integer" } })),
            tool("count", "Counts its calls.", json!({})),
            tool("pid", "Says which process it is.", json!({})),
        ] });
        if self.vices.endless_list {
            list["nextCursor"] = json!((page + 1).to_string());
        }
        list
    }

    /// The answer, or the error, of one tool call; unless it is one that ends badly.
    fn call(&mut self, params: &Value) -> io::Result<Result<Value, Value>> {
        let tool = params["name"].as_str().unwrap_or_default();
        self.fall(tool)?;
        let arguments = &params["arguments"];
        let text = match tool {
            _ if self.vices.huge_result > 0 => "x".repeat(self.vices.huge_result),
            "echo" => arguments.to_string(),
            "slow" => {
                thread::sleep(millis(arguments));
                "done".to_owned()
            }
            "count" => {
                self.calls += 1;
                self.calls.to_string()
            }
            "pid" => process::id().to_string(),
            _ => return Ok(Err(json!({ "code": -32602, "message": format!("unknown tool: {tool}") }))),
        };
        Ok(Ok(json!({ "content": [{ "type": "text", "text": text }] })))
    }

    fn fall(&self, tool: &str) -> io::Result<()> {
        if self.vices.crash_on.as_deref() == Some(tool) {
            process::exit(70);
        }
        if self.vices.half_line {
            print!("{{\"jsonrpc\":\"2.0\",\"id\":");
            io::stdout().flush()?;
            process::exit(0);
        }
        if self.vices.close_stdout {
            close_stdout_and_stay()?;
        }
        Ok(())
    }

    fn answer(&mut self, message: &Value) -> io::Result<()> {
        self.answers += 1;
        if self.vices.stderr_flood {
            io::stderr().write_all("rogue is very talkative\n".repeat((8 << 20) / 24).as_bytes())?;
        }
        for _ in 0..self.vices.change_lists {
            print_line(r#"{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}"#)?;
        }
        if self.vices.garbage_every > 0 && self.answers.is_multiple_of(self.vices.garbage_every) {
            print_line("DEBUG rogue is about to answer")?;
        }
        print_line(&message.to_string())?;
        if self.vices.double_answer {
            print_line(&message.to_string())?;
        }
        Ok(())
    }
}

/// How long a call of `slow` takes.
fn millis(arguments: &Value) -> Duration {
    Duration::from_millis(arguments["ms"].as_u64().unwrap_or(100))
}

fn answer_aside(id: Value, after: Duration) {
    thread::spawn(move || {
        thread::sleep(after);
        let result = json!({ "content": [{ "type": "text", "text": "done" }] });
        print_line(&json!({ "jsonrpc": "2.0", "id": id, "result": result }).to_string())
    });
}

/// Becomes a program without stdout: std offers no safe way to close it in place.
fn close_stdout_and_stay() -> io::Result<()> {
    use std::os::unix::process::CommandExt as _;
    Err(Command::new("sleep").arg("1000").stdout(fs::File::create("/dev/null")?).exec())
}

/// A message as no line should be.
fn mangled(message: &Value, how: &str) -> Vec<u8> {
    let line = message.to_string();
    let within = |bytes: &[u8]| [b"{\"a\":\"", bytes, b"\",", &line.as_bytes()[1..], b"\n"].concat();
    match how {
        "utf8" => within(b"\xc3\x28"),
        "nul" => within(b"\0"),
        "two" => format!("{line}{line}\n").into_bytes(),
        "pretty" => format!("{message:#}\n").into_bytes(),
        _ => format!("{line}\r\n\r\n").into_bytes(),
    }
}

fn print_line(line: &str) -> io::Result<()> {
    print_bytes(format!("{line}\n").as_bytes())
}

fn print_bytes(bytes: &[u8]) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(bytes)?;
    stdout.flush()
}
