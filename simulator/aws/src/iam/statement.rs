//! What the statements of policies allow: actions, resources and conditions.

use serde_json::Value;

use super::{cluster_name, tags};
use crate::account::arn;
use crate::glob::matches_iam_glob;
use crate::wire::Call;

/// What a condition key has, if the call has it.
type Context<'a> = dyn Fn(&str) -> Option<String> + 'a;

/// Whether these policies allow the action on the resource: one statement allows it, and none
/// denies it
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html>).
pub fn allows(
    policies: &[&Value],
    action: &str,
    resource: &str,
    call: &Call,
    context: &Context<'_>,
) -> bool {
    let applies = |effect: &str| {
        policies
            .iter()
            .flat_map(|policy| list(&policy["Statement"]))
            .any(|statement| {
                statement["Effect"] == effect
                    && list(&statement["Action"])
                        .iter()
                        .any(|pattern| like(pattern, action, true))
                    && list(&statement["Resource"])
                        .iter()
                        .any(|pattern| like(pattern, resource, false))
                    && conditions_hold(statement, call, context)
            })
    };
    applies("Allow") && !applies("Deny")
}

/// A policy writes one value for a list of one.
fn list(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(items) => items.iter().collect(),
        Value::Null => Vec::new(),
        one => vec![one],
    }
}

fn like(pattern: &Value, text: &str, any_case: bool) -> bool {
    let pattern = pattern.as_str().unwrap_or_default();
    if any_case {
        matches_iam_glob(&text.to_lowercase(), &pattern.to_lowercase())
    } else {
        matches_iam_glob(text, pattern)
    }
}

/// Conditions on `ecs:cluster`, on the keys of tags and on what `context` has are judged; one that
/// is not known here does not hold, so that nothing is allowed because something was ignored.
fn conditions_hold(statement: &Value, call: &Call, context: &Context<'_>) -> bool {
    let Some(operators) = statement["Condition"].as_object() else {
        return statement["Condition"].is_null();
    };
    operators.iter().all(|(operator, keys)| {
        keys.as_object().is_some_and(|keys| {
            keys.iter()
                .all(|(key, wanted)| condition_holds(operator, key, wanted, call, context))
        })
    })
}

fn condition_holds(
    operator: &str,
    key: &str,
    wanted: &Value,
    call: &Call,
    context: &Context<'_>,
) -> bool {
    match (operator, key) {
        ("ArnEquals" | "ArnLike" | "StringEquals", "ecs:cluster") => {
            let cluster = arn("ecs", &format!("cluster/{}", cluster_name(call)));
            list(wanted)
                .iter()
                .any(|pattern| like(pattern, &cluster, false))
        }
        ("ForAllValues:StringEquals", "aws:TagKeys") => {
            tags(call).all(|tag| list(wanted).contains(&&tag["Key"]))
        }
        ("StringEquals", key) => {
            context(key).is_some_and(|value| list(wanted).iter().any(|wanted| **wanted == value))
        }
        ("ArnEquals" | "ArnLike" | "StringLike", key) => context(key).is_some_and(|value| {
            list(wanted)
                .iter()
                .any(|wanted| like(wanted, &value, false))
        }),
        _ => false,
    }
}
