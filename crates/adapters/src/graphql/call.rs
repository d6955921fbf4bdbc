//! A call of a GraphQL tool: one operation with typed variables, and what comes back of it.

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method};
use serde_json::{Map, Value, json};
use std::sync::Arc;

use super::types::{Field, INTROSPECTION, Schema};
use super::{Root, schema_of, select_argument, selection, tools};
use crate::Error;
use crate::failure::Failure;
use crate::http::{Answer, Ask, Connection, refusal};
use crate::outcome;
use crate::tool::{Tool, cut};

/// Letters of errors and partial data that the model is shown.
const SAID_LETTERS_MAX: usize = 16_384;

/// One field of `Query` or `Mutation`, ready to be asked for.
#[derive(Clone, Debug)]
pub(crate) struct Action {
    shared: Arc<Shared>,
    root: Root,
    field: Field,
}

/// What the tools of one API have in common.
#[derive(Debug)]
struct Shared {
    connection: Connection,
    path: String,
    schema: Schema,
    depth: usize,
}

impl Action {
    /// Asks the server behind `connection` what it offers, and makes tools of it.
    pub(crate) async fn discover(
        connection: Connection,
        path: &str,
        server: &config::Server,
    ) -> Result<Vec<(Tool, Self)>, Error> {
        let unusable = |reason: String| Error::Description { what: "the schema of the GraphQL server", reason };
        let answer = connection.exchange(ask(path, INTROSPECTION, &Map::new())).await;
        let answer = answer.map_err(|source| Error::Fetch { source })?;
        let body: Value =
            serde_json::from_slice(&answer.body).map_err(|_| unusable(format!("{} is no json", answer.status)))?;
        let schema = schema_of(&body).map_err(unusable)?;
        let described = tools(&schema, &server.include, &server.exclude, server.select_depth);
        let shared = Arc::new(Shared { connection, path: path.to_owned(), schema, depth: server.select_depth });
        let act = |root, field| Self { shared: shared.clone(), root, field };
        Ok(described.into_iter().map(|(tool, root, field)| (tool, act(root, field))).collect())
    }

    /// The operation for `arguments`: its text and its variables.
    fn operation(&self, mut variables: Map<String, Value>) -> Result<(String, Map<String, Value>), Failure> {
        let Shared { schema, depth, .. } = &*self.shared;
        let selected = match select_argument(schema, &self.field) {
            None => String::new(),
            Some(select) => match variables.remove(&select) {
                Some(Value::String(text)) => format!(" {{ {} }}", selection::given(schema, &self.field, &text)?),
                _ => format!(" {{ {} }}", selection::generated(schema, &self.field, *depth)),
            },
        };
        let given: Vec<_> = self.field.arguments.iter().filter(|one| variables.contains_key(&one.name)).collect();
        let declared: Vec<String> = given.iter().map(|one| format!("${}: {}", one.name, one.of)).collect();
        let passed: Vec<String> = given.iter().map(|one| format!("{0}: ${0}", one.name)).collect();
        let in_parentheses =
            |list: Vec<String>| if list.is_empty() { String::new() } else { format!("({})", list.join(", ")) };
        let (declared, passed) = (in_parentheses(declared), in_parentheses(passed));
        let text = format!("{} Call{declared} {{ {}{passed}{selected} }}", self.root.keyword(), self.field.name);
        Ok((text, variables))
    }

    /// Asks for the field.
    pub(crate) async fn run(&self, arguments: Map<String, Value>) -> Result<toolkit::Output, Failure> {
        let (text, variables) = self.operation(arguments)?;
        let answer = self.shared.connection.exchange(ask(&self.shared.path, &text, &variables)).await?;
        read(&answer, &self.field.name)
    }

    /// Says what would be asked.
    pub(crate) fn plan(&self, arguments: Map<String, Value>) -> Result<Vec<String>, Failure> {
        let (text, variables) = self.operation(arguments)?;
        Ok(vec![format!("{text} with {}", Value::from(variables))])
    }
}

fn ask(path: &str, text: &str, variables: &Map<String, Value>) -> Ask {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(ACCEPT, HeaderValue::from_static("application/graphql-response+json, application/json;q=0.9"));
    let body = json!({ "query": text, "variables": variables }).to_string();
    Ask { method: Method::POST, path: path.to_owned(), headers, body: Bytes::from(body) }
}

