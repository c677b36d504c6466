//! A recorded sequence, read from its file. Every member is known, or the file is refused.

use std::time::Duration;

use crate::functions::Answer;
use serde_json::{Map, Value};
use simulator::scenario::ModelVariant;

/// One file.
#[derive(Debug)]
pub struct Sequence {
    /// `service/name`.
    pub name: String,
    /// The seed of the account.
    pub seed: u64,
    /// The assumptions that are turned.
    pub variants: Vec<ModelVariant>,
    /// What is done and seen, in order.
    pub steps: Vec<Step>,
}

/// One step.
#[derive(Debug)]
pub struct Step {
    /// The fact that it proves, `service/id`; a step without is setup and must succeed.
    pub fact: Option<String>,
    /// What is done.
    pub verb: Verb,
}

/// What a step does.
#[derive(Debug)]
pub enum Verb {
    /// Makes a call.
    Call(Call, Expected),
    /// Makes a call again and again until its answer is as recorded, and looks how long that took.
    Await(Call, Expected, Within),
    /// Looks for an event on the bus.
    Event(Value, Within),
    /// Looks that there is no such event for some time.
    NoEvent(Value, Duration),
    /// Lets time pass.
    Wait(Duration),
    /// Answers the oldest question that a function was asked.
    Answer(Answer),
}

/// A call.
#[derive(Debug)]
pub struct Call {
    /// Such as `autoscaling`.
    pub service: String,
    /// Such as `SetDesiredCapacity`.
    pub action: String,
    /// Its input, with names still in it.
    pub input: Value,
}

/// What a call was answered.
#[derive(Debug)]
pub enum Expected {
    /// No error, and this, if it was looked at.
    Result(Option<Value>),
    /// An error with these members: code, message, status.
    Error(Value),
}

/// The least and the most that something took.
#[derive(Debug, Clone, Copy)]
pub struct Within {
    /// At least this time.
    pub least: Duration,
    /// At most this time.
    pub most: Duration,
}

impl Sequence {
    /// Reads the file called `name` (`service/file`).
    ///
    /// # Errors
    /// What is wrong with it, naming file and step.
    pub fn parse(name: &str, text: &str) -> Result<Self, String> {
        let file: Value = serde_json::from_str(text).map_err(|error| format!("{name}: {error}"))?;
        let known = ["source", "about", "seed", "variants", "steps"];
        let file = object(&file, &known).map_err(|error| format!("{name}: {error}"))?;
        for member in ["repository", "path", "commit", "recorded"] {
            if !file.get("source").is_some_and(|it| it[member].is_string()) {
                return Err(format!("{name}: source has no {member}"));
            }
        }
        let service = name.split('/').next().unwrap_or_default();
        let steps = file.get("steps").and_then(Value::as_array);
        let steps = steps.ok_or_else(|| format!("{name}: steps is no list"))?;
        let steps = steps.iter().enumerate().map(|(index, step)| {
            Step::parse(service, step).map_err(|error| format!("{name}: step {index}: {error}"))
        });
        Ok(Self {
            name: name.to_owned(),
            seed: file.get("seed").and_then(Value::as_u64).unwrap_or(1),
            variants: variants(file.get("variants")).map_err(|e| format!("{name}: {e}"))?,
            steps: steps.collect::<Result<_, _>>()?,
        })
    }
}

fn variants(value: Option<&Value>) -> Result<Vec<ModelVariant>, String> {
    let turned = value.and_then(Value::as_object).into_iter().flatten();
    turned
        .map(|(name, value)| {
            let known = ModelVariant::ALL.iter().find(|(_, known)| known == name);
            match (known, value) {
                (Some((switch, _)), Value::Bool(true)) => Ok(*switch),
                (Some(_), _) => Err(format!("variant {name} is {value}, not true")),
                (None, _) => Err(format!("there is no variant {name}")),
            }
        })
        .collect()
}

/// Members that any step may have.
const OF_ALL: [&str; 3] = ["fact", "row", "note"];

impl Step {
    fn parse(service: &str, step: &Value) -> Result<Self, String> {
        let fact = match step.get("fact") {
            None => None,
            Some(Value::String(fact)) if is_kebab(fact) => Some(format!("{service}/{fact}")),
            Some(other) => return Err(format!("fact {other} is not in kebab-case")),
        };
        Ok(Self {
            fact,
            verb: Verb::parse(step)?,
        })
    }
}

