//! `switchboard interactive`: a conversation with the tools of a node. What a line means is decided in the folder
//! `interactive`; here is what then happens.

use clap::Args;
use config::Folders;
use serde_json::{Map, Value};

use super::call::{self, Outcome};
use crate::door::Door;
use crate::interactive::{Editor, Meaning, Memory, Phrase, Words};
use crate::interrupt::unless_interrupted;
use crate::listing::{name, passes};
use crate::mcp_client::{List, McpClient};
use crate::questions::Person;
use crate::{Context, Error, Exit, Terminal, Word, arguments, form};

/// What can be typed beside phrases.
const VERBS: &[&str] = &["help", "tools", "quit"];

/// What `help` says.
const HELP: &str = "\
PHRASE KEY=VALUE…   call a tool: `docker list containers all=true`, or by its name
$last, $last.a.0.b  in a value: the last result, or a part of it
tools [FILTER]      list the tools
quit                leave, as Ctrl-D does; Ctrl-C cancels a call";

/// Talk to the tools of a node: phrases, completion, history; asks before it changes anything.
///
/// Lines that are piped in are run one after the other; then only calls that change nothing are made, unless `--yes`
/// agrees to all.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Examples:
  switchboard interactive
  switchboard interactive --server git --yes < lines.txt")]
pub struct Interactive {
    /// Agree to every call.
    #[arg(long, short)]
    yes: bool,
    /// Which part of the node to talk to.
    #[command(flatten)]
    door: Door,
}

/// A conversation that goes on.
struct Conversation<'a> {
    client: McpClient,
    tools: Vec<Value>,
    memory: Memory,
    terminal: &'a mut Terminal,
    agreed: bool,
}

impl Interactive {
    /// Runs the verb.
    pub(crate) async fn run(&self, context: &mut Context<'_>) -> Result<Exit, Error> {
        let mut client = self.door.open(context).await?;
        let tools = client.list(List::Tools).await?;
        let mut editor = if context.terminal.is_of_person() {
            let folder = Folders::of_process().map(|folders| folders.state);
            Editor::on_terminal(Words { tools: tools.clone(), verbs: VERBS }, folder.as_deref())?
        } else {
            Editor::Plain
        };
        let greeting = format!("{} tools; Tab completes, `help` says more", tools.len());
        context.terminal.say(&greeting);
        let terminal = &mut *context.terminal;
        let mut conversation = Conversation { client, tools, memory: Memory::default(), terminal, agreed: self.yes };
        let mut exit = Exit::Done;
        while let Some(line) = editor.line(conversation.terminal)? {
            match conversation.line(&line).await {
                Ok(Some(end)) => exit = end,
                Ok(None) => break,
                Err(error) => exit = conversation.terminal.end(Err(error)),
            }
        }
        conversation.client.close().await;
        Ok(exit)
    }
}

impl Conversation<'_> {
    /// Does what a line says; nothing if it says to leave.
    async fn line(&mut self, line: &str) -> Result<Option<Exit>, Error> {
        let Some(phrase) = Phrase::of(line) else {
            return Err(Error::Usage { message: "a quote is still open".to_owned(), hint: None });
        };
        let words: Vec<&str> = phrase.0.iter().map(String::as_str).collect();
        match words[..] {
            [] => Ok(Some(Exit::Done)),
            ["quit" | "exit"] => Ok(None),
            ["help"] => self.terminal.data(HELP).map(|()| Some(Exit::Done)),
            ["tools", ref filter @ ..] if filter.len() <= 1 => self.list(filter.first().copied()).map(Some),
            _ => self.phrase(&phrase).await.map(Some),
        }
    }

    fn list(&mut self, filter: Option<&str>) -> Result<Exit, Error> {
        let names = self.tools.iter().map(|tool| name(tool, "name"));
        let names: Vec<&str> = names.filter(|name| filter.is_none_or(|filter| passes(name, filter))).collect();
        self.terminal.data(&names.join("\n"))?;
        Ok(Exit::Done)
    }

    async fn phrase(&mut self, phrase: &Phrase) -> Result<Exit, Error> {
        let tools = self.tools.clone();
        match phrase.meaning(&tools) {
            Meaning::Call(tool, words) => self.call(tool, &words).await,
            Meaning::Several(names) => {
                let message = format!("this can mean {}", names.join(", "));
                Err(Error::Usage { message, hint: Some("say more words of one of them".to_owned()) })
            }
            Meaning::Nothing => {
                let whole = phrase.0.join("_");
                let names = tools.iter().map(|tool| name(tool, "name"));
                let near = config::nearest::nearest(&whole, names).map(|near| format!("did you mean `{near}`?"));
                let hint = near.or_else(|| Some("`tools` lists them, `help` says what can be typed".to_owned()));
                Err(Error::Unknown { kind: "tool for", name: phrase.0.join(" "), hint })
            }
        }
    }

    async fn call(&mut self, tool: &Value, words: &[String]) -> Result<Exit, Error> {
        let called = name(tool, "name");
        let words = words.iter().map(|word| self.memory.resolve(word)).collect::<Result<Vec<_>, _>>();
        let words = words.map_err(|message| Error::Usage { message, hint: None })?;
        let schema = &tool["inputSchema"];
        let arguments = form::complete(arguments::read(&words, schema)?, schema, self.terminal)?;
        let shown = shown(called, &arguments);
        if !self.agrees(&shown, tool)? {
            return Err(Error::Cancelled);
        }
        let request = call::request(called, schema, arguments);
        let mut person = Person { terminal: self.terminal, about: called };
        let outcome = Outcome(unless_interrupted(self.client.request(&request, &mut person)).await?);
        self.terminal.show(&outcome)?;
        let exit = outcome.exit(called, self.terminal);
        self.memory.keep(outcome.0);
        Ok(exit)
    }

    /// Shows the call; one that may change something has to be agreed to. A tool that does not say counts as such.
    fn agrees(&mut self, shown: &str, tool: &Value) -> Result<bool, Error> {
        if self.agreed || tool["annotations"]["readOnlyHint"] == true {
            self.terminal.say(&format!("→ {shown}"));
            return Ok(true);
        }
        if !self.terminal.is_of_person() {
            let hint = Some("`--yes` agrees to every call".to_owned());
            self.terminal.problem(
                Word::Warning,
                &format!("not called, it may change something: {shown}"),
                hint.as_deref(),
            );
            return Ok(false);
        }
        self.terminal.confirm(&format!("→ {shown}\nit may change something; call it?"))
    }
}

/// The call as it would be typed after `switchboard call`.
fn shown(tool: &str, arguments: &Map<String, Value>) -> String {
    let word = |(key, value): (&String, &Value)| match value.as_str() {
        Some(text) if !text.contains(char::is_whitespace) && !text.is_empty() => format!("{key}={text}"),
        Some(text) => format!("{key}='{text}'"),
        None => format!("{key}:={value}"),
    };
    std::iter::once(tool.to_owned()).chain(arguments.iter().map(word)).collect::<Vec<_>>().join(" ")
}
