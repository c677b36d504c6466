//! The milestones of an operation: batches, a pause, a cancel, a rollback, and the end.

use jiff::Timestamp;
use serde::Serialize;

use super::Source;
use super::pauses::pauses;
use crate::aws::RollingStep;
use crate::format::between;
use crate::watch::{PauseSpan, cancels};

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
    for at in cancels(&source.events, &source.stack) {
        put(at, "cancel", "the update is cancelled".to_owned());
    }
    let pauses = pauses(&source.passages);
    for (place, span) in pauses.spans().iter().enumerate() {
        put(span.began, "pause", paused(span));
        for (at, why) in span.reasons().iter().skip(1) {
            put(
                *at,
                "pause",
                format!("the reason of the pause is now '{why}'"),
            );
        }
        let is_last = place + 1 == pauses.spans().len();
        if !(is_last && source.paused.is_some()) {
            put(span.seen, "resume", "the rollout is resumed".to_owned());
        }
    }
    milestones.sort_by_key(|it| (it.at, it.kind == "rollback"));
    milestones
}

/// That the rollout is paused. Which reason it had then is known only if it was seen at once:
/// somebody may have replaced the reason before a worker saw it.
fn paused(span: &PauseSpan) -> String {
    match span.reasons().first() {
        Some((at, why)) if *at <= span.began => format!("the rollout is paused: '{why}'"),
        Some((at, why)) => {
            let later = between(span.began, *at);
            format!("the rollout is paused; its reason {later} later is '{why}'")
        }
        None => "the rollout is paused".to_owned(),
    }
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

    #[test]
    fn a_pause_has_the_reason_that_was_seen_and_when_it_was() {
        let pause = |why: &str| crate::aws::Pause {
            why: why.to_owned(),
            since: Some(at(120)),
        };
        let mut paused =
            crate::report::Phase::between(crate::report::Kind::Paused, at(180), at(600));
        paused.pause = Some(pause("sale"));
        let trace = ExecutionTrace {
            phases: vec![paused],
            pauses_seen: vec![(at(180), pause("sale")), (at(300), pause("other"))],
            ..ExecutionTrace::default()
        };
        let mut source = events(Vec::new());
        source.passages = vec![trace];
        let told = milestones(&source).into_iter();
        let told: Vec<(i64, String)> = told.map(|it| (it.at.as_second(), it.text)).collect();
        let expected = [
            (
                120,
                "the rollout is paused; its reason 1m00s later is 'sale'",
            ),
            (300, "the reason of the pause is now 'other'"),
            (600, "the rollout is resumed"),
        ];
        let expected = expected.map(|(at, text)| (at, text.to_owned()));
        assert_eq!(told, expected);
    }
}
