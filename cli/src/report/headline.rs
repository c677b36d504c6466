//! The headline of a report: what came of the operation, why, and what you can do next.

use jiff::Timestamp;
use serde::Serialize;

use super::pauses::outlasted;
use super::{End, ExecutionTrace, InstanceTimeline, Source};
use crate::aws::{FailedOperation, RollingStep, StackEvent, with_access};
use crate::format::seconds;
use crate::watch::{and_the_same, end_retained};

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Headline {
    /// In a sentence.
    pub text: String,
    /// Why, if it did not end well.
    pub cause: Option<String>,
    /// The next step, if there is one.
    pub next: Option<String>,
    /// What puts the old AMI id back before the next update, after a rollback.
    pub restore: Option<String>,
}

/// The headline of an operation that took so many seconds; `well` is not known while it is under
/// way.
pub fn headline(
    source: &Source,
    (outcome, well, took): (&str, Option<bool>, f64),
    instances: &[InstanceTimeline],
) -> Headline {
    let counted = counted(source);
    let took = seconds(took);
    let is_back = outcome.contains("ROLLBACK");
    let failed = FailedOperation::of(&source.stack, outcome).filter(|_| well.is_some());
    let text = match (well, &failed) {
        (Some(false), Some(failed)) => {
            format!("{} in {took}, {outcome}: {counted}.", failed.what)
        }
        (None, _) => format!("Under way for {took}: {outcome}, {counted}."),
        (Some(true), _) if outcome == "CREATE_COMPLETE" => {
            format!("Stack created in {took}: {counted}.")
        }
        (Some(true), _) => format!("Rollout complete: {counted} in {took}."),
        (Some(false), _) if is_back => format!("Rolled back in {took}: {counted}."),
        (Some(false), _) => match stuck(instances) {
            Some(stuck) => format!("{outcome} in {took}, but {stuck}: {counted}."),
            None => format!("{outcome} after {took}, not as intended: {counted}."),
        },
    };
    Headline {
        text,
        cause: cause(source, outcome).filter(|_| well == Some(false)),
        next: steps(instances, failed.as_ref()).or_else(|| watch(source, well)),
        restore: source.restore.clone(),
    }
}

/// How many instances serve from the version that the group launches, of how many, and how many
/// still drain.
fn counted(source: &Source) -> String {
    let members = source.members.iter();
    let serving = members.clone().filter(|one| one.is_in_service());
    let on_version = serving.clone().filter(|one| one.version == source.version);
    let on_version = on_version.count();
    let size = size(source).unwrap_or_else(|| serving.count());
    let ami = source.ami.as_deref();
    let ami = ami.map_or_else(String::new, |ami| format!(" on {ami}"));
    let draining = match members.filter(|one| one.state.awaits_end()).count() {
        0 => String::new(),
        count => format!(", {count} draining"),
    };
    format!("{on_version} of {}{ami}{draining}", size.max(on_version))
}

