//! Which tool a phrase means: `docker list containers` is `docker_list_containers`, `restart web` is the one tool that
//! restarts, for `web`. Pure: words and tools in, a meaning out.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::listing::name;

/// A line, cut into words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Phrase(pub(crate) Vec<String>);

/// What a phrase means.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Meaning<'t> {
    /// This tool, with these words for its arguments.
    Call(&'t Value, Vec<String>),
    /// One of these; more words would tell.
    Several(Vec<&'t str>),
    /// No tool that is known.
    Nothing,
}

impl Phrase {
    /// Cuts a line into words as a shell does: at spaces, but not within quotes. None while a quote is open.
    pub(crate) fn of(line: &str) -> Option<Self> {
        let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
        for letter in line.chars() {
            match (quote, letter) {
                (Some(open), _) if letter == open => quote = None,
                (None, '\'' | '"') if word.as_deref().is_none_or(is_at_value) => {
                    quote = Some(letter);
                    word.get_or_insert_default();
                }
                (None, _) if letter.is_whitespace() => words.extend(word.take()),
                _ => word.get_or_insert_default().push(letter),
            }
        }
        words.extend(word);
        quote.is_none().then_some(Self(words))
    }

    /// The tool that the longest beginning of the phrase means; what follows is for its arguments.
    pub(crate) fn meaning<'t>(&self, tools: &'t [Value]) -> Meaning<'t> {
        let spoken = self.0.iter().take_while(|word| !word.contains('=') && !word.starts_with('{')).count();
        let mut several = Vec::new();
        for count in (1..=spoken).rev() {
            let (said, rest) = self.0.split_at(count);
            match &matching(said, tools)[..] {
                [] => {}
                [tool] => return Meaning::Call(tool, arguments(rest, tool)),
                // the longest phrase that leaves a choice says most about what is meant
                many if several.is_empty() => several = many.iter().map(|tool| name(tool, "name")).collect(),
                _ => {}
            }
        }
        if several.is_empty() { Meaning::Nothing } else { Meaning::Several(several) }
    }
}

/// A quote inside of a word belongs to it, but for one that begins a value.
fn is_at_value(word: &str) -> bool {
    word.is_empty() || word.ends_with('=')
}

/// The tools that these words can mean: the one of exactly this name, or else those with all these words in their names.
fn matching<'t>(said: &[String], tools: &'t [Value]) -> Vec<&'t Value> {
    let whole = said.join("_");
    if let Some(tool) = tools.iter().find(|tool| name(tool, "name").eq_ignore_ascii_case(&whole)) {
        return vec![tool];
    }
    let said: BTreeSet<String> = said.iter().flat_map(|word| parts(word)).collect();
    let fits = |tool: &&Value| said.is_subset(&parts(name(tool, "name")).collect());
    let fitting: Vec<&Value> = tools.iter().filter(fits).collect();
    let complete = |tool: &&&Value| parts(name(tool, "name")).all(|part| said.contains(&part));
    match fitting.iter().find(complete) {
        Some(tool) => vec![*tool],
        None => fitting,
    }
}

/// The words a name is made of, in the singular: `list_containers` is `list` and `container`.
fn parts(name: &str) -> impl Iterator<Item = String> {
    name.split(['_', '-', '.']).filter(|part| !part.is_empty()).map(|part| {
        let part = part.to_lowercase();
        part.strip_suffix('s').filter(|stem| stem.len() > 2).map_or(part.clone(), str::to_owned)
    })
}

/// Words without a key are for the required arguments that have none yet, in the order in which the tool names them.
fn arguments(rest: &[String], tool: &Value) -> Vec<String> {
    let is_keyed = |word: &&String| word.starts_with('{') || word.contains('=');
    let keyed: Vec<&String> = rest.iter().filter(is_keyed).collect();
    let has = |key: &str| keyed.iter().any(|word| word.split(['=', ':']).next() == Some(key));
    let required = tool["inputSchema"]["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let mut open = required.filter(|key| !has(key));
    let keyless = |word: &String| open.next().map_or_else(|| word.clone(), |key| format!("{key}={word}"));
    let given: Vec<String> = rest.iter().filter(|word| !is_keyed(word)).map(keyless).collect();
    given.into_iter().chain(keyed.into_iter().cloned()).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Meaning, Phrase};

    fn tools() -> Vec<Value> {
        let tool = |name: &str, required: &[&str]| json!({ "name": name, "inputSchema": { "required": required } });
        vec![
            tool("docker_list_containers", &[]),
            tool("docker_list_images", &[]),
            tool("docker_restart_container", &["name"]),
            tool("dev_env_create_project", &["name", "language"]),
            tool("git_log", &[]),
            tool("git_log_graph", &[]),
        ]
    }

    fn check(line: &str, expected: &str) {
        let tools = tools();
        let meaning = match Phrase::of(line).unwrap().meaning(&tools) {
            Meaning::Call(tool, arguments) => format!("{} {}", tool["name"].as_str().unwrap(), arguments.join(" ")),
            Meaning::Several(names) => format!("? {}", names.join(" ")),
            Meaning::Nothing => "nothing".to_owned(),
        };
        assert_eq!(meaning.trim(), expected, "{line}");
    }

    #[test]
    fn phrase_means_the_tool_with_its_words() {
        check("docker list containers", "docker_list_containers");
        check("list containers", "docker_list_containers");
        check("list container", "docker_list_containers");
        check("containers list docker", "docker_list_containers");
        check("docker_list_containers", "docker_list_containers");
        check("git log", "git_log");
        check("git log graph", "git_log_graph");
    }

    #[test]
    fn what_follows_is_for_the_arguments() {
        check("restart web", "docker_restart_container name=web");
        check("create project my-app python", "dev_env_create_project name=my-app language=python");
        check("create project name=x python", "dev_env_create_project language=python name=x");
        check("git log max_count=5", "git_log max_count=5");
        check("git log {\"a\":1}", "git_log {\"a\":1}");
    }

    #[test]
    fn phrase_that_can_mean_several_says_which() {
        check("docker list", "? docker_list_containers docker_list_images");
        check("make coffee", "nothing");
        check("", "nothing");
    }

    #[test]
    fn quotes_hold_words_together() {
        let check = |line: &str, expected: &[&str]| assert_eq!(Phrase::of(line).unwrap().0, expected, "{line}");
        check("a  b", &["a", "b"]);
        check("text='two words' x=\"\"", &["text=two words", "x="]);
        check("it's fine", &["it's", "fine"]);
        check("''", &[""]);
        assert_eq!(Phrase::of("text='open"), None);
    }
}
