//! Reads a definition's text, strictly: every field of every state is known, or the definition is
//! refused.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::definition::{Definition, ErrorText, Kind, Length, Next, ResultPath, State};
use super::intrinsic::Expression;
use super::members::{Members, invalid, schema};
use super::path::Path;
use super::template::Template;
use super::{parse_choice, parse_task, timestamp};
use crate::wire::ApiError;

/// Reads a definition.
///
/// # Errors
/// `InvalidDefinition`, in the form that AWS answers, or `NotImplemented`, naming state and field.
pub fn parse(text: &str) -> Result<Definition, ApiError> {
    let root: Value = serde_json::from_str(text)
        .map_err(|error| invalid("INVALID_JSON_DESCRIPTION", error, "/"))?;
    let members = Members::of(&root, "")?;
    members.text("Comment")?;
    members.read("Version", "\"1.0\"", |version| {
        (version == "1.0").then_some(())
    })?;
    json_path(&members)?;
    // A text that only looks like a path costs an object that nobody reads.
    let reads_context = text.contains("$$");
    let start_at = members.required_text("StartAt")?.to_owned();
    let timeout_seconds = members.whole("TimeoutSeconds", 1)?;
    let states = members
        .read("States", "an object with a state in it", |states| {
            states.as_object().filter(|all| !all.is_empty())
        })?
        .ok_or_else(|| schema("These fields are required: [States]", "/"))?;
    members.finish()?;
    let states = states
        .iter()
        .map(|(name, state)| Ok((name.clone(), parse_state(name, state)?)))
        .collect::<Result<BTreeMap<_, _>, ApiError>>()?;
    let definition = Definition {
        start_at,
        states,
        timeout_seconds,
        reads_context,
    };
    check_targets(&definition)?;
    check_reached(&definition)?;
    Ok(definition)
}

fn json_path(members: &Members<'_>) -> Result<(), ApiError> {
    match members.text("QueryLanguage")? {
        None | Some("JSONPath") => Ok(()),
        Some(other) => Err(ApiError::not_known(format_args!(
            "QueryLanguage {other} of the definition at {}/",
            members.place
        ))),
    }
}

fn parse_state(name: &str, state: &Value) -> Result<State, ApiError> {
    let members = Members::of(state, format!("/States/{name}"))?;
    if name.chars().count() > 80 {
        return Err(schema(
            "A state's name has 80 characters at most",
            &members.place,
        ));
    }
    members.text("Comment")?;
    json_path(&members)?;
    let kind = match members.required_text("Type")? {
        "Pass" => parse_pass(&members)?,
        "Task" => Kind::Task(parse_task::parse(&members)?),
        "Choice" => parse_rules(&members)?,
        "Wait" => parse_wait(&members)?,
        "Succeed" => Kind::Succeed,
        "Fail" => parse_fail(&members)?,
        known @ ("Map" | "Parallel") => {
            return Err(ApiError::not_known(format_args!(
                "the state type {known}, which {name} has"
            )));
        }
        other => {
            return Err(schema(
                format_args!("Value \"{other}\" is not a state type"),
                &members.place_of("Type"),
            ));
        }
    };
    let whole = Path::parse("$").ok();
    let (input_path, output_path) = match kind {
        Kind::Fail { .. } => (whole.clone(), whole),
        _ => (
            parse_path_or_null(&members, "InputPath")?.unwrap_or_else(|| whole.clone()),
            parse_path_or_null(&members, "OutputPath")?.unwrap_or(whole),
        ),
    };
    members.finish()?;
    Ok(State {
        kind,
        input_path,
        output_path,
    })
}

fn parse_pass(members: &Members<'_>) -> Result<Kind, ApiError> {
    Ok(Kind::Pass {
        parameters: parse_template(members, "Parameters")?,
        result: members.take("Result").cloned(),
        result_path: parse_result_path(members)?,
        then: parse_then(members)?,
    })
}

fn parse_rules(members: &Members<'_>) -> Result<Kind, ApiError> {
    let rules = members
        .read("Choices", "a list with a rule in it", |rules| {
            rules.as_array().filter(|rules| !rules.is_empty())
        })?
        .ok_or_else(|| schema("These fields are required: [Choices]", &members.place))?;
    let rules = rules
        .iter()
        .enumerate()
        .map(|(at, rule)| parse_choice::parse(rule, format!("{}/Choices[{at}]", members.place)))
        .collect::<Result<_, _>>()?;
    Ok(Kind::Choice {
        rules,
        default: members.text("Default")?.map(str::to_owned),
    })
}

