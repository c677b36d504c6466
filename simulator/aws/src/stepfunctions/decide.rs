//! What a state does with its input: a plain function of the definition, the input and the time.

use std::borrow::Cow;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::choice::Rule;
use super::definition::{ErrorText, Kind, Length, Next, State, Task};
use super::failure::Failure;
use super::path::{Path, Scope};
use super::timestamp;

/// What a state wants.
#[derive(Debug, Clone, PartialEq)]
pub enum Move {
    /// To be left at once.
    Leave(Value, Next),
    /// To be left after some time.
    Wait(Duration, Value, Next),
    /// An answer to this.
    Ask(Value),
    /// The execution to fail.
    Fail(Failure),
}

/// What `state` wants, entered `now`.
///
/// # Errors
/// What goes wrong in the state itself, in AWS's words where they are known.
pub fn decide(state: &State, scope: Scope<'_>, now: Timestamp) -> Result<Move, Failure> {
    let seen = &*select(state.input_path.as_ref(), scope)?;
    let inner = Scope {
        input: seen,
        ..scope
    };
    match &state.kind {
        Kind::Pass {
            parameters,
            result,
            result_path,
            then,
        } => {
            let effective = match parameters {
                Some(template) => template.fill(inner)?,
                None => seen.clone(),
            };
            let result = result.clone().unwrap_or(effective);
            let placed = result_path.place(scope.input, result)?;
            Ok(Move::Leave(outgoing(state, &placed, scope)?, then.clone()))
        }
        Kind::Task(task) => match &task.parameters {
            Some(template) => Ok(Move::Ask(template.fill(inner)?)),
            None => Ok(Move::Ask(seen.clone())),
        },
        Kind::Choice { rules, default } => {
            let next = choose(rules, default.as_deref(), inner)?;
            Ok(Move::Leave(
                outgoing(state, seen, scope)?,
                Next::Next(next.to_owned()),
            ))
        }
        Kind::Wait { length, then } => {
            let length = wait_length(length, inner, now)?;
            Ok(Move::Wait(
                length,
                outgoing(state, seen, scope)?,
                then.clone(),
            ))
        }
        Kind::Succeed => Ok(Move::Leave(outgoing(state, seen, scope)?, Next::End)),
        Kind::Fail { error, cause } => {
            let (error, cause) = (
                error_text("ErrorPath", error.as_ref(), scope)?,
                error_text("CausePath", cause.as_ref(), scope)?,
            );
            Ok(Move::Fail(Failure { error, cause }))
        }
    }
}

/// Where the first rule that holds leads.
fn choose<'a>(
    rules: &'a [(Rule, String)],
    default: Option<&'a str>,
    scope: Scope<'_>,
) -> Result<&'a str, Failure> {
    for (rule, target) in rules {
        if rule.holds(scope)? {
            return Ok(target);
        }
    }
    // assumption: States.Runtime, although AWS has a name for it, States.NoChoiceMatched. The
    // history of a Choice state that nothing matches proves it.
    default.ok_or_else(|| {
        Failure::runtime(
            "Failed to transition out of the state. The state does not point to a next state.",
        )
    })
}

fn error_text(
    field: &str,
    words: Option<&ErrorText>,
    scope: Scope<'_>,
) -> Result<Option<String>, Failure> {
    words.map(|words| words.evaluate(field, scope)).transpose()
}

/// What goes on from a Task state that was answered.
///
/// # Errors
/// What goes wrong with ResultSelector, ResultPath or OutputPath.
pub fn answered(
    state: &State,
    task: &Task,
    scope: Scope<'_>,
    answer: Value,
) -> Result<Value, Failure> {
    let result = match &task.result_selector {
        Some(template) => template.fill(Scope {
            input: &answer,
            ..scope
        })?,
        None => answer,
    };
    let placed = task.result_path.place(scope.input, result)?;
    outgoing(state, &placed, scope)
}

