//! Tasks that do not move when ECS wants them to.

use jiff::{SignedDuration, Timestamp};

use super::{Asked, Remark, Seen, deadline_stops, drain_deadline, some};

fn short(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

/// None is protected from scale-in.
pub fn protected(seen: &Seen, _: &Asked) -> Vec<Remark> {
    let deadline = SignedDuration::from_secs(drain_deadline(seen));
    let on_own = |arn: &str| {
        let mut running = seen.tasks.iter();
        running.any(|task| task.arn == arn && seen.own_machines().any(|one| one.arn == task.on))
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
            "tasks are protected from scale-in for longer than a drain may take: {}; end it with aws ecs update-task-protection \
             --no-protection-enabled, or roll later",
            told(&past)
        );
        remarks.push(match deadline_stops(seen) {
            true => Remark::blocker("task-protected", words),
            false => Remark::warning("task-protected", words),
        });
    }
    if !within.is_empty() {
        let words = format!(
            "a drain waits for tasks that are protected from scale-in: {}",
            told(&within)
        );
        remarks.push(Remark::warning("task-protected", words));
    }
    remarks
}

/// None runs that no service replaces.
pub fn standalone(seen: &Seen, _: &Asked) -> Vec<Remark> {
    let alone: Vec<_> = seen.standalone().collect();
    if alone.is_empty() {
        return Vec::new();
    }
    let policy = seen.word("StandaloneTaskPolicy", "wait");
    let each = alone
        .iter()
        .map(|(task, machine)| format!("{} of {} on {}", short(&task.arn), task.group, machine.id));
    let each: Vec<String> = each.collect();
    let named = some(each.iter().map(String::as_str));
    let deadline = SignedDuration::from_secs(drain_deadline(seen));
    let longer = alone.iter().filter(|(task, _)| {
        let runs = seen.definition(&task.definition).and_then(|it| it.runs_for);
        let ends = runs.and_then(|runs| end(task.since?, runs));
        ends.is_some_and(|end| end > seen.now + deadline)
    });
    let what = match policy {
        "stop" => format!(
            "told to stop {} s after its drain begins, as StandaloneTaskPolicy says",
            seen.number("StandaloneTaskLimitSeconds", 900)
        ),
        "skip-instance" => "kept with its instance, as StandaloneTaskPolicy says".to_owned(),
        _ => format!(
            "waited for until the drain deadline, {} s, as StandaloneTaskPolicy says",
            drain_deadline(seen)
        ),
    };
    let words = format!(
        "{} task(s) that no service replaces run here: {named}. Each is {what}",
        alone.len()
    );
    let surely_late = longer.count() > 0 && policy == "wait" && deadline_stops(seen);
    vec![match surely_late {
        true => Remark::blocker(
            "standalone",
            format!("{words}; by its label one runs for longer"),
        ),
        false => Remark::warning("standalone", words),
    }]
}

/// When a task that began then ends by itself.
pub fn end(since: Timestamp, runs_for: u64) -> Option<Timestamp> {
    let runs = SignedDuration::from_secs(i64::try_from(runs_for).ok()?);
    since.checked_add(runs).ok()
}
