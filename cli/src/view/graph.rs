//! A state machine's definition as a Mermaid graph.

use std::fmt::Write;

use serde_json::Value;

use crate::definition::DefinitionError;

/// Draws the definition; the arrows of errors are dotted.
///
/// # Errors
/// If the text is no definition.
pub fn mermaid(definition: &str) -> Result<String, DefinitionError> {
    let definition: Value =
        serde_json::from_str(definition).map_err(|error| DefinitionError::not_json(&error))?;
    let states = definition["States"]
        .as_object()
        .ok_or(DefinitionError::Lacks("States"))?;
    let start = definition["StartAt"]
        .as_str()
        .ok_or(DefinitionError::Lacks("StartAt"))?;
    let mut out = format!("flowchart TD\n    start(( )) --> {start}\n");
    for (name, state) in states {
        let shape = match state["Type"].as_str().unwrap_or_default() {
            "Choice" => format!("{{{name}}}"),
            "Wait" => format!("([{name}])"),
            "Succeed" => format!("(({name}))"),
            "Fail" => format!("[/{name}/]"),
            _ => format!("[{name}]"),
        };
        put(&mut out, &format!("{name}{shape}"));
    }
    for (name, state) in states {
        for choice in state["Choices"].as_array().into_iter().flatten() {
            arrow(&mut out, name, &label(choice), &choice["Next"]);
        }
        arrow(
            &mut out,
            name,
            if state["Choices"].is_null() {
                ""
            } else {
                "else"
            },
            &state["Default"],
        );
        arrow(&mut out, name, "", &state["Next"]);
        for catcher in state["Catch"].as_array().into_iter().flatten() {
            if let Some(next) = catcher["Next"].as_str() {
                put(&mut out, &format!("{name} -.->|error| {next}"));
            }
        }
    }
    Ok(out)
}

fn put(out: &mut String, line: &str) {
    writeln!(out, "    {line}").expect("writing to a string does not fail");
}

fn arrow(out: &mut String, from: &str, label: &str, to: &Value) {
    let Some(to) = to.as_str() else { return };
    match label {
        "" => put(out, &format!("{from} --> {to}")),
        label => put(out, &format!("{from} -->|{label}| {to}")),
    }
}

/// The values that a rule compares with, which tell its case well enough.
fn label(rule: &Value) -> String {
    let mut words = Vec::new();
    collect(rule, &mut words);
    words.dedup();
    words.join(", ")
}

fn collect(rule: &Value, words: &mut Vec<String>) {
    for (member, value) in rule.as_object().into_iter().flatten() {
        match (member.as_str(), value) {
            (
                "Variable" | "Next" | "Comment" | "IsPresent" | "IsString" | "IsNumeric"
                | "IsBoolean",
                _,
            ) => {}
            ("And" | "Or", Value::Array(rules)) => {
                rules.iter().for_each(|rule| collect(rule, words))
            }
            // The definition's own bounds on a number, which tell nobody which case it is.
            ("NumericGreaterThanEquals", _) => {}
            ("Not", rule) => {
                if rule.to_string().contains("IsPresent") {
                    words.push("absent".to_owned())
                } else {
                    words.push("not".to_owned());
                    collect(rule, words);
                }
            }
            ("BooleanEquals", truth) => {
                let name = rule["Variable"]
                    .as_str()
                    .and_then(|path| path.rsplit('.').next())
                    .unwrap_or_default();
                words.push(format!("{name} {truth}"));
            }
            (_, Value::String(text)) => {
                words.push(text.rsplit(':').next().unwrap_or(text).to_owned())
            }
            (_, value) => words.push(value.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_and_arrows_are_drawn() {
        let definition = r#"{"StartAt": "A", "States": {
            "A": {"Type": "Task", "Next": "B", "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "C"}]},
            "B": {"Type": "Choice", "Choices": [{"Variable": "$.v", "StringEquals": "Reached", "Next": "D"}], "Default": "C"},
            "C": {"Type": "Fail"}, "D": {"Type": "Succeed"}}}"#;
        let drawn = mermaid(definition).expect("a definition");
        for line in [
            "start(( )) --> A",
            "A --> B",
            "A -.->|error| C",
            "B -->|Reached| D",
            "B -->|else| C",
            "C[/C/]",
        ] {
            assert!(drawn.contains(line), "{line} is not in:\n{drawn}");
        }
    }
}
