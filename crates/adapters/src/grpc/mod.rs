//! gRPC: unary and server-streaming methods become tools, by reflection or by a compiled description.
//! Methods that read a stream from the client are left out: a call of a tool is one message.

mod call;
mod details;
mod reflection;
mod schema;
mod wire;

use config::{Operations, Traits};
use prost_reflect::prost_types::MethodOptions;
use prost_reflect::prost_types::method_options::IdempotencyLevel;
use prost_reflect::{DescriptorPool, MethodDescriptor};

pub(crate) use self::call::Action;
use self::schema::Side;
use crate::names::{self, Names};
use crate::tool::{self, Effect, Tool};

/// Tools of one server. More than this is no help to any model, and `include` chooses.
const TOOLS_MAX: usize = 2_000;

/// The tools of a description, each with its method; `offered` names the services, or takes all if it is empty.
fn tools(
    pool: &DescriptorPool,
    is_offered: impl Fn(&str) -> bool,
    include: &Operations,
    exclude: &Operations,
) -> Vec<(Tool, MethodDescriptor)> {
    let mut names = Names::default();
    let mut tools = Vec::new();
    let services = pool.services().filter(|service| is_offered(service.full_name()));
    let methods: Vec<MethodDescriptor> = services.flat_map(|service| service.methods().collect::<Vec<_>>()).collect();
    for method in methods {
        let path = path(&method);
        let traits = Traits { path: &path, name: path.trim_start_matches('/'), method: "", tags: &[] };
        if !include.take(&traits) || exclude.name(&traits) {
            continue;
        }
        if method.is_client_streaming() {
            tracing::warn!(method = path, "a method did not become a tool: it reads a stream from its client");
        } else if tools.len() < TOOLS_MAX {
            let name = names.give(&names::snake_case(&format!("{} {}", method.parent_service().name(), method.name())));
            tools.push((described(name, &method), method));
        }
    }
    tools
}

fn described(name: String, method: &MethodDescriptor) -> Tool {
    let otherwise = format!("gRPC method {}", path(method));
    let output_schema = (!method.is_server_streaming()).then(|| schema::of_message(&method.output(), Side::Output));
    Tool {
        name,
        description: tool::description("", &comment(method), &otherwise),
        input_schema: schema::of_message(&method.input(), Side::Input),
        output_schema: output_schema.filter(|schema| schema["type"] == "object"),
        effect: effect(method),
        meta: serde_json::Map::new(),
    }
}

/// What the description says that the method does; most say nothing.
fn effect(method: &MethodDescriptor) -> Effect {
    let descriptor = method.method_descriptor_proto();
    match descriptor.options.as_ref().map(MethodOptions::idempotency_level) {
        Some(IdempotencyLevel::NoSideEffects) => Effect::Reads,
        Some(IdempotencyLevel::Idempotent) => Effect::Overwrites,
        _ => Effect::Changes,
    }
}

/// The comment above the method, where the description was compiled with its comments.
fn comment(method: &MethodDescriptor) -> String {
    let file = method.parent_file();
    let locations = file.file_descriptor_proto().source_code_info.iter().flat_map(|info| &info.location);
    let own = locations.into_iter().find(|location| location.path == method.path());
    own.map(|location| location.leading_comments().trim().to_owned()).unwrap_or_default()
}

/// The path of the method in HTTP/2: `/package.Service/Method`.
fn path(method: &MethodDescriptor) -> String {
    format!("/{}/{}", method.parent_service().full_name(), method.name())
}

#[cfg(test)]
mod tests;
