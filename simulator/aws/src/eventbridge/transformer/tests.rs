//! What transformers make of an event. Each row of the first table is what AWS was recorded to do
//! (radkawar/stackd, testdata/aws/eventbridge/inputs.json, 2026-09), unless it says otherwise.

use super::*;
use crate::eventbridge::request_fields::REQUESTS;

fn transformed(paths: Value, template: &str, event: &Value) -> Result<(String, bool), ApiError> {
    let given = json!({"InputPathsMap": paths, "InputTemplate": template});
    let rule = Rule {
        name: "r",
        arn: "arn:aws:events:eu-west-1:123456789012:rule/r",
        ingested: "2026-09-13T12:17:30.408Z".parse().expect("an instant"),
    };
    let text =
        Transformer::parse("t", &REQUESTS.read("InputTransformer", &given)?)?.text(event, rule);
    let delivered = is_deliverable(&text);
    Ok((text, delivered))
}

fn event() -> Value {
    json!({"detail": {
        "text": "hello", "number": 42, "flag": true, "nothing": null, "object": {"first": "one", "second": 2},
        "array": ["one", "two", {"x": 3}], "quoted": "say \"hello\"", "escaped": "line\nslash\\tab\tend",
    }})
}

/// Where the value lies, the template, what is made of it, and whether that is delivered.
const VALUES: [(&str, &str, &str, bool); 25] = [
    (
        "text",
        r#""prefix <v> suffix""#,
        r#""prefix hello suffix""#,
        true,
    ),
    (
        "quoted",
        r#""prefix <v> suffix""#,
        r#""prefix say "hello" suffix""#,
        false,
    ),
    (
        "escaped",
        r#""prefix <v> suffix""#,
        "\"prefix line\nslash\\tab\tend suffix\"",
        false,
    ),
    (
        "text",
        "\"first <v>\"\n\"second <v>\"",
        "\"first hello\"\n\"second hello\"",
        true,
    ),
    (
        "missing",
        r#""before <v> after""#,
        r#""before  after""#,
        true,
    ),
    ("object", r#""o=<v>""#, r#""o={first:one,second:2}""#, true),
    ("array", r#""a=<v>""#, r#""a=[one,two,{x:3}]""#, true),
    (
        "text",
        r#""prefix \"<v>\" suffix""#,
        r#""prefix \"hello\" suffix""#,
        true,
    ),
    (
        "text",
        r#""before <undefined> after""#,
        r#""before <undefined> after""#,
        true,
    ),
    (
        "quoted",
        r#"{"v":"a <v> b"}"#,
        r#"{"v":"a say \"hello\" b"}"#,
        true,
    ),
    (
        "escaped",
        r#"{"v":"a <v> b"}"#,
        r#"{"v":"a line\nslash\\tab\tend b"}"#,
        true,
    ),
    ("quoted", r#"{"v":<v>}"#, r#"{"v":"say \"hello\""}"#, true),
    (
        "escaped",
        r#"{"v":<v>}"#,
        r#"{"v":"line\nslash\\tab\tend"}"#,
        true,
    ),
    (
        "object",
        r#"{"v":"a <v> b"}"#,
        r#"{"v":"a {"first":"one","second":2} b"}"#,
        false,
    ),
    ("missing", r#"{"v":<v>}"#, r#"{"v":""}"#, true),
    ("number", r#"{"v":<v>}"#, r#"{"v":42}"#, true),
    ("flag", r#"{"v":<v>}"#, r#"{"v":true}"#, true),
    ("nothing", r#"{"v":<v>}"#, r#"{"v":null}"#, true),
    ("text", "<v>", "hello", false),
    ("missing", "[1,<v>,2]", "[1,,2]", false),
    (
        "text",
        r#"{"v":<aws.events.unknown>}"#,
        r#"{"v":<aws.events.unknown>}"#,
        false,
    ),
    (
        "text",
        r#"{"v":<aws.events.event.ingestion-time>}"#,
        r#"{"v":"2026-09-13T12:17:30.408Z"}"#,
        true,
    ),
    ("text", r#""by <aws.events.rule-name>""#, r#""by r""#, true),
    // assumption: as the recorded ones of their kind. A text with two quotation marks side by
    // side, an empty member: the same templates on AWS prove it.
    ("both", r#""a <v> b""#, r#""a "" b""#, false),
    ("missing", r#"{"v":"<v>"}"#, r#"{"v":""}"#, true),
];

#[test]
fn values_are_put_in_as_aws_does_it() {
    for (path, template, wanted, delivered) in VALUES {
        let mut event = event();
        event["detail"]["both"] = json!("\"\"");
        let paths = json!({"v": format!("$.detail.{path}")});
        let made = transformed(paths, template, &event).expect(template);
        assert_eq!(made, (wanted.to_owned(), delivered), "{template} of {path}");
    }
}

#[test]
fn the_whole_event_is_put_in_where_it_may() {
    let event = event();
    let made = transformed(json!({}), "{\"e\": <aws.events.event.json>}", &event).expect("taken");
    assert_eq!(made, (format!("{{\"e\": {event}}}"), true));
}

#[test]
fn what_is_not_right_is_refused_in_aws_words() {
    for (paths, template, says) in [
        (
            json!({"value": "$.detail.text"}),
            "hello <value>",
            "Invalid InputTemplate for target t : [Source: (String)\"hello null\"; line: 1, column: 1].",
        ),
        (
            json!({"key": "$.detail.text"}),
            "{\"<key>\":1}",
            "present as a JSON object key",
        ),
        (
            json!({}),
            "\"event <aws.events.event.json>\"",
            "InputTemplate for target t contains placeholder aws.events.event.json valid only for JSON template.",
        ),
        (
            json!({"v": "$.detail.array[0:2]"}),
            "{\"v\":<v>}",
            "InputPath for target t is invalid.",
        ),
        (
            json!({"bad.key": "$.detail.text"}),
            "\"x\"",
            "Value '{bad.key=$.detail.text}' at 'targets.1.member.inputTransformer.inputPathsMap' failed",
        ),
        (json!({"AWSx": "$.a"}), "\"x\"", "not begin with AWS"),
        (
            json!({}),
            "\"one\" two\"",
            "Invalid InputTemplate for target t",
        ),
        (json!({}), "\"one\" \"two\"", "one a line"),
        (json!({}), "{} {}", "one JSON value"),
        (
            json!({}),
            "{\"a\": \"<aws.events.event>\"}",
            "<aws.events.event>",
        ),
        (json!({}), "\"a < b\"", "begins no placeholder"),
        (json!({}), "", "may have 1 to 8192"),
    ] {
        let refused = transformed(paths, template, &event()).expect_err(template);
        assert!(refused.message.contains(says), "{template}: {refused}");
    }
}
