//! Where the value of a `name.$` member comes from: a path, or one of the intrinsic functions
//! `States.Format`, `States.StringToJson` and `States.JsonToString`. Other functions are refused
//! when the definition is read.

mod error;

use serde_json::Value;

use super::failure::Failure;
use super::members::Unreadable;
use super::path::{Path, Scope};
use error::FunctionError;

/// A path or an intrinsic function with its arguments.
#[derive(Debug, Clone, PartialEq)]
pub enum Expression {
    /// The value at a path.
    Path(Path),
    /// What a function makes of its arguments.
    Call {
        /// The call as it was written.
        text: String,
        /// Which function.
        function: Function,
        /// Its arguments.
        arguments: Vec<Argument>,
    },
}

/// The functions that are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Function {
    /// `States.Format`
    Format,
    /// `States.StringToJson`
    StringToJson,
    /// `States.JsonToString`
    JsonToString,
}

/// An argument of a function.
#[derive(Debug, Clone, PartialEq)]
pub enum Argument {
    /// A string in quotes, its escapes still in it: `States.Format` gives `\{` a meaning.
    Quoted(String),
    /// A number, a boolean or null.
    Literal(Value),
    /// A path or another function.
    Expression(Expression),
}

/// The functions that AWS knows and the account in memory does not (documented:
/// <https://docs.aws.amazon.com/step-functions/latest/dg/intrinsic-functions.html>).
const NOT_OURS: [&str; 15] = [
    "States.Array",
    "States.ArrayContains",
    "States.ArrayGetItem",
    "States.ArrayLength",
    "States.ArrayPartition",
    "States.ArrayRange",
    "States.ArrayUnique",
    "States.Base64Decode",
    "States.Base64Encode",
    "States.Hash",
    "States.JsonMerge",
    "States.MathAdd",
    "States.MathRandom",
    "States.StringSplit",
    "States.UUID",
];

/// Functions stand inside one another so deep at most (the page of [`NOT_OURS`]).
const DEEPEST: usize = 10;

impl Expression {
    /// Reads a path or a function.
    ///
    /// # Errors
    /// What is wrong, naming the path or the function; or that it is not known here.
    pub fn parse(text: &str) -> Result<Self, Unreadable> {
        Self::parse_inside(text, 0)
    }

    /// Reads what stands inside of `depth` functions.
    fn parse_inside(text: &str, depth: usize) -> Result<Self, Unreadable> {
        if text.starts_with('$') {
            return Path::parse(text).map(Self::Path);
        }
        let (name, rest) = text
            .strip_suffix(')')
            .and_then(|call| call.split_once('('))
            .ok_or_else(|| {
                let what = format!("{text} is neither a path nor an intrinsic function");
                Unreadable::Wrong(what)
            })?;
        let function = match name.trim() {
            "States.Format" => Function::Format,
            "States.StringToJson" => Function::StringToJson,
            "States.JsonToString" => Function::JsonToString,
            other if NOT_OURS.contains(&other) => {
                let what = format!("the intrinsic function {other}");
                return Err(Unreadable::NotOurs(what));
            }
            other => {
                let what = format!("there is no intrinsic function {other}");
                return Err(Unreadable::Wrong(what));
            }
        };
        if depth == DEEPEST {
            let what = format!("more than {DEEPEST} intrinsic functions stand inside one another");
            return Err(Unreadable::Wrong(what));
        }
        let arguments = split(rest)
            .into_iter()
            .map(|argument| parse_argument(argument, depth + 1))
            .collect::<Result<Vec<_>, _>>()?;
        let right_number = match function {
            Function::Format => placeholders(&arguments) == Some(arguments.len() - 1),
            Function::StringToJson | Function::JsonToString => arguments.len() == 1,
        };
        if !right_number {
            let what = format!("the number of arguments of {text} is not right for {name}");
            return Err(Unreadable::Wrong(what));
        }
        Ok(Self::Call {
            text: text.to_owned(),
            function,
            arguments,
        })
    }

