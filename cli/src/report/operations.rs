//! A report on several operations: what came of each.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::Serialize;

use super::headline::brief;
use super::timelines::lives;
use super::totals::{goes_on, last, outcome};
use super::{InstanceTimeline, Source, seconds};

/// An operation of the stack, and what came of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OperationSummary {
    /// When it began.
    pub began: Timestamp,
    /// When the last thing of it ended, or, while it is under way, until when it was read.
    pub ended: Timestamp,
    /// The time between, in seconds.
    pub seconds: f64,
    /// The stack's status at its end.
    pub outcome: String,
    /// Whether it ended as it was meant to; not known while it is under way.
    pub well: Option<bool>,
    /// In a sentence.
    pub text: String,
}

/// An operation by itself.
#[derive(Debug)]
pub struct Part {
    /// What was read of it.
    pub source: Source,
    /// Its instances.
    pub instances: Vec<InstanceTimeline>,
    /// What came of it.
    pub summary: OperationSummary,
}

/// The operations of a source, oldest first, each by itself; at least one.
pub fn parts(source: &Source) -> Vec<Part> {
    let spans = &source.operations;
    if spans.len() < 2 {
        return vec![part(source.clone())];
    }
    let mut parts = Vec::new();
    for (place, (from, until)) in spans.iter().enumerate() {
        let next = spans.get(place + 1).map(|(from, _)| *from);
        parts.push(part(alone(source, *from, *until, next)));
    }
    parts
}

/// What was read of the operation from `from` until `until`, after which the `next` begins.
fn alone(
    source: &Source,
    from: Timestamp,
    until: Option<Timestamp>,
    next: Option<Timestamp>,
) -> Source {
    let before_next = |at: Timestamp| at >= from && next.is_none_or(|next| at < next);
    let belongs = |at: Timestamp| before_next(at) && until.is_none_or(|until| at <= until);
    let mut alone = source.clone();
    alone.began = from;
    alone.operations = vec![(from, until)];
    alone.events.retain(|it| before_next(it.at));
    alone.passages.retain(|it| belongs(it.started));
    alone.activities.retain(|it| belongs(it.began));
    if next.is_some() {
        // It is over: the stack's status, a pause and the parameter are of what came later, and so
        // is an instance that it did not concern.
        alone.status = outcome(&alone);
        (alone.paused, alone.restore) = (None, None);
        let concerned: BTreeSet<&str> = alone.passages.iter().map(|it| &*it.instance).collect();
        alone.members.retain(|it| concerned.contains(&*it.id));
    }
    alone
}

fn part(source: Source) -> Part {
    let under_way = goes_on(&source);
    let ended = if under_way {
        source.now
    } else {
        last(&source).unwrap_or(source.now)
    };
    let instances = lives(&source, ended);
    let outcome = outcome(&source);
    let complete = ["CREATE_COMPLETE", "UPDATE_COMPLETE"];
    let awaits_you = |it: &InstanceTimeline| it.end.awaits_you();
    let well = complete.contains(&outcome.as_str()) && !instances.iter().any(awaits_you);
    let well = (!under_way).then_some(well);
    let mut summary = OperationSummary {
        began: source.began,
        ended,
        seconds: seconds(source.began, ended),
        outcome,
        well,
        text: String::new(),
    };
    summary.text = brief(&source, &summary);
    Part {
        source,
        instances,
        summary,
    }
}

impl OperationSummary {
    /// When it began, and what came of it, in a line.
    pub fn line(&self) -> String {
        format!(
            "{} {}",
            self.began.strftime("%Y-%m-%d %H:%M:%S UTC"),
            self.text
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::StackEvent;
    use crate::report::RolloutReport;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(60 * minute).expect("a time")
    }

    fn event(minute: i64, resource: &str, status: &str, reason: &str) -> StackEvent {
        StackEvent {
            id: format!("{minute} {status}"),
            at: at(minute),
            resource: resource.to_owned(),
            status: status.to_owned(),
            reason: reason.to_owned(),
        }
    }

    /// A creation, an update that was cancelled, and one that is complete, an hour apart.
    fn three() -> Source {
        let cancelled = "Resource update cancelled";
        Source {
            stack: "s".to_owned(),
            status: "UPDATE_COMPLETE".to_owned(),
            began: at(0),
            now: at(999),
            operations: vec![
                (at(0), Some(at(5))),
                (at(60), Some(at(116))),
                (at(180), Some(at(210))),
            ],
            events: vec![
                event(0, "s", "CREATE_IN_PROGRESS", "User Initiated"),
                event(3, "s", "CREATE_COMPLETE", ""),
                event(60, "s", "UPDATE_IN_PROGRESS", "User Initiated"),
                event(70, "Group", "UPDATE_FAILED", cancelled),
                event(70, "s", "UPDATE_ROLLBACK_IN_PROGRESS", ""),
                event(116, "s", "UPDATE_ROLLBACK_COMPLETE", ""),
                event(180, "s", "UPDATE_IN_PROGRESS", "User Initiated"),
                event(204, "s", "UPDATE_COMPLETE", ""),
            ],
            ..Source::default()
        }
    }

    #[test]
    fn each_operation_has_its_own_duration_outcome_and_cause() {
        let report = RolloutReport::of(three());
        assert_eq!(report.headline.text, "Rollout complete: 0 of 0 in 24m00s.");
        assert_eq!((report.headline.cause, report.well), (None, Some(true)));
        let told = report.operations.iter();
        let told: Vec<(f64, &str)> = told.map(|it| (it.seconds / 60.0, &*it.text)).collect();
        assert_eq!(
            told,
            [
                (3.0, "Stack created in 3m00s."),
                (56.0, "Rolled back in 56m00s: the update was cancelled."),
                (24.0, "Rollout complete in 24m00s."),
            ]
        );
    }

    #[test]
    fn the_text_has_one_headline_and_a_line_for_each_earlier_operation() {
        let text = crate::view::report::text(&RolloutReport::of(three()));
        let earlier = text.lines().filter(|line| line.starts_with("earlier "));
        let earlier: Vec<&str> = earlier.map(|line| line[7..].trim()).collect();
        assert_eq!(
            earlier,
            [
                "1970-01-01 00:00:00 UTC Stack created in 3m00s.",
                "1970-01-01 01:00:00 UTC Rolled back in 56m00s: the update was cancelled.",
            ]
        );
        let value = |name: &str| {
            let mut lines = text.lines().filter(|line| line.starts_with(name));
            lines
                .next()
                .map(|line| line[name.len()..].trim().to_owned())
        };
        assert_eq!(value("took").as_deref(), Some("24m00s"));
        assert_eq!(value("began").as_deref(), Some("1970-01-01 03:00:00 UTC"));
        // Each cancel is a milestone of its own operation.
        assert!(text.contains("1h10m the update is cancelled"), "{text}");
    }

    #[test]
    fn one_operation_has_no_earlier_ones() {
        let mut source = three();
        source.events.drain(..6);
        source.operations.drain(..2);
        source.began = at(180);
        let report = RolloutReport::of(source);
        assert_eq!(report.operations.len(), 1);
        assert!(!crate::view::report::text(&report).contains("earlier"));
    }
}
