//! The headline of a report: what came of the operation, why, and what you can do next.

use serde::Serialize;

use super::operations::{OperationSummary, Part};
use super::pauses::pauses;
use super::{End, ExecutionTrace, InstanceTimeline, Source};
use crate::aws::{FailedOperation, Member, with_access};
use crate::format::seconds;
use crate::watch::{
    Cause, FailedExecution, InstancePhase, Operation, PhaseCounts, Step, Surroundings,
    and_the_same, end_retained, of_last_operation, size_at_beginning,
};

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Headline {
    /// In a sentence.
    pub text: String,
    /// Why, if it did not end well.
    pub cause: Option<String>,
    /// What failed besides, such as a drain in the rollback.
    #[serde(rename = "alsoFailed", skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<String>,
    /// The next step, if there is one.
    pub next: Option<String>,
    /// What puts the old AMI id back before the next update, after a rollback.
    pub restore: Option<String>,
}

/// The headline of an operation.
pub fn headline(part: &Part) -> Headline {
    let Part {
        source, instances, ..
    } = part;
    let (outcome, well) = (part.summary.outcome.as_str(), part.summary.well);
    let counted = counted(source);
    let came = came(source, &part.summary);
    let failed = FailedOperation::of(&source.stack, outcome).filter(|_| well.is_some());
    let took = seconds(part.summary.seconds);
    let is_done = outcome == "UPDATE_COMPLETE";
    let text = match (well, stuck(instances).filter(|_| failed.is_none())) {
        (None, _) => format!("{came}, {counted}."),
        (Some(true), _) if is_done => format!("Rollout complete: {counted} in {took}."),
        (Some(false), Some(stuck)) if !outcome.contains("ROLLBACK") => {
            format!("{outcome} in {took}, but {stuck}: {counted}.")
        }
        _ => format!("{came}: {counted}."),
    };
    let cause = match well {
        Some(false) => cause(source, outcome),
        _ => Cause::default(),
    };
    Headline {
        text,
        cause: cause.text,
        also: cause.also,
        next: steps(instances, failed.as_ref()).or_else(|| watch(source, well)),
        restore: source.restore.clone(),
    }
}

/// What came of an operation and why, in a line.
pub fn brief(source: &Source, summary: &OperationSummary) -> String {
    let came = came(source, summary);
    let cause = match summary.well {
        Some(false) => cause(source, &summary.outcome).text,
        _ => None,
    };
    match cause {
        Some(cause) => format!("{came}: {}.", cause.trim_end_matches('.')),
        None => format!("{came}."),
    }
}

/// What came of an operation, and how long it took.
fn came(source: &Source, summary: &OperationSummary) -> String {
    let (outcome, took) = (summary.outcome.as_str(), seconds(summary.seconds));
    let failed = FailedOperation::of(&source.stack, outcome);
    match (summary.well, failed) {
        (None, _) => format!("Under way for {took}: {outcome}"),
        (Some(_), Some(failed)) => format!("{} in {took}, {outcome}", failed.what),
        (Some(true), _) if outcome == "CREATE_COMPLETE" => format!("Stack created in {took}"),
        (Some(true), _) => format!("Rollout complete in {took}"),
        (Some(false), _) if outcome.contains("ROLLBACK") => format!("Rolled back in {took}"),
        (Some(false), _) => format!("{outcome} after {took}, not as intended"),
    }
}

/// How many instances serve from the version that the group launches, of how many, and how many
/// are draining, paused or queued: `watch` counts all of them alike.
fn counted(source: &Source) -> String {
    let members = source.members.iter();
    let serving = members.clone().filter(|one| one.is_in_service());
    let on_version = serving.clone().filter(|one| one.version == source.version);
    let size = match size_at_beginning(&source.events, &source.stack).unwrap_or(source.size) {
        0 => serving.count(),
        size => size,
    };
    let on_version = on_version.count().min(size);
    let ami = source.ami.as_deref();
    let ami = ami.map_or_else(String::new, |ami| format!(" on {ami}"));
    let mut parts = vec![format!("{on_version} of {size}{ami}")];
    parts.extend(PhaseCounts::of(phases(source)).words());
    parts.join(", ")
}

