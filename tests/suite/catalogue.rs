//! The catalogue as hosts see it: rules for all tools, their cost in tokens, and a snapshot of each.

use crate::support::{Api, BINARY, Ran, on_both_apis, run};
use serde_json::{Value, json};
use std::process::Command;

on_both_apis!(
    the_tokens_of_all_tools_stay_below_their_limit,
    every_host_accepts_the_schemas,
    names_titles_and_hints_agree_with_the_effect,
);

/// The most o200k tokens that name, description and input schema of all tools may have.
const MOST_TOKENS: usize = 3_700;

/// The tools of bulk work, exports and undo.
const BULK: [&str; 5] = ["plan_bulk", "run_bulk", "get_bulk", "export_crm", "undo_changes"];

/// The most tools with those. list_accounts is one more, of servers of several accounts.
const MOST_WITH_BULK: usize = 39;

/// The most tokens with those. Servers of several accounts have [`accounts`](crate::accounts) of their own limit.
const MOST_TOKENS_WITH_BULK: usize = 4_500;

/// The most tools that are listed where no groups are named.
const MOST_TOOLS: usize = 34;

/// The first words of the names of tools that write.
const WRITE_VERBS: [&str; 7] = ["book_", "create_", "update_", "upsert_", "delete_", "publish_", "run_"];

/// The tools as `tools --json` prints them, which is what `tools/list` answers (the protocol's tests compare the two).
async fn listed(api: Api) -> Vec<Value> {
    printed(api, &[]).await
}

/// The same with those for rare jobs.
async fn tools(api: Api) -> Vec<Value> {
    printed(api, &["--toolsets", "all"]).await
}

async fn printed(api: Api, flags: &[&str]) -> Vec<Value> {
    let mut command = Command::new(BINARY);
    command.env_clear().env("HOME", std::env::temp_dir()).args(["tools", "--json"]).args(flags);
    if api == Api::Official {
        command.args(["--api", "official", "--location-id", "loc1"]);
    }
    let ran: Ran = run(command).await;
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    serde_json::from_str(&ran.stdout).unwrap()
}

fn name(tool: &Value) -> &str {
    tool["name"].as_str().unwrap()
}

/// Calls `look` with every schema in a schema and its path.
fn every_schema(schema: &Value, place: &str, look: &mut impl FnMut(&Value, &str)) {
    look(schema, place);
    for (key, inner) in schema["properties"].as_object().into_iter().flatten() {
        every_schema(inner, &format!("{place}.{key}"), look);
    }
    if schema["items"].is_object() {
        every_schema(&schema["items"], &format!("{place}[]"), look);
    }
    for inner in schema["anyOf"].as_array().into_iter().flatten() {
        every_schema(inner, &format!("{place}?"), look);
    }
}

/// Calls `look` with each place in a schema that is a schema and only true or false.
fn every_bare_boolean(schema: &Value, place: &str, look: &mut impl FnMut(&str)) {
    let Some(object) = schema.as_object() else {
        if schema.is_boolean() {
            look(place);
        }
        return;
    };
    for (key, inner) in object {
        let inside = format!("{place}.{key}");
        match (key.as_str(), inner) {
            ("properties" | "patternProperties" | "$defs", Value::Object(members)) => {
                members.iter().for_each(|(name, inner)| every_bare_boolean(inner, &format!("{inside}.{name}"), look));
            }
            ("anyOf" | "oneOf" | "allOf" | "prefixItems", Value::Array(inner)) => {
                inner.iter().for_each(|inner| every_bare_boolean(inner, &inside, look));
            }
            ("items" | "not" | "contains" | "if" | "then" | "else" | "propertyNames", inner) => {
                every_bare_boolean(inner, &inside, look);
            }
            // Here true and false are what hosts know.
            ("additionalProperties", Value::Object(_)) => every_bare_boolean(inner, &inside, look),
            _ => {}
        }
    }
}

async fn the_tokens_of_all_tools_stay_below_their_limit(api: Api) {
    let all = listed(api).await;
    // Without the tools of bulk work, exports and undo.
    let single: Vec<Value> = all.iter().filter(|tool| !BULK.contains(&name(tool))).cloned().collect();
    for (tools, most_tools, most_tokens) in
        [(single, MOST_TOOLS, MOST_TOKENS), (all, MOST_WITH_BULK, MOST_TOKENS_WITH_BULK)]
    {
        assert!(tools.len() <= most_tools, "{} tools are listed, {most_tools} are allowed", tools.len());
        let paid: Vec<Value> = tools
            .iter()
            .map(|tool| json!({"name": tool["name"], "description": tool["description"], "inputSchema": tool["inputSchema"]}))
            .collect();
        let tokens = tiktoken_rs::o200k_base().unwrap().encode_ordinary(&serde_json::to_string(&paid).unwrap()).len();
        assert!(tokens <= most_tokens, "the tools cost {tokens} tokens, {most_tokens} are allowed");
        assert!(tokens > 1_000, "{tokens} tokens cannot be all of the tools");
    }
}