/// What the server answered: data, errors, or both. Errors with data are errors that keep the data.
fn read(answer: &Answer, field: &str) -> Result<toolkit::Output, Failure> {
    let Ok(body) = serde_json::from_slice::<Value>(&answer.body) else {
        return Err(if answer.status.is_success() {
            Failure::Garbled("something that is no json".to_owned())
        } else {
            refusal(answer)
        });
    };
    if let Some(errors) = body["errors"].as_array().filter(|errors| !errors.is_empty()) {
        return Err(failed(errors, &body["data"]));
    }
    match body.get("data").and_then(|data| data.get(field)) {
        Some(value) => Ok(outcome::of_value(value.clone())),
        None if answer.status.is_success() => Err(Failure::Garbled("neither data nor errors".to_owned())),
        None => Err(refusal(answer)),
    }
}

fn failed(errors: &[Value], data: &Value) -> Failure {
    let first = errors.first().and_then(|error| error["message"].as_str()).unwrap_or("an error without a message");
    let mut said = json!({ "errors": errors });
    if !data.is_null() {
        said["data"] = data.clone();
    }
    Failure::Refused {
        message: cut(first, 500),
        hint: "compare the arguments with the tool's description and what the api said".to_owned(),
        said: cut(&said.to_string(), SAID_LETTERS_MAX),
        retry_after_ms: None,
    }
}

#[cfg(test)]
mod tests {
    use http::StatusCode;

    use super::super::tests::schema;
    use super::*;

    fn action(root: Root, on: &str, field: &str) -> Action {
        let schema = schema();
        let field = schema.field(on, field).expect("the field is there").clone();
        let connection = crate::http::Connection::to_nowhere();
        Action { shared: Arc::new(Shared { connection, path: "/graphql".to_owned(), schema, depth: 1 }), root, field }
    }

    fn operation(action: &Action, arguments: &Value) -> (String, Value) {
        let arguments = arguments.as_object().cloned().expect("an object");
        let (text, variables) = action.operation(arguments).expect("the arguments fit");
        (text, variables.into())
    }

    #[test]
    fn arguments_travel_as_variables_and_never_as_text() {
        let evil = "x\") { id } } mutation { deleteAll }";
        let action = action(Root::Query, "Query", "users");
        let (text, variables) = operation(&action, &json!({ "filter": { "name": evil }, "select": "id" }));
        assert_eq!(text, "query Call($filter: Filter) { users(filter: $filter) { id } }");
        assert_eq!(variables, json!({ "filter": { "name": evil } }));
    }

    #[test]
    fn wrapped_types_are_declared_as_they_are() {
        let action = action(Root::Mutation, "Mutation", "users");
        let (text, _) = operation(&action, &json!({ "names": ["a"] }));
        assert_eq!(text, "mutation Call($names: [String!]!) { users(names: $names) { id name } }");
    }

    #[test]
    fn leaf_has_no_selection() {
        let (text, _) = operation(&action(Root::Query, "Query", "now"), &json!({}));
        assert_eq!(text, "query Call { now }");
    }

    fn answered(status: u16, body: &str) -> Result<toolkit::Output, Failure> {
        let answer = Answer {
            asked: "POST /graphql".to_owned(),
            url: "http://127.0.0.1/graphql".to_owned(),
            status: StatusCode::from_u16(status).expect("the status exists"),
            content_type: "application/json".to_owned(),
            retry_after_s: None,
            body: Bytes::copy_from_slice(body.as_bytes()),
        };
        read(&answer, "users")
    }

    #[test]
    fn data_is_the_result() {
        let output = answered(200, r#"{"data":{"users":[{"id":"1"}]}}"#).expect("there are no errors");
        assert_eq!(Value::from(output.structured.expect("json has a structure")), json!({ "result": [{ "id": "1" }] }));
        assert_eq!(output.text.as_deref(), Some(r#"[{"id":"1"}]"#));
    }

    #[test]
    fn errors_are_a_failure_that_keeps_partial_data() {
        let body = r#"{"data":{"users":null},"errors":[{"message":"not yours","path":["users"]}]}"#;
        let Err(Failure::Refused { message, said, .. }) = answered(200, body) else { panic!("errors are a failure") };
        assert_eq!(message, "not yours");
        assert!(said.contains(r#""data":{"users":null}"#), "{said}");
        assert!(answered(400, r#"{"errors":[{"message":"bad"}]}"#).is_err());
    }

    #[test]
    fn answer_that_is_no_graphql_is_a_failure() {
        for (status, body) in [(200, "<html>"), (502, "bad gateway"), (200, "{}"), (200, r#"{"data":null}"#)] {
            assert!(answered(status, body).is_err(), "{body}");
        }
    }
}
