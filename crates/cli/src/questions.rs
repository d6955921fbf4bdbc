//! The person at the terminal as a listener: progress and log lines are said, questions of servers are asked.
//! It answers only what it declares; it never answers for the person.

use serde_json::{Map, Value, json};

use crate::mcp_client::Listener;
use crate::{Error, Terminal, form};

/// Somebody at a terminal, who called something named `about`.
pub(crate) struct Person<'a> {
    pub(crate) terminal: &'a mut Terminal,
    pub(crate) about: &'a str,
}

impl Listener for Person<'_> {
    fn notice(&mut self, method: &str, params: &Value) {
        match method {
            "notifications/progress" => self.terminal.say(&progress(params)),
            "notifications/message" => {
                let data = &params["data"];
                let text = data.as_str().map_or_else(|| data.to_string(), str::to_owned);
                self.terminal.say(&format!("log: {text}"));
            }
            _ => {}
        }
    }

    fn capabilities(&self) -> Value {
        if self.terminal.can_ask() { json!({ "elicitation": { "form": {}, "url": {} } }) } else { json!({}) }
    }

    fn answer(&mut self, questions: &Map<String, Value>) -> Result<Map<String, Value>, Error> {
        if !self.terminal.can_ask() {
            return Err(Error::Question { what: "nobody is there to answer".to_owned() });
        }
        questions.iter().map(|(key, question)| Ok((key.clone(), self.answer_one(question)?))).collect()
    }
}

impl Person<'_> {
    fn answer_one(&mut self, question: &Value) -> Result<Value, Error> {
        let params = &question["params"];
        match (question["method"].as_str(), params["mode"].as_str()) {
            (Some("elicitation/create"), Some("url")) => self.visit(params),
            (Some("elicitation/create"), _) => self.fill(params),
            (method, _) => Err(Error::Question { what: method.unwrap_or("one without a method").to_owned() }),
        }
    }

    fn fill(&mut self, params: &Value) -> Result<Value, Error> {
        self.announce(params, "Ctrl-D declines");
        Ok(match form::fill(&params["requestedSchema"], self.terminal)? {
            Some(content) => json!({ "action": "accept", "content": content }),
            None => json!({ "action": "decline" }),
        })
    }

    fn visit(&mut self, params: &Value) -> Result<Value, Error> {
        self.announce(params, "nothing is opened for you");
        let url = params["url"].as_str().unwrap_or_default();
        let accepted = self.terminal.confirm(&format!("open {url} in a browser; done?"))?;
        Ok(json!({ "action": if accepted { "accept" } else { "decline" } }))
    }

    /// Says whose question follows, so that nobody takes it for one of ours.
    fn announce(&mut self, params: &Value, aside: &str) {
        let message = params["message"].as_str().unwrap_or_default();
        self.terminal.tell(&format!("`{}` asks: {message} ({aside})", self.about));
    }
}

/// A progress notification as one line: `progress: 3/10 reading`.
fn progress(params: &Value) -> String {
    let total = params.get("total").map(|total| format!("/{total}")).unwrap_or_default();
    let message = params["message"].as_str().unwrap_or_default();
    format!("progress: {}{total} {message}", params["progress"]).trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::progress;

    #[test]
    fn progress_reads_as_a_line() {
        assert_eq!(progress(&json!({"progress": 3, "total": 10, "message": "reading"})), "progress: 3/10 reading");
        assert_eq!(progress(&json!({"progress": 0.5})), "progress: 0.5");
    }
}
