//! Plays what was drawn, and says what came of it.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};

use super::GeneratedScenario;
use crate::invariants::{Invariant, Violation};
use crate::narrator::LogLine;
use crate::scenario::{self, Listener, Outcome};
use crate::trace::StackStatus;

/// One seed in so many is told twice, to see that it is the same scenario.
const TOLD_TWICE: u64 = 8;

/// Why a scenario is no good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// It broke an invariant.
    Broken(Violation),
    /// It could not be played: a call was refused that should not be, or the program itself failed.
    Unplayable(String),
}

impl Failure {
    /// The name of what failed: that of the invariant, or `unplayable`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Broken(broken) => broken.invariant.name(),
            Self::Unplayable(_) => "unplayable",
        }
    }

    /// When and how, in words.
    pub fn detail(&self) -> String {
        match self {
            Self::Broken(broken) => format!("at {}: {}", broken.at, broken.detail),
            Self::Unplayable(why) => why.clone(),
        }
    }
}

/// What came of a scenario.
#[derive(Debug, Clone)]
pub struct Run {
    /// How the stack ended; empty if the scenario could not be played.
    pub outcome: String,
    /// Lines told.
    pub lines: usize,
    /// Instances that were retained.
    pub retained: usize,
    /// How often each branch of workers and definition was reached.
    pub reached: BTreeMap<String, u64>,
    /// What was no good, in the order in which it happened.
    pub failures: Vec<Failure>,
}

/// Plays a scenario to its end, on this thread.
pub fn run(generated: &GeneratedScenario) -> Run {
    let (mut ran, record) = once(generated);
    if ran.failures.is_empty() && generated.is_peaceful() && ran.outcome != "UPDATE_COMPLETE" {
        let outcome = &ran.outcome;
        ran.failures.push(Failure::Broken(Violation {
            invariant: Invariant::RollEnds,
            at: jiff::Timestamp::UNIX_EPOCH,
            detail: format!("without faults, and with room for every task, it ended {outcome}"),
        }));
    }
    if generated.settings.seed.is_multiple_of(TOLD_TWICE) && ran.failures.is_empty() {
        let (_, again) = once(generated);
        if record != again {
            ran.failures.push(Failure::Broken(Violation {
                invariant: Invariant::SameSeedSameTrace,
                at: jiff::Timestamp::UNIX_EPOCH,
                detail: differing(&record, &again),
            }));
        }
    }
    ran
}

fn once(generated: &GeneratedScenario) -> (Run, Vec<String>) {
    let lines = Arc::new(Mutex::new(Lines::default()));
    let played = catch_unwind(AssertUnwindSafe(|| {
        scenario::run(&generated.settings, &generated.actions, lines.clone())
    }));
    let record = match lines.lock() {
        Ok(mut lines) => std::mem::take(&mut lines.0),
        Err(poisoned) => std::mem::take(&mut poisoned.into_inner().0),
    };
    let ran = match played {
        Ok(Ok(played)) => concluded(played, record.len()),
        Ok(Err(refused)) => unplayable(refused.to_string(), record.len()),
        Err(panic) => unplayable(panic_message(panic.as_ref()), record.len()),
    };
    (ran, record)
}

fn concluded(played: Outcome, lines: usize) -> Run {
    Run {
        outcome: played.ended.map_or("", StackStatus::name).to_owned(),
        lines,
        retained: played.retained,
        reached: played.reached,
        failures: played.violations.into_iter().map(Failure::Broken).collect(),
    }
}

fn unplayable(why: String, lines: usize) -> Run {
    Run {
        outcome: String::new(),
        lines,
        retained: 0,
        reached: BTreeMap::new(),
        failures: vec![Failure::Unplayable(why)],
    }
}

/// What a panic said.
fn panic_message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    format!("the rehearsal panicked: {}", text.unwrap_or("(no text)"))
}

fn differing(record: &[String], again: &[String]) -> String {
    let place = record
        .iter()
        .zip(again)
        .position(|(one, other)| one != other);
    let place = place.unwrap_or(record.len().min(again.len()));
    let line = |lines: &[String]| {
        lines
            .get(place)
            .map_or("(the end)", String::as_str)
            .to_owned()
    };
    format!(
        "line {} is once {:?} and once {:?}",
        place + 1,
        line(record),
        line(again)
    )
}

#[derive(Debug, Default)]
struct Lines(Vec<String>);

impl Listener for Lines {
    fn line(&mut self, line: &LogLine) {
        self.0.push(line.to_string());
    }
}
