//! The milestones of an operation: batches, a pause, a cancel, a rollback, and the end.

use jiff::Timestamp;
use serde::Serialize;

use super::Source;
use super::headline::cancelled;
use super::pauses::pauses;
use crate::aws::RollingStep;

/// A turn in the course of the operation.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Milestone {
    /// When.
    pub at: Timestamp,
    /// What, such as `batch`, `cancel` or `rollback`.
    pub kind: &'static str,
    /// In words.
    pub text: String,
}

/// The turns of the operation, in order.
pub fn milestones(source: &Source) -> Vec<Milestone> {
    let mut milestones = Vec::new();
    let (mut batches, mut of) = (0, 0);
    let mut put = |at: Timestamp, kind: &'static str, text: String| {
        milestones.push(Milestone { at, kind, text });
    };
    for event in &source.events {
        if event.resource == source.stack {
            match event.status.as_str() {
                "UPDATE_IN_PROGRESS" => put(event.at, "begin", "the update begins".to_owned()),
                "UPDATE_ROLLBACK_IN_PROGRESS" => {
                    (batches, of) = (0, 0);
                    put(event.at, "rollback", "the update rolls back".to_owned());
                }
                status if status.ends_with("_COMPLETE") => {
                    put(event.at, "end", format!("CloudFormation is done: {status}"));
                }
                status if status.ends_with("_FAILED") => {
                    put(event.at, "end", format!("CloudFormation gave up: {status}"));
                }
                _ => {}
            }
            continue;
        }
        match event.rolling_step() {
            Some(RollingStep::Begins { obsolete, batch }) => {
                (batches, of) = (0, obsolete.div_ceil(batch.max(1)));
            }
            Some(RollingStep::Batch) => {
                batches += 1;
                let of = of.max(batches);
                put(
                    event.at,
                    "batch",
                    format!("termination of batch {batches} of {of} begins"),
                );
            }
            _ => {}
        }
    }
    if let Some(at) = cancelled(source) {
        // CloudFormation says of the resource that it was cancelled only after the rollback has
        // begun.
        let turned = source.events.iter().find(|event| {
            event.resource == source.stack && event.status == "UPDATE_ROLLBACK_IN_PROGRESS"
        });
        let at = turned.map_or(at, |turned| turned.at.min(at));
        put(at, "cancel", "the update is cancelled".to_owned());
    }
    let pauses = pauses(&source.passages);
    for (place, span) in pauses.spans().iter().enumerate() {
        let text = format!("the rollout is paused: '{}'", span.why);
        put(span.began, "pause", text);
        let is_last = place + 1 == pauses.spans().len();
        if !(is_last && source.paused.is_some()) {
            put(span.seen, "resume", "the rollout is resumed".to_owned());
        }
    }
    milestones.sort_by_key(|it| (it.at, it.kind == "rollback"));
    milestones
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::StackEvent;
    use crate::report::ExecutionTrace;

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

    fn events(events: Vec<StackEvent>) -> Source {
        Source {
            stack: "s".to_owned(),
            events,
            ..Source::default()
        }
    }

    #[test]
    fn a_cancel_comes_before_its_rollback_and_a_pause_has_its_milestones() {
        let mut cancelled = events(vec![
            event(1, "s", "UPDATE_IN_PROGRESS", "User Initiated"),
            event(9, "s", "UPDATE_ROLLBACK_IN_PROGRESS", "User Initiated"),
            event(10, "Group", "UPDATE_FAILED", "Resource update cancelled"),
        ]);
        let mut paused = crate::report::Phase::between(crate::report::Kind::Paused, at(5), at(7));
        paused.pause = Some(crate::aws::Pause {
            why: "sale".to_owned(),
            since: Some(at(4)),
        });
        cancelled.passages = vec![ExecutionTrace {
            phases: vec![paused],
            ..ExecutionTrace::default()
        }];
        let kinds = |source: &Source| -> Vec<&'static str> {
            milestones(source).iter().map(|it| it.kind).collect()
        };
        let all = ["begin", "pause", "resume", "cancel", "rollback"];
        assert_eq!(kinds(&cancelled), all);
        cancelled.paused = Some("PAUSED".to_owned());
        assert_eq!(kinds(&cancelled), ["begin", "pause", "cancel", "rollback"]);
    }
}
