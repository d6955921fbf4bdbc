//! The list form of a tool that was described by hand: one request gets for many values what the tool gets for one. What
//! comes back is taken apart by the member that says which value an item belongs to.

use std::sync::Arc;

use bytes::Bytes;
use config::{RestList, RestTool};
use http::{HeaderMap, HeaderValue, Method, header::ACCEPT};
use serde_json::{Map, Value, json};
use toolkit::Output;

use super::schema;
use crate::failure::Failure;
use crate::http::{Answer, Ask, Connection, encode, refusal};
use crate::outcome;
use crate::tool::{Effect, Tool};

/// The argument of a list form: the arguments of all its calls.
const CALLS: &str = "calls";

/// What is said of a tool that has a list form, for the gateway to send its calls together.
pub(super) fn meta(list: &RestList) -> Map<String, Value> {
    let form = json!({ "tool": list.tool, "argument": CALLS, "max": list.max });
    Map::from_iter([("dev.switchboard/batch".to_owned(), form)])
}

/// A list form, ready to be called.
#[derive(Clone, Debug)]
pub(crate) struct Action {
    /// The way to the API.
    pub(crate) connection: Arc<Connection>,
    /// How many are asked for at once.
    pub(crate) list: RestList,
}

/// The list form of a tool, as a tool.
pub(super) fn tool(name: &str, tool: &RestTool, list: &RestList) -> Tool {
    let argument = tool.arguments.get(&list.argument).map_or_else(|| json!({ "type": "string" }), schema);
    let call = json!({
        "type": "object",
        "properties": { &list.argument: argument },
        "required": [list.argument],
        "additionalProperties": false,
    });
    Tool {
        name: list.tool.clone(),
        description: format!("Does what `{name}` does for up to {} at once.", list.max),
        input_schema: json!({
            "type": "object",
            "properties": { CALLS: { "type": "array", "items": call, "minItems": 1, "maxItems": list.max } },
            "required": [CALLS],
            "additionalProperties": false,
        }),
        output_schema: None,
        effect: Effect::Reads,
        meta: Map::new(),
    }
}

impl Action {
    /// Asks the API for all at once.
    pub(crate) async fn run(&self, arguments: &Map<String, Value>) -> Result<Output, Failure> {
        let values = values(&self.list, arguments)?;
        let answer = self.connection.exchange(self.ask(&values)).await?;
        if !answer.status.is_success() {
            return Err(refusal(&answer));
        }
        let items = self.items(&answer)?;
        let results: Vec<Value> = values.iter().map(|value| result(&answer.asked, &self.list, &items, value)).collect();
        Ok(Output::structured(Map::from_iter([("results".to_owned(), results.into())])))
    }

    /// Says what would be asked.
    pub(crate) fn plan(&self, arguments: &Map<String, Value>) -> Result<Vec<String>, Failure> {
        Ok(vec![self.connection.shown(&self.ask(&values(&self.list, arguments)?))])
    }

    fn ask(&self, values: &[String]) -> Ask {
        let headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static("application/json"))]);
        Ask { method: Method::GET, path: path(&self.list, values), headers, body: Bytes::new() }
    }

    /// The items in an answer.
    fn items(&self, answer: &Answer) -> Result<Vec<Value>, Failure> {
        let body: Value = serde_json::from_slice(&answer.body)
            .map_err(|_| Failure::Garbled("something else than JSON where a list was asked for".to_owned()))?;
        let list = if self.list.items.is_empty() { Some(&body) } else { body.get(&self.list.items) };
        let list = list.and_then(Value::as_array).cloned();
        list.ok_or_else(|| Failure::Garbled("an answer without the list that `list.items` names".to_owned()))
    }
}

/// What is asked for, each as a text. One with the sign that separates them would be taken for two.
fn values(list: &RestList, arguments: &Map<String, Value>) -> Result<Vec<String>, Failure> {
    let calls = arguments.get(CALLS).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let value = |(at, call): (usize, &Value)| {
        let text = call.get(&list.argument).and_then(plain).filter(|text| !text.contains(','));
        let field = format!("{CALLS}[{at}].{}", list.argument);
        text.ok_or_else(|| Failure::argument(field, "it must be a text without a comma, or a number"))
    };
    calls.iter().enumerate().map(value).collect()
}

fn path(list: &RestList, values: &[String]) -> String {
    let values: Vec<String> = values.iter().map(|value| encode(value)).collect();
    format!("{}?{}={}", list.path, encode(&list.name), values.join(","))
}

/// What the tool alone would have answered for one value.
fn result(asked: &str, list: &RestList, items: &[Value], value: &str) -> Value {
    let is_meant = |item: &&Value| item.get(&list.key).and_then(plain).as_deref() == Some(value);
    let Some(item) = items.iter().find(is_meant) else {
        let text = format!(
            "[UPSTREAM_ERROR] {asked} answered without an item whose `{}` is {value}\nhint: check the id or name",
            list.key
        );
        return json!({ "content": [{ "type": "text", "text": text }], "isError": true });
    };
    let Output { text, structured, .. } = outcome::of_value(item.clone());
    json!({ "content": [{ "type": "text", "text": text }], "structuredContent": structured })
}

/// A text or a number as a text.
fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list() -> RestList {
        let text = |text: &str| text.to_owned();
        RestList {
            tool: text("many"),
            path: text("/many"),
            argument: text("id"),
            name: text("ids"),
            key: text("id"),
            ..RestList::default()
        }
    }

    #[test]
    fn an_item_belongs_to_the_value_that_it_names_as_a_text_or_a_number() {
        let items = [json!({ "id": 7, "name": "seven" }), json!({ "id": "b", "name": "letter" })];
        let check = |value: &str, expected: Option<&str>| {
            let result = result("GET /many", &list(), &items, value);
            assert_eq!(result["structuredContent"]["name"].as_str(), expected, "{result}");
            assert_eq!(result["isError"] == true, expected.is_none(), "{result}");
        };
        check("7", Some("seven"));
        check("b", Some("letter"));
        check("8", None);
    }

    #[test]
    fn what_could_be_taken_for_two_values_is_not_asked_for() {
        let asked = |id: Value| {
            let arguments = json!({ "calls": [{ "id": 1 }, { "id": id }] });
            values(&list(), arguments.as_object().expect("an object")).map(|values| path(&list(), &values))
        };
        assert_eq!(asked(json!("a b")).expect("a text"), "/many?ids=1,a%20b");
        for wrong in [json!("a,b"), json!(null), json!([1])] {
            assert!(asked(wrong.clone()).is_err(), "{wrong}");
        }
    }
}