impl Verb {
    fn parse(step: &Value) -> Result<Self, String> {
        let of = |known: &[&str]| object(step, &[&OF_ALL[..], known].concat());
        let verbs = ["call", "await", "event", "no-event", "wait", "answer"];
        let verb = verbs.into_iter().find(|verb| step.get(*verb).is_some());
        match verb {
            Some("call") => {
                of(&["call", "input", "result", "error"])?;
                Ok(Self::Call(call(step, "call")?, expected(step)?))
            }
            Some("await") => {
                of(&["await", "input", "result", "error", "within"])?;
                Ok(Self::Await(
                    call(step, "await")?,
                    expected(step)?,
                    within(step)?,
                ))
            }
            Some("event") => {
                of(&["event", "within"])?;
                Ok(Self::Event(step["event"].clone(), within(step)?))
            }
            Some("no-event") => {
                of(&["no-event", "for"])?;
                let pattern = step["no-event"].clone();
                Ok(Self::NoEvent(pattern, seconds(step.get("for"), "for")?))
            }
            Some("answer") => {
                of(&["answer", "result", "failure"])?;
                Ok(Self::Answer(Answer::parse(step)?))
            }
            Some(_) => {
                of(&["wait"])?;
                Ok(Self::Wait(seconds(step.get("wait"), "wait")?))
            }
            None => Err(format!("it has none of {}", verbs.join(", "))),
        }
    }
}

fn call(step: &Value, verb: &str) -> Result<Call, String> {
    let named = step[verb].as_str().and_then(|name| name.split_once(':'));
    let (service, action) =
        named.ok_or_else(|| format!("{verb} is {}, not service:Action", step[verb]))?;
    Ok(Call {
        service: service.to_owned(),
        action: action.to_owned(),
        input: step
            .get("input")
            .cloned()
            .unwrap_or_else(|| Map::new().into()),
    })
}

fn expected(step: &Value) -> Result<Expected, String> {
    match (step.get("result"), step.get("error")) {
        (Some(_), Some(_)) => Err("it has a result and an error".to_owned()),
        (None, Some(error)) => {
            object(error, &["code", "message", "status"])?;
            Ok(Expected::Error(error.clone()))
        }
        (result, None) => Ok(Expected::Result(result.cloned())),
    }
}

fn within(step: &Value) -> Result<Within, String> {
    let mutation = || format!("within is {}, not [least, most] in seconds", step["within"]);
    let Some([least, most]) = step["within"].as_array().map(Vec::as_slice) else {
        return Err(mutation());
    };
    let (least, most) = (
        seconds(Some(least), "within")?,
        seconds(Some(most), "within")?,
    );
    if least > most {
        return Err(mutation());
    }
    Ok(Within { least, most })
}

fn seconds(value: Option<&Value>, member: &str) -> Result<Duration, String> {
    let seconds = value.and_then(Value::as_f64);
    let duration = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    duration.ok_or_else(|| format!("{member} is not a number of seconds"))
}

fn object<'a>(value: &'a Value, known: &[&str]) -> Result<&'a Map<String, Value>, String> {
    let members = value
        .as_object()
        .ok_or_else(|| format!("{value} is no object"))?;
    match members.keys().find(|key| !known.contains(&key.as_str())) {
        Some(key) => Err(format!("{key} is none of {}", known.join(", "))),
        None => Ok(members),
    }
}

fn is_kebab(text: &str) -> bool {
    let inside = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    !text.is_empty() && text.chars().all(inside)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn parse(step: Value) -> Result<Sequence, String> {
        let source = json!({"repository": "r", "path": "p", "commit": "c", "recorded": "d"});
        let file = json!({"source": source, "about": "a", "steps": [step]});
        Sequence::parse("ecs/a", &file.to_string())
    }

    #[test]
    fn a_fact_is_named_after_its_service() {
        let sequence =
            parse(json!({"fact": "a-b", "row": "ecs 1", "wait": 1})).expect("it is good");
        assert_eq!(sequence.steps[0].fact.as_deref(), Some("ecs/a-b"));
    }

    #[test]
    fn a_file_that_is_written_wrong_is_refused_by_name_and_step() {
        for step in [
            json!({"cal": "ecs:A"}),
            json!({"call": "ecs"}),
            json!({"call": "ecs:A", "results": {}}),
            json!({"call": "ecs:A", "result": {}, "error": {}}),
            json!({"call": "ecs:A", "error": {"text": ""}}),
            json!({"await": "ecs:A", "result": {}}),
            json!({"await": "ecs:A", "result": {}, "within": [2, 1]}),
            json!({"event": {}, "within": [1]}),
            json!({"no-event": {}}),
            json!({"wait": -1}),
            json!({"fact": "A b", "wait": 1}),
        ] {
            let error = parse(step.clone()).expect_err("it is wrong");
            assert!(error.starts_with("ecs/a: step 0: "), "{step}: {error}");
        }
    }
}