/// The phase of each instance of the group.
fn phases(source: &Source) -> Vec<InstancePhase> {
    let keeps_a_pause = source.status.starts_with("UPDATE_");
    let mut around = Surroundings {
        is_paused: source.paused.is_some() && keeps_a_pause,
        drain_is_open: false,
    };
    let phase = |member: &Member, around: Surroundings| {
        InstancePhase::of(&member.state, step(source, member), around)
    };
    let mut members = source.members.iter();
    around.drain_is_open = members.any(|one| phase(one, around) == InstancePhase::Draining);
    let members = source.members.iter();
    members.map(|one| phase(one, around)).collect()
}

/// What the execution of an instance said last.
fn step(source: &Source, member: &Member) -> Step {
    let mut running = source.passages.iter().filter(|it| it.stopped.is_none());
    let Some(trace) = running.find(|it| it.instance == member.id) else {
        return Step::NoExecution;
    };
    let Some(last) = trace.phases.last() else {
        return Step::Proceeds;
    };
    match (last.worker.as_str(), trace.launches) {
        ("joined", _) => Step::Joins,
        ("stable", true) => Step::WaitsForDrains,
        ("draining", _) if last.verdict != "Reached" => Step::WaitsToDrain,
        _ => Step::Proceeds,
    }
}

/// What of the instances keeps a completed operation from being well.
fn stuck(instances: &[InstanceTimeline]) -> Option<String> {
    match &ended_as(instances, End::Retained)[..] {
        [one] => return Some(format!("{one} is retained because its drain failed")),
        [] => {}
        some => {
            return Some(format!(
                "{} instances are retained because their drains failed",
                some.len()
            ));
        }
    }
    match &ended_as(instances, End::RetainedInPool)[..] {
        [] => {}
        some => {
            let be = if some.len() == 1 { "is" } else { "are" };
            let some = some.join(", ");
            return Some(format!(
                "{some} {be} retained: the warm pool's terminate hook was not completed"
            ));
        }
    }
    match &ended_as(instances, End::HookLeftOpen)[..] {
        [] => {}
        open => return Some(format!("the hook of {} is open", open.join(", "))),
    }
    match &ended_as(instances, End::Kept)[..] {
        [] => None,
        [one] => Some(format!("{one} is retained for its standalone tasks")),
        some => Some(format!(
            "{} instances are retained for their standalone tasks",
            some.len()
        )),
    }
}

/// The ids of the instances that ended so.
fn ended_as(instances: &[InstanceTimeline], end: End) -> Vec<&str> {
    let ended = instances.iter().filter(|it| it.end == end);
    ended.map(|it| it.id.as_str()).collect()
}

/// Why it did not end well, and what failed besides: `watch` decides it alike.
fn cause(source: &Source, outcome: &str) -> Cause {
    let failed = source.passages.iter().filter(|it| it.has_failed());
    Operation {
        stack: &source.stack,
        status: outcome,
        events: of_last_operation(&source.events, &source.stack),
        failed: failed.map(FailedExecution::from).collect(),
        pauses: &pauses(&source.passages),
    }
    .cause()
}

impl From<&ExecutionTrace> for FailedExecution {
    fn from(trace: &ExecutionTrace) -> Self {
        Self {
            instance: trace.instance.clone(),
            at: trace.stopped.unwrap_or(trace.started),
            status: trace.status.clone(),
            error: trace.error.clone(),
            cause: trace.cause.clone(),
        }
    }
}

/// The commands that lead on, in order: what is about instances may remove the cause of the
/// failure.
fn steps(instances: &[InstanceTimeline], failed: Option<&FailedOperation>) -> Option<String> {
    let steps = [next(instances), failed.map(|failed| failed.way_out(""))];
    let steps: Vec<String> = steps.into_iter().flatten().collect();
    (!steps.is_empty()).then(|| steps.join("; then "))
}

fn next(instances: &[InstanceTimeline]) -> Option<String> {
    let mut retained = ended_as(instances, End::Retained);
    retained.extend(ended_as(instances, End::RetainedInPool));
    if !retained.is_empty() {
        return Some(end_retained(&retained, ""));
    }
    let open = ended_as(instances, End::HookLeftOpen);
    if open.is_empty() {
        let kept = ended_as(instances, End::Kept);
        return (!kept.is_empty()).then(|| end_retained(&kept, ""));
    }
    let (first, rest) = open.split_first()?;
    let rest = and_the_same(rest);
    let explain = with_access(&format!("ecs-rollout explain {first}"));
    Some(format!("{explain}{rest}"))
}

