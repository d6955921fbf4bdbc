//! A small document with every kind of place and every kind of mistake.

use serde_json::json;

use super::*;

fn document() -> Value {
    json!({
        "openapi": "3.0.3",
        "components": {
            "schemas": { "Pet": { "type": "object", "required": ["name"], "properties": {
                "id": { "type": "integer", "format": "int64" }, "name": { "type": "string" },
            } } },
            "parameters": { "PetId": {
                "name": "petId", "in": "path", "required": true, "schema": { "type": "integer" },
            } },
        },
        "paths": {
            "/pets": {
                "get": {
                    "operationId": "listPets", "tags": ["pets"], "summary": "List pets.",
                    "parameters": [
                        { "name": "filter[name]", "in": "query", "schema": { "type": "string" } },
                        { "name": "Authorization", "in": "header", "schema": { "type": "string" } },
                    ],
                    "responses": { "200": { "content": { "application/json": {
                        "schema": { "type": "array", "items": { "$ref": "#/components/schemas/Pet" } } } } } },
                },
                "post": {
                    "operationId": "listPets", "tags": ["admin"],
                    "parameters": [{ "name": "name", "in": "query", "schema": { "type": "boolean" } }],
                    "requestBody": { "required": true, "content": {
                        "application/xml": { "schema": { "type": "string" } },
                        "application/json": { "schema": { "$ref": "#/components/schemas/Pet" } },
                    } },
                },
            },
            "/pets/{petId}": {
                "parameters": [{ "$ref": "#/components/parameters/PetId" }],
                "delete": { "deprecated": true, "responses": { "204": {} } },
                "get": { "operationId": "getPet", "responses": { "2XX": { "content": { "application/json": {
                    "schema": { "$ref": "#/components/schemas/Pet" } } } } } },
            },
            "/broken/{id}": { "get": {} },
            "/remote": { "get": { "parameters": [{ "$ref": "https://evil.example/p.json" }] } },
            "/cyclic": { "$ref": "#/paths/~1cyclic" },
            "/upload": {
                "servers": [{ "url": "https://uploads.example" }],
                "put": {},
            },
        },
    })
}

fn described() -> Described {
    read(&document(), &Operations::default(), &Operations::default()).expect("the version is known")
}

fn tool<'d>(described: &'d Described, name: &str) -> &'d (Tool, Operation) {
    described.tools.iter().find(|(tool, _)| tool.name == name).unwrap_or_else(|| panic!("{name} is a tool"))
}

fn glob_list(patterns: &[&str]) -> Vec<config::Glob> {
    patterns.iter().map(|pattern| pattern.parse().expect("the glob is right")).collect()
}

#[test]
fn every_operation_is_a_tool_under_a_name_of_its_own() {
    let described = described();
    let names: Vec<&str> = described.tools.iter().map(|(tool, _)| tool.name.as_str()).collect();
    assert_eq!(names, ["list_pets", "list_pets_2", "get_pet", "delete_pets_pet_id"]);
}

#[test]
fn method_decides_what_a_client_is_told_of_the_effect() {
    let described = described();
    let effects: Vec<Effect> = described.tools.iter().map(|(tool, _)| tool.effect).collect();
    assert_eq!(effects, [Effect::Reads, Effect::Adds, Effect::Reads, Effect::Overwrites]);
    assert!(tool(&described, "delete_pets_pet_id").0.description.starts_with("Deprecated. DELETE /pets/{petId}"));
}

#[test]
fn places_are_merged_and_clashes_renamed() {
    let described = described();
    let (list, _) = tool(&described, "list_pets");
    assert_eq!(
        list.input_schema["properties"].as_object().expect("it takes arguments").keys().collect::<Vec<_>>(),
        ["filter_name"]
    );
    let (add, operation) = tool(&described, "list_pets_2");
    assert_eq!(add.input_schema["properties"]["name"]["type"], "boolean");
    assert_eq!(add.input_schema["required"], json!(["name_body"]));
    let arguments = json!({ "name": true, "name_body": "Rex" });
    let ask = operation.ask(arguments.as_object().expect("an object")).expect("the arguments fit");
    assert_eq!((ask.path.as_str(), &ask.body[..]), ("/pets?name=true", &br#"{"name":"Rex"}"#[..]));
}

#[test]
fn results_are_described_as_objects_that_promise_little() {
    let described = described();
    let schema = |name: &str| tool(&described, name).0.output_schema.clone().expect("it answers json");
    assert_eq!(schema("get_pet")["properties"]["name"], json!({ "type": ["string", "null"] }));
    assert!(schema("get_pet").get("required").is_none());
    assert_eq!(schema("list_pets")["properties"]["result"]["type"], json!(["array", "null"]));
    assert!(tool(&described, "delete_pets_pet_id").0.output_schema.is_none());
}

#[test]
fn what_cannot_become_a_tool_is_named_with_its_reason() {
    let told: Vec<String> =
        described().left_out.iter().map(|left| format!("{}: {}", left.operation, left.reason)).collect();
    assert_eq!(
        told,
        [
            "get /broken/{id}: `id` in its path is no parameter",
            "/cyclic: `$ref` to `#/paths/~1cyclic` leads to itself",
            "get /remote: `$ref` to `https://evil.example/p.json` leads out of the document",
            "put /upload: it is answered by another server",
        ]
    );
}

#[test]
fn filters_choose_by_tag_path_method_and_name() {
    let none = Operations::default();
    let chosen = |include: &Operations, exclude: &Operations| -> Vec<String> {
        let described = read(&document(), include, exclude).expect("the version is known");
        described.tools.into_iter().map(|(tool, _)| tool.name).collect()
    };
    let tags = Operations { tags: glob_list(&["pets"]), ..none.clone() };
    assert_eq!(chosen(&tags, &none), ["list_pets"]);
    let methods = Operations { methods: glob_list(&["get"]), paths: glob_list(&["/pets*"]), ..none.clone() };
    assert_eq!(chosen(&methods, &none), ["list_pets", "get_pet"]);
    let names = Operations { names: glob_list(&["list*"]), methods: glob_list(&["delete"]), ..none.clone() };
    assert_eq!(chosen(&none, &names), ["get_pet"]);
}

#[test]
fn other_documents_are_refused_with_what_to_do() {
    for (document, expected) in [
        (json!({ "swagger": "2.0" }), VersionError::Swagger),
        (json!({ "openapi": "4.0.0" }), VersionError::Other("4.0.0".to_owned())),
        (json!({ "asyncapi": "3.0.0" }), VersionError::None),
        (json!([]), VersionError::None),
    ] {
        assert_eq!(read(&document, &Operations::default(), &Operations::default()).err(), Some(expected));
    }
}
