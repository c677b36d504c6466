//! What is refused when a definition is read.

use super::*;

fn refusal(definition: &Value) -> String {
    let made = json!({"name": "m", "definition": definition.to_string(), "roleArn": "role"});
    Stage::empty()
        .call("CreateStateMachine", made)
        .expect_err("refused")
        .to_string()
}

fn with_state(state: Value) -> Value {
    json!({"StartAt": "A", "States": {"A": state, "B": {"Type": "Succeed"}}})
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table, to be read at once")]
fn what_aws_refuses_is_refused_with_its_place() {
    let task = function("f");
    for (state, says) in [
        (
            json!({"Type": "Pass", "Next": "None"}),
            "MISSING_TRANSITION_TARGET: Missing 'Next' target: None at /States/A/Next",
        ),
        (
            json!({"Type": "Pass", "End": true}),
            "State \"B\" is not reachable. at /States/B",
        ),
        (
            json!({"Type": "Pass"}),
            "Exactly one of Next and \"End\": true is required at /States/A",
        ),
        (
            json!({"Type": "Pass", "Next": "B", "Paramters": {}}),
            "Field \"Paramters\" is not supported at /States/A",
        ),
        (json!({"Type": "Nap", "Next": "B"}), "/States/A/Type"),
        (
            json!({"Type": "Succeed", "Next": "B"}),
            "Field \"Next\" is not supported",
        ),
        (
            json!({"Type": "Wait", "Next": "B"}),
            "Exactly one of Seconds",
        ),
        (
            json!({"Type": "Wait", "Seconds": 1, "SecondsPath": "$.s", "Next": "B"}),
            "Exactly one of Seconds",
        ),
        (
            json!({"Type": "Wait", "Seconds": -1, "Next": "B"}),
            "/States/A/Seconds",
        ),
        (
            json!({"Type": "Wait", "SecondsPath": "s", "Next": "B"}),
            "/States/A/SecondsPath",
        ),
        (
            json!({"Type": "Choice", "Choices": [], "Default": "B"}),
            "/States/A/Choices",
        ),
        (
            json!({"Type": "Choice", "Choices": [{"Variable": "$.v", "IsNull": true}], "Default": "B"}),
            "/States/A/Choices[0]",
        ),
        (
            json!({"Type": "Task", "Resource": "${F}", "Next": "B"}),
            "/States/A/Resource",
        ),
        (
            json!({"Type": "Task", "Resource": task, "Next": "B", "Retry": [{"ErrorEquals": []}]}),
            "/States/A/Retry[0]/ErrorEquals",
        ),
        (
            json!({"Type": "Task", "Resource": task, "Next": "B", "Retry": [{"ErrorEquals": ["States.ALL"]}, {"ErrorEquals": ["E"]}]}),
            "last",
        ),
        (
            json!({"Type": "Task", "Resource": task, "Next": "B", "Retry": [{"ErrorEquals": ["States.ALL", "E"]}]}),
            "alone",
        ),
        (
            json!({"Type": "Task", "Resource": task, "Next": "B", "Retry": [{"ErrorEquals": ["E"], "BackoffRate": 0.5}]}),
            "BackoffRate",
        ),
        (
            json!({"Type": "Task", "Resource": task, "Next": "B", "Retry": [{"ErrorEquals": ["E"], "MaxDelaySeconds": 1}]}),
            "MaxDelaySeconds",
        ),
        (
            json!({"Type": "Task", "Resource": task, "Next": "B", "Catch": [{"ErrorEquals": ["E"], "Next": "X"}]}),
            "/States/A/Catch[0]/Next",
        ),
        (
            json!({"Type": "Task", "Resource": function("f"), "TimeoutSeconds": 5, "HeartbeatSeconds": 5, "Next": "B"}),
            "HeartbeatSeconds 5 is not less than TimeoutSeconds 5",
        ),
        (
            json!({"Type": "Fail", "Error": "a", "ErrorPath": "$.a"}),
            "exclude",
        ),
    ] {
        let refused = refusal(&with_state(state.clone()));
        assert!(
            refused.starts_with("InvalidDefinition") && refused.contains(says),
            "{state}: {refused}"
        );
    }
    let none = refusal(&json!({"StartAt": "A"}));
    assert!(
        none.ends_with("'SCHEMA_VALIDATION_FAILED: These fields are required: [States] at /'"),
        "{none}"
    );
    let start = refusal(&json!({"StartAt": "X", "States": {"A": {"Type": "Succeed"}}}));
    assert!(start.contains("Missing 'StartAt' target: X"), "{start}");
}

#[test]
fn what_aws_knows_and_we_do_not_is_refused_by_name() {
    let choice = |rule: Value| json!({"Type": "Choice", "Choices": [rule]});
    for (state, names) in [
        (json!({"Type": "Map", "Next": "B"}), "Map, which A has"),
        (json!({"Type": "Parallel", "Next": "B"}), "Parallel"),
        (
            json!({"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Next": "B"}),
            "lambda:invoke",
        ),
        (
            json!({"Type": "Task", "Resource": function("f"), "HeartbeatSecondsPath": "$.s", "Next": "B"}),
            "field HeartbeatSecondsPath of the definition at /States/A",
        ),
        (
            json!({"Type": "Pass", "QueryLanguage": "JSONata", "Next": "B"}),
            "JSONata",
        ),
        (json!({"Type": "Pass", "Assign": {}, "Next": "B"}), "Assign"),
        (
            json!({"Type": "Pass", "Parameters": {"id.$": "States.UUID()"}, "Next": "B"}),
            "the field 'id.$': the intrinsic function States.UUID, at /States/A/Parameters",
        ),
        (
            json!({"Type": "Fail", "CausePath": "States.Hash($.a, 'MD5')"}),
            "States.Hash",
        ),
        (
            json!({"Type": "Pass", "InputPath": "$.a[*].b", "Next": "B"}),
            "the path $.a[*].b",
        ),
        (
            json!({"Type": "Wait", "SecondsPath": "$seconds", "Next": "B"}),
            "the path $seconds",
        ),
        (
            choice(json!({"Variable": "$..a", "IsPresent": true, "Next": "B"})),
            "the path $..a",
        ),
        (
            choice(json!({"Variable": "$.a", "IsPresent": true, "Assign": {"x": 1}, "Next": "B"})),
            "the field Assign of the definition at /States/A/Choices[0]",
        ),
        (
            choice(
                json!({"Not": {"Variable": "$.a", "IsPresent": true}, "Assign": {"x": 1}, "Next": "B"}),
            ),
            "the field Assign of the definition at /States/A/Choices[0]",
        ),
        (
            choice(json!({"Condition": "{% true %}", "Next": "B"})),
            "the field Condition",
        ),
    ] {
        let refused = refusal(&with_state(state.clone()));
        assert!(
            refused.starts_with("NotImplemented") && refused.contains(names),
            "{state}: {refused}"
        );
    }
}
