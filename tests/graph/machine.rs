//! The definition as a graph: states, and the edges between them with what they are taken on.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// When an edge is taken.
#[derive(Debug, Clone, PartialEq)]
pub enum When {
    /// Always, after the state.
    Next,
    /// An error that retries have not cured.
    Caught,
    /// A rule of a Choice.
    Rule(Value),
    /// No rule of a Choice.
    Else,
}

/// A way from one state to another.
#[derive(Debug, Clone)]
pub struct Edge {
    pub from: String,
    pub to: String,
    pub when: When,
}

/// A definition.
pub struct Machine {
    pub definition: Value,
}

/// A file of the project.
pub fn text(path: &str) -> String {
    let root: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    std::fs::read_to_string(root.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

impl Machine {
    /// The project's own.
    pub fn of_the_project() -> Self {
        let definition = serde_json::from_str(&text("statemachine/lifecycle.asl.json"));
        Self {
            definition: definition.expect("the definition is JSON"),
        }
    }

    pub fn start(&self) -> &str {
        self.definition["StartAt"].as_str().expect("StartAt")
    }

    pub fn states(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.definition["States"]
            .as_object()
            .expect("States")
            .iter()
    }

    pub fn state(&self, name: &str) -> &Value {
        &self.definition["States"][name]
    }

    /// Whether the state completes the lifecycle action.
    pub fn completes(&self, name: &str) -> bool {
        self.state(name)["Resource"] == "${CompleteAction}"
    }

    /// The result that the state decides on, or `before`.
    pub fn result<'a>(&'a self, name: &str, before: Option<&'a str>) -> Option<&'a str> {
        let state = self.state(name);
        if state["ResultPath"] == "$.result" {
            return state["Result"].as_str();
        }
        before
    }

    pub fn edges(&self) -> Vec<Edge> {
        self.states()
            .flat_map(|(name, _)| self.edges_of(name))
            .collect()
    }

    pub fn edges_of(&self, name: &str) -> Vec<Edge> {
        let state = self.state(name);
        let list = |key: &str| state[key].as_array().cloned().unwrap_or_default();
        let mut ways = vec![
            (state["Next"].clone(), When::Next),
            (state["Default"].clone(), When::Else),
        ];
        ways.extend(
            list("Catch")
                .into_iter()
                .map(|catch| (catch["Next"].clone(), When::Caught)),
        );
        ways.extend(
            list("Choices")
                .into_iter()
                .map(|rule| (rule["Next"].clone(), When::Rule(rule))),
        );
        let ways = ways.into_iter().filter_map(|(to, when)| {
            let to = to.as_str()?.to_owned();
            Some(Edge {
                from: name.to_owned(),
                to,
                when,
            })
        });
        ways.collect()
    }

    /// The states that `from` leads to, itself included, by edges that `may_go` admits.
    pub fn reach(&self, from: &str, may_go: impl Fn(&Edge) -> bool) -> BTreeSet<String> {
        let (mut open, mut seen) = (vec![from.to_owned()], BTreeSet::new());
        while let Some(name) = open.pop() {
            let edges = self.edges_of(&name).into_iter().filter(&may_go);
            if seen.insert(name) {
                open.extend(edges.map(|edge| edge.to));
            }
        }
        seen
    }

    /// Edges that lead nowhere, states that no path reaches, Choices without an else.
    pub fn faults(&self) -> Vec<String> {
        let reached = self.reach(self.start(), |_| true);
        let mut faults = Vec::new();
        for edge in self.edges() {
            if self.state(&edge.to).is_null() {
                faults.push(format!(
                    "{} leads to {}, which is no state",
                    edge.from, edge.to
                ));
            }
        }
        for (name, state) in self.states() {
            if !reached.contains(name) {
                faults.push(format!("no path reaches {name}"));
            }
            if state["Type"] == "Choice" && !state["Default"].is_string() {
                faults.push(format!("{name} has no Default"));
            }
        }
        faults
    }
}
