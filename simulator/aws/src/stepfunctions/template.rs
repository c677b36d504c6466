//! Payload templates: the JSON of Parameters and ResultSelector, in which a member `name.$` takes
//! its value from a path or an intrinsic function.

use serde_json::{Map, Value};

use super::failure::Failure;
use super::intrinsic::Expression;
use super::members::Unreadable;
use super::path::Scope;

/// A payload template, read.
#[derive(Debug, Clone, PartialEq)]
pub enum Template {
    /// A value as it stands.
    Literal(Value),
    /// A list, whose items may be templates.
    Array(Vec<Template>),
    /// An object, whose members may be templates.
    Object(Vec<(String, Template)>),
    /// A member whose name was written with `.$`.
    Taken {
        /// The name as written, with `.$`.
        field: String,
        /// Where its value comes from.
        from: Expression,
    },
}

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    /// Which member cannot be read, and why.
    pub fn parse(value: &Value) -> Result<Self, Unreadable> {
        match value {
            Value::Array(items) => items
                .iter()
                .map(Self::parse)
                .collect::<Result<_, _>>()
                .map(Self::Array),
            Value::Object(members) => members
                .iter()
                .map(|(name, value)| parse_member(name, value))
                .collect::<Result<_, _>>()
                .map(Self::Object),
            literal => Ok(Self::Literal(literal.clone())),
        }
    }

    /// Fills the template in.
    ///
    /// # Errors
    /// `States.Runtime` for a path that leads nowhere, `States.IntrinsicFailure` for a function
    /// that fails.
    pub fn fill(&self, scope: Scope<'_>) -> Result<Value, Failure> {
        match self {
            Self::Literal(value) => Ok(value.clone()),
            Self::Array(items) => items
                .iter()
                .map(|item| item.fill(scope))
                .collect::<Result<_, _>>()
                .map(Value::Array),
            Self::Object(members) => members
                .iter()
                .map(|(name, member)| Ok((name.clone(), member.fill(scope)?)))
                .collect::<Result<Map<_, _>, _>>()
                .map(Value::Object),
            Self::Taken { field, from } => from.evaluate(field, scope),
        }
    }
}

fn parse_member(name: &String, value: &Value) -> Result<(String, Template), Unreadable> {
    let Some(plain) = name.strip_suffix(".$") else {
        return Ok((name.clone(), Template::parse(value)?));
    };
    let text = value.as_str().ok_or_else(|| {
        Unreadable::Wrong(format!(
            "the value for the field '{name}' must be a path or an intrinsic function, not {value}"
        ))
    })?;
    let from = Expression::parse(text).map_err(|error| error.in_field(name))?;
    Ok((
        plain.to_owned(),
        Template::Taken {
            field: name.clone(),
            from,
        },
    ))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fill(template: Value) -> Result<Value, Failure> {
        let template = Template::parse(&template).expect("a template");
        let (input, context) = (
            json!({"a": {"b": 1}, "t": "{\"c\":2}"}),
            json!({"State": {"Name": "S"}}),
        );
        template.fill(Scope {
            input: &input,
            context: &context,
        })
    }

    #[test]
    fn members_are_taken_from_input_context_and_functions() {
        let template = json!({
            "whole.$": "$.a", "deep": [{"b.$": "$.a.b"}, "$.a"], "state.$": "$$.State.Name",
            "text.$": "States.Format('{} of \\{{}\\}', $.a.b, States.JsonToString($.a))",
            "parsed.$": "States.StringToJson($.t)",
        });
        let filled = json!({
            "whole": {"b": 1}, "deep": [{"b": 1}, "$.a"], "state": "S", "text": "1 of {{\"b\":1}}", "parsed": {"c": 2},
        });
        assert_eq!(fill(template), Ok(filled));
    }

    #[test]
    fn a_path_that_leads_nowhere_is_named_with_its_field() {
        let trouble = fill(json!({"x.$": "$.none"})).expect_err("nothing is there");
        assert_eq!(trouble.error.as_deref(), Some("States.Runtime"));
        let cause = trouble.cause.expect("a cause");
        assert!(
            cause.starts_with("The JSONPath '$.none' specified for the field 'x.$' could not be found in the input '{"),
            "{cause}"
        );
        let trouble = fill(json!({"x.$": "States.StringToJson('{')"})).expect_err("not JSON");
        assert_eq!(trouble.error.as_deref(), Some("States.IntrinsicFailure"));
    }

    #[test]
    fn other_functions_and_values_are_refused_by_name() {
        let refused = |text: Value| Template::parse(&json!({"x.$": text})).expect_err("refused");
        for (text, what) in [
            (json!(3), "'x.$'"),
            (json!("States.Format('{}')"), "States.Format"),
            (json!("States.Nothing()"), "States.Nothing"),
            (
                json!(format!(
                    "{}$.a{}",
                    "States.JsonToString(".repeat(11),
                    ")".repeat(11)
                )),
                "more than 10 intrinsic functions",
            ),
        ] {
            let refused = refused(text);
            assert!(
                matches!(&refused, Unreadable::Wrong(why) if why.contains(what)),
                "{refused:?}"
            );
        }
        for (text, what) in [
            ("States.UUID()", "States.UUID"),
            (
                "States.Format('{}', States.MathAdd(1, 2))",
                "States.MathAdd",
            ),
            ("$.a[*]", "$.a[*]"),
        ] {
            let refused = refused(json!(text));
            assert!(
                matches!(&refused, Unreadable::NotOurs(why) if why.contains(what)),
                "{refused:?}"
            );
        }
    }
}
