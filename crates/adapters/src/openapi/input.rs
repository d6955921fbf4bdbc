//! The arguments of an operation: parameters and body as one object, each argument with its place in the request.
//!
//! Clashes have one rule. The order is path, query, header, cookie, body; the first to come keeps its name, a later
//! one is called `name_query`, `name_header`, `name_cookie` or `name_body`.

use serde_json::{Map, Value, json};

use super::reference::resolve;
use super::{Reason, schema};
use crate::http::{BodyPlan, Parameter, PathStyle, Place, QueryStyle, may_be_sent};
use crate::names::{self, Names};

/// The arguments of an operation.
#[derive(Debug, Default)]
pub(super) struct Input {
    /// Where each goes.
    pub(super) parameters: Vec<Parameter>,
    /// How the body is written.
    pub(super) body: Option<BodyPlan>,
    names: Names,
    properties: Map<String, Value>,
    required: Vec<Value>,
}

/// The places of parameters, in the order in which they get their names.
const PLACES: [&str; 4] = ["path", "query", "header", "cookie"];

impl Input {
    /// The arguments that `parameters` and `body` of an operation ask for; parameters of the operation come last and
    /// win over those of its path.
    pub(super) fn read<'d>(
        root: &'d Value,
        parameters: impl Iterator<Item = &'d Value>,
        body: &'d Value,
    ) -> Result<Self, Reason> {
        let mut input = Self::default();
        let parameters = distinct(root, parameters)?;
        for place in PLACES {
            for parameter in parameters.iter().filter(|parameter| parameter["in"] == place) {
                input.add_parameter(root, parameter, place)?;
            }
        }
        let body = resolve(root, body)?;
        if body["content"].is_object() {
            input.add_body(root, body)?;
        }
        Ok(input)
    }

    /// The schema of all arguments.
    pub(super) fn schema(&self) -> Value {
        json!({
            "type": "object",
            "properties": self.properties,
            "required": self.required,
            "additionalProperties": false,
        })
    }

    fn add_parameter(&mut self, root: &Value, parameter: &Value, place: &str) -> Result<(), Reason> {
        let name = parameter["name"].as_str().ok_or(Reason::Nameless)?;
        if place == "header" && !may_be_sent(name) {
            return Ok(());
        }
        let content = parameter["content"].as_object().and_then(|content| content.values().next());
        let described = content.map_or(&parameter["schema"], |content| &content["schema"]);
        let mut schema = schema::input(root, described)?;
        add_note(&mut schema, &parameter["description"]);
        let place = place_of(place, parameter, content.is_some());
        let required = parameter["required"] == true || matches!(place, Place::Path { .. });
        self.add(name, place, schema, required);
        Ok(())
    }

    fn add_body(&mut self, root: &Value, body: &Value) -> Result<(), Reason> {
        let content = body["content"].as_object().into_iter().flatten();
        let offered: Vec<(&str, &Value)> = content.map(|(media, content)| (media.as_str(), content)).collect();
        let (media, content) = preferred(&offered).ok_or(Reason::NoBody)?;
        let mut schema = schema::joined(schema::input(root, &content["schema"])?);
        let plan = plan(media, &mut schema);
        let required = body["required"] == true;
        if is_spread(&plan, &schema) {
            self.add_members(&schema, required);
        } else {
            add_note(&mut schema, &body["description"]);
            if matches!(plan, BodyPlan::Bytes(_)) {
                schema = json!({ "type": "string", "contentEncoding": "base64", "description": format!("{media}, as base64") });
            }
            self.add("body", Place::Body, schema, required);
        }
        self.body = Some(plan);
        Ok(())
    }

    fn add_members(&mut self, schema: &Value, body_is_required: bool) {
        let needed: Vec<&str> = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        for (name, member) in schema["properties"].as_object().into_iter().flatten() {
            let required = body_is_required && needed.contains(&name.as_str());
            self.add(name, Place::Member, member.clone(), required);
        }
    }

    fn add(&mut self, name: &str, place: Place, schema: Value, required: bool) {
        let wished = names::argument(name);
        let wished = if self.names.has(&wished) { format!("{wished}_{}", suffix(place)) } else { wished };
        let argument = self.names.give(&wished);
        if required {
            self.required.push(argument.clone().into());
        }
        self.properties.insert(argument.clone(), schema);
        self.parameters.push(Parameter { argument, name: name.to_owned(), place });
    }
}

