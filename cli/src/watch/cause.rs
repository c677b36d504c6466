//! Why an operation did not end well, and what failed besides: one decision for `watch` and
//! `report`.
//!
//! The cause is what began the rollback. What failed in the rollback itself is no cause of it.

use jiff::{SignedDuration, Timestamp};

use super::deltas::{BEGINS, TURNS};
use super::{Pauses, without_instance};
use crate::aws::{RollingStep, StackEvent};

/// The cause of a rollback that an operator asked for.
const CANCELLED: &str = "the update was cancelled";

/// The reason of an operation that a person asked for. It was recorded of deletions and updates; a
/// cancelled update of which no resource was under way is taken to have it too.
const USER_INITIATED: &str = "User Initiated";

/// How the reason begins of a stack that rolls back because of its resources.
const RESOURCES_FAILED: &str = "The following resource(s) failed to ";

/// An execution signals first and ends then: one that ends so soon after the rollback has begun may
/// have caused that.
const ENDS_AFTER_SIGNAL: SignedDuration = SignedDuration::from_mins(2);

/// An execution that ended badly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedExecution {
    /// The instance that it was about.
    pub instance: String,
    /// When it ended.
    pub at: Timestamp,
    /// Its status, such as `TIMED_OUT`.
    pub status: String,
    /// Its error; empty if it has none.
    pub error: String,
    /// The cause of that; empty if there is none.
    pub cause: String,
}

/// What is known of an operation that did not end well.
#[derive(Debug, Clone)]
pub struct Operation<'a> {
    /// The stack's name.
    pub stack: &'a str,
    /// The stack's status at the end.
    pub status: &'a str,
    /// The operation's events, oldest first.
    pub events: &'a [StackEvent],
    /// The executions that ended badly in it.
    pub failed: Vec<FailedExecution>,
    /// The pauses that were seen.
    pub pauses: &'a Pauses,
}

/// Why it did not end well.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cause {
    /// In words; nothing if CloudFormation names no cause.
    pub text: Option<String>,
    /// The instance that this is about.
    pub instance: Option<String>,
    /// What failed besides, and did not begin the rollback.
    pub also: Vec<String>,
}

impl FailedExecution {
    /// In a line: `i-1 (DrainFailed): 3 tasks still run`.
    fn text(&self) -> String {
        let error = match self.error.as_str() {
            "" => &self.status,
            error => error,
        };
        let what = match self.cause.as_str() {
            "" => format!("its execution is {}", self.status),
            cause => without_instance(cause, &self.instance),
        };
        format!("{} ({error}): {what}", self.instance)
    }
}

/// The events of the last operation, of events that are oldest first.
pub fn of_last_operation<'a>(events: &'a [StackEvent], stack: &str) -> &'a [StackEvent] {
    let begins = |it: &StackEvent| it.resource == stack && BEGINS.contains(&it.status.as_str());
    let place = events.iter().rposition(begins).unwrap_or_default();
    &events[place..]
}

/// When each update was cancelled that was, of events that are oldest first.
pub fn cancels(events: &[StackEvent], stack: &str) -> Vec<Timestamp> {
    let (mut rest, mut cancels) = (events, Vec::new());
    while !rest.is_empty() {
        let last = of_last_operation(rest, stack);
        cancels.extend(cancelled(last, stack));
        rest = &rest[..rest.len() - last.len()];
    }
    cancels
}

/// When the update was cancelled, if it was: no resource had failed when the stack began to roll
/// back, and CloudFormation says of a resource that its update was cancelled, or of the stack that
/// a person asked for the rollback.
///
/// CancelUpdateStack rolls back what was done so far:
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CancelUpdateStack.html>.
fn cancelled(events: &[StackEvent], stack: &str) -> Option<Timestamp> {
    let place = events.iter().position(|it| turns(it, stack))?;
    let turned = &events[place];
    if first_failure(&events[..place], stack).is_some() {
        return None;
    }
    // CloudFormation may say of the resource that it was cancelled only after the rollback has
    // begun. A stack that gives a reason of its own, such as an alarm, was not cancelled.
    let of_resource = events.iter().find(|it| it.is_cancelled()).map(|it| it.at);
    let reason = turned.reason.as_str();
    let own_reason = !(reason.is_empty() || reason.starts_with(RESOURCES_FAILED));
    match (of_resource, own_reason) {
        _ if reason == USER_INITIATED => Some(turned.at),
        (Some(at), false) => Some(at.min(turned.at)),
        _ => None,
    }
}

fn turns(event: &StackEvent, stack: &str) -> bool {
    event.resource == stack && TURNS.contains(&event.status.as_str())
}

