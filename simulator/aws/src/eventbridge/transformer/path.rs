//! The paths of InputPathsMap: `$.detail.status-details.status`, `$.resources[0]`,
//! `$.detail.items[*].name`.
//!
//! Recorded (radkawar/stackd, testdata/aws/eventbridge/inputs.json, 2026-09): a path without `$`,
//! with a name in brackets, with two dots, with a slice or a negative number is refused; a slash in
//! a name and `[*]` are taken.

use serde_json::Value;

use crate::eventbridge::request_fields::invalid;
use crate::wire::ApiError;

/// A path, read.
#[derive(Debug, Clone, PartialEq)]
pub struct Path(Vec<Step>);

#[derive(Debug, Clone, PartialEq)]
enum Step {
    Member(String),
    Item(usize),
    /// Every item of a list.
    Each,
}

impl Path {
    /// Reads a path of the target `id`.
    ///
    /// # Errors
    /// `ValidationException`, or `NotImplemented` for a form of which nobody knows whether AWS
    /// takes it.
    pub fn parse(id: &str, given: &str) -> Result<Self, ApiError> {
        let refused = || invalid(format!("InputPath for target {id} is invalid."));
        let text = given.strip_prefix('$').ok_or_else(refused)?;
        if text.is_empty() {
            return Ok(Self(Vec::new()));
        }
        let text = text.strip_prefix('.').ok_or_else(refused)?;
        let mut steps = Vec::new();
        for part in text.split('.') {
            let (member, items) = part.split_at(part.find('[').unwrap_or(part.len()));
            if member.is_empty() {
                return Err(refused());
            }
            if !member.chars().all(is_known_in_names) {
                return Err(ApiError::not_known(format_args!(
                    "the path {given:?} in InputPathsMap of target {id}: names have letters, digits and -_/"
                )));
            }
            steps.push(Step::Member(member.to_owned()));
            for item in items.split('[').skip(1) {
                steps.push(item_step(item).ok_or_else(refused)?);
            }
        }
        Ok(Self(steps))
    }

    /// What lies there in the event, if anything does.
    pub fn find(&self, event: &Value) -> Option<Value> {
        follow(event, &self.0)
    }
}

fn is_known_in_names(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-_/".contains(c)
}

/// `0]` or `*]`.
fn item_step(item: &str) -> Option<Step> {
    match item.strip_suffix(']')? {
        "*" => Some(Step::Each),
        number => number.parse().ok().map(Step::Item),
    }
}

fn follow(value: &Value, steps: &[Step]) -> Option<Value> {
    let Some((step, rest)) = steps.split_first() else {
        return Some(value.clone());
    };
    match step {
        Step::Member(name) => follow(value.get(name)?, rest),
        Step::Item(number) => follow(value.get(number)?, rest),
        Step::Each => {
            let items = value.as_array()?.iter();
            Some(items.filter_map(|item| follow(item, rest)).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn paths_lead_to_members_items_and_every_item() {
        let event = json!({"detail-type": "T", "resources": ["a", "b"], "detail": {
            "a/b": 1, "items": [{"name": "x"}, {"name": "y"}, {}], "nothing": null}});
        for (path, found) in [
            ("$", Some(event.clone())),
            ("$.detail-type", Some(json!("T"))),
            ("$.resources[1]", Some(json!("b"))),
            ("$.resources[2]", None),
            ("$.detail.a/b", Some(json!(1))),
            ("$.detail.items[*].name", Some(json!(["x", "y"]))),
            ("$.detail.items[1].name", Some(json!("y"))),
            ("$.detail.nothing", Some(Value::Null)),
            ("$.detail.none", None),
        ] {
            let read = Path::parse("t", path).expect(path);
            assert_eq!(read.find(&event), found, "{path}");
        }
    }

    #[test]
    fn forms_that_aws_refuses_are_refused_and_unknown_ones_by_name() {
        for path in [
            "detail.text",
            "$['detail']['text']",
            "$.detail['text']",
            "$..text",
            "$.detail.array[0:2]",
            "$.detail.array[-1]",
            "$.detail.array[0",
            "$.",
            "",
        ] {
            let refused = Path::parse("t", path).expect_err(path);
            let wanted = ("ValidationException", "InputPath for target t is invalid.");
            assert_eq!(
                (refused.code.as_str(), refused.message.as_str()),
                wanted,
                "{path}"
            );
        }
        let refused = Path::parse("t", "$.detail.*").expect_err("not known");
        assert_eq!(refused.code, "NotImplemented");
    }
}
