//! JSONPath, as far as it names one place: `$`, `.name`, `['name']`, `[0]`, and `$$` for the
//! context object.
//!
//! Paths that may name many places (`..`, `*`, slices, filters) are refused when the definition is
//! read.

use serde_json::{Map, Value};

use super::members::Unreadable;

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

/// Why nothing can be put at a path: something else is on the way. Its text is the cause of
/// `States.ResultPathMatchFailure`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Unable to apply Reference Path {path} to input {input}")]
pub struct ResultPathMismatch {
    /// The path.
    pub path: String,
    /// The value in which it leads nowhere, as JSON.
    pub input: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Member(String),
    Index(usize),
}

/// A path has so many steps at most: what a longer one writes no reader of JSON takes.
///
/// assumption: no definition comes near. A definition that AWS takes and this limit refuses proves
/// it wrong.
const MOST_STEPS: usize = 100;

impl Path {
    /// Reads a path.
    ///
    /// # Errors
    /// What is wrong with it, or that it is of a kind that the account in memory does not know.
    pub fn parse(text: &str) -> Result<Self, Unreadable> {
        let (in_context, mut rest) = match (text.strip_prefix("$$"), text.strip_prefix('$')) {
            (Some(rest), _) => (true, rest),
            (None, Some(rest)) => (false, rest),
            (None, None) => {
                let what = format!("the path {text} does not begin with $");
                return Err(Unreadable::Wrong(what));
            }
        };
        let mut steps = Vec::new();
        while !rest.is_empty() {
            if steps.len() == MOST_STEPS {
                let what = format!("the path {text} has more than {MOST_STEPS} steps");
                return Err(Unreadable::Wrong(what));
            }
            let (step, after) = next_step(rest).ok_or_else(|| unreadable(text, rest))?;
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
        let mut steps = self.steps.iter();
        steps.try_fold(self.root(scope), |value, step| step.take(value))
    }

    /// Why there is nothing at the path: the first member that is missing on the way, or at the
    /// end.
    ///
    /// assumption: in the words of Jayway JsonPath, with which AWS reads paths. The cause of a
    /// `States.Runtime` for such a path proves it.
    pub fn why_nothing(&self, scope: Scope<'_>) -> String {
        let (missing, place) = self.first_missing(scope);
        if missing + 1 < self.steps.len() {
            format!("Missing property in path {place}")
        } else {
            format!("No results for path: {place}")
        }
    }

    /// Whether a member on the way is missing, and not only the last one.
    pub fn breaks_off(&self, scope: Scope<'_>) -> bool {
        let (missing, _) = self.first_missing(scope);
        missing + 1 < self.steps.len()
    }

    /// Which step leads nowhere, and the path up to there, in brackets.
    fn first_missing(&self, scope: Scope<'_>) -> (usize, String) {
        let mut value = self.root(scope);
        let mut place = "$".to_owned();
        for (at, step) in self.steps.iter().enumerate() {
            place.push_str(&match step {
                Step::Member(name) => format!("['{name}']"),
                Step::Index(index) => format!("[{index}]"),
            });
            match step.take(value) {
                Some(inner) => value = inner,
                None => return (at, place),
            }
        }
        (self.steps.len(), place)
    }

    fn root<'a>(&self, scope: Scope<'a>) -> &'a Value {
        if self.in_context {
            scope.context
        } else {
            scope.input
        }
    }

    /// Puts `value` at the path in `target`, making the objects on the way.
    ///
    /// # Errors
    /// There is something else on the way.
    pub fn write(&self, mut target: Value, value: Value) -> Result<Value, ResultPathMismatch> {
        let input = target.to_string();
        let place = self.steps.iter().try_fold(&mut target, descend);
        match place {
            Some(place) => {
                *place = value;
                Ok(target)
            }
            None => Err(ResultPathMismatch {
                path: self.text.clone(),
                input,
            }),
        }
    }
}

impl Step {
    /// What the step leads to.
    fn take<'a>(&self, value: &'a Value) -> Option<&'a Value> {
        match self {
            Self::Member(name) => value.get(name),
            Self::Index(index) => value.get(index),
        }
    }
}

/// What `rest`, which begins with no step that is known, says about the path `text`.
fn unreadable(text: &str, rest: &str) -> Unreadable {
    let is_unfinished = rest == "." || rest.starts_with('[') && !rest.contains(']');
    if is_unfinished {
        return Unreadable::Wrong(format!("the path {text} is not finished"));
    }
    Unreadable::NotOurs(format!(
        "the path {text}: it knows those that name one place, in members and indices"
    ))
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
    fn what_may_name_many_places_is_refused_as_not_known_and_what_is_no_path_as_wrong() {
        for path in [
            "$..a",
            "$.*",
            "$.a[*]",
            "$.a[0:2]",
            "$.a[?(@.b)]",
            "$.a[-1]",
            "$.a['b','c']",
            "$.a.length()",
            "$variable",
        ] {
            let refused = Path::parse(path).expect_err(path);
            assert!(matches!(refused, Unreadable::NotOurs(_)), "{path}");
        }
        for path in ["a", "$.", "$.a[0", "$.a."] {
            let refused = Path::parse(path).expect_err(path);
            assert!(matches!(refused, Unreadable::Wrong(_)), "{path}");
        }
    }

    #[test]
    fn what_is_missing_is_named_with_the_way_to_it() {
        let input = json!({"a": {"b": [1]}});
        let scope = Scope {
            input: &input,
            context: &Value::Null,
        };
        for (path, says) in [
            ("$.no", "No results for path: $['no']"),
            ("$.a.no", "No results for path: $['a']['no']"),
            ("$.no.x", "Missing property in path $['no']"),
            ("$.a.no.x.y", "Missing property in path $['a']['no']"),
            ("$.a.b[3].x", "Missing property in path $['a']['b'][3]"),
        ] {
            let path = Path::parse(path).expect("a path");
            assert_eq!(path.why_nothing(scope), says);
        }
    }

    #[test]
    fn what_is_too_long_is_refused() {
        let refused = Path::parse(&format!("${}", ".a".repeat(101))).expect_err("refused");
        assert!(
            refused.what().contains("more than 100 steps"),
            "{refused:?}"
        );
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