/// The resource that failed first, of its own.
fn first_failure<'a>(events: &'a [StackEvent], stack: &str) -> Option<&'a StackEvent> {
    events.iter().find(|it| {
        let failed = it.resource != stack && it.status.ends_with("_FAILED");
        failed && !it.is_cancelled() && !it.reason.is_empty()
    })
}

fn about(event: &StackEvent) -> String {
    format!("{} is {}: {}", event.resource, event.status, event.reason)
}

impl Operation<'_> {
    /// Why it did not end well.
    pub fn cause(&self) -> Cause {
        let turned = self.events.iter().position(|it| turns(it, self.stack));
        match turned {
            Some(_) if self.status == "UPDATE_ROLLBACK_FAILED" => self.failed_rollback(),
            Some(place) => self.rollback(place),
            None => self.without_rollback(),
        }
    }

    /// Why a rollback failed: what failed since it began last, a resource before the stack itself.
    fn failed_rollback(&self) -> Cause {
        let place = self.events.iter().rposition(|it| turns(it, self.stack));
        let since = &self.events[place.unwrap_or_default()..];
        let began = since.first().map(|it| it.at);
        let of_it = |it: &&FailedExecution| began.is_none_or(|began| it.at >= began);
        let first = self.earliest(of_it);
        let paused = self
            .outlasted(since)
            .pop()
            .filter(|(at, _)| first.is_none_or(|first| first.at >= *at));
        let failed = since.iter().find(|it| {
            it.resource == self.stack && it.status.ends_with("_FAILED") && !it.reason.is_empty()
        });
        let failed = first_failure(since, self.stack).or(failed).map(about);
        Cause {
            text: paused.map(|(_, text)| text).or(failed),
            instance: first.map(|it| it.instance.clone()),
            also: self.texts(of_it),
        }
    }

    /// Why the stack rolled back; its event at this place says that it does.
    fn rollback(&self, place: usize) -> Cause {
        let (before, after) = self.events.split_at(place);
        let turned = &after[0];
        let mut also: Vec<String> = Vec::new();
        also.extend(self.outlasted(after).into_iter().map(|(_, text)| text));
        if cancelled(self.events, self.stack).is_some() {
            also.extend(self.texts(|_| true));
            return Cause {
                text: Some(CANCELLED.to_owned()),
                instance: None,
                also,
            };
        }
        let failure = first_failure(before, self.stack);
        let signalled = failure.is_some_and(|it| it.is_about_signals());
        let until = if signalled {
            turned.at.saturating_add(ENDS_AFTER_SIGNAL)
        } else {
            Ok(turned.at)
        };
        let until = until.unwrap_or(turned.at);
        let first = self.earliest(|it| it.at <= until);
        // What failed before the batch was given up is the cause, and not the pause.
        let paused = self.outlasted(before).into_iter().next();
        let paused = paused.filter(|(at, _)| first.is_none_or(|first| first.at >= *at));
        also.extend(self.texts(|it| it.at > until));
        let (text, instance) = match (paused, first) {
            (Some((_, text)), _) => (Some(text), None),
            (None, Some(first)) => (Some(first.text()), Some(first.instance.clone())),
            (None, None) => {
                let reason = Some(turned.reason.clone()).filter(|it| !it.is_empty());
                (failure.map(about).or(reason), None)
            }
        };
        Cause {
            text,
            instance,
            also,
        }
    }

    /// Why an operation failed that did not roll back, or left instances behind.
    fn without_rollback(&self) -> Cause {
        let failure = first_failure(self.events, self.stack).or_else(|| {
            let mut failed = self
                .events
                .iter()
                .filter(|it| it.status.ends_with("_FAILED"));
            failed.find(|it| !it.reason.is_empty())
        });
        let first = self.earliest(|_| true);
        let paused = self.outlasted(self.events).into_iter().next();
        let paused = paused.filter(|(at, _)| first.is_none_or(|first| first.at >= *at));
        // A deletion waits for no signals: what CloudFormation could not delete is the cause.
        let is_deleted = self.status.starts_with("DELETE_");
        let (text, instance) = match (paused, first, failure) {
            (Some((_, text)), ..) => (Some(text), None),
            (None, _, Some(failure)) if is_deleted => (Some(about(failure)), None),
            (None, Some(first), _) => (Some(first.text()), Some(first.instance.clone())),
            (None, None, failure) => (failure.map(about), None),
        };
        let also = if is_deleted {
            self.texts(|_| true)
        } else {
            Vec::new()
        };
        Cause {
            text,
            instance,
            also,
        }
    }

    /// The execution that failed first, of those: what came after it followed from it.
    fn earliest(&self, of: impl Fn(&&FailedExecution) -> bool) -> Option<&FailedExecution> {
        self.failed.iter().filter(of).min_by_key(|it| it.at)
    }

    /// Those that failed, in order.
    fn texts(&self, of: impl Fn(&&FailedExecution) -> bool) -> Vec<String> {
        let mut failed: Vec<&FailedExecution> = self.failed.iter().filter(of).collect();
        failed.sort_by_key(|it| it.at);
        failed.into_iter().map(FailedExecution::text).collect()
    }

    /// The batches that CloudFormation gave up for a pause: when, and the pause in words.
    fn outlasted(&self, events: &[StackEvent]) -> Vec<(Timestamp, String)> {
        let mut waits_since = None;
        let mut given_up = Vec::new();
        for event in events {
            match event.rolling_step() {
                Some(RollingStep::Waits { .. }) => waits_since = Some(event.at),
                Some(RollingStep::TimedOut) => {
                    let cause = waits_since
                        .and_then(|since| self.pauses.outlasted(since, event.at))
                        .map(|text| (event.at, text));
                    given_up.extend(cause);
                }
                _ => {}
            }
        }
        given_up
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::Pause;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(60 * minute).expect("a time")
    }

    fn event(minute: i64, resource: &str, status: &str, reason: &str) -> StackEvent {
        StackEvent {
            id: format!("{minute} {resource} {status}"),
            at: at(minute),
            resource: resource.to_owned(),
            status: status.to_owned(),
            reason: reason.to_owned(),
        }
    }

    fn failed(minute: i64, instance: &str, error: &str, cause: &str) -> FailedExecution {
        FailedExecution {
            instance: instance.to_owned(),
            at: at(minute),
            status: "FAILED".to_owned(),
            error: error.to_owned(),
            cause: cause.to_owned(),
        }
    }

    fn why(
        status: &str,
        events: &[StackEvent],
        failed: Vec<FailedExecution>,
        pauses: &Pauses,
    ) -> Cause {
        let stack = "s";
        Operation {
            stack,
            status,
            events,
            failed,
            pauses,
        }
        .cause()
    }

    const ROLLED_BACK: &str = "UPDATE_ROLLBACK_COMPLETE";

    const WAITS: &str = "New instance(s) added to autoscaling group - Waiting on 1 resource signal(s) with a timeout of PT1H.";

    const GAVE_UP: &str = "Failed to receive 1 resource signal(s) for the current batch.  Each resource signal timeout is counted as a FAILURE.";

    fn cancelled_at(minute: i64) -> Vec<StackEvent> {
        let reason = "The following resource(s) failed to update: [Group]. ";
        vec![
            event(0, "s", "UPDATE_IN_PROGRESS", "User Initiated"),
            event(1, "Group", "UPDATE_IN_PROGRESS", ""),
            event(
                minute,
                "Group",
                "UPDATE_FAILED",
                "Resource update cancelled",
            ),
            event(minute, "s", "UPDATE_ROLLBACK_IN_PROGRESS", reason),
        ]
    }

    #[test]
    fn what_fails_in_the_rollback_of_a_cancelled_update_did_not_cause_it() {
        let mut events = cancelled_at(22);
        events.push(event(52, "s", ROLLED_BACK, ""));
        for (error, minute) in [("DrainFailed", 51), ("LaunchAbandoned", 23)] {
            // The instance stands there once.
            let one = failed(minute, "i-9", error, "i-9 a task runs");
            let cause = why(ROLLED_BACK, &events, vec![one], &Pauses::default());
            assert_eq!(cause.text.as_deref(), Some("the update was cancelled"));
            assert_eq!(cause.instance, None);
            assert_eq!(cause.also, [format!("i-9 ({error}): a task runs")]);
        }
    }

    #[test]
    fn a_pause_that_outlasts_the_rollback_s_batch_did_not_begin_the_rollback() {
        let mut pauses = Pauses::default();
        let pause = Pause {
            why: "sale".to_owned(),
            since: Some(at(12)),
        };
        pauses.see(&pause, at(12), at(80));
        let mut events = cancelled_at(9);
        events.extend([
            event(12, "Group", "UPDATE_IN_PROGRESS", WAITS),
            event(72, "Group", "UPDATE_IN_PROGRESS", GAVE_UP),
            event(
                72,
                "Group",
                "UPDATE_FAILED",
                "Received 0 SUCCESS signal(s) out of 1.",
            ),
            event(72, "s", "UPDATE_ROLLBACK_FAILED", ""),
        ]);
        let paused = "the rollout was paused ('sale') for 1h00m of the 1h00m in which CloudFormation waits for a batch";
        // The rollback failed for the pause, and nothing else.
        let cause = why("UPDATE_ROLLBACK_FAILED", &events, Vec::new(), &pauses);
        assert_eq!(cause.text.as_deref(), Some(paused));
        events.extend([
            event(90, "s", "UPDATE_ROLLBACK_IN_PROGRESS", "User Initiated"),
            event(99, "s", ROLLED_BACK, ""),
        ]);
        let cause = why(ROLLED_BACK, &events, Vec::new(), &pauses);
        assert_eq!(cause.text.as_deref(), Some("the update was cancelled"));
        assert_eq!(cause.also, [paused]);
    }

    #[test]
    fn an_update_that_was_cancelled_before_any_resource_was_under_way_is_cancelled_too() {
        let turned = |reason: &str| {
            [
                event(0, "s", "UPDATE_IN_PROGRESS", "User Initiated"),
                event(1, "s", "UPDATE_ROLLBACK_IN_PROGRESS", reason),
                event(2, "s", ROLLED_BACK, ""),
            ]
        };
        let cause = |reason| why(ROLLED_BACK, &turned(reason), Vec::new(), &Pauses::default());
        let text = cause("User Initiated").text;
        assert_eq!(text.as_deref(), Some("the update was cancelled"));
        // Whatever else CloudFormation says is the cause, and never a cancel.
        let alarm = "The alarm HighErrors is in ALARM state";
        assert_eq!(cause(alarm).text.as_deref(), Some(alarm));
        assert_eq!(cause("").text, None);
    }

    #[test]
    fn an_execution_is_the_cause_only_if_it_failed_before_the_rollback_or_signalled_it() {
        let update = |reason: &str| {
            [
                event(0, "s", "UPDATE_IN_PROGRESS", "User Initiated"),
                event(20, "Group", "UPDATE_FAILED", reason),
                event(20, "s", "UPDATE_ROLLBACK_IN_PROGRESS", ""),
                event(60, "s", ROLLED_BACK, ""),
            ]
        };
        let none = Pauses::default();
        let signal = "Received 1 FAILURE signal(s) out of 2.  Unable to satisfy 100% MinSuccessfulInstancesPercent requirement";
        let launch = failed(21, "i-1", "LaunchAbandoned", "did not join");
        let drain = failed(50, "i-2", "DrainFailed", "a task runs");
        let both = vec![drain.clone(), launch];
        let cause = why(ROLLED_BACK, &update(signal), both, &none);
        assert_eq!(
            cause.text.as_deref(),
            Some("i-1 (LaunchAbandoned): did not join")
        );
        assert_eq!(cause.instance.as_deref(), Some("i-1"));
        assert_eq!(cause.also, ["i-2 (DrainFailed): a task runs"]);
        // Another failure of the group has its own words, whatever the drains do later.
        let other = "You are not authorized to use launch template";
        for minute in [21, 50] {
            let later = FailedExecution {
                at: at(minute),
                ..drain.clone()
            };
            let cause = why(ROLLED_BACK, &update(other), vec![later], &none);
            let expected = format!("Group is UPDATE_FAILED: {other}");
            assert_eq!(cause.text, Some(expected));
            assert_eq!(cause.also, ["i-2 (DrainFailed): a task runs"]);
        }
    }

    #[test]
    fn of_an_operation_that_did_not_roll_back_the_first_failure_is_the_cause() {
        let none = Pauses::default();
        let begins = |status: &str| event(0, "s", status, "User Initiated");
        let drain = vec![failed(9, "i-2", "DrainFailed", "a task runs")];
        let complete = [
            begins("UPDATE_IN_PROGRESS"),
            event(8, "s", "UPDATE_COMPLETE", ""),
        ];
        let cause = why("UPDATE_COMPLETE", &complete, drain.clone(), &none);
        assert_eq!(
            cause.text.as_deref(),
            Some("i-2 (DrainFailed): a task runs")
        );
        let role = "Cannot delete entity, must detach all policies first.";
        let deletion = [
            begins("DELETE_IN_PROGRESS"),
            event(10, "Role", "DELETE_FAILED", role),
            event(
                11,
                "s",
                "DELETE_FAILED",
                "The following resource(s) failed to delete: [Role]. ",
            ),
        ];
        let cause = why("DELETE_FAILED", &deletion, drain, &none);
        assert_eq!(cause.text, Some(format!("Role is DELETE_FAILED: {role}")));
        assert_eq!(cause.also, ["i-2 (DrainFailed): a task runs"]);
    }
}