async fn every_host_accepts_the_schemas(api: Api) {
    for tool in tools(api).await {
        let tool_name = name(&tool).to_owned();
        for (kind, schema) in [("input", &tool["inputSchema"]), ("output", &tool["outputSchema"])] {
            assert_eq!(schema["type"], "object", "{tool_name} {kind}: the root is an object");
            jsonschema::meta::validate(schema).unwrap_or_else(|error| panic!("{tool_name} {kind}: {error}"));
            every_bare_boolean(schema, &format!("{tool_name} {kind}"), &mut |place| {
                panic!("{place} is a bare boolean, which hosts refuse");
            });
            every_schema(schema, &format!("{tool_name} {kind}"), &mut |schema, place| {
                let object = schema.as_object().unwrap();
                for word in ["$schema", "$ref", "$defs", "oneOf", "allOf"] {
                    assert!(!object.contains_key(word), "{place} holds {word}");
                }
                assert!(!schema["type"].is_array(), "{place} has an array of types");
                // Only fields of answers may be a type or null.
                if let Some(options) = schema["anyOf"].as_array() {
                    assert!(kind == "output" && place.contains('.'), "{place} holds anyOf");
                    assert!(options.len() == 2 && options[1] == json!({"type": "null"}), "{place}: {schema}");
                }
                let format = schema["format"].as_str().unwrap_or("none");
                assert!(
                    !format.starts_with("uint") && !format.starts_with("int") && format != "double",
                    "{place}: {format}"
                );
                if kind == "input" {
                    assert!(schema["type"].is_string(), "{place} has no single type: {schema}");
                    if object.contains_key("properties") {
                        assert_eq!(schema["additionalProperties"], false, "{place} lets unknown fields in");
                    }
                }
            });
        }
        let required = tool["outputSchema"]["required"].clone();
        let of_items = tool["outputSchema"]["properties"]["data"]["items"]["required"].clone();
        for required in [required, of_items] {
            let fields: Vec<String> = serde_json::from_value(required).unwrap_or_default();
            assert!(
                fields.iter().all(|field| ["id", "data", "deleted"].contains(&field.as_str())),
                "{tool_name}: {fields:?}"
            );
        }
    }
}

async fn names_titles_and_hints_agree_with_the_effect(api: Api) {
    for tool in tools(api).await {
        let name = name(&tool);
        let hints = &tool["annotations"];
        for hint in ["readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"] {
            assert!(hints[hint].is_boolean(), "{name} lacks {hint}");
        }
        // What reaches people or starts something cannot be taken back.
        let acts = ["send_", "add_to_", "remove_from_"].iter().any(|verb| name.starts_with(verb));
        // It cancels jobs and lets them go on, too.
        if name == "get_bulk" {
            assert_eq!((&hints["readOnlyHint"], &hints["destructiveHint"]), (&json!(false), &json!(false)));
            continue;
        }
        let reads = !acts && !WRITE_VERBS.iter().any(|verb| name.starts_with(verb));
        let creates = ["create_", "book_"].iter().any(|verb| name.starts_with(verb));
        assert_eq!(hints["readOnlyHint"], reads, "{name}");
        assert_eq!(hints["destructiveHint"], !reads && !creates, "{name}");
        assert_eq!(hints["idempotentHint"], !acts && !creates, "{name}");
        assert!(tool["title"].as_str().is_some_and(|title| !title.is_empty()), "{name} has no title");
        assert!(tool["description"].as_str().is_some_and(|text| text.ends_with('.')), "{name}: a sentence");
        let properties = &tool["inputSchema"]["properties"];
        if name.starts_with("list_") && tool["outputSchema"]["properties"]["data"].is_object() {
            for argument in ["limit", "offset", "fields"] {
                assert!(properties[argument].is_object(), "{name} lacks {argument}");
            }
        }
        // A deal of the official API and an appointment have no field that can be emptied.
        let keeps_all = (api, name) == (Api::Official, "update_opportunity") || name == "update_appointment";
        if name.starts_with("update_") && !keeps_all {
            assert!(properties["clear"]["items"]["enum"].is_array(), "{name} lacks clear");
        }
        let guarded = acts
            || [
                "create_campaign",
                "delete_contact",
                "delete_opportunity",
                "delete_page",
                "publish_page",
                "create_webhook",
                "delete_webhook",
                "run_operation",
                "book_appointment",
                "update_appointment",
                "run_bulk",
                "get_bulk",
            ]
            .contains(&name);
        assert_eq!(properties["confirmationToken"].is_object(), guarded, "{name}");
    }
}

