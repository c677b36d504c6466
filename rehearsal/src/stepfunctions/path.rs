//! JSONPath, as far as it names one place: `$`, `.name`, `['name']`, `[0]`, and `$$` for the context object.
//!
//! Paths that may name many places (`..`, `*`, slices, filters) are refused when the definition is read.

use serde_json::{Map, Value};

/// What paths are read from: a state's input, and the context object.
#[derive(Debug, Clone, Copy)]
pub struct Scope<'a> {
    /// What `$` stands for.
    pub input: &'a Value,
    /// What `$$` stands for.
    pub context: &'a Value,
}

/// A path to one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path {
    text: String,
    in_context: bool,
    steps: Vec<Step>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Member(String),
    Index(usize),
}

/// A path has so many steps at most: AWS documents no limit, and what a longer one writes no reader of JSON takes.
const MOST_STEPS: usize = 100;

impl Path {
    /// Reads a path.
    ///
    /// # Errors
    /// Says in words what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (in_context, mut rest) = match (text.strip_prefix("$$"), text.strip_prefix('$')) {
            (Some(rest), _) => (true, rest),
            (None, Some(rest)) => (false, rest),
            (None, None) => return Err(format!("the path {text} does not begin with $")),
        };
        let mut steps = Vec::new();
        while !rest.is_empty() {
            if steps.len() == MOST_STEPS {
                return Err(format!("the path {text} has more than {MOST_STEPS} steps"));
            }
            let (step, after) = next_step(rest)
                .ok_or_else(|| format!("the path {text} is not one that names one place"))?;
            steps.push(step);
            rest = after;
        }
        Ok(Self {
            text: text.to_owned(),
            in_context,
            steps,
        })
    }

    /// The path as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether the path begins in the context object.
    pub fn in_context(&self) -> bool {
        self.in_context
    }

    /// What is at the path.
    pub fn read<'a>(&self, scope: Scope<'a>) -> Option<&'a Value> {
        let root = if self.in_context {
            scope.context
        } else {
            scope.input
        };
        self.steps.iter().try_fold(root, |value, step| match step {
            Step::Member(name) => value.get(name),
            Step::Index(index) => value.get(index),
        })
    }

    /// Puts `value` at the path in `target`, making the objects on the way.
    ///
    /// # Errors
    /// Says in words, as States.ResultPathMatchFailure does, that there is something else on the way.
    pub fn write(&self, mut target: Value, value: Value) -> Result<Value, String> {
        let before = target.to_string();
        let place = self.steps.iter().try_fold(&mut target, descend);
        match place {
            Some(place) => {
                *place = value;
                Ok(target)
            }
            None => Err(format!(
                "Unable to apply Reference Path {} to input {before}",
                self.text
            )),
        }
    }
}

fn descend<'a>(value: &'a mut Value, step: &Step) -> Option<&'a mut Value> {
    match step {
        Step::Member(name) => {
            if value.is_null() {
                *value = Value::Object(Map::new());
            }
            Some(value.as_object_mut()?.entry(name).or_insert(Value::Null))
        }
        Step::Index(index) => value.get_mut(index),
    }
}

fn next_step(text: &str) -> Option<(Step, &str)> {
    if let Some(name) = text.strip_prefix('.') {
        let end = name.find(['.', '[']).unwrap_or(name.len());
        let (name, rest) = name.split_at(end);
        let plain = !name.is_empty()
            && !name.contains(|c: char| c.is_whitespace() || "*?@$,()'\"&|=<>!+]".contains(c));
        return plain.then(|| (Step::Member(name.to_owned()), rest));
    }
    let inner = text.strip_prefix('[')?;
    for quote in ['\'', '"'] {
        if let Some(name) = inner.strip_prefix(quote) {
            let (name, rest) = name.split_once(quote)?;
            let plain = !name.is_empty() && !name.contains('\\');
            return plain
                .then_some(())
                .and_then(|()| rest.strip_prefix(']'))
                .map(|rest| (Step::Member(name.to_owned()), rest));
        }
    }
    let (index, rest) = inner.split_once(']')?;
    Some((Step::Index(index.parse().ok()?), rest))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(path: &str, input: &Value) -> Option<Value> {
        let context = json!({"Execution": {"Name": "e"}});
        let path = Path::parse(path).expect("a path");
        path.read(Scope {
            input,
            context: &context,
        })
        .cloned()
    }

    #[test]
    fn a_path_names_one_place() {
        let input = json!({"detail-type": "x", "a": {"b c": [1, {"d": null}]}});
        assert_eq!(read("$", &input), Some(input.clone()));
        assert_eq!(read("$.detail-type", &input), Some(json!("x")));
        assert_eq!(read("$['a'][\"b c\"][0]", &input), Some(json!(1)));
        assert_eq!(read("$.a['b c'][1].d", &input), Some(Value::Null));
        assert_eq!(read("$$.Execution.Name", &input), Some(json!("e")));
        assert_eq!(read("$.a.b", &input), None);
    }

    #[test]
    fn what_may_name_many_places_is_refused() {
        for path in [
            "$..a",
            "$.*",
            "$.a[*]",
            "$.a[0:2]",
            "$.a[?(@.b)]",
            "$.a[-1]",
            "a",
            "$.",
            "$.a[0",
        ] {
            assert!(Path::parse(path).is_err(), "{path}");
        }
    }

    #[test]
    fn what_is_too_long_is_refused() {
        let refused = Path::parse(&format!("${}", ".a".repeat(101))).expect_err("refused");
        assert!(refused.contains("more than 100 steps"), "{refused}");
    }

    #[test]
    fn writing_makes_objects_on_the_way_but_replaces_nothing_else() {
        let path = Path::parse("$.a.b").expect("a path");
        assert_eq!(
            path.write(json!({"c": 1}), json!(2)),
            Ok(json!({"c": 1, "a": {"b": 2}}))
        );
        assert_eq!(
            path.write(json!({"a": {"b": 1}}), json!(2)),
            Ok(json!({"a": {"b": 2}}))
        );
        assert!(path.write(json!({"a": "text"}), json!(2)).is_err());
        assert!(path.write(json!("text"), json!(2)).is_err());
    }
}
