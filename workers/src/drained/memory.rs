//! What a look notes for the next one.

use jiff::Timestamp;

use super::Observation;
use crate::model::cluster::Task;
use crate::model::{Assessment, MOST_NAMED, NamedTask, TasksLeft, Verdict};

/// Those of `tasks` that are not STOPPED, of all that were listed.
pub(super) fn still_left(tasks: &[Task], listed_at: Timestamp) -> TasksLeft {
    let left = tasks.iter().filter(|task| !task.is_stopped());
    TasksLeft {
        arns: left.map(|task| task.arn.clone()).collect(),
        listed_at,
        named: named(tasks),
    }
}

/// What the first of those that are not STOPPED are called.
pub(super) fn named(tasks: &[Task]) -> Vec<NamedTask> {
    let left = tasks.iter().filter(|task| !task.is_stopped());
    left.take(MOST_NAMED).map(NamedTask::from).collect()
}

/// Notes for the next look which tasks were left, and what else is known.
pub(super) fn remember(finding: &mut Assessment, seen: Observation, left: TasksLeft) {
    if finding.verdict == Verdict::NotYet {
        finding.extra.tasks_left = left.remembered();
        finding.extra.agent_gone_since = seen.agent_gone_since;
        finding.extra.hindrances = seen.hindrances;
    }
}