/// Each parameter once, by place and name; the last one counts.
fn distinct<'d>(root: &'d Value, parameters: impl Iterator<Item = &'d Value>) -> Result<Vec<&'d Value>, Reason> {
    let mut distinct: Vec<&Value> = Vec::new();
    for parameter in parameters {
        let parameter = resolve(root, parameter)?;
        distinct.retain(|other| (&other["in"], &other["name"]) != (&parameter["in"], &parameter["name"]));
        distinct.push(parameter);
    }
    Ok(distinct)
}

fn place_of(place: &str, parameter: &Value, is_json: bool) -> Place {
    let style = parameter["style"].as_str().unwrap_or_default();
    let explode = |otherwise| parameter["explode"].as_bool().unwrap_or(otherwise);
    match place {
        "path" => Place::Path { style: path_style(style, is_json), explode: explode(false) },
        "header" => Place::Header { explode: explode(false) },
        "cookie" => Place::Cookie,
        _ => {
            let style = query_style(style, is_json);
            Place::Query { style, explode: explode(style == QueryStyle::Form) }
        }
    }
}

fn path_style(style: &str, is_json: bool) -> PathStyle {
    match style {
        _ if is_json => PathStyle::Json,
        "label" => PathStyle::Label,
        "matrix" => PathStyle::Matrix,
        _ => PathStyle::Simple,
    }
}

fn query_style(style: &str, is_json: bool) -> QueryStyle {
    match style {
        _ if is_json => QueryStyle::Json,
        "spaceDelimited" => QueryStyle::Space,
        "pipeDelimited" => QueryStyle::Pipe,
        "deepObject" => QueryStyle::Deep,
        _ => QueryStyle::Form,
    }
}

fn suffix(place: Place) -> &'static str {
    match place {
        Place::Path { .. } => "path",
        Place::Query { .. } => "query",
        Place::Header { .. } => "header",
        Place::Cookie => "cookie",
        Place::Member | Place::Body => "body",
    }
}

/// The media type that is written best: JSON, then forms, then text, then whatever comes first.
fn preferred<'c>(offered: &[(&'c str, &'c Value)]) -> Option<(&'c str, &'c Value)> {
    let order: [fn(&str) -> bool; 6] = [
        |media| media == "application/json",
        |media| media.ends_with("+json") || media.starts_with("application/json"),
        |media| media.starts_with("application/x-www-form-urlencoded"),
        |media| media.starts_with("multipart/form-data"),
        |media| media.starts_with("text/"),
        |_| true,
    ];
    order.into_iter().find_map(|fits| offered.iter().find(|(media, _)| fits(media)).copied())
}

fn plan(media: &str, schema: &mut Value) -> BodyPlan {
    match media {
        "*/*" => BodyPlan::Json("application/json".to_owned()),
        json if json.starts_with("application/json") || json.ends_with("+json") => BodyPlan::Json(media.to_owned()),
        form if form.starts_with("application/x-www-form-urlencoded") => BodyPlan::Form,
        parts if parts.starts_with("multipart/form-data") => BodyPlan::Multipart { files: name_files(schema) },
        text if text.starts_with("text/") || text.ends_with("xml") => BodyPlan::Text(media.to_owned()),
        _ => BodyPlan::Bytes(media.to_owned()),
    }
}

/// The members that are files; each is told to be base64.
fn name_files(schema: &mut Value) -> Vec<String> {
    let mut files = Vec::new();
    for (name, member) in schema["properties"].as_object_mut().into_iter().flatten() {
        let is_file = member["format"] == "binary" || member.get("contentMediaType").is_some();
        if let (true, Some(keywords)) = (is_file, member.as_object_mut()) {
            keywords.remove("format");
            keywords.insert("contentEncoding".to_owned(), "base64".into());
            files.push(name.clone());
        }
    }
    files
}

/// Whether the members of the body become arguments of their own: it is an object and says all its names.
fn is_spread(plan: &BodyPlan, schema: &Value) -> bool {
    let is_object = schema["properties"].as_object().is_some_and(|properties| !properties.is_empty());
    let is_open = schema["additionalProperties"] == true || schema["additionalProperties"].is_object();
    let has_forms = schema.get("anyOf").is_some() || schema.get("allOf").is_some();
    let is_structured = matches!(plan, BodyPlan::Json(_) | BodyPlan::Form | BodyPlan::Multipart { .. });
    is_structured && is_object && !is_open && !has_forms
}

fn add_note(schema: &mut Value, note: &Value) {
    if let (Some(note), Some(keywords)) = (note.as_str(), schema.as_object_mut()) {
        keywords.insert("description".to_owned(), crate::tool::cut(note, 300).into());
    }
}