fn outgoing(state: &State, value: &Value, scope: Scope<'_>) -> Result<Value, Failure> {
    select(
        state.output_path.as_ref(),
        Scope {
            input: value,
            ..scope
        },
    )
    .map(Cow::into_owned)
}

fn select<'a>(path: Option<&Path>, scope: Scope<'a>) -> Result<Cow<'a, Value>, Failure> {
    let Some(path) = path else {
        return Ok(Cow::Owned(json!({})));
    };
    path.read(scope).map(Cow::Borrowed).ok_or_else(|| {
        let (path, why) = (path.text(), path.why_nothing(scope));
        Failure::runtime(format!("Invalid path '{path}' : {why}"))
    })
}

fn wait_length(length: &Length, scope: Scope<'_>, now: Timestamp) -> Result<Duration, Failure> {
    match length {
        Length::Seconds(seconds) => Ok(Duration::from_secs(*seconds)),
        Length::SecondsPath(path) => seconds(path, scope),
        Length::Timestamp(instant) => not_too_long(until(*instant, now), || {
            format!("The Timestamp parameter is a timestamp too far away: {instant}")
        }),
        Length::TimestampPath(path) => {
            let value = looked_up("TimestampPath", path, scope)?;
            let instant = value.as_str().and_then(timestamp::read).ok_or_else(|| {
                let (path, value) = (path.text(), plain(value));
                Failure::runtime(format!(
                    "The TimestampPath parameter does not reference a valid ISO-8601 extended offset date-time format string: {path} == {value}"
                ))
            })?;
            let (path, value) = (path.text(), plain(value));
            not_too_long(until(instant, now), || {
                format!(
                    "The TimestampPath parameter references a timestamp too far away: {path} == {value}"
                )
            })
        }
    }
}

/// The most seconds that a Wait state waits. A longer one fails (recorded: localstack/localstack
/// tests/aws/services/stepfunctions/v2/base/test_wait.py, 2023-12: 24,855 days are well, 24,856 are
/// not).
const LONGEST_WAIT: Duration = Duration::from_secs(i32::MAX as u64);

/// The wait, unless it is too long: then the error that `says` what is.
///
/// assumption: the words of that error. The history of such a wait on AWS proves them.
fn not_too_long(wait: Duration, says: impl FnOnce() -> String) -> Result<Duration, Failure> {
    if wait > LONGEST_WAIT {
        return Err(Failure::runtime(says()));
    }
    Ok(wait)
}

fn until(instant: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(instant.duration_since(now)).unwrap_or_default()
}

/// Recorded: a fraction is refused before a negative number is (localstack/localstack
/// tests/aws/services/stepfunctions/v2/base/test_wait.snapshot.json, 2024-03).
fn seconds(path: &Path, scope: Scope<'_>) -> Result<Duration, Failure> {
    let value = looked_up("SecondsPath", path, scope)?;
    let (text, shown) = (path.text(), plain(value));
    match value.as_i64().map(u64::try_from) {
        None => Err(Failure::runtime(format!(
            "The SecondsPath parameter cannot be parsed as a long value: {text} == {shown}"
        ))),
        Some(Err(_)) => Err(Failure::runtime(format!(
            "The SecondsPath parameter references a negative value: {text} == {shown}"
        ))),
        Some(Ok(seconds)) => not_too_long(Duration::from_secs(seconds), || {
            let longest = LONGEST_WAIT.as_secs();
            format!(
                "The SecondsPath parameter references a value over {longest}: {text} == {shown}"
            )
        }),
    }
}

fn looked_up<'a>(field: &str, path: &Path, scope: Scope<'a>) -> Result<&'a Value, Failure> {
    path.read(scope).ok_or_else(|| {
        let path = path.text();
        Failure::runtime(format!(
            "The {field} parameter does not reference an input value: {path}"
        ))
    })
}

fn plain(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}
