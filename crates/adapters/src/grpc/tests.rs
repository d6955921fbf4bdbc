//! A small description: a unary method, both kinds of streams, and a message that contains itself.

use prost_reflect::prost_types::field_descriptor_proto::{Label, Type};
use prost_reflect::prost_types::{
    DescriptorProto, FieldDescriptorProto, FileDescriptorProto, MethodDescriptorProto, ServiceDescriptorProto,
};
use serde_json::json;

use super::*;

fn field(name: &str, number: i32, kind: Type, label: Label, of: Option<&str>) -> FieldDescriptorProto {
    FieldDescriptorProto {
        name: Some(name.to_owned()),
        number: Some(number),
        r#type: Some(kind.into()),
        label: Some(label.into()),
        type_name: of.map(str::to_owned),
        ..FieldDescriptorProto::default()
    }
}

fn method(name: &str, client_streams: bool, server_streams: bool) -> MethodDescriptorProto {
    MethodDescriptorProto {
        name: Some(name.to_owned()),
        input_type: Some(".routes.Point".to_owned()),
        output_type: Some(".routes.Point".to_owned()),
        client_streaming: Some(client_streams),
        server_streaming: Some(server_streams),
        ..MethodDescriptorProto::default()
    }
}

pub(super) fn pool() -> DescriptorPool {
    let reads =
        MethodOptions { idempotency_level: Some(IdempotencyLevel::NoSideEffects.into()), ..MethodOptions::default() };
    let point = DescriptorProto {
        name: Some("Point".to_owned()),
        field: vec![
            field("latitude", 1, Type::Int32, Label::Optional, None),
            field("serial", 2, Type::Uint64, Label::Optional, None),
            field("tags", 3, Type::String, Label::Repeated, None),
            field("next_point", 4, Type::Message, Label::Optional, Some(".routes.Point")),
        ],
        ..DescriptorProto::default()
    };
    let service = ServiceDescriptorProto {
        name: Some("RouteGuide".to_owned()),
        method: vec![
            MethodDescriptorProto { options: Some(reads), ..method("GetFeature", false, false) },
            method("ListFeatures", false, true),
            method("RecordRoute", true, false),
        ],
        ..ServiceDescriptorProto::default()
    };
    let file = FileDescriptorProto {
        name: Some("routes.proto".to_owned()),
        package: Some("routes".to_owned()),
        syntax: Some("proto3".to_owned()),
        message_type: vec![point],
        service: vec![service],
        ..FileDescriptorProto::default()
    };
    let mut pool = DescriptorPool::new();
    pool.add_file_descriptor_proto(file).expect("the description fits together");
    pool
}

#[test]
fn unary_and_server_streaming_methods_are_tools() {
    let tools = tools(&pool(), |_| true, &Operations::default(), &Operations::default());
    let told: Vec<(&str, Effect, bool)> =
        tools.iter().map(|(tool, _)| (tool.name.as_str(), tool.effect, tool.output_schema.is_some())).collect();
    assert_eq!(
        told,
        [("route_guide_get_feature", Effect::Reads, true), ("route_guide_list_features", Effect::Changes, false)]
    );
}

#[test]
fn messages_are_described_in_the_json_mapping() {
    let point = pool().get_message_by_name("routes.Point").expect("the message is there");
    let input = schema::of_message(&point, Side::Input);
    assert_eq!(input["properties"]["serial"]["type"], json!(["integer", "string"]));
    assert_eq!(input["properties"]["tags"], json!({ "type": "array", "items": { "type": "string" } }));
    let note = &input["properties"]["nextPoint"]["description"];
    assert_eq!(note, "another Point, left out of this description");
}

#[test]
fn filters_choose_by_the_full_name() {
    let globs = |pattern: &str| vec![pattern.parse().expect("the glob is right")];
    let lists = Operations { names: globs("routes.RouteGuide/List*"), ..Operations::default() };
    let chosen = |include: &Operations, exclude: &Operations| {
        tools(&pool(), |_| true, include, exclude).into_iter().map(|(tool, _)| tool.name).collect::<Vec<_>>()
    };
    assert_eq!(chosen(&lists, &Operations::default()), ["route_guide_list_features"]);
    assert_eq!(chosen(&Operations::default(), &lists), ["route_guide_get_feature"]);
    assert!(tools(&pool(), |_| false, &Operations::default(), &Operations::default()).is_empty());
}
