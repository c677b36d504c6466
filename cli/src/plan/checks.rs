//! What hinders a rollout: each check is a question that what was seen answers.

mod group;
mod machines;
mod services;
mod stack;
mod tasks;

pub use tasks::{are_awaited, end, name};

use serde::Serialize;

use super::observation::{Observation, PlanRequest};

/// How bad it is; the worst comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Level {
    /// The rollout cannot begin, or cannot end on the new AMI.
    Blocker,
    /// Whether it ends on the new AMI depends on what nobody can know yet.
    Condition,
    /// It can, but you should know.
    Warning,
}

/// Something that hinders it. Members are spelled so in JSON output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// How bad it is.
    pub level: Level,
    /// Which check says so.
    pub name: &'static str,
    /// What is the matter, and the way out.
    pub words: String,
}

impl Diagnostic {
    /// The rollout cannot begin, or cannot end on the new AMI.
    pub fn blocker(name: &'static str, words: impl Into<String>) -> Self {
        let level = Level::Blocker;
        let words = words.into();
        Self { level, name, words }
    }

    /// Whether it ends on the new AMI depends on what nobody can know yet.
    pub fn condition(name: &'static str, words: impl Into<String>) -> Self {
        let level = Level::Condition;
        let words = words.into();
        Self { level, name, words }
    }

    /// It can, but you should know.
    pub fn warning(name: &'static str, words: impl Into<String>) -> Self {
        let level = Level::Warning;
        let words = words.into();
        Self { level, name, words }
    }
}

/// The name of the check that finds instances of another AMI which an update would not replace.
pub const SAME_AMI: &str = "same-ami";

/// The names of the checks on what has not ended yet, or is paused: you should know of it where
/// there is nothing to roll, too.
pub const UNFINISHED: [&str; 5] = ["retained", "being-ended", "kept", "under-way", "paused"];

/// All remarks on what was seen.
pub fn all(seen: &Observation, asked: &PlanRequest) -> Vec<Diagnostic> {
    let checks = [
        stack::stack,
        stack::interface,
        stack::ami,
        stack::change,
        stack::rolled_back,
        stack::hooks,
        group::processes,
        group::scaled,
        group::room,
        stack::refresh,
        stack::pause,
        machines::retained,
        machines::agents,
        group::unmanaged_instances,
        machines::moving,
        services::percentages,
        services::places,
        services::constraints,
        services::sizes,
        services::deadlines,
        services::unsteady,
        tasks::protected,
        tasks::standalone,
    ];
    checks.iter().flat_map(|check| check(seen, asked)).collect()
}

/// Whether a drain that misses its deadline stops the rollout, so that what surely misses it is a
/// blocker.
fn deadline_stops(seen: &Observation) -> bool {
    seen.word("DrainDeadlinePolicy", "retain") == "retain"
}

/// When the drain deadline passes, in seconds from a drain's begin.
fn drain_deadline(seen: &Observation) -> i64 {
    seen.deadline("DrainDeadlineSeconds")
}

/// A few names, and how many more there are.
fn some<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    const NAMED: usize = 5;
    let names: Vec<&str> = names.into_iter().collect();
    match names.len().checked_sub(NAMED) {
        Some(more) if more > 0 => format!("{} and {more} more", names[..NAMED].join(", ")),
        _ => names.join(", "),
    }
}
