//! Tasks that do not move when ECS wants them to.

use jiff::{SignedDuration, Timestamp};

use super::{Diagnostic, Observation, PlanRequest, deadline_stops, drain_deadline, some};
use crate::aws::{RUNS_FOR, StartedTask, with_access};
use crate::format::{count, task_name};
use crate::plan::observation::Method;

fn short(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

/// None is protected from scale-in, on an instance that the rollout drains.
pub fn protected(seen: &Observation, _: &PlanRequest) -> Vec<Diagnostic> {
    let deadline = SignedDuration::from_secs(drain_deadline(seen));
    let on_own = |arn: &str| {
        let mut running = seen.tasks.iter();
        running.any(|task| task.arn == arn && seen.staying_machines().any(|one| one.arn == task.on))
    };
    let protected = seen.protected.iter().filter(|one| one.until > seen.now);
    let (past, within): (Vec<_>, Vec<_>) = protected
        .filter(|one| on_own(one.task.as_str()))
        .partition(|one| one.until > seen.now + deadline);
    let told = |list: &[&workers::model::ProtectedTask]| {
        let each = list.iter().map(|one| {
            let until = one.until.round(jiff::Unit::Second).unwrap_or(one.until);
            format!("{} until {until}", short(one.task.as_str()))
        });
        let each: Vec<String> = each.collect();
        some(each.iter().map(String::as_str))
    };
    let mut remarks = Vec::new();
    if !past.is_empty() {
        let words = format!(
            "tasks are protected from scale-in for longer than a drain may take: {}; end it with {}, or roll later",
            told(&past),
            with_access(&format!(
                "aws ecs update-task-protection --cluster {} --no-protection-enabled --tasks {}",
                seen.cluster,
                past.iter()
                    .map(|one| one.task.as_str())
                    .collect::<Vec<_>>()
                    .join(" ")
            ))
        );
        remarks.push(if deadline_stops(seen) {
            Diagnostic::blocker("task-protected", words)
        } else {
            Diagnostic::warning("task-protected", words)
        });
    }
    if !within.is_empty() {
        let words = format!(
            "a drain waits for tasks that are protected from scale-in: {}",
            told(&within)
        );
        remarks.push(Diagnostic::warning("task-protected", words));
    }
    remarks
}

/// CloudFormation gives a batch this long at most (PauseTime).
const BATCH_TAKES: SignedDuration = SignedDuration::from_hours(1);

/// An instance refresh takes this long at most.
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-updatepolicy.html>
const REFRESH_TAKES: SignedDuration = SignedDuration::from_hours(36);

/// When a standalone task ends, seen from a rollout that begins now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ends {
    /// Before the deadline of any drain.
    InTime,
    /// After the deadline of a drain that begins now, and before that of the last one that may
    /// begin.
    PerhapsLate,
    /// After the deadline of every drain.
    Late,
    /// Nobody knows.
    Unknown,
}

/// None runs that no service replaces, on an instance that the rollout drains.
pub fn standalone(seen: &Observation, asked: &PlanRequest) -> Vec<Diagnostic> {
    let alone: Vec<_> = seen.standalone().collect();
    let named = |which: &dyn Fn(Ends) -> bool| {
        let those = alone
            .iter()
            .filter(|(task, _)| which(ends(seen, asked, task)));
        let each = those.map(|(task, machine)| {
            format!(
                "{} on {} (task {})",
                name(task),
                machine.id,
                short(&task.arn)
            )
        });
        let each: Vec<String> = each.collect();
        (each.len(), some(each.iter().map(String::as_str)))
    };
    if alone.is_empty() {
        return Vec::new();
    }
    let policy = seen.word("StandaloneTaskPolicy", "wait");
    let deadline = drain_deadline(seen);
    if !are_awaited(seen) {
        let (tasks, all) = named(&|_| true);
        let words = format!(
            "{}: {all}. {}",
            count(tasks, "standalone task"),
            fate(seen, policy)
        );
        return vec![Diagnostic::warning("standalone", words)];
    }
    let mut remarks = Vec::new();
    let (tasks, late) = named(&|ends| ends == Ends::Late);
    if tasks > 0 {
        let words = format!(
            "{} past every drain deadline ({deadline} s), by the label {RUNS_FOR}: {late}. Stop them, \
             roll later, or set StandaloneTaskPolicy to skip-instance, or to stop with a StandaloneTaskLimitSeconds below the deadline",
            that_many(tasks, ["runs", "run"])
        );
        remarks.push(Diagnostic::blocker("standalone", words));
    }
    let (tasks, perhaps) = named(&|ends| matches!(ends, Ends::PerhapsLate | Ends::Unknown));
    if tasks > 0 {
        let words = format!(
            "fails if these run longer than {deadline} s: {perhaps}. No service replaces them, so the drain of an instance \
             waits for its tasks until its deadline (DrainDeadlineSeconds), and AWS chooses which instance drains when. Wait for \
             their end, stop them, or set StandaloneTaskPolicy to skip-instance, or to stop with a StandaloneTaskLimitSeconds \
             below the deadline; the label {RUNS_FOR} says how long a task runs"
        );
        remarks.push(Diagnostic::condition("standalone", words));
    }
    let (tasks, good) = named(&|ends| ends == Ends::InTime);
    if tasks > 0 {
        let words = format!(
            "{} in time by the label {RUNS_FOR}: {good}. The drain of an instance waits for its tasks",
            that_many(tasks, ["ends", "end"])
        );
        remarks.push(Diagnostic::warning("standalone", words));
    }
    remarks
}

