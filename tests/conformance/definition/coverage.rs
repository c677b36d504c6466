//! Which states and transitions of a definition were taken: each Choice rule and Default, each
//! Next, each name in a Retry retried and each Retry entry used up, each Catch, each end. Choices
//! and Retry entries are judged anew here, so that the interpreter is not asked about itself.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::play::{Played, Visit};

/// Documented for activities that send no heartbeats, and never seen: AWS was recorded to call that
/// States.Timeout.
const OF_ACTIVITIES: &str = "States.HeartbeatTimeout";

/// What was taken so far.
#[derive(Default)]
pub struct Taken {
    states: BTreeSet<String>,
    transitions: BTreeSet<String>,
}

/// How much that is of what there is.
pub struct Covered {
    pub states: (usize, usize),
    pub transitions: (usize, usize),
    pub missing: Vec<String>,
}

impl Taken {
    /// Adds what an execution took.
    pub fn note(&mut self, definition: &Value, played: &Played) {
        for (at, visit) in played.visits.iter().enumerate() {
            let next = played.visits.get(at + 1).map(|visit| visit.state.as_str());
            self.states.insert(visit.state.clone());
            let taken = transitions_taken(&definition["States"][&visit.state], visit, next);
            self.transitions.extend(
                taken
                    .into_iter()
                    .map(|taken| format!("{}: {taken}", visit.state)),
            );
        }
    }

    /// Compares with everything that the definition has.
    pub fn covered(&self, definition: &Value) -> Covered {
        let states = definition["States"].as_object().expect("States");
        let names: BTreeSet<String> = states.keys().cloned().collect();
        let all: BTreeSet<String> = states
            .iter()
            .flat_map(|(name, state)| {
                let known = transitions_of(state).into_iter();
                known.map(move |known| format!("{name}: {known}"))
            })
            .collect();
        let unknown: Vec<_> = self.transitions.difference(&all).collect();
        assert!(unknown.is_empty(), "taken, but not there: {unknown:?}");
        let missing = names
            .difference(&self.states)
            .chain(all.difference(&self.transitions));
        Covered {
            states: (self.states.len(), names.len()),
            transitions: (self.transitions.len(), all.len()),
            missing: missing.cloned().collect(),
        }
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn to(next: &Value) -> &str {
    next.as_str().expect("a state's name")
}

/// Every transition of a state, in words.
fn transitions_of(state: &Value) -> Vec<String> {
    let mut all = Vec::new();
    for (at, rule) in list(&state["Choices"]).iter().enumerate() {
        all.push(format!("rule {} to {}", at + 1, to(&rule["Next"])));
    }
    for (at, retrier) in list(&state["Retry"]).iter().enumerate() {
        let names = list(&retrier["ErrorEquals"]).iter().map(to);
        let retried = names.filter(|name| retrier["MaxAttempts"] != 0 && *name != OF_ACTIVITIES);
        all.extend(retried.map(|name| format!("Retry {} on {name}", at + 1)));
        all.push(format!("Retry {} used up", at + 1));
    }
    for catcher in list(&state["Catch"]) {
        all.push(format!("Catch to {}", to(&catcher["Next"])));
    }
    for field in ["Default", "Next"] {
        if let Some(next) = state[field].as_str() {
            all.push(format!("{field} to {next}"));
        }
    }
    if all.is_empty() {
        all.push(format!("end in {}", to(&state["Type"])));
    }
    all
}

/// What a visit took; panics when the definition does not lead where the visit went.
fn transitions_taken(state: &Value, visit: &Visit, next: Option<&str>) -> Vec<String> {
    let Some(next) = next else {
        return vec![format!("end in {}", to(&state["Type"]))];
    };
    let (mut taken, expected) = match to(&state["Type"]) {
        "Choice" => (Vec::new(), choice(state, &visit.input)),
        "Task" => attempts(state, visit),
        _ => (Vec::new(), format!("Next to {}", to(&state["Next"]))),
    };
    assert!(
        expected.ends_with(&format!(" to {next}")),
        "{} went to {next}, but: {expected}",
        visit.state
    );
    taken.push(expected);
    taken
}

fn choice(state: &Value, input: &Value) -> String {
    let rules = list(&state["Choices"]);
    match rules.iter().position(|rule| holds(rule, input)) {
        Some(at) => format!("rule {} to {}", at + 1, to(&rules[at]["Next"])),
        None => format!("Default to {}", to(&state["Default"])),
    }
}

fn holds(rule: &Value, input: &Value) -> bool {
    if rule["And"].is_array() {
        return list(&rule["And"]).iter().all(|rule| holds(rule, input));
    }
    if rule["Not"].is_object() {
        return !holds(&rule["Not"], input);
    }
    let path = to(&rule["Variable"]).trim_start_matches("$.");
    let found = path
        .split('.')
        .try_fold(input, |value, name| value.get(name));
    let known = ["Variable", "Next", "Comment"];
    let mut tests = rule.as_object().expect("a rule").iter();
    let (operator, wanted) = tests
        .find(|(name, _)| !known.contains(&name.as_str()))
        .expect("a rule compares");
    match operator.as_str() {
        "IsPresent" => *wanted == found.is_some(),
        "StringEquals" | "BooleanEquals" => found == Some(wanted),
        "NumericGreaterThanEquals" => {
            let number = found.expect("the variable is there").as_f64();
            number.is_some_and(|number| Some(number) >= wanted.as_f64())
        }
        other => panic!("teach tests/conformance/definition/coverage.rs the operator {other}"),
    }
}

/// The retries of a Task's visit, and how it was left.
fn attempts(state: &Value, visit: &Visit) -> (Vec<String>, String) {
    let mut taken = Vec::new();
    for (at, error) in visit.attempts.iter().enumerate() {
        let Some(error) = error else { continue };
        let (entry, name) = retrier(state, error);
        let is_last = at + 1 == visit.attempts.len();
        taken.push(if is_last {
            format!("Retry {entry} used up")
        } else {
            format!("Retry {entry} on {name}")
        });
    }
    let expected = match visit.attempts.last() {
        Some(None) => format!("Next to {}", to(&state["Next"])),
        _ => format!("Catch to {}", to(&list(&state["Catch"])[0]["Next"])),
    };
    (taken, expected)
}

/// The first Retry entry about the error, counted from 1, and the name by which it is.
fn retrier<'a>(state: &'a Value, error: &str) -> (usize, &'a str) {
    let about = |name: &&str| *name == error || *name == "States.ALL";
    let entries = list(&state["Retry"]).iter().enumerate();
    entries
        .filter_map(|(at, entry)| {
            let mut names = list(&entry["ErrorEquals"]).iter().map(to);
            Some((at + 1, names.find(about)?))
        })
        .next()
        .unwrap_or_else(|| panic!("no Retry entry is about {error}"))
}
