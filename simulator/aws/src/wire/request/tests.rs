//! Requests that are read, and those that are refused.

use serde_json::json;

use super::*;

#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "PascalCase")]
struct PutThings<'a> {
    name: &'a str,
    #[serde(default)]
    things: Vec<Thing>,
    kind: Option<Kind>,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "PascalCase")]
struct Thing {
    size: u32,
    is_round: Option<bool>,
    more: Option<Value>,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "UPPERCASE")]
enum Kind {
    Small,
}

const JSON: Requests = Requests::json("ValidationException");
const QUERY: Requests = Requests::query("ValidationError");

#[test]
fn a_request_becomes_a_struct_and_null_is_not_there() {
    let input = json!({"Name": "n", "Things": [{"Size": 1, "IsRound": null, "More": {"a": null}}], "Kind": "SMALL"});
    let thing = Thing {
        size: 1,
        is_round: None,
        more: Some(json!({"a": null})),
    };
    let expected = PutThings {
        name: "n",
        things: vec![thing],
        kind: Some(Kind::Small),
    };
    assert_eq!(JSON.read("PutThings", &input), Ok(expected));
    let bare = json!({"Name": "n", "Things": null});
    let expected = PutThings {
        name: "n",
        things: vec![],
        kind: None,
    };
    assert_eq!(JSON.read("PutThings", &bare), Ok(expected));
}

#[test]
fn numbers_and_booleans_may_be_text_under_the_query_protocol_alone() {
    let input = json!({"Size": "12", "IsRound": "true"});
    let thing: Thing = QUERY.read("Thing", &input).expect("a thing");
    assert_eq!((thing.size, thing.is_round), (12, Some(true)));
    JSON.read::<Thing>("Thing", &input).expect_err("text");
    for size in ["", "-1", "1.5", "x", "4294967296"] {
        let refused = QUERY
            .read::<Thing>("Thing", &json!({ "Size": size }))
            .expect_err(size);
        assert_eq!(refused.code, "ValidationError");
        assert!(refused.message.starts_with("Size of Thing: "), "{refused}");
    }
}

#[test]
fn an_empty_list_is_an_empty_value_under_the_query_protocol_alone() {
    let input = json!({"Name": "n", "Things": ""});
    let request: PutThings<'_> = QUERY.read("PutThings", &input).expect("no things");
    assert_eq!(request.things, []);
    JSON.read::<PutThings<'_>>("PutThings", &input)
        .expect_err("text");
}

#[test]
fn whatever_is_wrong_is_named_with_its_place() {
    for (input, code, says) in [
        (
            json!({"Name": "n", "Colour": null}),
            "NotImplemented",
            "know Colour of PutThings",
        ),
        (
            json!({"Name": "n", "Things": [{"Size": 1}, {"Colour": 1}]}),
            "NotImplemented",
            "know Things[1].Colour of PutThings",
        ),
        (
            json!({"Name": "n", "Kind": "BIG"}),
            "NotImplemented",
            "know Kind BIG of PutThings",
        ),
        (
            json!({"Name": null}),
            "ValidationException",
            "Value null at 'name' failed",
        ),
        (
            json!({"Name": "n", "Things": [{}]}),
            "ValidationException",
            "Value null at 'things.1.member.size' failed",
        ),
        (
            json!({"Name": 1}),
            "ValidationException",
            "Name of PutThings: invalid type: integer `1`, expected a borrowed string",
        ),
        (
            json!({"Name": "n", "Kind": 1}),
            "ValidationException",
            "Kind of PutThings: invalid type",
        ),
        (json!([]), "ValidationException", "of PutThings: "),
    ] {
        let refused = JSON
            .read::<PutThings<'_>>("PutThings", &input)
            .expect_err("refused");
        assert_eq!(refused.code, code, "{input}: {refused}");
        assert!(refused.message.contains(says), "{input}: {refused}");
    }
}