/// Whether a drain waits for standalone tasks until its deadline, and stops the rollout then: where
/// nothing else ends them before.
pub fn are_awaited(seen: &Observation) -> bool {
    let is_ended = match seen.word("StandaloneTaskPolicy", "wait") {
        "stop" => stop_limit(seen) < drain_deadline(seen),
        "skip-instance" => true,
        _ => false,
    };
    deadline_stops(seen) && !is_ended
}

/// How long StandaloneTaskPolicy `stop` lets a task run on, in seconds from when the drain begins.
fn stop_limit(seen: &Observation) -> i64 {
    seen.number("StandaloneTaskLimitSeconds", 900)
}

/// What a standalone task is called: its family, unless it was started in a group of another name.
pub fn name(task: &StartedTask) -> &str {
    task_name(&task.group)
}

/// What becomes of standalone tasks by policy, where no drain fails because of them.
fn fate(seen: &Observation, policy: &str) -> String {
    match policy {
        "stop" if stop_limit(seen) < drain_deadline(seen) => format!(
            "Each is stopped {} s after the drain of its instance begins (StandaloneTaskPolicy)",
            stop_limit(seen)
        ),
        "skip-instance" => {
            "Their instances are retained for you when all else has left (StandaloneTaskPolicy)"
                .to_owned()
        }
        _ => format!(
            "Each that still runs {} s after the drain of its instance begins is killed (DrainDeadlinePolicy {})",
            drain_deadline(seen),
            seen.word("DrainDeadlinePolicy", "retain")
        ),
    }
}

fn ends(seen: &Observation, asked: &PlanRequest, task: &StartedTask) -> Ends {
    let runs = seen.definition(&task.definition).and_then(|it| it.runs_for);
    let Some(end) = runs.and_then(|runs| end(task.since?, runs)) else {
        return Ends::Unknown;
    };
    let deadline = SignedDuration::from_secs(drain_deadline(seen));
    let most = match seen.method() {
        Method::InstanceRefresh => REFRESH_TAKES,
        Method::RollingUpdate => {
            let (size, batch) = (seen.sizes_in_update().desired, seen.batch(asked));
            let batches = i32::try_from((size + batch - 1) / batch).unwrap_or(i32::MAX);
            BATCH_TAKES.saturating_mul(batches)
        }
    };
    match end.duration_since(seen.now) {
        left if left <= deadline => Ends::InTime,
        left if left <= most.saturating_add(deadline) => Ends::PerhapsLate,
        _ => Ends::Late,
    }
}

/// When a task that began then ends by itself.
pub fn end(since: Timestamp, runs_for: u64) -> Option<Timestamp> {
    let runs = SignedDuration::from_secs(i64::try_from(runs_for).ok()?);
    since.checked_add(runs).ok()
}

/// How many standalone tasks do something: the verb with one of them, and with several.
fn that_many(tasks: usize, [one, several]: [&str; 2]) -> String {
    let verb = if tasks == 1 { one } else { several };
    format!("{} {verb}", count(tasks, "standalone task"))
}