fn parse_wait(members: &Members<'_>) -> Result<Kind, ApiError> {
    let seconds = members.whole("Seconds", 0)?.map(Length::Seconds);
    let seconds_path = parse_path(members, "SecondsPath")?.map(Length::SecondsPath);
    let timestamp = members
        .read("Timestamp", "an ISO-8601 date-time", |value| {
            timestamp::read(value.as_str()?)
        })?
        .map(Length::Timestamp);
    let timestamp_path = parse_path(members, "TimestampPath")?.map(Length::TimestampPath);
    let mut lengths = [seconds, seconds_path, timestamp, timestamp_path]
        .into_iter()
        .flatten();
    match (lengths.next(), lengths.next()) {
        (Some(length), None) => Ok(Kind::Wait {
            length,
            then: parse_then(members)?,
        }),
        _ => Err(schema(
            "Exactly one of Seconds, SecondsPath, Timestamp, TimestampPath is required",
            &members.place,
        )),
    }
}

fn parse_fail(members: &Members<'_>) -> Result<Kind, ApiError> {
    Ok(Kind::Fail {
        error: parse_words(members, "Error", "ErrorPath")?,
        cause: parse_words(members, "Cause", "CausePath")?,
    })
}

fn parse_words(
    members: &Members<'_>,
    plain: &'static str,
    from: &'static str,
) -> Result<Option<ErrorText>, ApiError> {
    let words = members
        .text(plain)?
        .map(|text| ErrorText::Literal(text.to_owned()));
    let expression = members
        .text(from)?
        .map(|text| Expression::parse(text).map_err(|error| error.at(&members.place_of(from))))
        .transpose()?;
    match (words, expression) {
        (Some(_), Some(_)) => Err(schema(
            format_args!("{plain} and {from} exclude each other"),
            &members.place,
        )),
        (words, expression) => Ok(words.or(expression.map(ErrorText::From))),
    }
}

/// Takes a payload template.
pub fn parse_template(
    members: &Members<'_>,
    name: &'static str,
) -> Result<Option<Template>, ApiError> {
    members
        .take(name)
        .map(|value| Template::parse(value).map_err(|error| error.at(&members.place_of(name))))
        .transpose()
}

/// Takes a path.
pub fn parse_path(members: &Members<'_>, name: &'static str) -> Result<Option<Path>, ApiError> {
    members
        .text(name)?
        .map(|text| Path::parse(text).map_err(|error| error.at(&members.place_of(name))))
        .transpose()
}

/// Takes a path that may be null. The outer option says whether the field is there.
fn parse_path_or_null(
    members: &Members<'_>,
    name: &'static str,
) -> Result<Option<Option<Path>>, ApiError> {
    match members.take(name) {
        Some(Value::Null) => Ok(Some(None)),
        Some(_) => Ok(Some(parse_path(members, name)?)),
        None => Ok(None),
    }
}

/// Takes a ResultPath: `$` if there is none.
pub fn parse_result_path(members: &Members<'_>) -> Result<ResultPath, ApiError> {
    match parse_path_or_null(members, "ResultPath")? {
        Some(None) => Ok(ResultPath::Discard),
        Some(Some(path)) if path.in_context() => Err(schema(
            "ResultPath may not begin with $$",
            &members.place_of("ResultPath"),
        )),
        Some(Some(path)) => Ok(ResultPath::Into(path)),
        None => Ok(ResultPath::Into(Path::parse("$").expect("$ is a path"))),
    }
}

/// Takes Next or End, of which there must be exactly one.
pub fn parse_then(members: &Members<'_>) -> Result<Next, ApiError> {
    let end = members
        .read("End", "true or false", Value::as_bool)?
        .unwrap_or(false);
    match (members.text("Next")?, end) {
        (Some(next), false) => Ok(Next::Next(next.to_owned())),
        (None, true) => Ok(Next::End),
        _ => Err(schema(
            "Exactly one of Next and \"End\": true is required",
            &members.place,
        )),
    }
}

fn check_targets(definition: &Definition) -> Result<(), ApiError> {
    let missing = |field: &str, target: &str, place: &str| {
        invalid(
            "MISSING_TRANSITION_TARGET",
            format_args!("Missing '{field}' target: {target}"),
            place,
        )
    };
    if !definition.states.contains_key(&definition.start_at) {
        return Err(missing("StartAt", &definition.start_at, "/StartAt"));
    }
    for (name, state) in &definition.states {
        for (field, target) in state.targets() {
            if !definition.states.contains_key(target) {
                let last = field.rsplit('/').next().unwrap_or_default();
                return Err(missing(last, target, &format!("/States/{name}/{field}")));
            }
        }
    }
    Ok(())
}

fn check_reached(definition: &Definition) -> Result<(), ApiError> {
    let (mut reached, mut ahead) = (BTreeSet::new(), vec![definition.start_at.as_str()]);
    while let Some(name) = ahead.pop() {
        if reached.insert(name) {
            ahead.extend(
                definition.states[name]
                    .targets()
                    .into_iter()
                    .map(|(_, target)| target),
            );
        }
    }
    match definition
        .states
        .keys()
        .find(|name| !reached.contains(&name.as_str()))
    {
        None => Ok(()),
        Some(name) => Err(invalid(
            "MISSING_TRANSITION_TARGET",
            format_args!("State \"{name}\" is not reachable."),
            &format!("/States/{name}"),
        )),
    }
}
