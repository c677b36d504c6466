//! What a simulation came to.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::json;
use simulator::explorer::{CLASSES, Failure, GeneratedScenario, Run};
use simulator::invariants::INVARIANTS;

/// How the branches that are states of the definition begin.
const STATE: &str = "state ";

/// A scenario that is no good.
#[derive(Debug)]
pub struct Broken {
    /// Its seed.
    pub seed: u64,
    /// The invariant, or `unplayable`.
    pub failure: &'static str,
    /// When and how.
    pub detail: String,
    /// The scenario.
    pub scenario: String,
    /// A smaller one that fails alike, if one was looked for.
    pub smaller: Option<String>,
}

/// What was counted.
#[derive(Debug)]
pub struct Simulated {
    from: u64,
    seeds: u64,
    /// How long it took.
    pub seconds: f64,
    outcomes: BTreeMap<String, u64>,
    operations: BTreeMap<&'static str, u64>,
    troubles: BTreeMap<&'static str, u64>,
    failures: BTreeMap<&'static str, u64>,
    /// How many scenarios were of each class.
    drawn: BTreeMap<&'static str, u64>,
    /// How often each branch of workers and definition was reached.
    reached: BTreeMap<String, u64>,
    /// The scenarios that are no good.
    pub broken: Vec<Broken>,
}

impl Simulated {
    /// Nothing counted yet, of `seeds` seeds from `from` on.
    pub fn new(from: u64, seeds: u64) -> Self {
        Self {
            from,
            seeds,
            seconds: 0.0,
            outcomes: BTreeMap::new(),
            operations: BTreeMap::new(),
            troubles: BTreeMap::new(),
            failures: BTreeMap::new(),
            drawn: BTreeMap::new(),
            reached: BTreeMap::new(),
            broken: Vec::new(),
        }
    }

    /// Counts a scenario.
    pub fn add(&mut self, drawn: &GeneratedScenario, ran: &Run) {
        let outcome = match ran.outcome.as_str() {
            "" => "unplayable",
            status => status,
        };
        *self.outcomes.entry(outcome.to_owned()).or_default() += 1;
        *self.operations.entry(drawn.operation).or_default() += 1;
        for trouble in drawn.troubles() {
            *self.troubles.entry(trouble).or_default() += 1;
        }
        for class in drawn.classes() {
            *self.drawn.entry(class).or_default() += 1;
        }
        for (branch, times) in &ran.reached {
            *self.reached.entry(branch.clone()).or_default() += times;
        }
        let mut names: Vec<_> = ran.failures.iter().map(Failure::name).collect();
        names.sort_unstable();
        names.dedup();
        for name in names {
            *self.failures.entry(name).or_default() += 1;
        }
    }

    /// For people.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for broken in &self.broken {
            let Broken {
                seed,
                failure,
                detail,
                scenario,
                ..
            } = broken;
            text += &format!("seed {seed} violates {failure}: {detail}\n\n{scenario}\n");
            if let Some(smaller) = &broken.smaller {
                text += &format!("seed {seed}, shrunk:\n\n{smaller}\n");
            }
        }
        let last = self.from + self.seeds - 1;
        let _ = writeln!(
            text,
            "scenarios   {} (seeds {} to {last}) in {:.1} s",
            self.seeds, self.from, self.seconds
        );
        for (what, counts) in [
            ("operations", listed(&self.operations)),
            ("outcomes", listed(&self.outcomes)),
            ("faults", listed(&self.troubles)),
        ] {
            let _ = writeln!(text, "{what:<11} {counts}");
        }
        text += &self.coverage();
        for invariant in INVARIANTS {
            let name = invariant.name();
            let verdict = match self.failures.get(name) {
                None => format!("invariant   {name} holds: {}", invariant.words()),
                Some(count) => format!(
                    "VIOLATION   {name}: in {}",
                    workers::text::count(*count, "scenario")
                ),
            };
            let _ = writeln!(text, "{verdict}");
        }
        for name in ["same-seed-same-trace", "unplayable"] {
            if let Some(count) = self.failures.get(name) {
                let _ = writeln!(
                    text,
                    "FAILED      {name}: {}",
                    workers::text::count(*count, "scenario")
                );
            }
        }
        text
    }

    /// What was drawn, and what of workers and definition that reached, each with its count.
    fn coverage(&self) -> String {
        let mut text = String::new();
        let classes = CLASSES.iter().filter_map(|(name, _)| {
            let count = self.drawn.get(name)?;
            Some((*name, *count))
        });
        let missing = GeneratedScenario::all_classes().into_iter();
        let missing: Vec<_> = missing.filter(|it| !self.drawn.contains_key(it)).collect();
        let of = |prefix: &'static str| {
            let all = self.reached.iter();
            let those = all.filter_map(move |(branch, times)| {
                Some((branch.strip_prefix(prefix)?.to_owned(), *times))
            });
            listed(&those.collect())
        };
        let answers = self.reached.iter();
        let answers = answers.filter(|(branch, _)| !branch.starts_with(STATE));
        let answers = answers.map(|(branch, times)| (branch.clone(), *times));
        for (what, counts) in [
            ("drawn", listed(&classes.collect())),
            ("not drawn", missing.join(", ")),
            ("answers", listed(&answers.collect())),
            ("states", of(STATE)),
        ] {
            if !counts.is_empty() {
                let _ = writeln!(text, "{what:<11} {counts}");
            }
        }
        text
    }

    /// One JSON object.
    pub fn json(&self) -> String {
        let broken: Vec<_> = self
            .broken
            .iter()
            .map(|it| {
                json!({
                    "seed": it.seed, "failure": it.failure, "detail": it.detail, "scenario": it.scenario, "shrunk": it.smaller,
                })
            })
            .collect();
        let invariants: Vec<_> = INVARIANTS
            .iter()
            .map(|invariant| {
                let count = self
                    .failures
                    .get(invariant.name())
                    .copied()
                    .unwrap_or_default();
                json!({"name": invariant.name(), "held": count == 0, "violatedIn": count})
            })
            .collect();
        let all = json!({
            "from": self.from, "seeds": self.seeds, "seconds": self.seconds, "operations": self.operations,
            "outcomes": self.outcomes, "faults": self.troubles, "failures": self.failures, "invariants": invariants,
            "violations": broken, "drawn": self.drawn, "reached": self.reached,
        });
        format!("{all:#}\n")
    }
}

fn listed<K: AsRef<str>>(counts: &BTreeMap<K, u64>) -> String {
    let each: Vec<String> = counts
        .iter()
        .map(|(name, count)| format!("{} {count}", name.as_ref()))
        .collect();
    if each.is_empty() {
        "none".to_owned()
    } else {
        each.join(", ")
    }
}
