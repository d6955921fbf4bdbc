//! A small schema with a cycle, a union, an input that contains itself, and names that clash.

use serde_json::json;

use super::*;

pub(super) fn schema() -> Schema {
    let named = |kind: &str, name: &str| json!({ "kind": kind, "name": name, "ofType": null });
    let wrapped = |kind: &str, inner: Value| json!({ "kind": kind, "name": null, "ofType": inner });
    let list = |inner: Value| wrapped("LIST", inner);
    let never_null = |inner: Value| wrapped("NON_NULL", inner);
    let string = named("SCALAR", "String");
    let field = |name: &str, of: Value| json!({ "name": name, "args": [], "type": of });
    let argument = |name: &str, of: Value| json!({ "name": name, "defaultValue": null, "type": of });
    let object = |name: &str, fields: Value| json!({ "kind": "OBJECT", "name": name, "fields": fields });
    let user = named("OBJECT", "User");
    let introspected = json!({
        "queryType": { "name": "Query" },
        "mutationType": { "name": "Mutation" },
        "types": [
            object("Query", json!([
                { "name": "users", "description": "All users.", "type": list(user.clone()), "args": [
                    argument("filter", named("INPUT_OBJECT", "Filter")),
                    { "name": "first", "defaultValue": "10", "type": never_null(named("SCALAR", "Int")) },
                    argument("role", named("ENUM", "Role")),
                ] },
                { "name": "userById", "type": user, "args": [argument("id", never_null(named("SCALAR", "ID")))] },
                field("now", named("SCALAR", "DateTime")),
                { "name": "pick", "type": user, "args": [argument("select", string.clone())] },
            ])),
            object("Mutation", json!([
                { "name": "users", "type": user, "args": [argument("names", never_null(list(never_null(string.clone()))))] },
            ])),
            object("User", json!([
                field("id", named("SCALAR", "ID")),
                field("name", string.clone()),
                field("posts", list(named("OBJECT", "Post"))),
                field("pet", named("UNION", "Pet")),
                field("boss", user.clone()),
                { "name": "friend", "type": user, "args": [argument("id", never_null(named("SCALAR", "ID")))] },
            ])),
            object("Post", json!([field("title", string.clone()), field("author", user.clone())])),
            object("Cat", json!([field("lives", named("SCALAR", "Int"))])),
            object("Dog", json!([field("name", string.clone())])),
            { "kind": "UNION", "name": "Pet", "possibleTypes": [{ "name": "Cat" }, { "name": "Dog" }] },
            { "kind": "ENUM", "name": "Role", "enumValues": [{ "name": "ADMIN" }, { "name": "GUEST" }] },
            { "kind": "INPUT_OBJECT", "name": "Filter", "inputFields": [
                argument("name", string.clone()),
                argument("not", named("INPUT_OBJECT", "Filter")),
            ] },
            { "kind": "SCALAR", "name": "String" }, { "kind": "SCALAR", "name": "Int" },
            { "kind": "SCALAR", "name": "ID" }, { "kind": "SCALAR", "name": "DateTime" },
        ],
    });
    Schema::read(&introspected).expect("the schema is right")
}

fn all() -> Vec<(Tool, Root, Field)> {
    tools(&schema(), &Operations::default(), &Operations::default(), 3)
}

#[test]
fn queries_read_and_mutations_change() {
    let told: Vec<(String, Effect)> = all().into_iter().map(|(tool, ..)| (tool.name, tool.effect)).collect();
    let expected = [
        ("users", Effect::Reads),
        ("user_by_id", Effect::Reads),
        ("now", Effect::Reads),
        ("pick", Effect::Reads),
        ("users_2", Effect::Changes),
    ];
    assert_eq!(told, expected.map(|(name, effect)| (name.to_owned(), effect)));
}

#[test]
fn arguments_are_typed_from_the_schema() {
    let tools = all();
    let users = &tools[0].0.input_schema;
    assert_eq!(users["required"], json!([]));
    assert_eq!(users["properties"]["first"]["type"], "integer");
    assert_eq!(users["properties"]["first"]["description"], "Default 10.");
    assert_eq!(users["properties"]["role"]["enum"], json!(["ADMIN", "GUEST", null]));
    let not = &users["properties"]["filter"]["properties"]["not"];
    assert_eq!(not["description"], "another Filter, left out of this description");
    assert_eq!(tools[1].0.input_schema["required"], json!(["id"]));
    assert_eq!(tools[4].0.input_schema["properties"]["names"]["type"], "array");
}

#[test]
fn selection_is_offered_where_there_is_something_to_select() {
    let offered = |place: usize| {
        let keys = all()[place].0.input_schema["properties"].as_object().cloned().unwrap_or_default();
        keys.keys().filter(|key| key.starts_with(SELECT)).cloned().collect::<Vec<_>>()
    };
    assert_eq!(offered(0), ["select"]);
    assert!(offered(2).is_empty());
    assert_eq!(offered(3), ["select", "select_fields"]);
}

#[test]
fn filters_choose_by_kind_and_name() {
    let globs = |pattern: &str| vec![pattern.parse().expect("the glob is right")];
    let queries = Operations { methods: globs("query"), ..Operations::default() };
    let by_name = Operations { names: globs("user*"), ..Operations::default() };
    let chosen: Vec<String> = tools(&schema(), &queries, &by_name, 3).into_iter().map(|(tool, ..)| tool.name).collect();
    assert_eq!(chosen, ["now", "pick"]);
}

#[test]
fn schema_with_names_that_could_break_out_of_a_query_is_refused() {
    let evil = json!({ "queryType": { "name": "Q" }, "types": [{ "kind": "OBJECT", "name": "Q", "fields": [
        { "name": "a } mutation { b", "args": [], "type": { "kind": "SCALAR", "name": "String" } },
    ] }] });
    assert!(Schema::read(&evil).is_err());
    assert!(schema_of(&json!({ "errors": [{ "message": "no" }] })).is_err());
}
