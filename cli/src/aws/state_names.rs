//! The names that earlier versions of the stack had for states of the lifecycle definition.
//!
//! A running execution keeps the definition with which it started
//! (<https://docs.aws.amazon.com/step-functions/latest/apireference/API_UpdateStateMachine.html>),
//! and Step Functions shows histories for 90 days
//! (<https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html>). So after an update
//! of the stack `explain` and `report` still read the earlier names. Everything past this file
//! knows the present names only.

use serde_json::{Map, Value};

/// The earlier name of each state that was renamed, and its present one.
const RENAMED: [(&str, &str); 13] = [
    ("WhichMove", "ChooseTransition"),
    ("Hold", "WaitForEarlierDrains"),
    ("MayGoOn", "IsQueueClear"),
    ("WaitInHold", "WaitInQueue"),
    ("EndTheRoll", "PrepareStop"),
    ("StopRoll", "StopRollout"),
    ("RollStopped", "RolloutStopped"),
    ("GiveUp", "PrepareAbandon"),
    ("Keep", "PrepareRetain"),
    ("WhyKept", "ClassifyRetained"),
    ("InstanceKept", "InstanceRetained"),
    ("GoOn", "PrepareContinue"),
    ("HasGoneOn", "IsContinued"),
];

/// The members of a definition that name a state.
const REFERENCES: [&str; 3] = ["StartAt", "Next", "Default"];

/// The present name of a state, or of the error with which a Fail state of the same name ends.
pub fn current_name(name: &str) -> &str {
    let renamed = RENAMED.iter().find(|(earlier, _)| *earlier == name);
    renamed.map_or(name, |(_, current)| current)
}

/// The definition with the present names of its states. A text that is not JSON stays as it is.
pub fn with_current_names(definition: &str) -> String {
    match serde_json::from_str(definition) {
        Ok(Value::Object(definition)) => Value::Object(rename_within(definition)).to_string(),
        _ => definition.to_owned(),
    }
}

/// The members of an object of a definition, with all names in them renamed.
fn rename_within(members: Map<String, Value>) -> Map<String, Value> {
    let renamed = members.into_iter().map(|(member, value)| {
        let value = match value {
            Value::String(name) if REFERENCES.contains(&member.as_str()) => {
                Value::String(current_name(&name).to_owned())
            }
            Value::Object(states) if member == "States" => {
                let states = states.into_iter();
                let states = states.map(|(name, it)| (current_name(&name).to_owned(), it));
                Value::Object(rename_within(states.collect()))
            }
            other => rename_value(other),
        };
        (member, value)
    });
    renamed.collect()
}

fn rename_value(value: Value) -> Value {
    match value {
        Value::Object(members) => Value::Object(rename_within(members)),
        Value::Array(items) => items.into_iter().map(rename_value).collect(),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const DEFINITION: &str = include_str!("../../../statemachine/lifecycle.asl.json");

    /// The present definition with the earlier name of each state, as an earlier version of the
    /// stack had it.
    fn earlier_definition() -> String {
        RENAMED
            .iter()
            .fold(DEFINITION.to_owned(), |text, (earlier, current)| {
                text.replace(&format!("\"{current}\""), &format!("\"{earlier}\""))
            })
    }

    #[test]
    fn each_present_name_is_a_state_and_no_earlier_name_is() {
        let definition: Value = serde_json::from_str(DEFINITION).expect("our definition");
        for (earlier, current) in RENAMED {
            assert!(definition["States"][current].is_object(), "{current}");
            assert!(definition["States"][earlier].is_null(), "{earlier}");
            assert_eq!(current_name(earlier), current);
            assert_eq!(current_name(current), current);
        }
    }

    #[test]
    fn an_earlier_definition_gets_the_present_names_everywhere() {
        let renamed: Value = serde_json::from_str(&with_current_names(&earlier_definition()))
            .expect("a definition is JSON");
        let mut present: Value = serde_json::from_str(DEFINITION).expect("our definition");
        // The error is shown as AWS has it: the console, and rules of yours, know that name.
        present["States"]["RolloutStopped"]["Error"] = json!("RollStopped");
        assert_eq!(renamed, present);
    }

    #[test]
    fn the_present_definition_and_a_text_that_is_none_stay_the_same() {
        let kept: Value =
            serde_json::from_str(&with_current_names(DEFINITION)).expect("a definition is JSON");
        let present: Value = serde_json::from_str(DEFINITION).expect("our definition");
        assert_eq!(kept, present);
        for text in ["", "no JSON", "[\"Hold\"]"] {
            assert_eq!(with_current_names(text), text);
        }
    }
}