    /// The value, for the member that was written as `field`.
    ///
    /// # Errors
    /// `States.Runtime` for a path that leads nowhere, `States.IntrinsicFailure` for a function
    /// that fails.
    pub fn evaluate(&self, field: &str, scope: Scope<'_>) -> Result<Value, Failure> {
        let nowhere = |path: &Path| {
            let (path, input) = (path.text(), scope.input);
            Failure::runtime(format!(
                "The JSONPath '{path}' specified for the field '{field}' could not be found in the input '{input}'"
            ))
        };
        match self {
            Self::Path(path) => path.read(scope).cloned().ok_or_else(|| nowhere(path)),
            Self::Call {
                text,
                function,
                arguments,
            } => {
                let values = arguments
                    .iter()
                    .map(|argument| argument.evaluate(field, scope))
                    .collect::<Result<Vec<_>, _>>()?;
                apply(*function, arguments, &values).map_err(|error| {
                    Failure::new(
                        "States.IntrinsicFailure",
                        format!("The function '{text}' had the following error: {error}"),
                    )
                })
            }
        }
    }
}

impl Argument {
    fn evaluate(&self, field: &str, scope: Scope<'_>) -> Result<Value, Failure> {
        match self {
            Self::Quoted(text) => Ok(Value::String(unescape(text))),
            Self::Literal(value) => Ok(value.clone()),
            Self::Expression(expression) => expression.evaluate(field, scope),
        }
    }
}

fn apply(
    function: Function,
    arguments: &[Argument],
    values: &[Value],
) -> Result<Value, FunctionError> {
    match (function, values) {
        (Function::JsonToString, [value]) => Ok(Value::String(value.to_string())),
        (Function::StringToJson, [Value::String(text)]) => {
            serde_json::from_str(text).map_err(|source| FunctionError::NotJson {
                text: text.clone(),
                source,
            })
        }
        (Function::Format, [_, values @ ..]) => match &arguments[0] {
            Argument::Quoted(template) => Ok(Value::String(format(template, values)?)),
            Argument::Literal(_) | Argument::Expression(_) => Err(FunctionError::TemplateNotQuoted),
        },
        (_, values) => Err(FunctionError::OtherArguments {
            values: values.to_vec(),
        }),
    }
}

/// Puts `values` for the `{}` of `template`.
fn format(template: &str, values: &[Value]) -> Result<String, FunctionError> {
    let (mut out, mut values, mut chars) = (String::new(), values.iter(), template.chars());
    while let Some(c) = chars.next() {
        match c {
            '\\' => out.extend(chars.next()),
            '{' => {
                chars.next();
                match values.next() {
                    Some(Value::String(text)) => out.push_str(text),
                    Some(value @ (Value::Object(_) | Value::Array(_))) => {
                        return Err(FunctionError::NotScalar {
                            value: value.clone(),
                        });
                    }
                    Some(value) => out.push_str(&value.to_string()),
                    None => return Err(FunctionError::TooFewValues),
                }
            }
            c => out.push(c),
        }
    }
    Ok(out)
}

/// How many `{}` the template has, if the first argument is a well-formed one.
fn placeholders(arguments: &[Argument]) -> Option<usize> {
    let Some(Argument::Quoted(template)) = arguments.first() else {
        return None;
    };
    let (mut count, mut chars) = (0, template.chars());
    while let Some(c) = chars.next() {
        match c {
            '\\' => {
                chars.next()?;
            }
            '{' if chars.next() == Some('}') => count += 1,
            '{' | '}' => return None,
            _ => {}
        }
    }
    Some(count)
}

fn unescape(text: &str) -> String {
    let (mut out, mut chars) = (String::new(), text.chars());
    while let Some(c) = chars.next() {
        out.push(if c == '\\' {
            chars.next().unwrap_or(c)
        } else {
            c
        });
    }
    out
}

/// Splits at the commas that stand outside quotes and parentheses.
fn split(text: &str) -> Vec<&str> {
    let (mut parts, mut start, mut depth, mut quoted, mut escaped) =
        (Vec::new(), 0, 0_usize, false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => {
                escaped = false;
                continue;
            }
            '\\' if quoted => escaped = true,
            '\'' => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted => depth = depth.saturating_sub(1),
            ',' if !quoted && depth == 0 => {
                parts.push(text[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(text[start..].trim());
    parts
}

fn parse_argument(text: &str, depth: usize) -> Result<Argument, Unreadable> {
    if let Some(quoted) = text
        .strip_prefix('\'')
        .and_then(|rest| rest.strip_suffix('\''))
    {
        return Ok(Argument::Quoted(quoted.to_owned()));
    }
    match serde_json::from_str::<Value>(text) {
        Ok(value @ (Value::Number(_) | Value::Bool(_) | Value::Null)) => {
            Ok(Argument::Literal(value))
        }
        _ => Expression::parse_inside(text, depth).map(Argument::Expression),
    }
}