/// The size of the group, if that is known. While CloudFormation rolls the group, it may have
/// raised that: then the size is what the update set out to replace.
fn size(source: &Source) -> Option<usize> {
    let begins = |it: &StackEvent| it.resource == source.stack && it.status == "UPDATE_IN_PROGRESS";
    let began = source.events.iter().rposition(begins).unwrap_or_default();
    let mut steps = source.events[began..]
        .iter()
        .filter_map(StackEvent::rolling_step);
    let obsolete = steps.find_map(|step| match step {
        RollingStep::Begins { obsolete, .. } => Some(obsolete),
        _ => None,
    });
    let is_rolled = source.status.ends_with("_IN_PROGRESS");
    let size = obsolete.filter(|_| is_rolled).unwrap_or(source.size);
    Some(size).filter(|size| *size > 0)
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

/// What failed in a rollback that failed, or the execution that failed first, or else what
/// CloudFormation says.
fn cause(source: &Source, outcome: &str) -> Option<String> {
    let failed = source.passages.iter().filter(|it| it.has_failed());
    let first = failed.min_by_key(|it| it.stopped.unwrap_or(it.started));
    // What failed before the batch was given up is the cause, and not the pause.
    let stopped = first.and_then(|it| it.stopped);
    if let Some((at, cause)) = outlasted(source, outcome == "UPDATE_ROLLBACK_FAILED")
        && stopped.is_none_or(|stopped| stopped >= at)
    {
        return Some(cause);
    }
    if outcome == "UPDATE_ROLLBACK_FAILED"
        && let Some(cause) = rollback_failure(source)
    {
        return Some(cause);
    }
    if let Some(first) = first {
        let why = match first.cause.as_str() {
            "" => format!("its execution is {}", first.status),
            cause => cause.to_owned(),
        };
        return Some(format!("{} ({}): {why}", first.instance, error(first)));
    }
    if cancelled(source).is_some() {
        return Some("the update was cancelled".to_owned());
    }
    let mut events = source.events.iter().filter(|it| !it.reason.is_empty());
    let failed = events.find(|it| it.status.ends_with("_FAILED"));
    failed.map(|it| format!("{} is {}: {}", it.resource, it.status, it.reason))
}

/// Why a rollback failed: what failed since it began last, a resource before the stack itself.
fn rollback_failure(source: &Source) -> Option<String> {
    let begins =
        |it: &StackEvent| it.resource == source.stack && it.status == "UPDATE_ROLLBACK_IN_PROGRESS";
    let since = source.events.iter().rposition(begins)?;
    let mut failed = source.events[since..]
        .iter()
        .filter(|it| it.status.ends_with("_FAILED") && !it.reason.is_empty());
    let of_resource = failed.clone().find(|it| it.resource != source.stack);
    let found = of_resource.or_else(|| failed.next())?;
    Some(format!(
        "{} is {}: {}",
        found.resource, found.status, found.reason
    ))
}

fn error(passage: &ExecutionTrace) -> &str {
    match passage.error.as_str() {
        "" => &passage.status,
        error => error,
    }
}

/// When the update was cancelled, if a resource says so and none failed before it.
pub fn cancelled(source: &Source) -> Option<Timestamp> {
    let mut failed = source
        .events
        .iter()
        .filter(|it| it.status.ends_with("_FAILED"));
    failed.next().filter(|it| it.is_cancelled()).map(|it| it.at)
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
    use super::*;
    use crate::aws::Member;
    use crate::report::Origin;
    use crate::report::milestones::milestones;
    use workers::model::group::LifecycleState;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("a time")
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
            let complete = ("UPDATE_COMPLETE", Some(false), 60.0);
            let told = headline(&source(Vec::new()), complete, instances);
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

    #[test]
    fn while_it_rolls_the_count_is_of_the_size_before_and_says_what_drains() {
        let begins =
            "Rolling update initiated. Terminating 4 obsolete instance(s) in batches of 1.";
        let mut rolls = source(vec![
            event(1, "s", "UPDATE_IN_PROGRESS", "User Initiated"),
            event(2, "Group", "UPDATE_IN_PROGRESS", begins),
        ]);
        rolls.status = "UPDATE_IN_PROGRESS".to_owned();
        // CloudFormation has raised the size by one.
        rolls.size = 5;
        let old = |number: u8, state| Member {
            id: format!("i-old-{number}"),
            state,
            version: "1".to_owned(),
            zone: String::new(),
        };
        rolls.members.extend([
            old(1, LifecycleState::InService),
            old(2, LifecycleState::InService),
            old(3, LifecycleState::TerminatingWait),
        ]);
        let text = headline(&rolls, ("UPDATE_IN_PROGRESS", None, 60.0), &[]).text;
        assert_eq!(
            text,
            "Under way for 1m00s: UPDATE_IN_PROGRESS, 2 of 4 on ami-1, 1 draining."
        );
        let (status, size) = ("UPDATE_COMPLETE".to_owned(), 2);
        let done = Source {
            status,
            size,
            ..rolls
        };
        let text = headline(&done, ("UPDATE_COMPLETE", None, 60.0), &[]).text;
        assert!(text.ends_with("2 of 2 on ami-1, 1 draining."), "{text}");
    }

    #[test]
    fn the_headline_says_what_came_of_it_why_and_what_is_next() {
        let well = headline(
            &source(Vec::new()),
            ("UPDATE_COMPLETE", Some(true), 887.0),
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
            ("UPDATE_ROLLBACK_COMPLETE", Some(false), 60.0),
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
        let open = headline(&back, ("UPDATE_IN_PROGRESS", None, 60.0), &[]);
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
        let cause = headline(&source, ("UPDATE_ROLLBACK_COMPLETE", Some(false), 7.0), &[]).cause;
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
        let told = headline(&failed, (status, Some(false), 60.0), &[]);
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
        let told = headline(&failed, (status, Some(false), 60.0), &retained);
        let next = told.next.expect("a next step");
        assert!(next.starts_with("ecs-rollout explain i-9, then ecs-rollout terminate i-9; then "));
        assert!(next.ends_with("continue-update-rollback --stack-name s"));
        for status in [
            "UPDATE_FAILED",
            "CREATE_FAILED",
            "ROLLBACK_FAILED",
            "DELETE_FAILED",
        ] {
            let told = headline(&failed, (status, Some(false), 60.0), &[]);
            assert!(told.text.contains(" failed") && !told.text.contains("Rolled back"));
            assert!(told.next.is_some(), "{status}");
        }
    }
}
