//! A REST API described by hand in the configuration: the same operations as those of a document, and the list forms of some
//! of them (`list`).

pub(crate) mod list;

use config::{RestArgument, RestList, RestMethod, RestPlace, RestTool, RestType, Server};
use http::Method;
use serde_json::{Map, Value, json};

use crate::Error;
use crate::http::{BodyPlan, Operation, Parameter, PathStyle, Place, QueryStyle, Template, may_be_sent};
use crate::tool::{self, Effect, Tool};

/// The tools that `server` describes.
pub(crate) fn tools(server: &Server) -> Result<Vec<(Tool, Operation)>, Error> {
    server.rest.tools.iter().map(|(name, tool)| read(name, tool)).collect()
}

/// The list forms that `server` describes, as tools.
pub(crate) fn lists(server: &Server) -> impl Iterator<Item = (Tool, RestList)> {
    let described = server.rest.tools.iter().filter_map(|(name, tool)| Some((name, tool, tool.list.as_ref()?)));
    described.map(|(name, tool, list)| (list::tool(name, tool, list), list.clone()))
}

fn read(name: &str, tool: &RestTool) -> Result<(Tool, Operation), Error> {
    let unusable =
        |reason: String| Error::Description { what: "a tool of `rest`", reason: format!("{name}: {reason}") };
    let path = Template::parse(&tool.path).map_err(|error| unusable(error.to_string()))?;
    let (method, effect) = method(tool.method);
    let slots: Vec<String> = path.slots().map(str::to_owned).collect();
    let mut described = Described::default();
    let unset = RestArgument::default();
    for slot in &slots {
        let argument = tool.arguments.get(slot).unwrap_or(&unset);
        described.add(slot, slot, Place::Path { style: PathStyle::Simple, explode: false }, argument, true);
    }
    for (argument, settings) in tool.arguments.iter().filter(|(argument, _)| !slots.contains(argument)) {
        let wire = settings.name.as_deref().unwrap_or(argument);
        let place = place(settings.place, &method);
        if matches!(place, Place::Header { .. }) && !may_be_sent(wire) {
            return Err(unusable(format!("the header `{wire}` belongs to the connection; use `headers` or `auth`")));
        }
        described.add(argument, wire, place, settings, settings.required);
    }
    let has_body = described.parameters.iter().any(|parameter| parameter.place == Place::Member);
    let otherwise = format!("{method} {}", tool.path);
    let shown = Tool {
        name: name.to_owned(),
        description: tool::description("", &tool.description, &otherwise),
        input_schema: described.schema(),
        output_schema: None,
        effect,
        meta: tool.list.as_ref().map(list::meta).unwrap_or_default(),
    };
    let body = has_body.then(|| BodyPlan::Json("application/json".to_owned()));
    Ok((shown, Operation { method, path, parameters: described.parameters, body }))
}

/// The arguments of one tool, as they are read.
#[derive(Default)]
struct Described {
    parameters: Vec<Parameter>,
    properties: Map<String, Value>,
    required: Vec<String>,
}

impl Described {
    fn add(&mut self, argument: &str, wire: &str, place: Place, settings: &RestArgument, required: bool) {
        self.parameters.push(Parameter { argument: argument.to_owned(), name: wire.to_owned(), place });
        self.properties.insert(argument.to_owned(), schema(settings));
        if required {
            self.required.push(argument.to_owned());
        }
    }

    fn schema(&self) -> Value {
        json!({
            "type": "object",
            "properties": self.properties,
            "required": self.required,
            "additionalProperties": false,
        })
    }
}

fn schema(argument: &RestArgument) -> Value {
    let kind = match argument.kind {
        RestType::String => "string",
        RestType::Integer => "integer",
        RestType::Number => "number",
        RestType::Boolean => "boolean",
        RestType::Array => "array",
        RestType::Object => "object",
    };
    let mut schema = json!({ "type": kind });
    if !argument.description.is_empty() {
        schema["description"] = argument.description.as_str().into();
    }
    if !argument.choices.is_empty() {
        schema["enum"] = argument.choices.clone().into();
    }
    schema
}

fn method(method: RestMethod) -> (Method, Effect) {
    match method {
        RestMethod::Get => (Method::GET, Effect::Reads),
        RestMethod::Post => (Method::POST, Effect::Adds),
        RestMethod::Put => (Method::PUT, Effect::Overwrites),
        RestMethod::Patch => (Method::PATCH, Effect::Changes),
        RestMethod::Delete => (Method::DELETE, Effect::Overwrites),
    }
}

fn place(place: RestPlace, method: &Method) -> Place {
    let query = Place::Query { style: QueryStyle::Form, explode: true };
    match place {
        RestPlace::Auto if matches!(*method, Method::GET | Method::DELETE) => query,
        RestPlace::Auto | RestPlace::Body => Place::Member,
        RestPlace::Query => query,
        RestPlace::Header => Place::Header { explode: false },
        RestPlace::Cookie => Place::Cookie,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(tool: &RestTool, arguments: &Value) -> String {
        let (_, operation) = read("x", tool).expect("the tool is right");
        let ask = operation.ask(arguments.as_object().expect("an object")).expect("the arguments fit");
        format!("{} {} {}", ask.method, ask.path, String::from_utf8_lossy(&ask.body))
    }

    #[test]
    fn arguments_find_their_place_by_path_and_method() {
        let mut tool = RestTool { path: "/rooms/{room}/lights".to_owned(), ..RestTool::default() };
        tool.arguments.insert("on".to_owned(), RestArgument { kind: RestType::Boolean, ..RestArgument::default() });
        let arguments = json!({ "room": "living room", "on": true });
        assert_eq!(ask(&tool, &arguments), "GET /rooms/living%20room/lights?on=true ");
        tool.method = RestMethod::Post;
        assert_eq!(ask(&tool, &arguments), r#"POST /rooms/living%20room/lights {"on":true}"#);
    }

    #[test]
    fn argument_of_the_path_is_always_needed() {
        let tool = RestTool { path: "/rooms/{room}".to_owned(), ..RestTool::default() };
        let (shown, _) = read("room", &tool).expect("the tool is right");
        assert_eq!(shown.input_schema["required"], json!(["room"]));
        assert_eq!(shown.description, "GET /rooms/{room}");
    }

    #[test]
    fn header_of_the_connection_is_refused() {
        let mut tool = RestTool::default();
        let header =
            RestArgument { place: RestPlace::Header, name: Some("Host".to_owned()), ..RestArgument::default() };
        tool.arguments.insert("host".to_owned(), header);
        let error = read("x", &tool).expect_err("the header is not an argument");
        assert!(error.to_string().contains("the header `Host` belongs to the connection"), "{error}");
    }
}
