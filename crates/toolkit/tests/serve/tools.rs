//! A small toolkit with one tool of each kind that the frame has to treat differently.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toolkit::{Call, Code, Connection, Connections, Failure, Marks, Tool, Toolkit, commands};

/// The toolkit under test and what it has done.
pub(crate) fn bench() -> (Arc<Toolkit>, Arc<AtomicU32>) {
    let erased = Arc::new(AtomicU32::new(0));
    let toolkit = Toolkit::new("bench", "1.0")
        .instructions("Only for tests.")
        .result_bytes_max(200)
        .tool(Greet)
        .tool(Count)
        .tool(Erase(erased.clone()))
        .tool(Wait)
        .tool(Break)
        .tool(Reach)
        .connections(connections());
    (Arc::new(toolkit), erased)
}

/// Reads, has an alias, can fail.
struct Greet;

#[derive(Deserialize, JsonSchema)]
struct Whom {
    /// Who is greeted.
    name: String,
    /// How often.
    #[serde(default = "once")]
    times: u8,
}

fn once() -> u8 {
    1
}

#[derive(Serialize, JsonSchema)]
struct Greeting {
    /// What was said.
    greeting: String,
}

impl Tool for Greet {
    type Input = Whom;
    type Output = Greeting;
    const NAME: &'static str = "greet";
    const ABOUT: &'static str = "Greets somebody.";
    const MARKS: Marks = Marks::reads().idempotent();
    const ALIASES: &'static [&'static str] = &["say_hello"];
    const ARGUMENT_ALIASES: &'static [(&'static str, &'static str)] = &[("who", "name")];
    const EXAMPLES: &'static [&'static str] = &[r#"{"name": "Ada"}"#];

    async fn run(&self, input: Whom, _: &Call) -> Result<Greeting, Failure> {
        if input.name.is_empty() {
            return Err(Failure::new(Code::NotFound, "nobody is there").hint("give a name"));
        }
        Ok(Greeting { greeting: format!("hello {}\n", input.name).repeat(input.times.into()) })
    }

    fn text(output: &Greeting) -> Option<String> {
        Some(output.greeting.clone())
    }
}

/// Reports progress.
struct Count;

#[derive(Deserialize, JsonSchema)]
struct Nothing {}

#[derive(Serialize, JsonSchema)]
struct Done {
    message: String,
}

impl Tool for Count {
    type Input = Nothing;
    type Output = Done;
    const NAME: &'static str = "count";
    const ABOUT: &'static str = "Counts to two.";
    const MARKS: Marks = Marks::reads().long();

    async fn run(&self, _: Nothing, call: &Call) -> Result<Done, Failure> {
        call.progress(1, Some(2), "one");
        call.progress(2, Some(2), "");
        Ok(Done { message: "counted".to_owned() })
    }
}

/// Destroys, wants to be confirmed, plans, happens once.
struct Erase(Arc<AtomicU32>);

impl Tool for Erase {
    type Input = Nothing;
    type Output = Done;
    const NAME: &'static str = "erase";
    const ABOUT: &'static str = "Erases everything.";
    const MARKS: Marks = Marks::destroys().confirmed();

    async fn run(&self, _: Nothing, call: &Call) -> Result<Done, Failure> {
        let times = self.0.fetch_add(1, Ordering::SeqCst) + 1;
        Ok(Done { message: format!("erased {times} times for {}", call.caller.principal) })
    }

    async fn plan(&self, _: Nothing, _: &Call) -> Result<Vec<String>, Failure> {
        Ok(vec!["erase everything".to_owned()])
    }
}

/// Two outside systems.
fn connections() -> Connections {
    let build = Connection { secret: Some("hunter2-hunter2".to_owned()), ..Connection::to("tcp://build:2376") };
    Connections::new([("default".to_owned(), Connection::to("unix:///run/engine.sock")), ("build".to_owned(), build)])
}

/// Never ends by itself.
struct Wait;

impl Tool for Wait {
    type Input = Nothing;
    type Output = Done;
    const NAME: &'static str = "wait";
    const ABOUT: &'static str = "Waits for ever.";
    const MARKS: Marks = Marks::reads().long();

    async fn run(&self, _: Nothing, _: &Call) -> Result<Done, Failure> {
        std::future::pending().await
    }
}

/// Has a fault.
struct Break;

impl Tool for Break {
    type Input = Nothing;
    type Output = Done;
    const NAME: &'static str = "break";
    const ABOUT: &'static str = "Breaks.";
    const MARKS: Marks = Marks::writes();

    async fn run(&self, _: Nothing, _: &Call) -> Result<Done, Failure> {
        commands::note(|| "false".to_owned(), "it breaks after this");
        tokio::task::yield_now().await;
        panic!("a fault of its own");
    }
}

/// Reaches an outside system, and says too much of it.
struct Reach;

impl Tool for Reach {
    type Input = Nothing;
    type Output = Done;
    const NAME: &'static str = "reach";
    const ABOUT: &'static str = "Reaches an outside system.";
    const MARKS: Marks = Marks::reads().connects();

    async fn run(&self, _: Nothing, call: &Call) -> Result<Done, Failure> {
        let connection = call.connection()?;
        let secret = connection.secret.as_deref().unwrap_or("nothing");
        commands::note(|| format!("engine --host {} --secret {secret}", connection.url), "it knows");
        Ok(Done { message: format!("reached {} with {secret}", connection.url) })
    }
}