/// The members of `_meta` that Anthropic's hosts read.
#[tokio::test]
async fn hosts_are_told_when_a_person_is_asked_and_how_large_an_answer_may_be() {
    for (flags, most) in
        [(&[][..], 51_200), (&["--max-answer", "8192"], 8_192), (&["--max-answer", "9000000"], 500_000)]
    {
        let mut command = Command::new(BINARY);
        command.env_clear().env("HOME", std::env::temp_dir()).args(["tools", "--json"]).args(flags);
        let tools: Vec<Value> = serde_json::from_str(&run(command).await.stdout).unwrap();
        for tool in &tools {
            let name = name(tool);
            let guarded = tool["inputSchema"]["properties"]["confirmationToken"].is_object();
            let asks = &tool["_meta"]["anthropic/requiresUserInteraction"];
            assert_eq!(*asks, if guarded { json!(true) } else { json!(null) }, "{name}");
            let large = name.starts_with("list_")
                || name.ends_with("_crm")
                || ["get_page", "find_duplicates", "changes_since"].contains(&name);
            let size = &tool["_meta"]["anthropic/maxResultSizeChars"];
            assert_eq!(*size, if large { json!(most) } else { json!(null) }, "{name}");
        }
        assert!(tools.iter().any(|tool| tool["_meta"]["anthropic/requiresUserInteraction"] == true));
    }
}

#[tokio::test]
async fn each_tool_equals_its_snapshot() {
    let session = tools(Api::Session).await;
    let official = tools(Api::Official).await;
    for tool in &session {
        insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_json_snapshot!(name(tool), tool);
        });
    }
    // The order of the tools never changes. A new tool adds a line.
    let listed = listed(Api::Official).await;
    let orders = [("order", &session), ("official_order", &official), ("official_listed", &listed)];
    for (of, tools) in orders {
        let order: Vec<&str> = tools.iter().map(name).collect();
        insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!(of, order.join("\n"));
        });
    }
    // Of the official API's tools, those that differ.
    let differing: Vec<&Value> = official.iter().filter(|tool| !session.contains(tool)).collect();
    for tool in &differing {
        let paid = json!({"description": tool["description"], "inputSchema": tool["inputSchema"]});
        insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_json_snapshot!(format!("official_{}", name(tool)), paid);
        });
    }
    let kept = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/suite/snapshots")).unwrap();
    let kept =
        kept.filter(|file| file.as_ref().is_ok_and(|file| file.path().extension().is_some_and(|end| end == "snap")));
    let expected = session.len() + differing.len() + orders.len();
    assert_eq!(kept.count(), expected, "a snapshot of a tool that is gone is left over");
}

/// The schemas of an API's tools leave out what it refuses, and require what it needs.
#[tokio::test]
async fn each_api_shows_the_arguments_that_it_accepts() {
    let (session, official) = (tools(Api::Session).await, tools(Api::Official).await);
    let input = |tools: &[Value], tool: &str| {
        tools.iter().find(|known| name(known) == tool).expect("it is listed")["inputSchema"].clone()
    };
    let has = |schema: &Value, argument: &str| schema["properties"][argument].is_object();
    for (tool, argument, in_session, in_official) in [
        ("create_opportunity", "currency", true, false),
        ("create_opportunity", "probability", true, false),
        ("update_opportunity", "expectedCloseDate", true, false),
        ("update_opportunity", "tags", true, false),
        ("update_opportunity", "contactId", true, false),
        ("update_opportunity", "clear", true, false),
        ("create_opportunity", "customFields", false, true),
        ("update_opportunity", "customFields", false, true),
    ] {
        assert_eq!(has(&input(&session, tool), argument), in_session, "{tool} {argument}");
        assert_eq!(has(&input(&official, tool), argument), in_official, "{tool} {argument}");
    }
    let words = |tools: &[Value], tool: &str, argument: &str| {
        let schema = input(tools, tool)["properties"][argument]["enum"].clone();
        serde_json::from_value::<Vec<String>>(schema).unwrap_or_default().join(" ")
    };
    assert_eq!(words(&session, "list_opportunities", "status"), "open negotiation won lost");
    assert_eq!(words(&official, "list_opportunities", "status"), "open won lost abandoned all");
    assert_eq!(words(&official, "update_opportunity", "status"), "open won lost abandoned");
    assert_eq!(words(&session, "list_campaigns", "status"), "active paused archived");
    assert_eq!(words(&official, "create_campaign", "type"), "email");
    assert_eq!(input(&session, "create_contact")["required"], json!(["firstName", "lastName", "email"]));
    assert_eq!(input(&official, "create_contact").get("required"), None);
    assert!(!has(&input(&official, "list_pages"), "status"), "the API tells no page's status");
}