fn watch(source: &Source, well: Option<bool>) -> Option<String> {
    well.is_none()
        .then(|| with_access(&format!("ecs-rollout watch {}", source.stack)))
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::aws::StackEvent;
    use crate::report::milestones::milestones;
    use crate::report::{Kind, Origin, Phase};
    use workers::model::group::LifecycleState;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("a time")
    }

    /// The headline of an operation that ended so, and took so many seconds.
    fn headline(
        source: &Source,
        outcome: &str,
        well: Option<bool>,
        seconds: f64,
        instances: &[InstanceTimeline],
    ) -> Headline {
        let summary = OperationSummary {
            began: at(0),
            ended: at(0),
            seconds,
            outcome: outcome.to_owned(),
            well,
            text: String::new(),
        };
        super::headline(&Part {
            source: source.clone(),
            instances: instances.to_vec(),
            summary,
        })
    }

    fn event(second: i64, resource: &str, status: &str, reason: &str) -> StackEvent {
        StackEvent {
            id: second.to_string(),
            at: at(second),
            resource: resource.to_owned(),
            status: status.to_owned(),
            reason: reason.to_owned(),
        }
    }

    fn source(events: Vec<StackEvent>) -> Source {
        let member = |id: &str| Member {
            id: id.to_owned(),
            state: LifecycleState::InService,
            version: "2".to_owned(),
            zone: String::new(),
        };
        Source {
            stack: "s".to_owned(),
            stack_id: "arn:aws:cloudformation:eu-west-1:123456789012:stack/s/1".to_owned(),
            region: "eu-west-1".to_owned(),
            group: "g".to_owned(),
            version: "2".to_owned(),
            ami: Some("ami-1".to_owned()),
            members: vec![member("i-1"), member("i-2")],
            events,
            ..Source::default()
        }
    }

    fn life(id: &str, end: End) -> InstanceTimeline {
        InstanceTimeline {
            id: id.to_owned(),
            version: None,
            origin: Origin::Before,
            end,
            reason: String::new(),
            phases: Vec::new(),
        }
    }

    #[test]
    fn a_completed_update_that_left_instances_behind_names_them_all() {
        let told = |instances: &[InstanceTimeline]| {
            let told = headline(
                &source(Vec::new()),
                "UPDATE_COMPLETE",
                Some(false),
                60.0,
                instances,
            );
            (told.text, told.next.expect("a next step"))
        };
        let (text, next) = told(&[life("i-8", End::Gone), life("i-9", End::Retained)]);
        assert_eq!(
            text,
            "UPDATE_COMPLETE in 1m00s, but i-9 is retained because its drain failed: 2 of 2 on ami-1."
        );
        assert_eq!(
            next,
            "ecs-rollout explain i-9, then ecs-rollout terminate i-9"
        );
        let both = [life("i-8", End::Retained), life("i-9", End::Retained)];
        let (text, next) = told(&both);
        assert!(text.contains("2 instances are retained because their drains failed"));
        assert_eq!(
            next,
            "ecs-rollout explain i-8, then ecs-rollout terminate i-8; the same for i-9"
        );
        let (text, next) = told(&[life("i-9", End::HookLeftOpen)]);
        assert!(text.contains("but the hook of i-9 is open"));
        assert_eq!(next, "ecs-rollout explain i-9");
        let (text, next) = told(&[life("i-9", End::Kept)]);
        assert!(text.contains("but i-9 is retained for its standalone tasks"));
        assert_eq!(
            next,
            "ecs-rollout explain i-9, then ecs-rollout terminate i-9"
        );
    }

    fn member(id: &str, state: LifecycleState) -> Member {
        Member {
            id: id.to_owned(),
            state,
            version: "1".to_owned(),
            zone: String::new(),
        }
    }

    /// An update of a group of four, to which CloudFormation has added one meanwhile.
    fn of_four() -> Source {
        let begins =
            "Rolling update initiated. Terminating 4 obsolete instance(s) in batches of 1.";
        let mut rolls = source(vec![
            event(1, "s", "UPDATE_IN_PROGRESS", "User Initiated"),
            event(2, "Group", "UPDATE_IN_PROGRESS", begins),
        ]);
        (rolls.status, rolls.size) = ("UPDATE_IN_PROGRESS".to_owned(), 5);
        rolls
    }

    /// An execution that runs, and whose worker said this last.
    fn running(instance: &str, worker: &str, launches: bool, verdict: &str) -> ExecutionTrace {
        let mut last = Phase::between(Kind::Draining, at(1), at(2));
        (last.worker, last.verdict) = (worker.to_owned(), verdict.to_owned());
        ExecutionTrace {
            instance: instance.to_owned(),
            launches,
            status: "RUNNING".to_owned(),
            phases: vec![last],
            ..ExecutionTrace::default()
        }
    }

    #[test]
    fn the_count_is_of_the_size_at_the_beginning_of_the_rollout() {
        let mut rolls = of_four();
        let counted = |source: &Source, status: &str| {
            let text = headline(source, status, None, 60.0, &[]).text;
            let (_, counted) = text.split_once(", ").expect("a count");
            counted.to_owned()
        };
        assert_eq!(counted(&rolls, "UPDATE_IN_PROGRESS"), "2 of 4 on ami-1.");
        // The group has one more while the last batch ends, and somebody may scale it later.
        for number in 3..6 {
            let new = Member {
                version: "2".to_owned(),
                ..member(&format!("i-{number}"), LifecycleState::InService)
            };
            rolls.members.push(new);
        }
        for status in ["UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"] {
            rolls.status = status.to_owned();
            assert_eq!(counted(&rolls, status), "4 of 4 on ami-1.", "{status}");
        }
        // Before the update has reached the group, its size is the desired capacity.
        rolls.events.truncate(1);
        assert_eq!(counted(&rolls, "UPDATE_IN_PROGRESS"), "5 of 5 on ami-1.");
    }

    #[test]
    fn instances_that_wait_for_their_turn_do_not_drain() {
        let mut rolls = of_four();
        let leaving = LifecycleState::TerminatingWait;
        rolls.members.extend([
            member("i-old-1", leaving.clone()),
            member("i-old-2", leaving),
            member("i-new", LifecycleState::PendingWait),
        ]);
        rolls.passages = vec![
            running("i-old-1", "drained", false, "NotYet"),
            running("i-old-2", "draining", false, "NotYet"),
            running("i-new", "stable", true, "NotYet"),
        ];
        let text = |source: &Source| headline(source, "UPDATE_IN_PROGRESS", None, 60.0, &[]).text;
        assert!(text(&rolls).ends_with("2 of 4 on ami-1, 1 draining, 2 queued."));
        rolls.paused = Some("PAUSED".to_owned());
        assert!(text(&rolls).ends_with("2 of 4 on ami-1, 1 draining, 1 paused, 1 queued."));
        // Once the open drain has ended, nothing but the pause keeps the others.
        rolls.passages.remove(0);
        rolls.members.retain(|one| one.id != "i-old-1");
        assert!(text(&rolls).ends_with("2 of 4 on ami-1, 2 paused."));
    }

    #[test]
    fn the_headline_says_what_came_of_it_why_and_what_is_next() {
        let well = headline(
            &source(Vec::new()),
            "UPDATE_COMPLETE",
            Some(true),
            887.0,
            &[],
        );
        assert_eq!(well.text, "Rollout complete: 2 of 2 on ami-1 in 14m47s.");
        assert_eq!((well.cause, well.next), (None, None));
        let failed = ExecutionTrace {
            instance: "i-9".to_owned(),
            status: "FAILED".to_owned(),
            error: "DrainFailed".to_owned(),
            cause: "a task runs".to_owned(),
            ..ExecutionTrace::default()
        };
        let back = Source {
            passages: vec![failed],
            ..source(Vec::new())
        };
        let retained = life("i-9", End::Retained);
        let told = headline(
            &back,
            "UPDATE_ROLLBACK_COMPLETE",
            Some(false),
            60.0,
            &[retained],
        );
        assert_eq!(told.text, "Rolled back in 1m00s: 2 of 2 on ami-1.");
        assert_eq!(
            told.cause.as_deref(),
            Some("i-9 (DrainFailed): a task runs")
        );
        assert_eq!(
            told.next.as_deref(),
            Some("ecs-rollout explain i-9, then ecs-rollout terminate i-9")
        );
        let open = headline(&back, "UPDATE_IN_PROGRESS", None, 60.0, &[]);
        assert_eq!(open.next.as_deref(), Some("ecs-rollout watch s"));
    }

    #[test]
    fn batches_rollback_and_cancel_are_milestones() {
        let group = |second, reason: &str| event(second, "Group", "UPDATE_IN_PROGRESS", reason);
        let begins =
            "Rolling update initiated. Terminating 4 obsolete instance(s) in batches of 2.";
        let batch = "Terminating instance(s) [i-1,i-2]; replacing with 2 new instance(s).";
        let source = source(vec![
            event(1, "s", "UPDATE_IN_PROGRESS", "User Initiated"),
            group(2, begins),
            group(3, batch),
            event(4, "Group", "UPDATE_FAILED", "Resource update cancelled"),
            event(5, "s", "UPDATE_ROLLBACK_IN_PROGRESS", ""),
            group(6, &begins.replace('4', "2")),
            group(7, batch),
            event(8, "s", "UPDATE_ROLLBACK_COMPLETE", ""),
        ]);
        let told = milestones(&source);
        let told: Vec<(&str, &str)> = told.iter().map(|it| (it.kind, it.text.as_str())).collect();
        assert_eq!(
            told,
            [
                ("begin", "the update begins"),
                ("batch", "termination of batch 1 of 2 begins"),
                ("cancel", "the update is cancelled"),
                ("rollback", "the update rolls back"),
                ("batch", "termination of batch 1 of 1 begins"),
                ("end", "CloudFormation is done: UPDATE_ROLLBACK_COMPLETE"),
            ]
        );
        let cause = headline(&source, "UPDATE_ROLLBACK_COMPLETE", Some(false), 7.0, &[]).cause;
        assert_eq!(cause.as_deref(), Some("the update was cancelled"));
    }

    #[test]
    fn a_rollback_that_failed_is_named_with_its_cause_and_the_way_out() {
        let failed = source(vec![
            event(1, "s", "UPDATE_IN_PROGRESS", "User Initiated"),
            event(2, "Group", "UPDATE_FAILED", "Resource update cancelled"),
            event(3, "s", "UPDATE_ROLLBACK_IN_PROGRESS", ""),
            event(4, "Group", "UPDATE_FAILED", "Received 0 SUCCESS"),
            event(5, "s", "UPDATE_ROLLBACK_FAILED", "The following failed"),
        ]);
        let status = "UPDATE_ROLLBACK_FAILED";
        let told = headline(&failed, status, Some(false), 60.0, &[]);
        assert_eq!(
            told.text,
            "The rollback failed in 1m00s, UPDATE_ROLLBACK_FAILED: 2 of 2 on ami-1."
        );
        let cause = "Group is UPDATE_FAILED: Received 0 SUCCESS";
        assert_eq!(told.cause.as_deref(), Some(cause));
        let next =
            "remove the cause, then aws cloudformation continue-update-rollback --stack-name s";
        assert_eq!(told.next.as_deref(), Some(next));
        let last = milestones(&failed).pop().expect("milestones");
        let end = ("end", "CloudFormation gave up: UPDATE_ROLLBACK_FAILED");
        assert_eq!((last.kind, last.text.as_str()), end);
        let retained = [life("i-9", End::Retained)];
        let told = headline(&failed, status, Some(false), 60.0, &retained);
        let next = told.next.expect("a next step");
        assert!(next.starts_with("ecs-rollout explain i-9, then ecs-rollout terminate i-9; then "));
        assert!(next.ends_with("continue-update-rollback --stack-name s"));
        for status in [
            "UPDATE_FAILED",
            "CREATE_FAILED",
            "ROLLBACK_FAILED",
            "DELETE_FAILED",
        ] {
            let told = headline(&failed, status, Some(false), 60.0, &[]);
            assert!(told.text.contains(" failed") && !told.text.contains("Rolled back"));
            assert!(told.next.is_some(), "{status}");
        }
    }
}
